//! Moments as stores and wires keep them: milliseconds since 1970 in UTC, written as RFC 3339 text.
//!
//! The text has always three digits of milliseconds and ends in `Z`, so that it sorts as the moments do;
//! years outside 0000 to 9999 would break that and are refused.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};

use super::refusal::Refusal;

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(i64);

const FIRST: i64 = -62_167_219_200_000; // 0000-01-01T00:00:00.000Z
const LAST: i64 = 253_402_300_799_999; // 9999-12-31T23:59:59.999Z

impl Millis {
    /// A moment by its milliseconds since 1970; refused outside the years 0000 to 9999.
    pub fn new(millis: i64) -> Result<Self, Refusal> {
        if (FIRST..=LAST).contains(&millis) {
            Ok(Millis(millis))
        } else {
            Err(Refusal::new("is a date outside the years 0000 to 9999"))
        }
    }

    /// The milliseconds since 1970.
    pub fn get(self) -> i64 {
        self.0
    }

    /// The same moment as chrono knows it.
    pub fn to_datetime(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).expect("years 0000 to 9999 are within chrono's range")
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_datetime().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl FromStr for Millis {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let moment = DateTime::parse_from_rfc3339(text)
            .map_err(|_| Refusal::new("expects a date such as 2026-01-31T12:00:00.000Z"))?;
        Millis::new(moment.timestamp_millis())
    }
}
