//! How long a sign-in takes, whether that tells who has an account, and what fifty at once do to it.
//!
//! Deploys a stage to a local cloud of its own and prints figures: `cargo bench --profile dev --bench
//! sign_in`. (`dev`, because the time is that of the functions, which have a profile of their own.)

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::print_stdout)]

// The tests' own, of which this needs a part.
#[path = "../../tests/it/dump.rs"]
#[allow(dead_code)]
mod dump;
#[path = "../../tests/it/function.rs"]
#[allow(dead_code)]
mod function;
#[path = "../../tests/it/server.rs"]
mod server;
#[path = "../../tests/it/stage.rs"]
#[allow(dead_code)]
mod stage;
#[path = "../../tests/it/trigger.rs"]
#[allow(dead_code)]
mod trigger;
#[path = "../../tests/it/wire.rs"]
#[allow(dead_code)]
mod wire;
#[path = "../../tests/it/world.rs"]
#[allow(dead_code)]
mod world;

mod figures;
mod load;
mod timing;

use std::path::Path;
use std::sync::Arc;

use reqwest::{Client, Method};
use serde_json::json;
use stage::Stage;
use world::World;

/// How many people use the stage.
const PEOPLE: usize = 200;

#[tokio::main]
async fn main() {
    figures::machine();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/sign_in");
    let stage = Arc::new(Stage::deploy(World::of(&folder)).await);
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        people.push(stage.user(&format!("person-{number:03}")).await);
    }
    timing::requests(&stage, &people).await;
    timing::answers(&stage, &people[0]).await;
    load::sign_ins(&stage, &people).await;
    // With it goes the search for what must not be in its table, logs and queues.
    drop(stage);
    println!("\nNo secret, code or token in table, logs and queues; no address in table and logs.");
}

/// One that keeps its connections.
fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

async fn ask_for_mail(client: &Client, url: &str, email: &str) {
    let request = world::request_by(client, Method::POST, url, "/api/login");
    let request = request.json(&json!({"email": email}));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 202);
    answer.bytes().await.unwrap();
}
