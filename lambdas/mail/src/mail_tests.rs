//! The function against batches as SQS hands them over, and services that answer what they are told.

use std::time::Duration;

use aws_sdk_cognitoidentityprovider as cognito;
use aws_sdk_dynamodb as dynamodb;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sesv2 as ses;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use lambda_runtime::Context;
use mlink_core::{Code, Label, MacKey, Secret, table};
use mlink_runtime::epoch_seconds;

use super::*;
use crate::clients;
use crate::codes::Codes;
use crate::directory::Directory;
use crate::letter::Stationery;
use crate::link_table::LinkTable;
use crate::links::Links;
use crate::markers::Markers;
use crate::outstanding::Outstanding;
use crate::post::Post;
use crate::slots::Slots;
use crate::test_marks::TestMarks;
use crate::throttle::Throttle;
use crate::worker::Outcome;

#[path = "mail_tests/cast.rs"]
mod cast;
#[path = "mail_tests/operations.rs"]
mod operations;
#[path = "mail_tests/outstanding.rs"]
mod outstanding;
#[path = "mail_tests/table_cast.rs"]
mod table_cast;
#[path = "mail_tests/test_users.rs"]
mod test_users;
#[path = "mail_tests/throttle.rs"]
mod throttle;
use cast::*;

#[tokio::test]
async fn a_user_is_mailed_a_link_that_the_table_knows_the_hash_of() {
    let (cast, calls) = (Cast::default(), Calls::default());
    assert_eq!(cast.deliver(&calls, message("r1")).await, STAYS_NOT);

    let mails = calls.mails.lock().unwrap();
    let [mail] = mails.as_slice() else {
        panic!("{} mails", mails.len());
    };
    let to = mail.destination().unwrap().to_addresses();
    let simple = mail.content().unwrap().simple().unwrap();
    let body = simple.body().unwrap();
    let text = body.text().unwrap().data();
    let link = text.lines().find(|line| line.contains("://")).unwrap();
    let secret = link.strip_prefix("https://login.acme.example/sign-in#");
    let secret = Secret::parse(secret.unwrap()).unwrap();
    assert_eq!(to, ["Alice@example.com"], "the address that Cognito has");
    assert_eq!(
        mail.from_email_address(),
        Some("\"Acme\" <login@acme.example>")
    );
    assert_eq!(mail.configuration_set_name(), Some("acme-mail"));
    assert_eq!(
        simple.subject().unwrap().data(),
        "Your sign-in link for Rocket Store"
    );
    assert_eq!(mail.reply_to_addresses(), ["\"Help\" <help@acme.example>"]);
    assert!(body.html().unwrap().data().contains(link));

    let puts = calls.puts.lock().unwrap();
    let stored = puts[1].item().unwrap();
    let exp = number(&stored["exp"]);
    assert_eq!(text_of(&stored["pk"]), format!("user#{SUB}"));
    assert_eq!(text_of(&stored["sk"]), format!("link#{}", secret.hash()));
    assert_eq!(text_of(&stored["email_mac"]), EMAIL_MAC);
    assert_eq!(text_of(&stored["issuer"]), "login");
    assert!(exp.abs_diff(epoch_seconds() + 1800) < 60);
    assert_eq!(number(&stored["ttl"]), exp);
    let all = format!("{puts:?}");
    assert!(!all.contains(&secret.reveal()) && !all.to_lowercase().contains("alice@"));
}

#[tokio::test]
async fn the_same_mail_has_a_code_that_the_table_knows_the_mac_of() {
    let (cast, calls) = (Cast::default(), Calls::default());
    assert_eq!(cast.deliver(&calls, message("r1")).await, STAYS_NOT);

    let mails = calls.mails.lock().unwrap();
    let simple = mails[0].content().unwrap().simple().unwrap();
    let text = simple.body().unwrap().text().unwrap().data();
    let code = text.lines().find_map(Code::parse).expect(text);

    let puts = calls.puts.lock().unwrap();
    assert_eq!(puts.len(), 3);
    let stored = puts[2].item().unwrap();
    let exp = number(&stored["exp"]);
    let key: MacKey = KEY.parse().unwrap();
    assert_eq!(text_of(&stored["pk"]), format!("user#{SUB}"));
    assert_eq!(text_of(&stored["sk"]), "code");
    assert_eq!(text_of(&stored["mac"]), code.mac(&key, SUB));
    assert_eq!(text_of(&stored["email_mac"]), EMAIL_MAC);
    assert_eq!(number(&stored["wrong"]), 0);
    assert_eq!(exp, number(&puts[1].item().unwrap()["exp"]), "as the link");
    assert_eq!(number(&stored["ttl"]), exp);
    assert_eq!(stored.len(), 7);
    assert_eq!(puts[2].condition_expression(), None, "it replaces the last");
    assert!(!format!("{puts:?}").contains(&code.reveal()));
}

#[tokio::test]
async fn every_mail_has_a_code_of_its_own() {
    let calls = Calls::default();
    let event = batch(&[message("r1"), message("r2")]);
    Cast::default().answer(&calls, event).await;
    let puts = calls.puts.lock().unwrap();
    let macs = puts.iter().filter_map(|put| put.item().unwrap().get("mac"));
    let [one, two] = macs.collect::<Vec<_>>()[..] else {
        panic!("{puts:?}");
    };
    assert_ne!(one, two);
}

#[tokio::test]
async fn whom_no_mail_is_for_costs_the_same_table_calls() {
    let known = Calls::default();
    Cast::default().deliver(&known, message("r1")).await;
    assert_eq!(known.table(), ALL_CALLS);
    for (user, why) in [
        (Err(()), "unknown"),
        (Ok(user("alice@example.com", false, "true")), "disabled"),
        (Ok(user("alice@example.com", true, "false")), "unverified"),
        (Ok(unconfirmed()), "unconfirmed"),
        (Ok(user("a@b.co, c@d.co", true, "true")), "a list"),
    ] {
        let (cast, calls) = (
            Cast {
                user,
                ..Cast::default()
            },
            Calls::default(),
        );
        assert_eq!(
            cast.deliver(&calls, message("r1")).await,
            STAYS_NOT,
            "{why}"
        );
        assert_eq!(calls.mails.lock().unwrap().len(), 0, "{why}");
        assert_eq!(calls.table(), ALL_CALLS, "{why}");

        let puts = calls.puts.lock().unwrap();
        let known = known.puts.lock().unwrap();
        for (put, known) in puts[1..].iter().zip(&known[1..]) {
            let (item, known) = (put.item().unwrap(), known.item().unwrap());
            let pk = text_of(&item["pk"]);
            assert!(pk.starts_with("user#nobody/"), "{why}");
            let condition = put.condition_expression();
            assert_eq!(condition, Some("attribute_exists(pk)"), "{why}");
            assert!(known.keys().all(|name| item.contains_key(name)), "{why}");
            assert_eq!(item.len(), known.len(), "{why}");
        }
    }
}

#[tokio::test]
async fn the_same_message_twice_sends_one_mail() {
    let calls = Calls::default();
    Cast::default().deliver(&calls, message("r1")).await;
    let claimed = calls.puts.lock().unwrap()[0].clone();
    assert_eq!(text_of(&claimed.item().unwrap()["pk"]), "message#r1");
    let condition = claimed.condition_expression();
    assert_eq!(condition, Some("attribute_not_exists(pk)"));
    assert_eq!(calls.table(), ALL_CALLS);

    let (cast, again) = (
        Cast {
            claim: Claimed::Done,
            ..Cast::default()
        },
        Calls::default(),
    );
    assert_eq!(cast.deliver(&again, message("r1")).await, STAYS_NOT);
    assert_eq!(again.mails.lock().unwrap().len(), 0);
    assert_eq!(again.table(), ["put message"]);
}

#[tokio::test]
async fn a_message_whose_mail_may_have_gone_out_is_kept_and_not_mailed() {
    let (cast, calls) = (
        Cast {
            claim: Claimed::Open,
            ..Cast::default()
        },
        Calls::default(),
    );
    assert_eq!(cast.deliver(&calls, message("r1")).await, STAYS);
    assert_eq!(calls.mails.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn a_refused_mail_is_kept_and_may_be_tried_again() {
    for status in [400, 404, 429] {
        let cast = Cast {
            ses_status: status,
            ..Cast::default()
        };
        let calls = Calls::default();
        assert_eq!(cast.deliver(&calls, message("r1")).await, STAYS);
        assert_eq!(
            calls.mails.lock().unwrap().len(),
            1,
            "no second try at once"
        );
        let (before, after) = (&ALL_CALLS[..6], ["update outstanding", "delete message"]);
        assert_eq!(calls.table(), [before, &after].concat(), "{status}");
        let most = clients::TABLE_CALLS as usize;
        assert_eq!(calls.table().len(), most, "there are never more");
    }
}

#[tokio::test]
async fn a_mail_of_unknown_fate_is_kept_and_not_tried_again() {
    for status in [500, 503] {
        let cast = Cast {
            ses_status: status,
            ..Cast::default()
        };
        let calls = Calls::default();
        assert_eq!(cast.deliver(&calls, message("r1")).await, STAYS);
        assert_eq!(
            calls.mails.lock().unwrap().len(),
            1,
            "no second try at once"
        );
        assert_eq!(calls.table(), ALL_CALLS[..6], "the marker stays open");
    }
}

#[tokio::test]
async fn trouble_before_the_mail_lets_it_be_tried_again() {
    let (cast, calls) = (
        Cast {
            pool_is_down: true,
            ..Cast::default()
        },
        Calls::default(),
    );
    assert_eq!(cast.deliver(&calls, message("r1")).await, STAYS);
    let calls = calls.table();
    assert_eq!(calls, ["put message", "update throttle", "delete message"]);

    let (cast, calls) = (
        Cast {
            code_fails: true,
            ..Cast::default()
        },
        Calls::default(),
    );
    assert_eq!(cast.deliver(&calls, message("r1")).await, STAYS);
    assert_eq!(calls.mails.lock().unwrap().len(), 0);
    let after = ["put code", "update outstanding", "delete message"];
    assert_eq!(calls.table()[5..], after);

    let (cast, calls) = (
        Cast {
            claim: Claimed::Trouble,
            ..Cast::default()
        },
        Calls::default(),
    );
    assert_eq!(cast.deliver(&calls, message("r1")).await, STAYS);
    assert_eq!(calls.mails.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn trouble_after_the_mail_changes_nothing_about_it() {
    let (cast, calls) = (
        Cast {
            close_fails: true,
            ..Cast::default()
        },
        Calls::default(),
    );
    assert_eq!(cast.deliver(&calls, message("r1")).await, STAYS_NOT);
    assert_eq!(calls.mails.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_stale_message_is_dropped_unread() {
    let calls = Calls::default();
    let stale = aged("r1", 301);
    assert_eq!(Cast::default().deliver(&calls, stale).await, STAYS_NOT);
    assert_eq!(calls.table(), [""; 0]);
    assert_eq!(calls.mails.lock().unwrap().len(), 0);

    let fresh = aged("r1", 290);
    assert_eq!(Cast::default().deliver(&calls, fresh).await, STAYS_NOT);
    assert_eq!(calls.mails.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_message_that_failed_before_goes_stale_to_the_dead_letters() {
    let calls = Calls::default();
    let mut event = batch(&[aged("r1", 301)]);
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = json!("2");
    assert_eq!(Cast::default().answer(&calls, event).await, STAYS);
    assert_eq!(calls.mails.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn without_a_sender_nothing_is_mailed() {
    let (cast, calls) = (
        Cast {
            has_sender: false,
            ..Cast::default()
        },
        Calls::default(),
    );
    assert_eq!(cast.deliver(&calls, message("r1")).await, STAYS_NOT);
    assert_eq!(calls.table(), [""; 0]);
}

#[tokio::test]
async fn one_bad_message_spoils_no_other() {
    for bad in [
        json!("{"),
        json!(null),
        json!(r#"{"email":"a@b.co"}"#),
        json!(r#"{"email":"a@b.co, c@d.co","request_id":"r","at":9999999999}"#),
        json!(r#"{"email":"a@b.co","request_id":"","at":9999999999}"#),
    ] {
        let calls = Calls::default();
        let mut event = batch(&[message("r1"), message("r2")]);
        event["Records"][0]["body"] = bad;
        let result = Cast::default().answer(&calls, event).await;
        assert_eq!(result, ["message 0"]);
        assert_eq!(calls.mails.lock().unwrap().len(), 1);
    }
}

/// Lambda ends the function after 30 seconds.
#[test]
fn the_longest_message_is_done_in_time() {
    assert!(clients::LONGEST_MESSAGE < Duration::from_secs(30));
}

#[tokio::test]
async fn what_there_is_no_time_for_is_left_for_later() {
    let calls = Calls::default();
    let event = batch(&[message("r1"), message("r2"), message("r3")]);
    let soon = (epoch_seconds() + 10) * 1000;
    let result = Cast::default().answer_by(soon, &calls, event).await;
    assert_eq!(result, ["message 1", "message 2"]);
    assert_eq!(calls.mails.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_empty_batch_is_no_failure() {
    let calls = Calls::default();
    let none: [&str; 0] = [];
    assert_eq!(Cast::default().answer(&calls, batch(&[])).await, none);
}
