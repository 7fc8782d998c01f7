//! A dump of the table, the logs and the queues is of no use to who steals it.
//!
//! Each shared stage is searched once more when the last test is done with it.

use serde_json::{Value, json};

use crate::dump::{Dump, Place};
use crate::stage::{Known, Stage};
use crate::world::{ask_for_mail, request};

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_holds_no_secret_no_code_no_token_and_no_address() {
    let stage = Stage::shared().await;
    let person = stage.user("dumped").await;
    let letter = stage.letter_by_page(&person).await;
    stage.keep_address("stranger@example.com");
    ask_for_mail(stage.url(), "stranger@example.com").await;
    for answer in [
        letter.wrong_code(1),
        letter.code(),
        letter.link(),
        letter.link(),
    ] {
        stage.signs_in(&person, &answer).await;
    }
    // Every other way to a link.
    let email = &person.email;
    let made = stage.world.json(&format!("link {email} --local"));
    stage.signs_in(&person, &stage.answer(&made["url"])).await;
    let before = stage.world.mails_to(email).len();
    stage
        .world
        .json(&format!("user add {email} --invite --local"));
    let mails = stage.world.mails_to(email);
    assert_eq!(mails.len(), before + 1);
    stage
        .signs_in(&person, &stage.answer(&mails[0]["links"][0]))
        .await;
    stage
        .world
        .json(&format!("user add {email} --test --yes --local"));
    let given: Value = ask_for_mail(stage.url(), email).await.json().await.unwrap();
    stage.signs_in(&person, &stage.answer(&given["link"])).await;
    // The ID token goes through the API.
    let token = stage
        .known()
        .secrets
        .into_iter()
        .rfind(|s| s.starts_with("ey"))
        .unwrap();
    let me = request(reqwest::Method::GET, stage.url(), "/api/me");
    me.bearer_auth(token).send().await.unwrap();

    let dump = Dump::of(&stage).await;
    assert!(dump.count(Place::Table) > 0 && dump.count(Place::Log) > 0);
    assert_eq!(dump.findings(&stage.known()), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_search_finds_what_is_there() {
    let stage = Stage::shared().await;
    let planted = "planted-secret";
    let known = Known {
        secrets: vec![planted.to_owned()],
        addresses: vec!["planted@example.com".to_owned()],
    };
    let text = format!("it is {planted} of planted@example.com");
    let key = json!({"pk": {"S": "planted"}, "sk": {"S": text}});
    let table = stage.output("LinkTable");
    let put = json!({"TableName": table, "Item": key});
    stage
        .call("dynamodb", "DynamoDB_20120810.PutItem", put)
        .await;
    let group = json!({"logGroupName": "planted", "logStreamName": "planted"});
    stage
        .call("logs", "Logs_20140328.CreateLogGroup", group.clone())
        .await;
    stage
        .call("logs", "Logs_20140328.CreateLogStream", group.clone())
        .await;
    let mut line = group.clone();
    line["logEvents"] = json!([{"timestamp": 1_700_000_000_000_u64, "message": text}]);
    stage.call("logs", "Logs_20140328.PutLogEvents", line).await;
    let queue = stage.call(
        "sqs",
        "AmazonSQS.CreateQueue",
        json!({"QueueName": "planted"}),
    );
    let message = json!({"QueueUrl": queue.await["QueueUrl"], "MessageBody": text});
    stage.call("sqs", "AmazonSQS.SendMessage", message).await;

    let found = Dump::of(&stage).await.findings(&known);
    let count = |what: &str, place: &str| {
        let found = found.iter().filter(|found| found.starts_with(what));
        found
            .filter(|found| found.contains(&format!(" in {place}:")))
            .count()
    };
    for place in ["Table", "Log", "Queue"] {
        assert_eq!(count(planted, place), 1, "{place}: {found:?}");
    }
    assert_eq!(count("planted@", "Table"), 1);
    assert_eq!(count("planted@", "Log"), 1);
    assert_eq!(count("planted@", "Queue"), 0, "addresses may wait here");
}
