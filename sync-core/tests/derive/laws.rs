//! Laws of the generated code, on random documents: what is refused, and that edit = patch = patch read again.

use proptest::prelude::*;
use sync_core::prelude::*;

use crate::{List, ListPatch, sample};

prop_compose! {
    fn lists()(
        name in ".{0,6}",
        view_count in prop_oneof![0..4_u64, any::<u64>()],
        weight in prop_oneof![Just(0.0), Just(-0.0), any::<f64>(), Just(f64::NAN)],
        remark in any::<Option<String>>(),
        doubt in any::<Option<Option<i64>>>(),
        picture in any::<Vec<u8>>(),
    ) -> List {
        List { name, view_count, weight, remark, doubt, picture, ..sample() }
    }
}

/// Two documents are the same if nothing differs; `PartialEq` is not asked.
fn difference(old: &List, new: &List) -> ListPatch {
    let mut patch = ListPatch::default();
    old.diff(new, &mut patch);
    patch
}

proptest! {
    #[test]
    fn refused_is_what_no_store_can_hold(mut list in lists()) {
        let domain = i64::try_from(list.view_count).is_ok() && list.weight.is_finite();
        prop_assert_eq!(SyncModel::normalize(&mut list).is_ok(), domain);
        prop_assert_eq!(serde_json::to_string(&list).is_ok(), domain);
        prop_assert_eq!(list.into_patch().normalize().is_ok(), domain);
    }

    #[test]
    fn a_patch_carries_an_edit(mut old in lists(), mut new in lists()) {
        prop_assume!(SyncModel::normalize(&mut old).is_ok() && SyncModel::normalize(&mut new).is_ok());
        prop_assert!(difference(&old, &old.clone()).is_empty());
        let patch = difference(&old, &new);
        let read: ListPatch = serde_json::from_str(&serde_json::to_string(&patch).unwrap()).unwrap();
        prop_assert_eq!(read.fields(), patch.fields());
        for patch in [patch, read] {
            let mut edited = old.clone();
            edited.apply(&patch);
            prop_assert!(difference(&edited, &new).is_empty());
        }
    }
}
