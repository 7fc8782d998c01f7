//! One process at a time, by file locks that the system lets go of when their holder dies.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

/// Between two tries. Waiting in a thread of its own would outlive Ctrl-C.
const PAUSE: Duration = Duration::from_millis(30);

/// The lock on `path`, or none while another process holds it.
pub fn try_take(path: &Path) -> io::Result<Option<File>> {
    let mut options = File::options();
    options.create(true).truncate(false).read(true).write(true);
    let file = options.open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Waits for the lock on `path`; it lasts until the file is dropped.
pub async fn take(path: &Path) -> io::Result<File> {
    loop {
        if let Some(file) = try_take(path)? {
            return Ok(file);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
