//! What an administrator asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use dynamodb::operation::delete_item::DeleteItemOutput;
use dynamodb::operation::query::QueryOutput;

use super::*;

const ADA: &str = "arn:aws:iam::123456789012:user/ada";

pub fn ask(operation: &str) -> Value {
    json!({ "operation": operation, "email": "ALICE@example.com" })
}

fn issue(operation: &str, lifetime: Option<u64>) -> Value {
    let email = "ALICE@example.com";
    json!({ "operation": operation, "email": email, "issuer": ADA, "lifetime": lifetime })
}

/// The link in an answer is the one that was stored.
pub fn assert_stored(url: &str, calls: &Calls, issuer: &str, lifetime: u64) {
    let secret = url.strip_prefix("https://login.acme.example/sign-in#");
    let secret = Secret::parse(secret.unwrap()).unwrap();
    let puts = calls.puts.lock().unwrap();
    let stored = puts[0].item().unwrap();
    assert_eq!(text_of(&stored["pk"]), format!("user#{SUB}"));
    assert_eq!(text_of(&stored["sk"]), format!("link#{}", secret.hash()));
    assert_eq!(text_of(&stored["email_mac"]), EMAIL_MAC);
    assert_eq!(text_of(&stored["issuer"]), issuer);
    assert!(number(&stored["exp"]).abs_diff(epoch_seconds() + lifetime) < 60);
    let condition = puts[0].condition_expression();
    assert_eq!(condition, Some("attribute_not_exists(pk)"));
}

#[tokio::test]
async fn an_administrator_is_told_a_link_that_nobody_can_push_out() {
    for (chosen, lifetime) in [(None, 1800), (Some(60), 60), (Some(604_800), 604_800)] {
        let calls = Calls::default();
        let operation = issue("issue_link", chosen);
        let answer = Cast::default().operate(&calls, operation).await.unwrap();
        assert_eq!(answer["email"], "Alice@example.com");
        let exp = number(&calls.puts.lock().unwrap()[0].item().unwrap()["exp"]);
        assert_eq!(answer["expires_at"], exp);
        assert_stored(answer["url"].as_str().unwrap(), &calls, ADA, lifetime);
        assert_eq!(
            calls.table(),
            ["put link"],
            "no code, no register, no throttle"
        );
        assert_eq!(calls.mails.lock().unwrap().len(), 0);
    }
}

#[tokio::test]
async fn an_invitation_is_mailed_and_told_to_nobody_else() {
    let calls = Calls::default();
    let operation = issue("invite", Some(259_200));
    let answer = Cast::default().operate(&calls, operation).await.unwrap();
    let mails = calls.mails.lock().unwrap();
    let simple = mails[0].content().unwrap().simple().unwrap();
    let text = simple.body().unwrap().text().unwrap().data();
    let link = text.lines().find(|line| line.contains("://")).unwrap();
    assert_eq!(mails.len(), 1);
    let to = mails[0].destination().unwrap().to_addresses();
    assert_eq!(to, ["Alice@example.com"]);
    assert!(text.contains("for 3 days"), "{text}");
    assert_stored(link, &calls, ADA, 259_200);
    assert_eq!(calls.table(), ["put link"]);
    let exp = number(&calls.puts.lock().unwrap()[0].item().unwrap()["exp"]);
    let expected = json!({ "expires_at": exp, "email": "Alice@example.com" });
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn a_refused_invitation_says_what_ses_said() {
    let cast = Cast {
        ses_status: 400,
        ..Cast::default()
    };
    let answer = cast.operate(&Calls::default(), issue("invite", None)).await;
    let refused = json!({ "refused": { "mail": "UnknownError" } });
    assert_eq!(answer, Some(refused), "and no address that it named");

    let cast = Cast {
        ses_status: 503,
        ..Cast::default()
    };
    let answer = cast.operate(&Calls::default(), issue("invite", None)).await;
    assert_eq!(answer, None, "nobody knows whether it went out");
}

#[tokio::test]
async fn who_may_not_have_a_link_gets_none() {
    let whom = |user| Cast {
        user,
        marked: true,
        ..Cast::default()
    };
    for (cast, why) in [
        (whom(Err(())), "unknown"),
        (whom(Ok(user("a@b.co", false, "true"))), "disabled"),
        (whom(Ok(user("a@b.co", true, "false"))), "unverified"),
        (whom(Ok(unconfirmed())), "unconfirmed"),
        (
            whom(Ok(user("a@b.co, c@d.co", true, "true"))),
            "not_an_address",
        ),
    ] {
        for operation in [
            issue("issue_link", None),
            issue("invite", None),
            ask("test_link"),
        ] {
            let calls = Calls::default();
            let answer = cast.operate(&calls, operation).await;
            assert_eq!(answer, Some(json!({ "refused": why })));
            assert!(calls.puts.lock().unwrap().is_empty(), "{why}");
            assert_eq!(calls.mails.lock().unwrap().len(), 0, "{why}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_before_anybody_is_asked() {
    let stage = |has_sender, test_users| Cast {
        has_sender,
        test_users,
        marked: true,
        ..Cast::default()
    };
    let list = |operation| json!({ "operation": operation, "email": "a@b.co, c@d.co" });
    let nobody = json!({
        "operation": "issue_link", "email": "", "issuer": ADA, "lifetime": null
    });
    for (cast, operation, why) in [
        (stage(true, true), nobody, "not_an_address"),
        (stage(true, true), list("test_link"), "not_an_address"),
        (stage(true, true), list("mark_test"), "not_an_address"),
        (stage(true, true), list("unmark_test"), "not_an_address"),
        (stage(true, true), issue("issue_link", Some(59)), "lifetime"),
        (
            stage(true, true),
            issue("invite", Some(604_801)),
            "lifetime",
        ),
        (stage(false, true), issue("invite", None), "no_sender"),
        (stage(true, false), ask("mark_test"), "no_test_users"),
        (stage(true, false), ask("test_link"), "no_test_users"),
    ] {
        let calls = Calls::default();
        let answer = cast.operate(&calls, operation).await;
        assert_eq!(answer, Some(json!({ "refused": why })));
        assert_eq!(calls.table(), [""; 0], "{why}");
    }
}

#[tokio::test]
async fn a_user_is_forgotten_page_by_page() {
    let item = |sk: &str| {
        let pk = AttributeValue::S(format!("user#{SUB}"));
        let sk = AttributeValue::S(sk.to_owned());
        [("pk".to_owned(), pk), ("sk".to_owned(), sk)]
            .into_iter()
            .collect()
    };
    let first: HashMap<_, _> = item("link#1");
    let (second, third) = (item("code"), item("link#2"));
    let mut pages = vec![
        (vec![first.clone(), second.clone()], Some(second.clone())),
        (vec![third.clone()], None),
    ];
    pages.reverse();
    let pages = Mutex::new(pages);
    let query = mock!(dynamodb::Client::query)
        .match_requests(|input| {
            let values = input.expression_attribute_values().unwrap();
            values[":user"] == AttributeValue::S(format!("user#{SUB}"))
        })
        .then_compute_output(move |_| {
            let (items, next) = pages.lock().unwrap().pop().unwrap();
            let output = QueryOutput::builder();
            let output = output.set_items(Some(items)).set_last_evaluated_key(next);
            output.build()
        });
    let deleted = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&deleted);
    let delete = mock!(dynamodb::Client::delete_item)
        .match_requests(move |input| {
            seen.lock().unwrap().push(input.key().unwrap().clone());
            true
        })
        .then_output(|| DeleteItemOutput::builder().build());

    let mail = mail(&[], &[&query, &delete], &[], true);
    let event = json!({ "operation": "forget_user", "sub": SUB });
    let answer = mail
        .answer(LambdaEvent::new(event, Context::default()))
        .await;
    assert_eq!(answer.unwrap(), json!({ "links_removed": 2 }));
    assert_eq!(*deleted.lock().unwrap(), [first, second, third]);
}

#[tokio::test]
async fn any_other_event_is_an_error() {
    for event in [
        json!(null),
        json!({}),
        json!({ "Records": null }),
        json!({ "operation": "make_coffee" }),
        json!({ "operation": "forget_user" }),
        json!({ "operation": "forget_user", "sub": SUB, "email": "a@b.co" }),
        json!({ "operation": "issue_link", "email": "a@b.co" }),
    ] {
        let mail = mail(&[], &[], &[], true);
        let answer = mail
            .answer(LambdaEvent::new(event, Context::default()))
            .await;
        assert!(matches!(answer, Err(Error::Event)));
    }
}
