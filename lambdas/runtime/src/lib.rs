//! What each of the three functions stands on: its environment, its AWS configuration and its
//! log lines. No rule of the sign-in is here; those are in `mlink-core`.

mod aws;
mod clock;
mod environment;
mod failure;
pub mod log;

pub use aws::{fresh_connections, sdk_config};
pub use clock::epoch_seconds;
pub use environment::{EnvironmentError, optional, parsed, parsed_if_set, required};
pub use failure::reason;
