//! What an administrator asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use dynamodb::operation::delete_item::DeleteItemOutput;
use dynamodb::operation::query::QueryOutput;

use super::*;

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
    let event = json!({ "operation": "forget_user", "sub": SUB, "email": "alice@example.com" });
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
    ] {
        let mail = mail(&[], &[], &[], true);
        let answer = mail
            .answer(LambdaEvent::new(event, Context::default()))
            .await;
        assert!(matches!(answer, Err(Error::Event)));
    }
}
