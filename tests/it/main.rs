//! The built binary from outside, against a real local cloud of the test's own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod browser;
mod chrome;
mod cli;
mod dump;
mod function;
mod life;
mod local;
mod paths;
mod proof;
mod security;
mod server;
mod stage;
mod trigger;
mod wire;
mod world;
