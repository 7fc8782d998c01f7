use std::time::{SystemTime, UNIX_EPOCH};

/// The time in seconds since 1970, as the table and the queue write it.
pub fn epoch_seconds() -> u64 {
    // Only a clock that stands before 1970 has no answer, and Lambda's never does.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs())
}
