//! The built binary from outside, against a real local cloud of the test's own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod browser;
mod chrome;
mod cli;
mod cloudformation;
mod diff;
mod dump;
mod fault;
mod function;
mod kill;
mod large;
mod life;
mod local;
mod paths;
mod picture;
mod proof;
mod relay;
mod scene;
mod security;
mod server;
mod stage;
mod tales;
mod together;
mod toy;
mod trigger;
mod wire;
mod world;
