//! A toy project and a cloud that can be made to fail at any call of a run.

use std::process::{Output, Stdio};

use crate::picture::{self, Picture, difference};
use crate::relay::{Relay, Trouble};
use crate::toy::Toy;
use crate::world::{World, wait_for};

/// The toy functions answer nothing, so that there is nothing to prove.
pub const DEPLOY: &str = "deploy --no-verify";
pub const DESTROY: &str = "destroy --yes";

pub struct Scene {
    // Goes before the folder that it stops its local cloud in.
    world: World,
    pub toy: Toy,
    pub relay: Relay,
    pub endpoint: String,
}

impl Scene {
    pub async fn new() -> Scene {
        let toy = Toy::quick();
        let world = toy.world();
        let endpoint = world.endpoint();
        let relay = Relay::to(&endpoint).await;
        Scene {
            toy,
            world,
            relay,
            endpoint,
        }
    }

    pub fn command(&self, verb: &str) -> tokio::process::Command {
        self.command_at(&self.relay.url(), verb)
    }

    fn command_at(&self, endpoint: &str, verb: &str) -> tokio::process::Command {
        let line = format!("{verb} --local --endpoint {endpoint}");
        tokio::process::Command::from(self.world.command(&line))
    }

    /// Runs it until its first call of this name, lets the others do something, and then lets it go on.
    pub async fn held_at<O: Future<Output = ()>>(
        &self,
        verb: &str,
        call: &str,
        others: O,
    ) -> Output {
        let holds = self.relay.hold(call);
        let command = self.command(verb).output();
        let others = async {
            holds.notified().await;
            others.await;
            self.relay.let_go();
        };
        tokio::join!(command, others).0.unwrap()
    }

    /// Runs it beside what goes through the relay, and it has to succeed.
    pub async fn beside(&self, verb: &str) {
        let output = self
            .command_at(&self.endpoint, verb)
            .output()
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "mlink {verb}\n{said}");
    }

    /// Runs it; its n-th call meets trouble.
    pub async fn run(&self, verb: &str, trouble: Option<(usize, Trouble)>) -> Output {
        self.relay.begin(trouble);
        self.command(verb).output().await.unwrap()
    }

    /// Runs it undisturbed, and it has to succeed. Its calls.
    pub async fn succeeds(&self, verb: &str) -> Vec<String> {
        let output = self.run(verb, None).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "mlink {verb}\n{said}");
        self.relay.calls()
    }

    /// Kills it when its n-th call is carried out and before it hears of that; the name of the call.
    /// None when it makes fewer, and ends well.
    pub async fn killed(&self, verb: &str, n: usize) -> Option<String> {
        let silent = self.relay.begin(Some((n, Trouble::Silence)));
        let mut command = self.command(verb);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        tokio::select! {
            () = silent.notified() => {
                child.kill().await.unwrap();
                wait_for(|| async { (!self.relay.is_busy()).then_some(()) }).await;
                Some(self.relay.calls()[n - 1].clone())
            }
            ended = child.wait() => {
                assert!(ended.unwrap().success(), "mlink {verb}");
                None
            }
        }
    }

    pub async fn picture(&self) -> Picture {
        picture::of_stack(&self.endpoint, "mlink-dev").await
    }

    pub async fn held(&self) -> Picture {
        picture::held(&self.endpoint).await
    }
}

/// A row a call. It collects what went wrong, so that one look shows all of it.
#[derive(Default)]
pub struct Matrix(Vec<String>);

impl Matrix {
    /// The harness shows it with --nocapture, or when a row is wrong.
    #[allow(clippy::print_stdout)]
    pub fn row(&mut self, what: &str, n: usize, call: &str, outcome: &str, wrong: &[String]) {
        let outcome = if wrong.is_empty() { outcome } else { "WRONG" };
        println!("{what:<16} {n:>3}  {call:<56} {outcome}");
        let wrong = wrong
            .iter()
            .map(|wrong| format!("{what} {n} {call}: {wrong}"));
        self.0.extend(wrong);
    }

    pub fn compare(&mut self, what: &str, n: usize, call: &str, was: &Picture, is: &Picture) {
        self.row(what, n, call, "as undisturbed", &difference(was, is));
    }

    /// Several as one.
    pub fn all(parts: Vec<Matrix>) -> Matrix {
        Matrix(parts.into_iter().flat_map(|part| part.0).collect())
    }

    pub fn check(self) {
        assert!(self.0.is_empty(), "{:#?}", self.0);
    }
}
