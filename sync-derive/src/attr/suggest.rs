//! What was probably meant: the nearest of some words, by edit distance.

/// The word nearest to this one, if it is near enough to be a slip.
pub(super) fn nearest<'a>(word: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let far = word.chars().count().div_ceil(3).max(1);
    words
        .map(|other| (distance(&word.to_lowercase(), other), other))
        .filter(|(distance, _)| *distance <= far)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, other)| other)
}

/// How many letters must be put in, taken out, replaced or swapped with the next (optimal alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(rows[i - 2][j - 2] + 1);
                }
                best
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_edits() {
        assert_eq!(distance("facet", "facet"), 0);
        assert_eq!(distance("facte", "facet"), 1);
        assert_eq!(distance("facett", "facet"), 1);
        assert_eq!(distance("", "facet"), 5);
    }

    #[test]
    fn suggests_slips_only() {
        let words = ["facet", "search", "private"];
        assert_eq!(nearest("Facets", words.into_iter()), Some("facet"));
        assert_eq!(nearest("privte", words.into_iter()), Some("private"));
        assert_eq!(nearest("colour", words.into_iter()), None);
    }
}
