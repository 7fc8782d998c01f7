//! Each function may do what it does, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::json;
use serde_yaml::Value;

use super::UPDATE;
use crate::function::Function;
use crate::stage::{Letter, Person, Stage};
use crate::trigger::{CUSTOM, batch, create, define, login, me, verify};
use crate::wire::{Fault, Wire};

/// What Lambda itself does in a function's name: its log, and taking messages off the queue.
const BY_LAMBDA: [&str; 5] = [
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
];

type Actions = BTreeSet<String>;

#[tokio::test(flavor = "multi_thread")]
async fn each_function_may_call_what_it_calls_and_nothing_else() {
    let stage = Stage::shared().await;
    let person = stage.user("privilege").await;
    let letter = stage.letter(&person).await;
    let mut called = BTreeMap::new();
    for name in ["challenge", "api", "mail"] {
        let wire = Wire::to(&stage.endpoint).await;
        let function = stage.function(name, &wire).await;
        match name {
            "challenge" => everything_of_challenge(&function, &person, &letter).await,
            "api" => everything_of_api(&stage, &function).await,
            _ => everything_of_mail(&stage, &function, &wire, &person).await,
        }
        called.insert(name, wire.actions().into_iter().collect::<Actions>());
    }
    assert_eq!(called, allowed());
}

async fn everything_of_challenge(function: &Function, person: &Person, letter: &Letter) {
    for who in [Some(person), None] {
        for event in [
            define(who, &[(CUSTOM, false)]),
            create(who),
            verify(who, "privilege", letter.wrong_code(1)),
            verify(who, "privilege", letter.code()),
            verify(who, "privilege", letter.link()),
        ] {
            function.invoke(event).await.unwrap();
        }
    }
}

async fn everything_of_api(stage: &Stage, function: &Function) {
    let origin = &stage.variables("api").await["ORIGIN_SECRET"];
    stage.keep_address("privilege-api@example.com");
    let body = r#"{"email":"privilege-api@example.com"}"#;
    for (event, status) in [(login(origin, body), 202), (me(origin), 200)] {
        let answer = function.invoke(event).await.unwrap();
        assert_eq!(answer["statusCode"], status);
    }
}

async fn everything_of_mail(stage: &Stage, function: &Function, wire: &Wire, person: &Person) {
    stage.keep_address("privilege-nobody@example.com");
    // SES once refuses, and the message is worked on again.
    wire.fault("ses:SendEmail", Fault::Throttled, 1);
    for (email, request, received, failures) in [
        (&*person.email, "privilege-1", 1, 1),
        (&person.email, "privilege-1", 2, 0),
        ("privilege-nobody@example.com", "privilege-2", 1, 0),
    ] {
        let result = function.invoke(batch(email, request, received)).await;
        let failed = &result.unwrap()["batchItemFailures"];
        assert_eq!(failed.as_array().unwrap().len(), failures);
    }
    for mail in stage.world.mails_to(&person.email) {
        stage.read(&mail);
    }
    let forget = json!({"operation": "forget_user", "sub": person.sub});
    let forgotten = function.invoke(forget).await.unwrap();
    assert!(forgotten["links_removed"].as_u64().unwrap() > 0);
}

/// By function, what the statements of the template give its role.
fn allowed() -> BTreeMap<&'static str, Actions> {
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/stack.yaml");
    let template = std::fs::read_to_string(template).unwrap();
    let template: Value = serde_yaml::from_str(&template).unwrap();
    let resources = template["Resources"].as_mapping().unwrap();
    let mut allowed: BTreeMap<_, Actions> = BTreeMap::new();
    for (name, role) in [
        ("challenge", "ChallengeRole"),
        ("api", "ApiRole"),
        ("mail", "MailRole"),
    ] {
        let mut actions = Actions::new();
        for (resource, definition) in resources {
            let is_role = resource.as_str() == Some(role);
            let policies = &definition["Properties"]["Roles"];
            let is_for_role = policies.as_sequence().into_iter().flatten();
            if is_role || is_for_role.filter_map(reference).any(|of| of == role) {
                collect(&definition["Properties"], &mut actions);
            }
        }
        let actions = actions.into_iter();
        let by_the_function = actions.filter(|action| !BY_LAMBDA.contains(&&**action));
        allowed.insert(name, by_the_function.collect());
    }
    assert!(allowed["challenge"].contains(UPDATE), "{allowed:?}");
    allowed
}

/// The name behind a `!Ref`.
fn reference(value: &Value) -> Option<&str> {
    match value {
        Value::Tagged(tagged) if tagged.tag == "!Ref" => tagged.value.as_str(),
        _ => None,
    }
}

/// The actions of every allowing statement in it, conditional ones included.
fn collect(value: &Value, actions: &mut Actions) {
    match value {
        Value::Tagged(tagged) => collect(&tagged.value, actions),
        Value::Sequence(values) => values.iter().for_each(|value| collect(value, actions)),
        Value::Mapping(mapping) => {
            for (name, value) in mapping {
                match (name.as_str(), value) {
                    // Who may be the role is not what the role may.
                    (Some("AssumeRolePolicyDocument"), _) => {}
                    (Some("Action"), Value::String(action)) => {
                        actions.insert(action.clone());
                    }
                    (Some("Action"), Value::Sequence(of)) => {
                        actions.extend(of.iter().map(|action| action.as_str().unwrap().to_owned()));
                    }
                    _ => collect(value, actions),
                }
            }
        }
        _ => {}
    }
}
