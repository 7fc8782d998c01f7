//! The rules of the sign-in, and nothing else: no network, no clock, no AWS SDK.
//!
//! The three functions and the command line share this crate, so that an address means the same
//! to all of them, and so that `mail` (which writes links) and `challenge` (which consumes them)
//! cannot disagree about the table.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod answer;
mod caller;
mod code;
mod define;
mod email;
mod encoding;
mod login;
mod mac;
mod operation;
mod secret;
mod sender;
pub mod table;
mod trigger;

pub use answer::Answer;
pub use caller::Caller;
pub use code::Code;
pub use define::{Next, Round};
pub use email::{Email, EmailError};
pub use login::{ACCEPTED, LoginRequest, MESSAGE_LIFETIME_SECONDS, QueueMessage};
pub use mac::{Label, MacKey, MacKeyError};
pub use operation::{Answered, Forgotten, Issued, Marked, Operation, Refusal, TestUsers};
pub use secret::{Attempt, RandomError, Secret};
pub use sender::{Sender, SenderError};
pub use trigger::{Event, Trigger};
