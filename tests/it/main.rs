//! The built binary from outside, against a real local cloud of the test's own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod browser;
mod chrome;
mod cli;
mod cloudformation;
mod deployed;
mod diff;
mod dump;
mod fault;
mod front;
mod function;
mod interrupt;
mod kill;
mod large;
mod life;
mod live;
mod local;
mod members;
mod paths;
mod picture;
mod proof;
mod query;
mod questions;
mod relay;
mod scene;
mod security;
mod server;
mod stage;
mod states;
mod survivors;
mod tale;
mod tales;
mod together;
mod toy;
mod trigger;
mod tty;
mod wire;
mod world;
