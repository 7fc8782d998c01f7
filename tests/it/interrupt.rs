//! Ctrl-C, and what else ends a command at a terminal.

use std::process::Command;
use std::sync::Arc;

use crate::cloudformation::{CloudFormation, Look, STACK};
use crate::front;
use crate::picture;
use crate::scene::{DEPLOY, Scene};
use crate::toy::Toy;
use crate::tty::{CTRL_C, DOWN, ENTER, ESCAPE, Tty};
use crate::world::{World, wait_for};

use Look::{Event, Held};

/// A stage whose changes take their time.
pub struct Stage {
    // Goes before the folder that it stops its local cloud in.
    pub world: World,
    pub toy: Toy,
    endpoint: String,
    pub aws: CloudFormation,
}

impl Stage {
    /// Nothing is deployed yet.
    pub async fn empty() -> Stage {
        let toy = Toy::quick();
        toy.write("mlink.yaml", &settings("20m"));
        let world = toy.world();
        let endpoint = world.endpoint();
        let aws = CloudFormation::before(&endpoint).await;
        Stage {
            world,
            toy,
            endpoint,
            aws,
        }
    }

    /// With an update under way as soon as somebody deploys.
    pub async fn held() -> Stage {
        let stage = Stage::empty().await;
        stage.world.says(&stage.line(DEPLOY));
        stage.toy.write("mlink.yaml", &settings("10m"));
        let looks = [
            Event(STACK, "UPDATE_IN_PROGRESS", "User Initiated"),
            Event("MailFunction", "UPDATE_IN_PROGRESS", ""),
            Held,
            Event("MailFunction", "UPDATE_COMPLETE", ""),
            Event(STACK, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""),
            Event(STACK, "UPDATE_COMPLETE", ""),
        ];
        stage.aws.tells("ExecuteChangeSet", true, &looks);
        stage
    }

    pub fn line(&self, verb: &str) -> String {
        format!("{verb} --local --endpoint {}", self.aws.url())
    }

    pub fn command(&self, verb: &str) -> Command {
        self.world.command(&self.line(verb))
    }

    /// A deploy at a terminal that follows the update, and shows so.
    async fn following(&self) -> Tty {
        let tty = Tty::run(&self.command(DEPLOY), 30, 80);
        self.aws.held().await;
        tty
    }

    /// With the menu open.
    async fn interrupted(&self) -> Tty {
        let mut tty = self.following().await;
        tty.types("UPDATE_IN_PROGRESS", CTRL_C).await;
        tty.shows("Enter").await;
        tty
    }

    async fn is_updated(&self) -> bool {
        let now = picture::of_stack(&self.endpoint, STACK).await;
        now["parameters"].contains(&"LinkLifetimeSeconds = 600".to_owned())
    }
}

pub fn settings(lifetime: &str) -> String {
    format!("link: {{lifetime: {lifetime}}}\nstages: {{dev: {{test_users: false}}}}\n")
}

/// The screen without what is another each time, and without the result.
pub fn masked(screen: &str) -> String {
    // Whether there is something to wait for is a matter of time.
    let fleeting = ["Build the", "Wait for what serves"];
    let lines = screen.lines();
    let lines = lines.filter(|line| !fleeting.iter().any(|name| line.contains(name)));
    let lines = lines.map(|line| match line.strip_suffix(" s") {
        Some(rest) => format!("{} TIME", rest.rsplit_once(' ').unwrap().0),
        None => match line.split_once(" s: ") {
            Some((line, why)) => format!("{} TIME: {why}", line.rsplit_once(' ').unwrap().0),
            None => line.to_owned(),
        },
    });
    let whole = lines.collect::<Vec<_>>().join("\n");
    whole.split("  Page").next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_an_update_finds_it_again_and_may_leave_it_again() {
    let stage = Stage::held().await;
    let mut tty = stage.interrupted().await;
    insta::assert_snapshot!("menu", masked(&tty.text()));
    tty.types("> leave it", ENTER).await;
    let (code, screen) = tty.ends().await;
    assert_eq!(code, 130, "{screen}");
    assert!(tty.is_in_order(), "{screen}");
    insta::assert_snapshot!("left", masked(&screen));

    stage.aws.forget();
    let mut tty = stage.following().await;
    tty.types("Wait for mlink-dev", CTRL_C).await;
    tty.types("> leave it", DOWN).await;
    tty.types("> cancel it", DOWN).await;
    tty.types("> go on", ENTER).await;
    stage.aws.let_go();
    let (code, screen) = tty.ends().await;
    assert_eq!(code, 0, "{screen}");
    assert!(tty.is_in_order(), "{screen}");
    insta::assert_snapshot!("followed", masked(&screen));
    assert!(stage.is_updated().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_ends_while_the_question_is_open_has_ended() {
    let stage = Stage::held().await;
    let mut tty = stage.interrupted().await;
    stage.aws.let_go();
    tty.types("What now?", ESCAPE).await;
    let (code, screen) = tty.ends().await;
    assert_eq!(code, 0, "{screen}");
    assert!(tty.is_in_order(), "{screen}");
    assert!(stage.is_updated().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_ctrl_c_leaves_at_once_and_so_does_what_nobody_can_be_asked_about() {
    let stage = Stage::held().await;
    let mut tty = stage.interrupted().await;
    tty.types("What now?", CTRL_C).await;
    let (code, screen) = tty.ends().await;
    assert_eq!(code, 130, "{screen}");
    assert!(tty.is_in_order(), "{screen}");
    insta::assert_snapshot!("ctrl_c_twice", masked(&screen));

    // It is ended while the menu is open: the shell gets its terminal back as it was.
    stage.aws.forget();
    let mut tty = stage.following().await;
    tty.types("Wait for mlink-dev", CTRL_C).await;
    tty.shows("Enter").await;
    tty.signal("-TERM");
    let (code, screen) = tty.ends().await;
    assert_eq!(code, 130, "{screen}");
    assert!(tty.is_in_order(), "{screen}");

    // It is ended while nothing is asked.
    stage.aws.forget();
    let mut tty = stage.following().await;
    tty.shows("so far").await;
    tty.signal("-TERM");
    let (code, screen) = tty.ends().await;
    assert_eq!(code, 130, "{screen}");
    assert!(tty.is_in_order(), "{screen}");
    insta::assert_snapshot!("terminated", masked(&screen));

    // The window is closed.
    stage.aws.forget();
    let mut tty = stage.following().await;
    tty.shows("so far").await;
    tty.close();
    assert_eq!(tty.code().await, 130);

    stage.aws.let_go();
    stage.world.says(&stage.line(DEPLOY));
    assert!(stage.is_updated().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_is_cancelled_goes_back_to_what_was_there() {
    let stage = Arc::new(Stage::empty().await);
    // The local cloud does not know how to cancel.
    let cancelling = stage.clone();
    let front = front::before(&stage.aws.url(), move |action, _| {
        (action == "CancelUpdateStack").then(|| {
            cancelling.aws.let_go();
            "<CancelUpdateStackResponse/>".to_owned()
        })
    })
    .await;
    let line = format!("{DEPLOY} --local --endpoint http://{}", front.address);
    stage.world.says(&line);
    stage.toy.write("mlink.yaml", &settings("10m"));
    let looks = [
        Event(STACK, "UPDATE_IN_PROGRESS", "User Initiated"),
        Event("MailFunction", "UPDATE_IN_PROGRESS", ""),
        Held,
        Event(STACK, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated"),
        Event("MailFunction", "UPDATE_FAILED", "Resource update cancelled"),
        Event("MailFunction", "UPDATE_COMPLETE", ""),
        Event(STACK, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", ""),
        Event(STACK, "UPDATE_ROLLBACK_COMPLETE", ""),
    ];
    stage.aws.tells("ExecuteChangeSet", false, &looks);
    let mut tty = Tty::run(&stage.world.command(&line), 40, 80);
    stage.aws.held().await;
    tty.types("UPDATE_IN_PROGRESS", CTRL_C).await;
    tty.types("> leave it", DOWN).await;
    tty.types("> cancel it", ENTER).await;
    let (code, screen) = tty.ends().await;
    insta::assert_snapshot!("cancelled", masked(&screen));
    assert_eq!(code, 130, "{screen}");
    assert!(tty.is_in_order(), "{screen}");
    assert!(!stage.is_updated().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_nothing_that_a_first_deploy_could_go_back_to() {
    let stage = Stage::empty().await;
    let looks = [
        Event(STACK, "CREATE_IN_PROGRESS", "User Initiated"),
        Event("MailFunction", "CREATE_IN_PROGRESS", ""),
        Held,
        Event("MailFunction", "CREATE_COMPLETE", ""),
        Event(STACK, "CREATE_COMPLETE", ""),
    ];
    stage.aws.tells("ExecuteChangeSet", true, &looks);
    let mut tty = Tty::run(&stage.command(DEPLOY), 24, 80);
    stage.aws.held().await;
    tty.types("CREATE_IN_PROGRESS", CTRL_C).await;
    tty.types("> leave it", DOWN).await;
    tty.shows("> go on").await;
    let screen = tty.text();
    assert!(!screen.contains("cancel"), "{screen}");
    stage.aws.let_go();
    tty.types("> go on", ENTER).await;
    let (code, screen) = tty.ends().await;
    assert_eq!(code, 0, "{screen}");
}

/// A build that never ends, which says who takes part in it.
const ENDLESS: &str = "sleep 1000 & echo $$ $! > pids.new; mv pids.new pids; wait";

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_build_leaves_no_process_behind() {
    let toy = Toy::quick();
    toy.program("cargo", ENDLESS);
    let world = toy.world();
    let endpoint = world.endpoint();
    let line = format!("{DEPLOY} --local --endpoint {endpoint}");
    for is_key in [true, false] {
        let mut tty = Tty::run(&world.command(&line), 24, 80);
        let pids = wait_for(|| async { std::fs::read_to_string(toy.path("pids")).ok() }).await;
        std::fs::remove_file(toy.path("pids")).unwrap();
        if is_key {
            tty.types("Build the functions", CTRL_C).await;
        } else {
            tty.shows("Build the functions").await;
            tty.signal("-TERM");
        }
        let (code, screen) = tty.ends().await;
        assert_eq!(code, 130, "{screen}");
        assert!(tty.is_in_order(), "{screen}");
        assert!(screen.contains("interrupted"), "{screen}");
        wait_for(|| async { pids.split_whitespace().all(is_gone).then_some(()) }).await;
    }
}

/// Gone, or waiting only for the system to notice.
fn is_gone(pid: &str) -> bool {
    let state = Command::new("ps")
        .args(["-o", "state=", "-p", pid])
        .output();
    let state = String::from_utf8(state.unwrap().stdout).unwrap();
    state.trim().is_empty() || state.starts_with('Z')
}

/// As git's and ssh's questions for a password do.
#[tokio::test(flavor = "multi_thread")]
async fn a_build_may_ask_at_the_terminal() {
    let scene = Scene::new().await;
    scene.toy.program(
        "npm",
        "read answer </dev/tty; for out; do :; done; [ \"$1\" = ci ] || cp -r public/. \"$out\"",
    );
    let mut tty = Tty::run(scene.command(DEPLOY).as_std(), 30, 100);
    tty.types("Build the page", "one\rtwo\r").await;
    let (code, screen) = tty.ends().await;
    assert_eq!(code, 0, "{screen}");
}
