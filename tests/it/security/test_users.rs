//! Test users, whose links are given to whoever asks: only where that is wanted, only theirs.

use mlink_core::ACCEPTED;
use reqwest::Method;
use serde_json::{Value, json};

use super::mail::Worker;
use crate::stage::Stage;
use crate::world::request;

/// The link in the answer to a request, if there is one; all else in it is as ever.
async fn given(stage: &Stage, url: &str, email: &str) -> Option<String> {
    stage.keep_address(email);
    let login = request(Method::POST, url, "/api/login").json(&json!({"email": email}));
    let answer = login.send().await.unwrap();
    assert_eq!(answer.status(), 202);
    let text = answer.text().await.unwrap();
    let mut answer: Value = serde_json::from_str(&text).unwrap();
    let link = answer.as_object_mut().unwrap().remove("link");
    let usual: Value = serde_json::from_str(ACCEPTED).unwrap();
    assert_eq!(answer, usual);
    assert!(link.is_some() || text == ACCEPTED);
    link.map(|link| stage.answer(&link))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_user_signs_in_with_the_link_of_the_answer_and_gets_no_mail() {
    let stage = Stage::shared().await;
    stage.keep_address("tester@example.com");
    let add = "user add tester@example.com --test --local";
    let added = stage.world.json(add);
    assert_eq!(
        (&added["added"], &added["test"]),
        (&true.into(), &true.into())
    );
    let tester = stage.person("tester@example.com").await;
    let other = stage.user("no-tester").await;

    let link = given(&stage, stage.url(), &tester.email).await.unwrap();
    let another = given(&stage, stage.url(), "Tester@Example.com").await;
    assert!(!stage.signs_in(&other, &link).await);
    assert!(stage.signs_in(&tester, &link).await);
    assert!(!stage.signs_in(&tester, &link).await);
    assert!(stage.signs_in(&tester, &another.unwrap()).await);
    assert_eq!(given(&stage, stage.url(), &other.email).await, None);
    assert!(stage.world.mails_to(&tester.email).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_a_user_becomes_a_test_user_only_when_that_is_confirmed() {
    let stage = Stage::shared().await;
    let person = stage.user("confirmed").await;
    let email = &person.email;
    let add = format!("user add {email} --test --local");
    let (code, said) = stage.world.fails(&add);
    assert_eq!(code, 3);
    assert!(said.contains("has to be confirmed"), "{said}");
    assert_eq!(given(&stage, stage.url(), email).await, None);

    let marked = stage.world.json(&format!("{add} --yes"));
    assert_eq!(
        (&marked["added"], &marked["test"]),
        (&false.into(), &true.into())
    );
    assert!(given(&stage, stage.url(), email).await.is_some());

    let remove = format!("user remove {email} --test --local");
    stage.world.json(&remove);
    assert_eq!(given(&stage, stage.url(), email).await, None);
    // An ordinary user again, with mails.
    let letter = stage.letter_by_page(&person).await;
    assert!(stage.signs_in(&person, &letter.link()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_removed_and_made_again_is_no_test_user() {
    let stage = Stage::shared().await;
    stage.keep_address("remade@example.com");
    let world = &stage.world;
    world.json("user add remade@example.com --test --local");
    let link = given(&stage, stage.url(), "remade@example.com").await;
    world.json("user remove remade@example.com --yes --local");
    let remade = stage.user("remade").await;
    assert_eq!(given(&stage, stage.url(), &remade.email).await, None);
    assert!(!stage.signs_in(&remade, &link.unwrap()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_that_outlived_its_user_makes_no_test_user_of_the_next() {
    let stage = Stage::shared().await;
    stage.keep_address("outlived@example.com");
    stage
        .world
        .json("user add outlived@example.com --test --local");
    // By Cognito alone, so that the table still has the mark.
    let pool = stage.output("UserPoolId");
    let gone = json!({"UserPoolId": pool, "Username": "outlived@example.com"});
    stage.cognito("AdminDeleteUser", gone).await;
    assert_eq!(
        given(&stage, stage.url(), "outlived@example.com").await,
        None
    );
    // The next one comes by Cognito alone too.
    let next = json!({
        "UserPoolId": pool, "Username": "outlived@example.com", "MessageAction": "SUPPRESS",
        "UserAttributes": [
            {"Name": "email", "Value": "outlived@example.com"},
            {"Name": "email_verified", "Value": "true"},
        ],
    });
    stage.cognito("AdminCreateUser", next).await;
    assert_eq!(
        given(&stage, stage.url(), "outlived@example.com").await,
        None
    );
    // A mail as for anybody.
    let mail = crate::world::wait_for(|| async {
        let mut mails = stage.world.mails_to("outlived@example.com");
        mails.pop()
    });
    stage.read(&mail.await);
}

#[tokio::test(flavor = "multi_thread")]
async fn test_users_are_counted_and_made_only_where_they_may_be() {
    let stage = Stage::shared().await;
    let world = &stage.world;
    let counted = world.json("deploy --local --stage counted");
    let count = || world.json("info --local --stage counted")["test_users"].take();
    assert_eq!((&counted["test_users"], count()), (&0.into(), 0.into()));
    for email in ["counted-1@example.com", "counted-2@example.com"] {
        stage.keep_address(email);
        world.json(&format!("user add {email} --test --local --stage counted"));
    }
    assert_eq!(count(), 2);
    world.json("user remove counted-1@example.com --yes --local --stage counted");
    assert_eq!(count(), 1);
    let again = world.json("deploy --local --stage counted");
    assert_eq!(again["test_users"], 1);

    // See tests/it/mlink.yaml.
    for name in ["closed", "guarded"] {
        let deployed = world.json(&format!("deploy --local --stage {name}"));
        let at = format!("--local --stage {name}");
        let email = format!("{name}@example.com");
        let (code, said) = world.fails(&format!("user add {email} --test --yes {at}"));
        assert_eq!(code, 3);
        assert!(said.contains("has no test users"), "{said}");
        assert_eq!(world.json(&format!("user list {at}")), json!([]));
        assert_eq!(world.json(&format!("info {at}"))["test_users"], 0);
        world.json(&format!("user add {email} {at}"));
        let url = deployed["outputs"]["SiteUrl"].as_str().unwrap();
        assert_eq!(given(&stage, url, &email).await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_itself_makes_such_a_link_for_a_test_user_and_nobody_else() {
    let worker = Worker::with(&[]).await;
    let stage = &worker.stage;
    let ordinary = stage.user("ordinary").await.email;
    for email in ["demo@example.com", "demo-out@example.com"] {
        stage.keep_address(email);
        let add = format!("user add {email} --test --local");
        stage.world.json(&add);
    }
    stage
        .world
        .json("user disable demo-out@example.com --local");
    let ask = |email: &str| json!({"operation": "test_link", "email": email});
    for (email, refused) in [
        (&*ordinary, "not_a_test_user"),
        ("demo-nobody@example.com", "unknown"),
        ("no address", "not_an_address"),
        ("demo-out@example.com", "disabled"),
    ] {
        let answer = worker.function.invoke(ask(email)).await.unwrap();
        assert_eq!(answer, json!({"refused": refused}), "{email}");
        // Nothing was written.
        let calls = worker.wire.actions();
        let reads = ["dynamodb:Query", "cognito-idp:AdminGetUser"];
        assert!(
            calls.iter().all(|call| reads.contains(&&**call)),
            "{calls:?}"
        );
    }
    let made = worker.function.invoke(ask("demo@example.com")).await;
    stage.answer(&made.unwrap()["url"]);

    // Where the stage allows none there is none, whatever the table says.
    let closed = Worker::with(&[("TEST_USERS", "false")]).await;
    let mark = json!({"operation": "mark_test", "email": ordinary});
    for operation in [ask("demo@example.com"), mark] {
        let answer = closed.function.invoke(operation).await.unwrap();
        assert_eq!(answer, json!({"refused": "no_test_users"}));
    }
    assert!(closed.wire.calls().is_empty());
}
