//! What is there after a destroy is told, with what removes it; a neighbour's never is.

use serde_json::{Value, json};

use crate::toy::Toy;
use crate::world::{World, ask};

const DEPLOY: &str = "deploy --no-verify --local --stage";
const DESTROY: &str = "destroy --yes --local --stage";
const GROUP: &str = "/aws/lambda/mlink-dev-api";

/// The report of a failed command, the same on every machine.
fn report(said: &str, endpoint: &str) -> String {
    let (_, report) = said.split_once("mlink::").expect(said);
    format!("mlink::{}", report.replace(endpoint, "ENDPOINT"))
}

async fn logs(endpoint: &str, operation: &str) {
    let body = json!({"logGroupName": GROUP}).to_string();
    let target = format!("Logs_20140328.{operation}");
    ask(endpoint, "logs", "/", Some(&target), &body).await;
}

async fn iam(endpoint: &str, query: &str) {
    let query = format!("{query}&RoleName=mlink-dev-ApiRole-0LEFT0&Version=2010-05-08");
    ask(endpoint, "iam", "/", None, &query).await;
}

async fn sqs(endpoint: &str, operation: &str, body: Value) -> Value {
    let target = format!("AmazonSQS.{operation}");
    let answer = ask(endpoint, "sqs", "/", Some(&target), &body.to_string()).await;
    serde_json::from_str(&answer).unwrap_or_default()
}

/// As a script is told.
fn told(world: &World, line: &str) -> Vec<Value> {
    let (code, said) = world.fails(&format!("{line} --output json"));
    assert_eq!(code, 1);
    said.lines()
        .map(|event| serde_json::from_str(event).expect(event))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_a_stage_is_told_until_it_is_gone_and_a_neighbour_never_is() {
    let toy = Toy::quick();
    let world = toy.world();
    let endpoint = world.endpoint();
    for stage in ["dev", "dev-2", "devil"] {
        world.says(&format!("{DEPLOY} {stage}"));
    }
    let destroy = format!("{DESTROY} dev");
    // One by its tags, one by its name, and one that comes back when the stage is gone.
    let tags = json!({"mlink:name": "mlink", "mlink:stage": "dev"});
    let queue = json!({"QueueName": "made-by-hand", "tags": tags});
    let queue = sqs(&endpoint, "CreateQueue", queue).await;
    iam(
        &endpoint,
        "Action=CreateRole&AssumeRolePolicyDocument=%7B%7D\
         &Tags.member.1.Key=mlink%3Aname&Tags.member.1.Value=mlink\
         &Tags.member.2.Key=mlink%3Astage&Tags.member.2.Value=dev",
    )
    .await;
    let (code, said) = world.fails(&destroy);
    assert_eq!(code, 1);
    insta::assert_snapshot!("two_left", report(&said, &endpoint));

    logs(&endpoint, "CreateLogGroup").await;
    let (code, said) = world.fails(&destroy);
    assert_eq!(code, 1);
    insta::assert_snapshot!("three_left", report(&said, &endpoint));
    let told = told(&world, &destroy);
    let left = told.iter().filter(|event| event["event"] == "survivor");
    let left: Vec<&Value> = left.map(|event| &event["type"]).collect();
    assert_eq!(
        left,
        ["AWS::IAM::Role", "AWS::Logs::LogGroup", "AWS::SQS::Queue"]
    );
    assert_eq!(told.last().unwrap()["code"], "mlink::destroy::left");

    sqs(&endpoint, "DeleteQueue", queue).await;
    iam(&endpoint, "Action=DeleteRole").await;
    logs(&endpoint, "DeleteLogGroup").await;
    let said = world.says(&destroy);
    assert_eq!(
        said.trim(),
        "mlink-dev does not exist: nothing to destroy. Looked for its tags and its names: 0 left."
    );
    // The neighbours are whole.
    for stage in ["dev-2", "devil"] {
        let again = world.json(&format!("{DEPLOY} {stage}"));
        assert_eq!(again["path"], "nothing");
        world.says(&format!("{DESTROY} {stage}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_template_keeps_is_no_failure_and_told_with_its_command() {
    let toy = Toy::quick();
    let path = toy.path("templates/stack.yaml");
    let template = std::fs::read_to_string(&path).unwrap();
    let (before, table) = template.split_once("\n  LinkTable:\n").unwrap();
    let table = table.replacen("DeletionPolicy: Delete", "DeletionPolicy: Retain", 1);
    toy.write(
        "templates/stack.yaml",
        &format!("{before}\n  LinkTable:\n{table}"),
    );
    let world = toy.world();
    let endpoint = world.endpoint();
    world.says(&format!("{DEPLOY} dev"));
    let said = world.says(&format!("{DESTROY} dev"));
    insta::assert_snapshot!("kept", said.replace(&endpoint, "ENDPOINT"));
    // Its events still tell, though the stack is gone.
    let again = world.json(&format!("{DESTROY} dev"));
    assert_eq!(again["kept"][0]["type"], "AWS::DynamoDB::Table");
}

/// The local cloud forgets the events of a stack when another of its name was begun.
#[test]
fn a_table_that_is_only_listed_is_not_left() {
    let toy = Toy::quick();
    let world = toy.world();
    let destroy = format!("{DESTROY} dev");
    world.says(&format!("{DEPLOY} dev"));
    world.says(&destroy);
    assert_eq!(
        world.output("diff --local --stage dev").status.code(),
        Some(4)
    );
    world.says(&destroy);
}
