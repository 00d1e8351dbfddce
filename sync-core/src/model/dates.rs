//! [`SyncValue`] for moments and days.

use std::borrow::Cow;
use std::time::SystemTime;

use chrono::{DateTime, NaiveDate, Utc};

use super::date::Millis;
use super::input::Input;
use super::refusal::Refusal;
use super::value::{Kind, SyncValue};
use super::view::View;

fn read_date(input: Input<'_>) -> Result<Millis, Refusal> {
    match input {
        Input::Date(date) => Ok(date),
        Input::Text(text) => text.parse(),
        other => other.refuse("a date"),
    }
}

fn view_date(millis: i64) -> View<'static> {
    match Millis::new(millis) {
        Ok(date) => View::Date(date),
        Err(refusal) => View::Refused(refusal),
    }
}

impl SyncValue for Millis {
    const KIND: Kind = Kind::Date;
    fn view(&self) -> View<'_> {
        View::Date(*self)
    }
    fn read(input: Input<'_>) -> Result<Self, Refusal> {
        read_date(input)
    }
    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

impl SyncValue for DateTime<Utc> {
    const KIND: Kind = Kind::Date;
    fn view(&self) -> View<'_> {
        view_date(self.timestamp_millis())
    }
    fn read(input: Input<'_>) -> Result<Self, Refusal> {
        read_date(input).map(Millis::to_datetime)
    }
    fn same(&self, other: &Self) -> bool {
        self == other
    }
    fn normalize(&mut self) -> Result<(), Refusal> {
        *self = Millis::new(self.timestamp_millis())?.to_datetime();
        Ok(())
    }
}

/// Milliseconds since 1970, rounded down as chrono does, also before 1970.
fn system_millis(time: SystemTime) -> i64 {
    DateTime::<Utc>::from(time).timestamp_millis()
}

impl SyncValue for SystemTime {
    const KIND: Kind = Kind::Date;
    fn view(&self) -> View<'_> {
        view_date(system_millis(*self))
    }
    fn read(input: Input<'_>) -> Result<Self, Refusal> {
        read_date(input).map(|date| date.to_datetime().into())
    }
    fn same(&self, other: &Self) -> bool {
        self == other
    }
    fn normalize(&mut self) -> Result<(), Refusal> {
        *self = Millis::new(system_millis(*self))?.to_datetime().into();
        Ok(())
    }
}

impl SyncValue for NaiveDate {
    const KIND: Kind = Kind::Text;
    fn view(&self) -> View<'_> {
        View::Text(Cow::Owned(self.format("%Y-%m-%d").to_string()))
    }
    fn read(input: Input<'_>) -> Result<Self, Refusal> {
        let Input::Text(ref text) = input else { return input.refuse("a day such as 2026-01-31") };
        text.parse().map_err(|_| Refusal::new("expects a day such as 2026-01-31"))
    }
    fn same(&self, other: &Self) -> bool {
        self == other
    }
    fn normalize(&mut self) -> Result<(), Refusal> {
        use chrono::Datelike as _;
        // Outside these years the text has a sign and more digits, and no longer sorts as the days do.
        if (0..=9999).contains(&self.year()) {
            Ok(())
        } else {
            Err(Refusal::new("is a day outside the years 0000 to 9999"))
        }
    }
}
