//! A model of seventy fields: more than one word of a field set.

use sync_core::prelude::*;

#[derive(SyncModel, Clone, Debug)]
struct Many {
    #[sync(id)]
    id: u32,
    f01: Option<u32>,
    f02: Option<u32>,
    f03: Option<u32>,
    f04: Option<u32>,
    f05: Option<u32>,
    f06: Option<u32>,
    f07: Option<u32>,
    f08: Option<u32>,
    f09: Option<u32>,
    f10: Option<u32>,
    f11: Option<u32>,
    f12: Option<u32>,
    f13: Option<u32>,
    f14: Option<u32>,
    f15: Option<u32>,
    f16: Option<u32>,
    f17: Option<u32>,
    f18: Option<u32>,
    f19: Option<u32>,
    f20: Option<u32>,
    f21: Option<u32>,
    f22: Option<u32>,
    f23: Option<u32>,
    f24: Option<u32>,
    f25: Option<u32>,
    f26: Option<u32>,
    f27: Option<u32>,
    f28: Option<u32>,
    f29: Option<u32>,
    f30: Option<u32>,
    f31: Option<u32>,
    f32: Option<u32>,
    f33: Option<u32>,
    f34: Option<u32>,
    f35: Option<u32>,
    f36: Option<u32>,
    f37: Option<u32>,
    f38: Option<u32>,
    f39: Option<u32>,
    f40: Option<u32>,
    f41: Option<u32>,
    f42: Option<u32>,
    f43: Option<u32>,
    f44: Option<u32>,
    f45: Option<u32>,
    f46: Option<u32>,
    f47: Option<u32>,
    f48: Option<u32>,
    f49: Option<u32>,
    f50: Option<u32>,
    f51: Option<u32>,
    f52: Option<u32>,
    f53: Option<u32>,
    f54: Option<u32>,
    f55: Option<u32>,
    f56: Option<u32>,
    f57: Option<u32>,
    f58: Option<u32>,
    f59: Option<u32>,
    f60: Option<u32>,
    f61: Option<u32>,
    f62: Option<u32>,
    f63: Option<u32>,
    f64: Option<u32>,
    f65: Option<u32>,
    f66: Option<u32>,
    f67: Option<u32>,
    f68: Option<u32>,
    f69: Option<u32>,
}

#[test]
fn every_field_is_its_own() {
    assert_eq!(Many::SCHEMA.fields.len(), 70);
    let empty = Many::build(ManyPatch::default().with(Many::ID, 1_u32)).unwrap();
    let patch =
        ManyPatch::default().with(Many::F01, 1).with(Many::F63, 63).with(Many::F64, 64).with(Many::F69, 69);
    assert_eq!(patch.fields().iter().collect::<Vec<_>>(), [1, 63, 64, 69]);
    let mut full = empty.clone();
    full.apply(&patch);
    let mut difference = ManyPatch::default();
    empty.diff(&full, &mut difference);
    assert_eq!(difference.fields(), patch.fields());
    assert!(difference.fields().contains(Many::F69) && !difference.fields().contains(Many::F68));
    assert_eq!(full.f64, Some(64));
}
