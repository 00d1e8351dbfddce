//! `rename_all`: how names of fields and variants are spelt outside.

use syn::LitStr;

use super::{Errors, suggest};

/// A spelling of names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

const CASES: &[(&str, Case)] = &[
    ("lowercase", Case::Lower),
    ("UPPERCASE", Case::Upper),
    ("PascalCase", Case::Pascal),
    ("camelCase", Case::Camel),
    ("snake_case", Case::Snake),
    ("SCREAMING_SNAKE_CASE", Case::ScreamingSnake),
    ("kebab-case", Case::Kebab),
    ("SCREAMING-KEBAB-CASE", Case::ScreamingKebab),
];

impl Case {
    /// The spelling of this name.
    pub(crate) fn read(text: &LitStr, errors: &Errors) -> Option<Case> {
        let name = text.value();
        let found = CASES.iter().find(|(case, _)| *case == name).map(|(_, case)| *case);
        if found.is_none() {
            let names = || CASES.iter().map(|(case, _)| *case);
            let advice = match suggest::nearest(&name, names()) {
                Some(nearest) => format!("did you mean {nearest:?}?"),
                None => format!("write one of {}", names().collect::<Vec<_>>().join(", ")),
            };
            errors.at(text.span(), format!("{name:?} is no way to spell names: {advice}"));
        }
        found
    }

    /// A field's name, `snake_case` in Rust, in this spelling; as serde does it.
    pub(crate) fn field(self, name: &str) -> String {
        match self {
            Case::Lower | Case::Snake => name.to_owned(),
            Case::Upper | Case::ScreamingSnake => name.to_uppercase(),
            Case::Pascal => name.split('_').map(|word| first(word, char::to_uppercase)).collect(),
            Case::Camel => first(&Case::Pascal.field(name), char::to_lowercase),
            Case::Kebab => name.replace('_', "-"),
            Case::ScreamingKebab => name.replace('_', "-").to_uppercase(),
        }
    }

    /// A variant's name, `PascalCase` in Rust, in this spelling; as serde does it.
    pub(crate) fn variant(self, name: &str) -> String {
        match self {
            Case::Pascal => name.to_owned(),
            Case::Lower => name.to_lowercase(),
            Case::Upper => name.to_uppercase(),
            Case::Camel => first(name, char::to_lowercase),
            Case::Snake => {
                let words = name.char_indices().flat_map(|(at, letter)| {
                    let gap = (at > 0 && letter.is_uppercase()).then_some('_');
                    gap.into_iter().chain(letter.to_lowercase())
                });
                words.collect()
            }
            other => other.field(&Case::Snake.variant(name)),
        }
    }
}

/// The word with its first letter changed.
fn first<I: Iterator<Item = char>>(word: &str, change: fn(char) -> I) -> String {
    let mut letters = word.chars();
    letters.next().into_iter().flat_map(change).chain(letters).collect()
}

/// The name of a type as words: `ShopItem` as `shop_item`, `HTTPServer` as `http_server`.
pub(crate) fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 4);
    for (at, letter) in letters.iter().enumerate() {
        let after_word = at > 0 && !letters[at - 1].is_uppercase() && letters[at - 1] != '_';
        let before_word =
            at > 0 && letters[at - 1] != '_' && letters.get(at + 1).is_some_and(|l| l.is_lowercase());
        if letter.is_uppercase() && (after_word || before_word) {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_as_serde_does() {
        let spelt = |case: Case| (case.field("first_name"), case.variant("FirstName"));
        let pair = |field: &str, variant: &str| (field.to_owned(), variant.to_owned());
        assert_eq!(spelt(Case::Lower), pair("first_name", "firstname"));
        assert_eq!(spelt(Case::Upper), pair("FIRST_NAME", "FIRSTNAME"));
        assert_eq!(spelt(Case::Pascal), pair("FirstName", "FirstName"));
        assert_eq!(spelt(Case::Camel), pair("firstName", "firstName"));
        assert_eq!(spelt(Case::Snake), pair("first_name", "first_name"));
        assert_eq!(spelt(Case::ScreamingSnake), pair("FIRST_NAME", "FIRST_NAME"));
        assert_eq!(spelt(Case::Kebab), pair("first-name", "first-name"));
        assert_eq!(spelt(Case::ScreamingKebab), pair("FIRST-NAME", "FIRST-NAME"));
    }

    #[test]
    fn words_of_a_type() {
        assert_eq!(snake_case("ShopItem"), "shop_item");
        assert_eq!(snake_case("HTTPServer"), "http_server");
        assert_eq!(snake_case("List"), "list");
    }
}
