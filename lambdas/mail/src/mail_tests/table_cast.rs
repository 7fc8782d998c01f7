//! The table in a test: it notes what it is asked and answers as the cast has it.

use std::collections::HashMap;

use aws_smithy_mocks::MockResponse;
use dynamodb::operation::delete_item::DeleteItemOutput;
use dynamodb::operation::put_item::{PutItemError, PutItemOutput};
use dynamodb::operation::query::QueryOutput;
use dynamodb::operation::update_item::{UpdateItemError, UpdateItemInput, UpdateItemOutput};
use dynamodb::types::error::{ConditionalCheckFailedException, InternalServerError};

use super::*;

impl Cast {
    /// Answers as the table would: a claim as told, what is for nobody with a failed condition.
    pub fn put(&self, calls: &Calls) -> Rule {
        let (claim, code_fails, calls) = (self.claim, self.code_fails, calls.clone());
        let marked = self.marked;
        mock!(dynamodb::Client::put_item).then_compute_response(move |input| {
            calls.puts.lock().unwrap().push(input.clone());
            calls.note("put", input.item().unwrap());
            let is_claim = text_of(&input.item().unwrap()["pk"]).starts_with("message#");
            let is_taken = marked && text_of(&input.item().unwrap()["pk"]) == "test#";
            let is_code = text_of(&input.item().unwrap()["sk"]) == "code";
            let is_nobody = input.condition_expression() == Some("attribute_exists(pk)");
            let one = AttributeValue::N("1".to_owned());
            let taken = ConditionalCheckFailedException::builder();
            match claim {
                Claimed::Trouble if is_claim => MockResponse::Error(trouble()),
                Claimed::Done if is_claim => refused(taken.item(table::DONE_AT, one).build()),
                Claimed::Open if is_claim => refused(taken.item(table::TTL, one).build()),
                _ if is_code && code_fails => MockResponse::Error(trouble()),
                _ if is_nobody || is_taken => refused(taken.build()),
                _ => MockResponse::Output(PutItemOutput::builder().build()),
            }
        })
    }

    pub fn update(&self, calls: &Calls) -> Rule {
        let (throttled, close_fails) = (self.throttled, self.close_fails);
        let (pushed_out, calls) = (self.pushed_out, calls.clone());
        mock!(dynamodb::Client::update_item).then_compute_response(move |input| {
            calls.updates.lock().unwrap().push(input.clone());
            let key = input.key().unwrap();
            calls.note("update", key);
            let (pk, sk) = (text_of(&key["pk"]), text_of(&key["sk"]));
            let done = UpdateItemOutput::builder();
            match throttled {
                Some(why) if pk.starts_with("throttle#") => too_often(why, input),
                _ if pk.starts_with("message#") && close_fails => broken(),
                _ if pk.starts_with("user#nobody/") => unmet(None),
                _ if sk == "outstanding" => {
                    let last = pushed_out.map(|sk| AttributeValue::S(sk.to_owned()));
                    let old = last.map(|last| HashMap::from([("s5".to_owned(), last)]));
                    MockResponse::Output(done.set_attributes(old).build())
                }
                _ => MockResponse::Output(done.build()),
            }
        })
    }

    pub fn delete(&self, calls: &Calls) -> Rule {
        let (marked, calls) = (self.marked, calls.clone());
        mock!(dynamodb::Client::delete_item).then_compute_output(move |input| {
            calls.note("delete", input.key().unwrap());
            calls.deletes.lock().unwrap().push(input.clone());
            let all_old = input.return_values().is_some();
            let old = (all_old && marked).then(|| input.key().unwrap().clone());
            DeleteItemOutput::builder().set_attributes(old).build()
        })
    }

    /// Asked for the mark of one user.
    pub fn query(&self, calls: &Calls) -> Rule {
        let (marked, calls) = (self.marked, calls.clone());
        mock!(dynamodb::Client::query).then_compute_output(move |input| {
            let values = input.expression_attribute_values().unwrap();
            let key = [("pk", &values[":pk"]), ("sk", &values[":sk"])];
            let key = key.map(|(name, value)| (name.to_owned(), value.clone()));
            let key: HashMap<_, _> = key.into();
            assert_eq!(input.consistent_read(), Some(true));
            // Only the user's own mark counts.
            assert_eq!(input.filter_expression(), Some("#sub = :sub"));
            assert_eq!(text_of(&values[":sub"]), SUB);
            calls.note("query", &key);
            let found = marked.then_some(vec![key]);
            QueryOutput::builder().set_items(found).build()
        })
    }
}

type Updated = MockResponse<UpdateItemOutput, UpdateItemError>;

/// What the table shows of a throttle whose condition did not hold.
fn too_often(why: Throttled, input: &UpdateItemInput) -> Updated {
    let now = epoch_seconds();
    let (newest, request) = match why {
        Throttled::Trouble => return broken(),
        Throttled::Pause => (now - 29, "another"),
        Throttled::Hour => (now - 31, "another"),
        Throttled::Again => (now - 5, "r1"),
    };
    let returned = input.return_values_on_condition_check_failure();
    assert_eq!(returned.unwrap().as_str(), "ALL_OLD");
    unmet(Some(HashMap::from([
        ("s1".to_owned(), AttributeValue::N(newest.to_string())),
        ("request".to_owned(), AttributeValue::S(request.to_owned())),
    ])))
}

fn unmet(item: Option<HashMap<String, AttributeValue>>) -> Updated {
    let unmet = ConditionalCheckFailedException::builder().set_item(item);
    let error = UpdateItemError::ConditionalCheckFailedException(unmet.build());
    MockResponse::Error(error)
}

fn broken() -> Updated {
    let error = InternalServerError::builder().build();
    MockResponse::Error(UpdateItemError::InternalServerError(error))
}

fn trouble() -> PutItemError {
    PutItemError::InternalServerError(InternalServerError::builder().build())
}

fn refused(by: ConditionalCheckFailedException) -> MockResponse<PutItemOutput, PutItemError> {
    MockResponse::Error(PutItemError::ConditionalCheckFailedException(by))
}
