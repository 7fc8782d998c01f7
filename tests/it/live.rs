//! What moves on a terminal, and what is left on it.

use std::process::Command;

use crate::cloudformation::{Look, STACK};
use crate::interrupt::{Stage, masked, settings};
use crate::scene::DEPLOY;
use crate::tty::{CTRL_C, ESCAPE, Tty};

use Look::Event;

const DENIED: &str = "Resource handler returned message: \"Your access has been denied by S3, please make \
     sure your request credentials have permission to GetObject for \
     mlink-artifacts-000000000000-eu-west-1/lambda/0a1b.zip. S3 Error Code: AccessDenied. S3 Error \
     Message: Access Denied (Service: Lambda, Status Code: 403, Request ID: 5f1c)\" (RequestToken: \
     7d2e, HandlerErrorCode: AccessDenied)";

const FAILS: [Look; 8] = [
    Event(STACK, "UPDATE_IN_PROGRESS", "User Initiated"),
    Event("MailFunction", "UPDATE_IN_PROGRESS", ""),
    Event("UserPoolClient", "UPDATE_IN_PROGRESS", ""),
    Event("MailFunction", "UPDATE_FAILED", DENIED),
    Event(STACK, "UPDATE_ROLLBACK_IN_PROGRESS", "It failed."),
    Event("MailFunction", "UPDATE_COMPLETE", ""),
    // Of the other one nothing more is heard.
    Event(STACK, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", ""),
    Event(STACK, "UPDATE_ROLLBACK_COMPLETE", ""),
];

/// Without the address, which is another each time, and the line of the template, which moves.
fn seen(screen: &str) -> String {
    let mut seen = screen.to_owned();
    for (begin, name) in [("templates/stack.yaml:", "LINE"), ("127.0.0.1:", "PORT")] {
        let mut parts = seen.split(begin);
        let first = parts.next().unwrap().to_owned();
        let rest = parts.map(|part| {
            let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{begin}{name}{rest}")
        });
        seen = first + &rest.collect::<String>();
    }
    masked(&seen)
}

/// How often the colour, or how strong letters are, changes.
fn colours(said: &str) -> usize {
    let codes = said.split("\x1b[").skip(1);
    let is_colour = |code: &&str| {
        let end = code.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        end.starts_with('m')
    };
    codes.filter(is_colour).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_deploy_is_a_card_that_fits_into_the_window() {
    let stage = Stage::empty().await;
    for (columns, colour, name) in [(80, "", "failed"), (40, "1", "failed_narrow")] {
        // Not by the tale: it changes something, and then there is something to change.
        stage
            .toy
            .write("mlink.yaml", &settings(&format!("{columns}m")));
        stage.world.says(&stage.line(DEPLOY));
        stage.toy.write("mlink.yaml", &settings("10m"));
        stage.aws.tells("ExecuteChangeSet", false, &FAILS);
        let mut command = stage.command(DEPLOY);
        command.env("NO_COLOR", colour);
        let mut tty = Tty::run(&command, 80, columns);
        let (code, screen) = tty.ends().await;
        assert_eq!(code, 1, "{screen}");
        assert!(tty.is_in_order(), "{screen}");
        assert_eq!(colours(&tty.said()) > 0, colour.is_empty(), "{screen}");
        // Commands stand whole, wherever the window ends.
        let shown = match columns {
            80 => &screen,
            _ => &screen[screen.rfind("mlink::").unwrap()..screen.rfind("help:").unwrap()],
        };
        insta::assert_snapshot!(name, seen(shown));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_is_shown_while_it_runs_and_what_is_typed_is_not() {
    let stage = Stage::held().await;
    let mut tty = Tty::run(&stage.command(DEPLOY), 24, 60);
    stage.aws.held().await;
    tty.types(
        "MailFunction AWS::Lambda::Function UPDATE_IN_PROGRESS",
        "make love\r",
    )
    .await;
    assert!(!tty.is_in_order());
    stage.aws.let_go();
    let (code, screen) = tty.ends().await;
    assert_eq!(code, 0, "{screen}");
    assert!(!screen.contains("love"), "{screen}");
    assert!(!screen.contains("IN_PROGRESS"), "{screen}");
    assert!(tty.is_in_order(), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_is_piped_on_is_nothing_but_the_result() {
    let stage = Stage::empty().await;
    stage.world.says(&stage.line(DEPLOY));
    for verb in ["info", "info --output json", DEPLOY] {
        let expected = stage.world.says(&stage.line(verb));
        let mlink = stage.command(verb);
        let mut piped = Command::new("sh");
        piped.args(["-c", "\"$0\" \"$@\" | cat > result"]);
        piped.arg(mlink.get_program()).args(mlink.get_args());
        piped.current_dir(mlink.get_current_dir().unwrap());
        for (name, value) in mlink.get_envs() {
            match value {
                Some(value) => piped.env(name, value),
                None => piped.env_remove(name),
            };
        }
        let mut tty = Tty::run(&piped, 40, 80);
        let (code, screen) = tty.ends().await;
        assert_eq!(code, 0, "{screen}");
        let result = std::fs::read_to_string(stage.toy.path("result")).unwrap();
        assert!(!result.contains('\x1b'), "{result}");
        let without_time = |text: &str| match text.split_once(" s: ") {
            Some((before, after)) => before.rsplit_once(' ').unwrap().0.to_owned() + after,
            None => text.to_owned(),
        };
        assert_eq!(without_time(&result), without_time(&expected), "{verb}");
    }
}

/// What cannot be restored is passed over with the word only, and Ctrl-C is no answer.
#[tokio::test(flavor = "multi_thread")]
async fn the_question_of_a_rollback_can_be_declined_and_interrupted() {
    let stage = Stage::empty().await;
    let line = format!("{DEPLOY} --local --endpoint {}", stage.aws.url());
    stage.world.says(&line);
    stage.toy.write("mlink.yaml", &settings("10m"));
    let mut looks = FAILS[..6].to_vec();
    looks.push(Event(STACK, "UPDATE_ROLLBACK_FAILED", "It failed too."));
    stage.aws.tells("ExecuteChangeSet", false, &looks);
    assert_eq!(stage.world.fails(&line).0, 1);
    let fails_again = [
        Event(STACK, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated"),
        Event("MailFunction", "UPDATE_FAILED", ""),
        Event(STACK, "UPDATE_ROLLBACK_FAILED", ""),
    ];
    for (answer, code) in [(CTRL_C, 130), (ESCAPE, 3)] {
        stage
            .aws
            .tells("ContinueUpdateRollback", false, &fails_again);
        let mut tty = Tty::run(&stage.world.command(&line), 40, 80);
        tty.shows("to go on:").await;
        if code == 130 {
            insta::assert_snapshot!("may_be_skipped", seen(&tty.text()));
        }
        tty.types("to go on:", answer).await;
        let (ended, screen) = tty.ends().await;
        assert_eq!(ended, code, "{screen}");
        assert!(tty.is_in_order(), "{screen}");
    }
}
