//! Queries: typed filters, sorts and windows, and their evaluation in memory.
//!
//! One query type, several readers (memory, SQL, later MongoDB); they must agree, so the meaning is fixed
//! here: two-valued logic, null equals only null, an order comparison with null is false, text compares by
//! its UTF-8 bytes, null sorts first, ties sort by id.

mod criteria;
mod expr;
mod filter;
mod parse;
mod select;

pub use criteria::IntoValue;
pub(crate) use expr::DocRow;
pub use expr::{Comparison, Expr, Row};
pub use filter::Filter;
pub(crate) use parse::{parse_filter, parse_sort};
pub use select::{Order, Query, Sort};
