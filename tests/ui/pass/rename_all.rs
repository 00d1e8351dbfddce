use sync_core::prelude::*;

mod case_0 {
    use super::*;
    #[derive(SyncModel, Clone)]
    #[sync(rename_all = "lowercase")]
    pub(super) struct List {
        #[sync(id)]
        id: Uuid,
        first_name: String,
    }
}

mod case_1 {
    use super::*;
    #[derive(SyncModel, Clone)]
    #[sync(rename_all = "UPPERCASE")]
    pub(super) struct List {
        #[sync(id)]
        id: Uuid,
        first_name: String,
    }
}

mod case_2 {
    use super::*;
    #[derive(SyncModel, Clone)]
    #[sync(rename_all = "PascalCase")]
    pub(super) struct List {
        #[sync(id)]
        id: Uuid,
        first_name: String,
    }
}

mod case_3 {
    use super::*;
    #[derive(SyncModel, Clone)]
    #[sync(rename_all = "camelCase")]
    pub(super) struct List {
        #[sync(id)]
        id: Uuid,
        first_name: String,
    }
}

mod case_4 {
    use super::*;
    #[derive(SyncModel, Clone)]
    #[sync(rename_all = "snake_case")]
    pub(super) struct List {
        #[sync(id)]
        id: Uuid,
        first_name: String,
    }
}

mod case_5 {
    use super::*;
    #[derive(SyncModel, Clone)]
    #[sync(rename_all = "SCREAMING_SNAKE_CASE")]
    pub(super) struct List {
        #[sync(id)]
        id: Uuid,
        first_name: String,
    }
}

mod case_6 {
    use super::*;
    #[derive(SyncModel, Clone)]
    #[sync(rename_all = "kebab-case")]
    pub(super) struct List {
        #[sync(id)]
        id: Uuid,
        first_name: String,
    }
}

mod case_7 {
    use super::*;
    #[derive(SyncModel, Clone)]
    #[sync(rename_all = "SCREAMING-KEBAB-CASE")]
    pub(super) struct List {
        #[sync(id)]
        id: Uuid,
        first_name: String,
    }
}

fn main() {
    assert_eq!(case_0::List::SCHEMA.fields[1].name, "first_name");
    assert_eq!(case_1::List::SCHEMA.fields[1].name, "FIRST_NAME");
    assert_eq!(case_2::List::SCHEMA.fields[1].name, "FirstName");
    assert_eq!(case_3::List::SCHEMA.fields[1].name, "firstName");
    assert_eq!(case_4::List::SCHEMA.fields[1].name, "first_name");
    assert_eq!(case_5::List::SCHEMA.fields[1].name, "FIRST_NAME");
    assert_eq!(case_6::List::SCHEMA.fields[1].name, "first-name");
    assert_eq!(case_7::List::SCHEMA.fields[1].name, "FIRST-NAME");
}
