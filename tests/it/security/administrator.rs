//! Links that an administrator makes or has mailed.

use mlink_core::Secret;
use mlink_core::table::{self, Key};
use serde_json::{Value, json};

use super::clock;
use super::mail::Worker;
use crate::stage::{Person, Stage};
use crate::world::ask;

/// ARN of who runs the commands here.
async fn caller(stage: &Stage) -> String {
    let query = "Action=GetCallerIdentity&Version=2011-06-15";
    let answer = ask(&stage.endpoint, "sts", "/", None, query).await;
    let (_, arn) = answer.split_once("<Arn>").unwrap();
    arn.split_once("</Arn>").unwrap().0.to_owned()
}

/// The item of a link, by its answer.
async fn item(stage: &Stage, person: &Person, answer: &str) -> Value {
    let secret = Secret::parse(answer.strip_prefix("link.").unwrap()).unwrap();
    stage.item(&Key::link(&person.sub, &secret)).await
}

/// The second of a time that a person is shown.
fn seconds(time: &Value) -> u64 {
    let time = humantime::parse_rfc3339(time.as_str().unwrap()).unwrap();
    time.duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_of_an_administrator_signs_in_once_and_only_who_it_is_for() {
    let stage = Stage::shared().await;
    let person = stage.user("helped").await;
    let other = stage.user("helpless").await;
    let made = stage.world.json("link Helped@example.com --local");
    let keys: Vec<_> = made.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["url", "expires_at", "email"]);
    assert_eq!(made["email"], person.email);
    let link = stage.answer(&made["url"]);

    let item = item(&stage, &person, &link).await;
    assert_eq!(item[table::ISSUER]["S"], caller(&stage).await);
    let exp = seconds(&made["expires_at"]);
    assert_eq!(item[table::EXP]["N"], exp.to_string());

    assert!(!stage.signs_in(&other, &link).await);
    assert!(stage.signs_in(&person, &link).await);
    assert!(!stage.signs_in(&person, &link).await);
    // It went to the administrator and nowhere else.
    assert!(stage.world.mails_to(&person.email).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_good_for_as_long_as_the_administrator_says() {
    let stage = Stage::shared().await;
    let person = stage.user("soon").await;
    let link = format!("link {} --local", person.email);
    for (lifetime, length) in [("2m", 120), ("7d", 7 * 24 * 3600)] {
        let before = clock();
        let made = stage.world.json(&format!("{link} --lifetime {lifetime}"));
        let exp = seconds(&made["expires_at"]);
        assert!((before + length..=clock() + length).contains(&exp));
        let answer = stage.answer(&made["url"]);
        let item = item(&stage, &person, &answer).await;
        assert_eq!(item[table::EXP]["N"], exp.to_string());
    }
    for lifetime in ["8d", "30s", "0m", "-1m", "soon"] {
        let (code, said) = stage.world.fails(&format!("{link} --lifetime={lifetime}"));
        assert_eq!(code, 2, "{lifetime}: {said}");
    }
    // The function does not rely on that.
    for lifetime in [0, 59, 604_801, u64::MAX] {
        let operation = json!({
            "operation": "issue_link", "email": person.email, "issuer": "x", "lifetime": lifetime
        });
        let answer = stage.invoke("mail", &operation).await;
        assert_eq!(answer, json!({"refused": "lifetime"}), "{lifetime}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_link_for_who_could_not_use_it() {
    let stage = Stage::shared().await;
    let disabled = stage.user("link-out").await.email;
    stage
        .world
        .json(&format!("user disable {disabled} --local"));
    let unconfirmed = stage.unconfirmed("link-unconfirmed").await;
    stage.keep_address("link-nobody@example.com");
    for (email, sentence) in [
        ("link-nobody@example.com", "there is no such user"),
        (&disabled, "the user is disabled"),
        (&unconfirmed, "the user has not confirmed the sign-up"),
    ] {
        let (code, said) = stage.world.fails(&format!("link {email} --local"));
        assert_eq!(code, 1, "{said}");
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(sentence), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_stands_in_the_result_and_in_nothing_that_is_told_beside_it() {
    let stage = Stage::shared().await;
    let person = stage.user("verbose").await;
    for output in ["text", "json"] {
        let line = format!("link {} --local --verbose --output {output}", person.email);
        let output = stage.world.output(&line);
        let (said, result) = (
            String::from_utf8(output.stderr).unwrap(),
            String::from_utf8(output.stdout).unwrap(),
        );
        let url = result.split(['"', '\n']).find(|word| word.contains('#'));
        let answer = stage.answer(&url.unwrap().into());
        assert!(said.contains("Invoke"), "{said}");
        assert!(!said.contains(answer.strip_prefix("link.").unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invited_person_signs_in_with_the_link_of_the_mail() {
    let stage = Stage::shared().await;
    stage.keep_address("invited@example.com");
    let invite = "user add invited@example.com --invite --local";
    let mut links = Vec::new();
    for (number, added) in [true, false].into_iter().enumerate() {
        let invited = stage.world.json(invite);
        assert_eq!(invited["added"], added);
        let mails = stage.world.mails_to("invited@example.com");
        assert_eq!(mails.len(), number + 1);
        let link = stage.answer(&mails[0]["links"][0]);
        // The link is in the mail only.
        assert!(
            !invited
                .to_string()
                .contains(link.strip_prefix("link.").unwrap())
        );
        links.push((link, seconds(&invited["invited_until"])));
    }
    let person = stage.person("invited@example.com").await;
    for (link, until) in links {
        let item = item(&stage, &person, &link).await;
        assert_eq!(item[table::ISSUER]["S"], caller(&stage).await);
        assert_eq!(item[table::EXP]["N"], until.to_string());
        assert!(stage.signs_in(&person, &link).await);
        assert!(!stage.signs_in(&person, &link).await);
    }
}

/// The local cloud always has a sender, so it is the function that is asked.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_sender_nobody_is_invited_and_nobody_is_mailed() {
    let worker = Worker::with(&[("EMAIL_FROM", "")]).await;
    let person = worker.stage.user("uninvited").await;
    let invite = json!({
        "operation": "invite", "email": person.email, "issuer": "x", "lifetime": 3600
    });
    let answer = worker.function.invoke(invite).await.unwrap();
    assert_eq!(answer, json!({"refused": "no_sender"}));
    let message = crate::trigger::batch(&person.email, "uninvited", 1);
    assert!(worker.works(message).await);
    assert!(worker.wire.calls().is_empty());
    assert_eq!(worker.mails(&person), 0);
}
