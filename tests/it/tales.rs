//! What a person sees while CloudFormation takes its time, fails, and takes things back.

use std::process::Stdio;

use crate::cloudformation::{CloudFormation, Look, STACK};
use crate::picture;
use crate::scene::{DEPLOY, DESTROY};
use crate::toy::Toy;
use crate::world::World;

use Look::{Event, Held};

/// A stage that is deployed already.
struct Stage {
    // Goes before the folder that it stops its local cloud in.
    world: World,
    toy: Toy,
    endpoint: String,
    aws: CloudFormation,
}

impl Stage {
    async fn new() -> Stage {
        let toy = Toy::quick();
        toy.write("mlink.yaml", &settings("20m"));
        let world = toy.world();
        let endpoint = world.endpoint();
        let aws = CloudFormation::before(&endpoint).await;
        let stage = Stage {
            toy,
            world,
            endpoint,
            aws,
        };
        assert_eq!(stage.run(DEPLOY).await.0, Some(0));
        stage
    }

    fn command(&self, verb: &str) -> tokio::process::Command {
        let line = format!("{verb} --local --endpoint {}", self.aws.url());
        tokio::process::Command::from(self.world.command(&line))
    }

    /// Its exit code and all that a person sees of it.
    async fn run(&self, verb: &str) -> (Option<i32>, String) {
        let output = self.command(verb).output().await.unwrap();
        let said = [output.stderr, output.stdout].concat();
        (output.status.code(), self.seen(said))
    }

    /// All that a person sees, without what is another each time.
    fn seen(&self, said: Vec<u8>) -> String {
        let said = String::from_utf8(said).unwrap();
        let lines = said.lines().filter(|line| !line.starts_with("Build the"));
        let lines = lines.map(|line| match line.split_once(" s: ") {
            Some((line, reason)) => format!("{} TIME: {reason}", line.rsplit_once(' ').unwrap().0),
            None => match line.split_once("http://") {
                Some((before, _)) => format!("{before}URL"),
                None => line.to_owned(),
            },
        });
        let lines: Vec<String> = lines.map(|line| without_number(&line)).collect();
        lines.join("\n")
    }
}

/// The line of the template is another after each change of the template.
fn without_number(line: &str) -> String {
    match line.split_once("templates/stack.yaml:") {
        Some((before, after)) => {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{before}templates/stack.yaml:LINE{rest}")
        }
        None => line.to_owned(),
    }
}

/// Whoever changes the lifetime changes the stack. The toy's mail function could count no test users.
fn settings(lifetime: &str) -> String {
    format!("link: {{lifetime: {lifetime}}}\nstages: {{dev: {{test_users: false}}}}\n")
}

const DENIED: &str = "Resource handler returned message: \"Your access has been denied by S3, please make \
     sure your request credentials have permission to GetObject for \
     mlink-artifacts-000000000000-eu-west-1/lambda/0a1b.zip. S3 Error Code: AccessDenied. S3 Error \
     Message: Access Denied (Service: Lambda, Status Code: 403, Request ID: 5f1c)\" (RequestToken: \
     7d2e, HandlerErrorCode: AccessDenied)";

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_fails_is_followed_through_its_rollback_and_tells_the_first_cause() {
    let stage = Stage::new().await;
    let before = picture::of_stack(&stage.endpoint, STACK).await;
    stage.toy.write("mlink.yaml", &settings("10m"));
    let looks = [
        Event(STACK, "UPDATE_IN_PROGRESS", "User Initiated"),
        Event("MailFunction", "UPDATE_IN_PROGRESS", ""),
        Event("UserPoolClient", "UPDATE_IN_PROGRESS", ""),
        Event("MailFunction", "UPDATE_FAILED", DENIED),
        Event(
            "UserPoolClient",
            "UPDATE_FAILED",
            "Resource update cancelled",
        ),
        Event(
            STACK,
            "UPDATE_ROLLBACK_IN_PROGRESS",
            "The following resource(s) failed to update: [MailFunction, UserPoolClient].",
        ),
        Event("MailFunction", "UPDATE_COMPLETE", ""),
        Event("UserPoolClient", "UPDATE_COMPLETE", ""),
        Event(STACK, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", ""),
        Event(STACK, "UPDATE_ROLLBACK_COMPLETE", ""),
    ];
    stage.aws.tells("ExecuteChangeSet", false, &looks);
    let (code, said) = stage.run(DEPLOY).await;
    assert_eq!(code, Some(1));
    insta::assert_snapshot!("a_failed_update", said);

    // It runs as before, and goes on from there.
    let now = picture::of_stack(&stage.endpoint, STACK).await;
    assert_eq!(now["page"], before["page"]);
    assert_eq!(stage.run(DEPLOY).await.0, Some(0));
    let now = picture::of_stack(&stage.endpoint, STACK).await;
    let lifetime = "LinkLifetimeSeconds = 600".to_owned();
    assert!(now["parameters"].contains(&lifetime), "{now:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_filled_again_is_emptied_again_and_everything_goes() {
    let stage = Stage::new().await;
    let looks = [
        Event(STACK, "DELETE_IN_PROGRESS", "User Initiated"),
        Event("MailQueue", "DELETE_IN_PROGRESS", ""),
        Event("MailQueue", "DELETE_COMPLETE", ""),
        Event("SiteBucket", "DELETE_IN_PROGRESS", ""),
        Event(
            "SiteBucket",
            "DELETE_FAILED",
            "Resource handler returned message: \"The bucket you tried to delete is not empty \
             (Service: S3, Status Code: 409, Request ID: 4HW8)\" (RequestToken: 9c41, \
             HandlerErrorCode: GeneralServiceException)",
        ),
        Event(
            STACK,
            "DELETE_FAILED",
            "The following resource(s) failed to delete: [SiteBucket].",
        ),
    ];
    stage.aws.tells("DeleteStack", false, &looks);
    let (code, said) = stage.run(DESTROY).await;
    assert_eq!(code, Some(0), "{said}");
    // From the second deletion on it is the local cloud's own tale.
    let ends = said.find("  DELETE_IN_PROGRESS   MeRoute");
    let tail = said.rfind("  DELETE_COMPLETE").unwrap();
    let shown = format!(
        "{}  [...]\n{}",
        &said[..ends.unwrap_or(tail)],
        &said[tail..]
    );
    insta::assert_snapshot!("a_bucket_that_filled_again", shown);
    assert!(picture::held(&stage.endpoint).await["stacks"].is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_a_long_update_is_told_so_and_the_next_run_follows_it_to_its_end() {
    let stage = Stage::new().await;
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
    let mut command = stage.command(DEPLOY);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let deploy = command.stderr(Stdio::piped()).spawn().unwrap();
    stage.aws.held().await;
    let pid = deploy.id().unwrap().to_string();
    let mut kill = std::process::Command::new("kill");
    assert!(kill.args(["-INT", &pid]).status().unwrap().success());
    let left = deploy.wait_with_output().await.unwrap();
    stage.aws.forget();
    assert_eq!(left.status.code(), Some(130));
    assert!(left.stdout.is_empty());
    insta::assert_snapshot!("leaving_an_update", stage.seen(left.stderr));

    let next = async {
        let next = stage.run(DEPLOY).await;
        assert_eq!(next.0, Some(0), "{}", next.1);
        next.1
    };
    let go_on = async {
        // The next run has looked too.
        stage.aws.held().await;
        stage.aws.let_go();
    };
    let (said, ()) = tokio::join!(next, go_on);
    insta::assert_snapshot!("following_an_update", said);
    let now = picture::of_stack(&stage.endpoint, STACK).await;
    let lifetime = "LinkLifetimeSeconds = 600".to_owned();
    assert!(now["parameters"].contains(&lifetime), "{now:?}");
}
