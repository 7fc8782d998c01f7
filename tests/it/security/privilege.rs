//! Each function may do what it does, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use mlink_core::Sender;
use serde_json::{Value, json};

use super::UPDATE;
use super::policy::Statement;
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

const GET: &str = "dynamodb:GetItem";
const INVOKE: &str = "lambda:InvokeFunction";
const SEND: &str = "ses:SendEmail";

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
    let tester = "privilege-test@example.com";
    stage
        .world
        .json(&format!("user add {tester} --test --yes --local"));
    for email in ["privilege-api@example.com", tester] {
        stage.keep_address(email);
        let body = json!({"email": email}).to_string();
        let answer = function.invoke(login(origin, &body)).await.unwrap();
        assert_eq!(answer["statusCode"], 202);
        let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        if body["link"].is_string() {
            stage.answer(&body["link"]);
        }
    }
    let answer = function.invoke(me(origin)).await.unwrap();
    assert_eq!(answer["statusCode"], 200);
}

/// An operation about somebody.
fn operation(name: &str, email: &str) -> Value {
    let mut operation = json!({"operation": name, "email": email});
    if ["issue_link", "invite"].contains(&name) {
        operation["issuer"] = "privilege".into();
        operation["lifetime"] = 60.into();
    }
    operation
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
    for name in [
        "mark_test",
        "test_link",
        "unmark_test",
        "issue_link",
        "invite",
    ] {
        let operation = operation(name, &person.email);
        let answer = function.invoke(operation).await.unwrap();
        assert!(answer["refused"].is_null(), "{name}: {answer}");
        if answer["url"].is_string() {
            stage.answer(&answer["url"]);
        }
    }
    let list = json!({"operation": "list_test", "emails": [person.email]});
    let listed = function.invoke(list).await.unwrap();
    assert_eq!(listed["emails"], json!([]));
    let forget = json!({"operation": "forget_user", "sub": person.sub});
    let forgotten = function.invoke(forget).await.unwrap();
    assert!(forgotten["links_removed"].as_u64().unwrap() > 0);
}

/// By function, what the statements of the template give its role.
fn allowed() -> BTreeMap<&'static str, Actions> {
    let allowed = |role| {
        let actions = Statement::of(role).into_iter();
        let actions = actions.flat_map(|statement| statement.actions());
        actions
            .filter(|action| !BY_LAMBDA.contains(&&**action))
            .collect()
    };
    BTreeMap::from([
        ("challenge", allowed("ChallengeRole")),
        ("api", allowed("ApiRole")),
        ("mail", allowed("MailRole")),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn api_may_touch_its_own_items_of_the_table_and_touches_no_others() {
    let stage = Stage::shared().await;
    let wire = Wire::to(&stage.endpoint).await;
    let function = stage.function("api", &wire).await;
    everything_of_api(&stage, &function).await;
    let statements = Statement::of("ApiRole");
    let for_action = |action: &str| {
        let mut statements = statements.iter();
        let found = statements.find(|statement| statement.actions().contains(action));
        found.unwrap_or_else(|| panic!("{action}"))
    };
    let mut touched = Actions::new();
    for call in wire.calls() {
        if let Some(pk) = call.body["Key"]["pk"]["S"].as_str() {
            let statement = for_action(&call.action);
            assert!(statement.is_for_partition(pk), "{}: {pk}", call.action);
            touched.insert(call.action);
        }
    }
    assert_eq!(touched, [GET, UPDATE].map(str::to_owned).into());
    for action in [GET, UPDATE] {
        for pk in [
            "user#sub",
            "throttle#mac",
            "message#id",
            "",
            "x-ip#",
            "test#x",
        ] {
            assert!(!for_action(action).is_for_partition(pk), "{action}: {pk}");
        }
    }
    assert!(!for_action(UPDATE).is_for_partition("test#"));
    assert!(!for_action(GET).is_for_partition("ip#mac"));
}

#[tokio::test(flavor = "multi_thread")]
async fn api_may_ask_about_test_users_only_where_there_may_be_some() {
    let conditional = Statement::of("ApiRole");
    let conditional = conditional.iter().filter(|statement| {
        let only_if = statement.only_if.as_deref();
        assert!(matches!(only_if, None | Some("HasTestUsers")));
        only_if.is_some()
    });
    let conditional: Actions = conditional.flat_map(Statement::actions).collect();
    assert_eq!(conditional, [GET, INVOKE].map(str::to_owned).into());

    let stage = Stage::shared().await;
    let wire = Wire::to(&stage.endpoint).await;
    let closed = [("TEST_USERS", "false")];
    let function = stage.function_with("api", &wire, &closed).await;
    everything_of_api(&stage, &function).await;
    assert_eq!(wire.actions(), [UPDATE, "sqs:SendMessage"].repeat(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_may_send_from_the_configured_sender_and_writes_to_who_it_is_for() {
    let statements = Statement::of("MailRole");
    let send = |statement: &&Statement| statement.actions().contains(SEND);
    let send: Vec<_> = statements.iter().filter(send).collect();
    assert_eq!(send.len(), 1);
    assert!(send[0].is_for_the_sender_only());

    let stage = Stage::shared().await;
    let wire = Wire::to(&stage.endpoint).await;
    let function = stage.function("mail", &wire).await;
    let person = stage.user("privilege-mail").await;
    function
        .invoke(batch(&person.email.to_uppercase(), "privilege-3", 1))
        .await
        .unwrap();
    function
        .invoke(operation("invite", &person.email))
        .await
        .unwrap();
    let sender: Sender = stage.variables("mail").await["EMAIL_FROM"].parse().unwrap();
    assert_eq!(sender.address().as_str(), "login@mlink-dev.localhost");
    let mut calls = wire.calls();
    calls.retain(|call| call.action == SEND);
    assert_eq!(calls.len(), 2);
    for call in calls {
        let from: Sender = call.body["FromEmailAddress"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(from.address(), sender.address());
        assert_eq!(
            call.body["Destination"],
            json!({"ToAddresses": [person.email]})
        );
    }
    for mail in stage.world.mails_to(&person.email) {
        stage.answer(&mail["links"][0]);
    }
}

#[test]
fn every_statement_names_what_it_is_about() {
    for role in ["ChallengeRole", "ApiRole", "MailRole"] {
        for statement in Statement::of(role) {
            let is_send = statement.actions().contains(SEND);
            assert!(is_send || statement.names_its_resource(), "{role}");
            assert!(
                !statement
                    .actions()
                    .iter()
                    .any(|action| action.contains('*'))
            );
        }
    }
}
