//! A toy stage under a CloudFormation whose life a test tells.

use crate::cloudformation::{CloudFormation, STACK};
use crate::picture;
use crate::scene::{DEPLOY, DESTROY};
use crate::toy::Toy;
use crate::world::{World, ask};

/// How a command ended: its exit code, and all that a person sees of it.
pub type Ended = (Option<i32>, String);

pub struct Stage {
    // Goes before the folder that it stops its local cloud in.
    world: World,
    pub toy: Toy,
    pub endpoint: String,
    pub aws: CloudFormation,
}

impl Stage {
    /// One that is deployed already.
    pub async fn new() -> Stage {
        let stage = Stage::bare().await;
        stage.deploys().await;
        stage
    }

    /// One that was never deployed.
    pub async fn bare() -> Stage {
        let toy = Toy::quick();
        toy.write("mlink.yaml", &settings("20m"));
        let world = toy.world();
        let endpoint = world.endpoint();
        let aws = CloudFormation::before(&endpoint).await;
        Stage {
            toy,
            world,
            endpoint,
            aws,
        }
    }

    pub fn command(&self, verb: &str) -> tokio::process::Command {
        let line = format!("{verb} --local --endpoint {}", self.aws.url());
        tokio::process::Command::from(self.world.command(&line))
    }

    pub async fn run(&self, verb: &str) -> Ended {
        let output = self.command(verb).output().await.unwrap();
        let said = [output.stderr, output.stdout].concat();
        (output.status.code(), self.seen(said))
    }

    /// What a run says that comes through.
    pub async fn succeeds(&self, verb: &str) -> String {
        let (code, said) = self.run(verb).await;
        assert_eq!(code, Some(0), "mlink {verb}\n{said}");
        said
    }

    /// What a run says that is refused and does nothing.
    pub async fn refuses(&self, verb: &str) -> String {
        self.aws.calls();
        let (code, said) = self.run(verb).await;
        assert_eq!(code, Some(3), "mlink {verb}\n{said}");
        assert_eq!(self.aws.calls(), [""; 0], "{said}");
        said
    }

    /// It comes through; what was done to the stack.
    pub async fn deploys(&self) -> Vec<String> {
        self.aws.calls();
        self.succeeds(DEPLOY).await;
        self.aws.calls()
    }

    /// The same for one that has something to change in the stack.
    pub async fn updates(&self, lifetime: &str) -> Vec<String> {
        self.toy.write("mlink.yaml", &settings(lifetime));
        let done = self.deploys().await;
        let now = picture::of_stack(&self.endpoint, STACK).await;
        let seconds = 60 * lifetime.trim_end_matches('m').parse::<u32>().unwrap();
        let expected = format!("LinkLifetimeSeconds = {seconds}");
        assert!(now["parameters"].contains(&expected), "{now:?}");
        done
    }

    /// Nothing is left of it; what was done to the stack.
    pub async fn is_destroyed(&self) -> Vec<String> {
        self.aws.calls();
        self.succeeds(DESTROY).await;
        assert!(picture::held(&self.endpoint).await["stacks"].is_empty());
        self.aws.calls()
    }

    /// An empty stack in which this change set waits.
    pub async fn is_in_review(&self, change_set: &str) {
        let query = format!(
            "Action=CreateChangeSet&Version=2010-05-15&StackName={STACK}&ChangeSetName={change_set}\
             &ChangeSetType=CREATE&TemplateBody=%7B%22Resources%22%3A%7B%22Q%22%3A%7B%22Type%22%3A\
             %22AWS%3A%3ASQS%3A%3AQueue%22%7D%7D%7D"
        );
        ask(&self.endpoint, "cloudformation", "/", None, &query).await;
    }

    /// All that a person sees, without what is another each time.
    pub fn seen(&self, said: Vec<u8>) -> String {
        let said = String::from_utf8(said).unwrap();
        let said = said.replace(&self.aws.url(), "URL");
        // Whether there is something to wait for is a matter of time.
        let fleeting = ["Build the", "Wait for what serves"];
        let lines = said.lines();
        let lines = lines.filter(|line| !fleeting.iter().any(|name| line.starts_with(name)));
        let lines = lines.map(|line| match line.split_once(" s: ") {
            Some((line, reason)) => format!("{} TIME: {reason}", line.rsplit_once(' ').unwrap().0),
            None => match line.split_once("http://") {
                Some((before, _)) => format!("{before}URL"),
                None => line.to_owned(),
            },
        });
        let lines = lines.map(|line| without(&line, "templates/stack.yaml:", "LINE"));
        let lines = lines.map(|line| without(&line, "UserPool (eu-west-1_", "ID"));
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// What stands after `before` is another each time, or after each change of the template.
fn without(line: &str, before: &str, name: &str) -> String {
    match line.split_once(before) {
        Some((start, after)) => {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
            format!("{start}{before}{name}{rest}")
        }
        None => line.to_owned(),
    }
}

/// Whoever changes the lifetime changes the stack. The toy's mail function could count no test users.
pub fn settings(lifetime: &str) -> String {
    format!("link: {{lifetime: {lifetime}}}\nstages: {{dev: {{test_users: false}}}}\n")
}

pub const DENIED: &str = "Resource handler returned message: \"Your access has been denied by S3, please make \
     sure your request credentials have permission to GetObject for \
     mlink-artifacts-000000000000-eu-west-1/lambda/0a1b.zip. S3 Error Code: AccessDenied. S3 Error \
     Message: Access Denied (Service: Lambda, Status Code: 403, Request ID: 5f1c)\" (RequestToken: \
     7d2e, HandlerErrorCode: AccessDenied)";
