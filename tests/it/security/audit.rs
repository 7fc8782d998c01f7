//! What the log tells of a person's sign-ins: what happened, and to whom by a name that only the
//! stage's key makes.

use std::collections::BTreeSet;
use std::time::Duration;

use mlink_core::{Label, MacKey};
use serde_json::{Value, json};

use super::Triggers;
use super::api::Api;
use super::mail::Worker;
use crate::function::Function;
use crate::stage::Stage;
use crate::trigger::{batch, verify};
use crate::world::wait_for;

const ARN: &str = "arn:aws:iam::123456789012:user/ada";

fn lines(function: &Function) -> Vec<Value> {
    let lines = function.lines();
    let line = |line: &String| without_time(serde_json::from_str(line).expect(line));
    lines.iter().map(line).collect()
}

/// The line but for its time, which has to be one: else Lambda takes an error for a line of level INFO.
fn without_time(mut line: Value) -> Value {
    let time = line.as_object_mut().unwrap().remove("timestamp").unwrap();
    let time = humantime::parse_rfc3339(time.as_str().unwrap()).unwrap();
    assert!(time.elapsed().unwrap() < Duration::from_secs(3600));
    line
}

/// By which name the log knows an address.
async fn name(stage: &Stage, email: &str) -> String {
    let key: MacKey = stage.variables("mail").await["MAC_KEY"].parse().unwrap();
    key.mac(Label::Log, email)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_logged_and_one_too_many_without_saying_about_whom() {
    let api = Api::new().await;
    let strict = Api::with(&[("REQUESTS_PER_HOUR", "0")]).await;
    let mut names = BTreeSet::new();
    for email in ["audit-alice@example.com", "audit-bob@example.com"] {
        names.insert(name(&api.stage, email).await);
        api.function.invoke(api.login(email)).await.unwrap();
    }
    let again = api.login("Audit-Alice@Example.com");
    api.function.invoke(again.clone()).await.unwrap();
    strict.function.invoke(again).await.unwrap();
    assert_eq!(names.len(), 2, "one name a person");

    let id = |number| format!("00000000-0000-4000-8000-{number:012}");
    let alice = name(&api.stage, "audit-alice@example.com").await;
    let bob = name(&api.stage, "audit-bob@example.com").await;
    let requested = |address: &str, number| json!({"level": "INFO", "message": "link.requested", "address": address, "request_id": id(number)});
    let expected = [
        requested(&alice, 0),
        requested(&bob, 1),
        requested(&alice, 2),
    ];
    assert_eq!(lines(&api.function), expected);
    let suppressed = json!({"level": "INFO", "message": "link.suppressed", "reason": "caller", "request_id": id(0)});
    assert_eq!(lines(&strict.function), [suppressed]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_or_its_suppression_and_an_issued_link_are_logged() {
    let worker = Worker::with(&[("MAIL_PAUSE_SECONDS", "3600")]).await;
    let person = worker.stage.user("audit-mail").await;
    let nobody = "audit-nobody@example.com";
    worker.stage.keep_address(nobody);
    for (email, request) in [(&*person.email, "1"), (&person.email, "2"), (nobody, "3")] {
        let request = format!("audit-{request}");
        assert!(worker.works(batch(email, &request, 1)).await);
    }
    for email in [&person.email, nobody] {
        let operation = json!({
            "operation": "issue_link", "email": email, "issuer": ARN, "lifetime": null
        });
        let made = worker.function.invoke(operation).await.unwrap();
        if made["url"].is_string() {
            worker.stage.answer(&made["url"]);
        }
    }
    worker.mails(&person);

    let (person, nobody) = (
        name(&worker.stage, &person.email).await,
        name(&worker.stage, nobody).await,
    );
    let mut logged = lines(&worker.function);
    let ses_message_id = logged[0]["ses_message_id"].take();
    assert!(ses_message_id.is_string());
    let expected = [
        json!({"message": "link.sent", "address": person, "request_id": "audit-1", "ses_message_id": null}),
        json!({"message": "link.suppressed", "address": person, "request_id": "audit-2", "reason": "pause"}),
        json!({"message": "link.suppressed", "address": nobody, "request_id": "audit-3", "reason": "unknown"}),
        json!({"message": "link.issued", "address": person, "issuer": ARN}),
        json!({"message": "link.suppressed", "address": nobody, "issuer": ARN, "reason": "unknown"}),
    ];
    for line in &mut logged {
        let level = line.as_object_mut().unwrap().remove("level");
        assert_eq!(level, Some("INFO".into()));
    }
    assert_eq!(logged, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_and_a_refused_link_or_code_are_logged() {
    let triggers = Triggers::new().await;
    let person = triggers.stage.user("audit-answers").await;
    let letter = triggers.stage.letter(&person).await;
    for (who, answer) in [
        (Some(&person), format!("link.{}", "A".repeat(43))),
        (Some(&person), letter.wrong_code(1)),
        (Some(&person), letter.code()),
        (Some(&person), letter.link()),
        (None, letter.link()),
        (None, letter.code()),
        (Some(&person), "nonsense".to_owned()),
    ] {
        let event = verify(who, "audit", answer);
        triggers.function.invoke(event).await.unwrap();
    }
    let address = name(&triggers.stage, &person.email).await;
    let about = |what: &str| json!({"level": "INFO", "message": what, "address": address});
    let about_nobody = |what: &str| json!({"level": "INFO", "message": what});
    let expected = [
        about("link.refused"),
        about("code.refused"),
        about("code.used"),
        about("link.used"),
        about_nobody("link.refused"),
        about_nobody("code.refused"),
        about("link.refused"),
    ];
    assert_eq!(lines(&triggers.function), expected);
}

/// What a line may have beside its level, by its event.
fn keys(event: &str) -> &'static [&'static str] {
    match event {
        "link.requested" => &["address", "request_id"],
        "link.sent" => &["address", "request_id", "ses_message_id"],
        "link.suppressed" => &["address", "request_id", "issuer", "reason"],
        "link.issued" => &["address", "issuer"],
        "link.used" | "link.refused" | "code.used" | "code.refused" => &["address"],
        "test.marked" | "test.unmarked" => &["address"],
        "user.forgotten" => &["links"],
        other => panic!("{other} is no event"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_running_stage_logs_events_and_nothing_else() {
    let stage = Stage::shared().await;
    let person = stage.user("audited").await;
    let letter = stage.letter_by_page(&person).await;
    stage.signs_in(&person, &letter.code()).await;
    stage.signs_in(&person, &letter.link()).await;
    let address = name(&stage, &person.email).await;
    wait_for(async || {
        let is_last = |line: &String| line.contains("link.used") && line.contains(&address);
        let lines = stage.log("challenge").await;
        lines.iter().any(is_last).then_some(())
    })
    .await;
    let mut told = BTreeSet::new();
    for function in ["api", "mail", "challenge"] {
        for line in stage.log(function).await {
            // What Lambda itself writes is no JSON here.
            let Ok(line @ Value::Object(_)) = serde_json::from_str(&line) else {
                continue;
            };
            let Value::Object(mut line) = without_time(line) else {
                unreachable!()
            };
            assert_eq!(line.remove("level"), Some("INFO".into()), "{line:?}");
            let event = line.remove("message").unwrap();
            let allowed = keys(event.as_str().unwrap());
            assert!(line.keys().all(|key| allowed.contains(&&**key)), "{line:?}");
            if line.get("address") == Some(&json!(address)) {
                told.insert(event.as_str().unwrap().to_owned());
            }
        }
    }
    let story = ["code.used", "link.requested", "link.sent", "link.used"];
    assert_eq!(told, story.map(str::to_owned).into());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_logs_are_kept_for_as_long_as_mlink_yaml_says() {
    let stage = Stage::shared().await;
    let groups = stage.call("logs", "Logs_20140328.DescribeLogGroups", json!({}));
    let groups = groups.await["logGroups"].take();
    let ours = |group: &&Value| {
        let name = group["logGroupName"].as_str().unwrap();
        name.starts_with("/aws/lambda/mlink-dev-")
    };
    let days: Vec<_> = groups.as_array().unwrap().iter().filter(ours).collect();
    let days: Vec<_> = days.iter().map(|group| &group["retentionInDays"]).collect();
    assert_eq!(days, [14, 14, 14]);
}
