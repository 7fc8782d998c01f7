//! Users whose links are given to whoever asks.

use std::collections::HashMap;
use std::sync::Mutex;

use dynamodb::operation::query::QueryOutput;

use super::operations::{ask, assert_stored};
use super::*;

#[tokio::test]
async fn a_test_user_is_given_a_link() {
    let cast = Cast {
        marked: true,
        pushed_out: Some("link#oldest"),
        ..Cast::default()
    };
    let calls = Calls::default();
    let answer = cast.operate(&calls, ask("test_link")).await.unwrap();
    assert_stored(answer["url"].as_str().unwrap(), &calls, "test", 1800);
    let expected = [
        "query test",
        "update outstanding",
        "delete link",
        "put link",
    ];
    assert_eq!(calls.table(), expected);
    let deletes = calls.deletes.lock().unwrap();
    assert_eq!(text_of(&deletes[0].key().unwrap()["sk"]), "link#oldest");
    assert_eq!(calls.mails.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn whoever_is_no_test_user_is_given_none() {
    let calls = Calls::default();
    let answer = Cast::default().operate(&calls, ask("test_link")).await;
    assert_eq!(answer, Some(json!({ "refused": "not_a_test_user" })));
    assert_eq!(calls.table(), ["query test"]);
}

#[tokio::test]
async fn nobody_is_marked_who_could_not_sign_in() {
    let cast = Cast {
        user: Err(()),
        ..Cast::default()
    };
    let calls = Calls::default();
    let answer = cast.operate(&calls, ask("mark_test")).await;
    assert_eq!(answer, Some(json!({ "refused": "unknown" })));
    assert_eq!(calls.table(), [""; 0]);
}

#[tokio::test]
async fn a_mark_is_set_and_removed_once() {
    for marked in [false, true] {
        let cast = Cast {
            marked,
            ..Cast::default()
        };
        let calls = Calls::default();
        let answer = cast.operate(&calls, ask("mark_test")).await;
        assert_eq!(answer, Some(json!({ "changed": !marked })));
        let answer = cast.operate(&calls, ask("unmark_test")).await;
        assert_eq!(answer, Some(json!({ "changed": marked })));
        assert_eq!(calls.table(), ["put test", "delete test"]);

        let put = calls.puts.lock().unwrap()[0].clone();
        let mark = put.item().unwrap();
        assert_eq!(text_of(&mark["pk"]), "test#");
        assert_eq!(text_of(&mark["sk"]), mark_of("alice@example.com"));
        assert_eq!(text_of(&mark["sub"]), SUB);
        assert_eq!(mark.len(), 3, "it never expires");
        // Another user's mark is replaced.
        let condition = put.condition_expression();
        assert_eq!(condition, Some("attribute_not_exists(pk) OR #sub <> :sub"));
        let deleted = calls.deletes.lock().unwrap()[0].key().unwrap().clone();
        assert_eq!((&deleted["pk"], &deleted["sk"]), (&mark["pk"], &mark["sk"]));
    }
}

#[tokio::test]
async fn a_stage_that_allows_no_test_users_can_still_be_rid_of_them() {
    let cast = Cast {
        marked: true,
        test_users: false,
        ..Cast::default()
    };
    let answer = cast.operate(&Calls::default(), ask("unmark_test")).await;
    assert_eq!(answer, Some(json!({ "changed": true })));
}

fn mark_of(email: &str) -> String {
    let key: MacKey = KEY.parse().unwrap();
    key.mac(Label::Test, email)
}

#[tokio::test]
async fn test_users_are_counted_over_all_pages() {
    let mark = |email: &str| {
        let sk = AttributeValue::S(mark_of(email));
        HashMap::from([("sk".to_owned(), sk)])
    };
    let (ada, bob) = (mark("ada@example.com"), mark("bob@example.com"));
    let (cid, asked) = (mark("cid@example.com"), Mutex::new(0));
    let query = mock!(dynamodb::Client::query).then_compute_output(move |input| {
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        let (page, next) = match *asked {
            1 => (vec![ada.clone(), bob.clone()], Some(bob.clone())),
            _ => (vec![cid.clone()], None),
        };
        assert_eq!(input.exclusive_start_key().is_some(), *asked == 2);
        let output = QueryOutput::builder().set_items(Some(page));
        output.set_last_evaluated_key(next).build()
    });
    let services = Services {
        test_users: false,
        ..services(&[], &[&query], &[], true)
    };
    let emails = [
        "Cid@example.com",
        "dan@example.com",
        "nonsense",
        "ada@example.com",
    ];
    let event = json!({ "operation": "list_test", "emails": emails });
    let answer = Mail::new(services)
        .answer(LambdaEvent::new(event, Context::default()))
        .await;
    let theirs = ["Cid@example.com", "ada@example.com"];
    let expected = json!({ "test_users": 3, "emails": theirs });
    assert_eq!(answer.unwrap(), expected);
}
