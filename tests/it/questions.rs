//! What a person at a terminal is asked before something is lost, and what becomes of each answer.

use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::front;
use crate::interrupt::masked;
use crate::picture;
use crate::scene::DEPLOY;
use crate::server::Server;
use crate::toy::Toy;
use crate::tty::{CTRL_C, ENTER, ESCAPE, Tty};
use crate::world::{World, ask, failure};

/// A stage, and a CloudFormation whose change sets change more than the local cloud says.
struct Stage {
    // Goes before the folder that it stops its local cloud in.
    world: World,
    toy: Toy,
    endpoint: String,
    /// Members of every change set.
    added: Arc<Mutex<String>>,
    server: Server,
}

impl Stage {
    async fn new() -> Stage {
        let toy = Toy::quick();
        toy.write("mlink.yaml", &settings("20m", false));
        let world = toy.world();
        let endpoint = world.endpoint();
        let added = Arc::new(Mutex::new(String::new()));
        let members = added.clone();
        let server = front::before(&endpoint, move |action, said| {
            let more = format!("<Changes>{}", members.lock().unwrap());
            (action == "DescribeChangeSet").then(|| said.replacen("<Changes>", &more, 1))
        })
        .await;
        let stage = Stage {
            world,
            toy,
            endpoint,
            added,
            server,
        };
        stage.says(DEPLOY);
        stage
    }

    fn line(&self, verb: &str) -> String {
        format!("{verb} --local --endpoint http://{}", self.server.address)
    }

    fn command(&self, verb: &str) -> Command {
        self.world.command(&self.line(verb))
    }

    fn says(&self, verb: &str) -> String {
        self.world.says(&self.line(verb))
    }

    fn fails(&self, verb: &str) -> (i32, String) {
        failure(self.command(verb))
    }

    fn at_terminal(&self, verb: &str) -> Tty {
        Tty::run(&self.command(verb), 24, 80)
    }

    /// The id of a resource that is in an output.
    fn output(&self, name: &str) -> String {
        let info = self.world.json(&self.line("info"));
        info["outputs"][name].as_str().unwrap().to_owned()
    }

    /// From now on every change set makes this resource anew.
    fn replaces(&self, logical: &str, kind: &str, physical: &str) {
        let change = format!(
            "<member><Type>Resource</Type><ResourceChange><Action>Modify</Action>\
             <LogicalResourceId>{logical}</LogicalResourceId>\
             <PhysicalResourceId>{physical}</PhysicalResourceId><ResourceType>{kind}</ResourceType>\
             <Replacement>True</Replacement></ResourceChange></member>"
        );
        self.added.lock().unwrap().push_str(&change);
    }

    /// The stack with its parameters, and how many change sets in it nobody executed yet.
    async fn state(&self) -> (picture::Picture, usize) {
        let query = "Action=ListChangeSets&Version=2010-05-15&StackName=mlink-dev";
        let sets = ask(&self.endpoint, "cloudformation", "/", None, query).await;
        let open = sets.matches("<ExecutionStatus>AVAILABLE").count();
        let stack = picture::of_stack(&self.endpoint, "mlink-dev").await;
        (stack, open)
    }
}

fn settings(lifetime: &str, protected: bool) -> String {
    format!(
        "link: {{lifetime: {lifetime}}}\nstages: {{dev: {{test_users: false, protected: {protected}}}}}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn destroy_wants_the_name_of_the_stage_and_anything_else_loses_nothing() {
    let stage = Stage::new().await;
    let before = stage.state().await;
    for (answer, code, name) in [
        ("prod\r", 3, "destroy_another_word"),
        (ENTER, 3, "destroy_no_word"),
        (ESCAPE, 3, "destroy_escape"),
        (CTRL_C, 130, "destroy_ctrl_c"),
    ] {
        let mut tty = stage.at_terminal("destroy");
        tty.types("to go on:", answer).await;
        let (ended, screen) = tty.ends().await;
        assert_eq!(ended, code, "{screen}");
        assert!(tty.is_in_order(), "{screen}");
        insta::assert_snapshot!(name, masked(&screen));
        assert_eq!(stage.state().await, before, "{name}");
    }
    let mut tty = stage.at_terminal("destroy");
    tty.types("to go on:", "dev\r").await;
    let (code, screen) = tty.ends().await;
    assert_eq!(code, 0, "{screen}");
    assert!(tty.is_in_order(), "{screen}");
    let end = screen.find("✓ Delete the stack").unwrap();
    insta::assert_snapshot!("destroy", masked(&screen[end..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_fits_into_a_narrow_window_and_into_one_that_only_takes_lines() {
    let stage = Stage::new().await;
    let mut tty = Tty::run(&stage.command("destroy"), 24, 40);
    tty.types("to go on:", "x\r").await;
    insta::assert_snapshot!("narrow_question", tty.ends().await.1);

    let mut command = stage.command("destroy");
    command.env("TERM", "dumb");
    for (answer, code) in [("dex\n", 3), ("\x04", 3), (CTRL_C, 130)] {
        let mut tty = Tty::run(&command, 24, 80);
        tty.types("to go on:", answer).await;
        let (ended, screen) = tty.ends().await;
        assert_eq!(ended, code, "{screen}");
        assert!(!tty.said().contains('\x1b'), "{}", tty.said());
    }
    let mut tty = Tty::run(&command, 80, 80);
    tty.types("to go on:", "dev\n").await;
    let (code, screen) = tty.ends().await;
    assert_eq!(code, 0, "{screen}");
    assert!(!tty.said().contains('\x1b'), "{screen}");
    assert!(
        screen.contains("Delete the stack mlink-dev: DELETE_COMPLETE"),
        "{screen}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_stage_wants_its_name_for_every_change_and_keeps_none_that_nobody_wants() {
    let stage = Stage::new().await;
    stage.toy.write("mlink.yaml", &settings("20m", true));
    stage.says(&format!("{DEPLOY} --yes"));
    stage.toy.write("mlink.yaml", &settings("10m", true));
    let before = stage.state().await;
    for (answer, code) in [("prod\r", 3), (ESCAPE, 3), (CTRL_C, 130)] {
        let mut tty = stage.at_terminal(DEPLOY);
        tty.types("to go on:", answer).await;
        let (ended, screen) = tty.ends().await;
        assert_eq!(ended, code, "{screen}");
        assert!(tty.is_in_order(), "{screen}");
        assert_eq!(stage.state().await, before, "{screen}");
    }
    // The question is taken back by whoever ends mlink, too, and by whoever closes the window.
    let mut tty = stage.at_terminal(DEPLOY);
    tty.shows("to go on:").await;
    tty.signal("-TERM");
    let (code, screen) = tty.ends().await;
    assert_eq!(code, 130, "{screen}");
    assert!(tty.is_in_order(), "{screen}");
    assert_eq!(stage.state().await, before, "{screen}");
    insta::assert_snapshot!("terminated_question", masked(&screen));
    let mut tty = stage.at_terminal(DEPLOY);
    tty.shows("to go on:").await;
    tty.signal("-HUP");
    assert_eq!(tty.ends().await.0, 130);
    assert_eq!(stage.state().await, before);

    let (code, said) = stage.fails(DEPLOY);
    assert_eq!(code, 3, "{said}");
    assert_eq!(stage.state().await, before, "{said}");
    let mut tty = stage.at_terminal(DEPLOY);
    tty.types("to go on:", "dev\r").await;
    let (code, screen) = tty.ends().await;
    assert_eq!(code, 0, "{screen}");
    assert_ne!(stage.state().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_and_links_go_only_when_somebody_says_how_many() {
    let stage = Stage::new().await;
    for user in ["ann", "bob", "cid"] {
        stage.says(&format!("user add {user}@example.com"));
    }
    let table = stage.output("LinkTable");
    let item = json!({"TableName": table, "Item": {"pk": {"S": "user#ann"}, "sk": {"S": "link"}}});
    let put = Some("DynamoDB_20120810.PutItem");
    ask(&stage.endpoint, "dynamodb", "/", put, &item.to_string()).await;
    stage.toy.write("mlink.yaml", &settings("10m", false));
    stage.replaces(
        "UserPool",
        "AWS::Cognito::UserPool",
        &stage.output("UserPoolId"),
    );
    let before = stage.state().await;

    // Without a terminal; `--yes` says no more.
    for (flags, name) in [
        ("", "pool_unasked"),
        (" --yes", "pool_yes"),
        (" --replace-data 2", "pool_wrong_count"),
    ] {
        let (code, said) = stage.fails(&format!("{DEPLOY}{flags}"));
        assert_eq!(code, 3, "{said}");
        assert_eq!(stage.state().await, before, "{said}");
        insta::assert_snapshot!(name, without_steps(&said));
    }
    stage.replaces("LinkTable", "AWS::DynamoDB::Table", &table);
    let (code, said) = stage.fails(&format!("{DEPLOY} --yes"));
    assert_eq!(code, 3, "{said}");
    insta::assert_snapshot!("pool_and_table_unasked", without_steps(&said));

    // At a terminal; `--yes` is not enough there either.
    for (answer, code) in [("yes\r", 3), (ESCAPE, 3), (CTRL_C, 130)] {
        let mut tty = stage.at_terminal(&format!("{DEPLOY} --yes"));
        tty.types("to go on:", answer).await;
        let (ended, screen) = tty.ends().await;
        assert_eq!(ended, code, "{screen}");
        assert!(tty.is_in_order(), "{screen}");
        assert_eq!(stage.state().await, before, "{screen}");
    }
    let mut tty = stage.at_terminal(DEPLOY);
    tty.shows("to go on:").await;
    insta::assert_snapshot!("may_data_go", masked(&tty.text()));
    tty.types("to go on:", "dev\r").await;
    let (code, screen) = tty.ends().await;
    assert_eq!(code, 0, "{screen}");

    stage.toy.write("mlink.yaml", &settings("30m", false));
    let said = stage.fails(&format!("{DEPLOY} --replace-data 1")).1;
    let count = said.split("say `--replace-data ").nth(1).unwrap();
    let count = count.split('`').next().unwrap();
    stage.says(&format!("{DEPLOY} --replace-data {count}"));
    assert_ne!(stage.state().await, before);
}

/// From the report on: the steps are other tests' matter.
fn without_steps(said: &str) -> &str {
    &said[said.find("mlink::").unwrap()..]
}
