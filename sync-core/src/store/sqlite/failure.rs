//! Why a transaction did not succeed, and what that is to those who wait for it.

use rusqlite::ErrorCode;

use super::connection::failed;
use crate::error::{Code, Error};

/// Why a transaction did not succeed.
pub(super) enum Failure {
    /// Nothing of it is in the file.
    Nothing(rusqlite::Error),
    /// COMMIT itself failed: it may be in the file.
    Unknown(rusqlite::Error),
}

impl Failure {
    /// Whether another write of the group may succeed without the one that failed. A file that is locked or
    /// taken away is so for each: trying them one by one would only wait as often as there are writes.
    pub(super) fn may_be_one_write(&self) -> bool {
        let Failure::Nothing(error) = self else { return false };
        !matches!(
            error.sqlite_error_code(),
            Some(
                ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::ReadOnly
                    | ErrorCode::CannotOpen
                    | ErrorCode::NotADatabase
                    | ErrorCode::FileLockingProtocolFailed
            )
        )
    }

    pub(super) fn of_commit(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            // Refused before the commit's last frame was written.
            Some(ErrorCode::DatabaseBusy | ErrorCode::DiskFull | ErrorCode::ConstraintViolation) => {
                Failure::Nothing(error)
            }
            _ => Failure::Unknown(error),
        }
    }

    pub(super) fn told(&self, file: &str) -> Error {
        match self {
            Failure::Nothing(error) => failed(&file, error),
            Failure::Unknown(error) => {
                let message = format!("{file}: whether the write was committed is not known: {error}");
                Error::new(Code::Indeterminate, message)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(code: i32) -> Failure {
        Failure::Nothing(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None))
    }

    /// Another process held the lock for longer than we wait. Each write of the group then waited as long by
    /// itself: 64 writers were answered after eleven minutes.
    #[test]
    fn a_group_that_met_a_lock_does_not_wait_once_for_each_write() {
        use rusqlite::ffi;
        for code in [ffi::SQLITE_BUSY, ffi::SQLITE_LOCKED, ffi::SQLITE_READONLY_DBMOVED, ffi::SQLITE_CANTOPEN]
        {
            assert!(!nothing(code).may_be_one_write(), "{code}");
        }
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_TOOBIG, ffi::SQLITE_CONSTRAINT, ffi::SQLITE_NOMEM] {
            assert!(nothing(code).may_be_one_write(), "{code}");
        }
    }
}
