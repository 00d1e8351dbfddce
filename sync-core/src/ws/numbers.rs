//! Which numbers a session has used for its requests; each may be used once.

use std::collections::BTreeMap;

/// At most this many runs are remembered; beyond, the gap between the two lowest counts as used.
const RUNS: usize = 256;

/// A set of integers as runs, so that counting up takes no memory.
#[derive(Debug, Default)]
pub(crate) struct Numbers(BTreeMap<u64, u64>);

impl Numbers {
    /// Notes a number; `false` where it was used before.
    pub(crate) fn take(&mut self, n: u64) -> bool {
        let below = self.0.range(..=n).next_back().map(|(first, last)| (*first, *last));
        if below.is_some_and(|(_, last)| last >= n) {
            return false;
        }
        let first = match below {
            Some((first, last)) if last + 1 == n => first,
            _ => n,
        };
        let last = self.0.remove(&(n + 1)).unwrap_or(n);
        self.0.insert(first, last);
        if self.0.len() > RUNS {
            let (lowest, _) = self.0.pop_first().expect("there are more runs than RUNS");
            let (_, last) = self.0.pop_first().expect("there are more runs than RUNS");
            self.0.insert(lowest, last);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_once_and_in_little_memory() {
        let mut numbers = Numbers::default();
        assert!((1..10_000).all(|n| numbers.take(n)));
        assert!(!(1..10_000).any(|n| numbers.take(n)));
        assert_eq!(numbers.0.len(), 1);
        let sparse = (10_001..100_000).step_by(2).filter(|n| numbers.take(*n)).count();
        assert_eq!(sparse, 45_000, "ascending gaps are all taken");
        assert!(numbers.0.len() <= RUNS);
        assert!(numbers.take(1 << 40) && !numbers.take(1 << 40));
    }
}
