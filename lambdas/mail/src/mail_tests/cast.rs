//! Who plays along in a test: a user pool, a table and a post office that say their lines and note
//! what they were asked.

use std::sync::{Arc, Mutex};

use aws_smithy_mocks::MockResponse;
use cognito::operation::admin_get_user::{AdminGetUserError, AdminGetUserOutput};
use cognito::types::AttributeType;
use cognito::types::error::{TooManyRequestsException, UserNotFoundException};
use dynamodb::operation::delete_item::DeleteItemOutput;
use dynamodb::operation::put_item::{PutItemError, PutItemInput, PutItemOutput};
use dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use dynamodb::types::error::{ConditionalCheckFailedException, InternalServerError};
use ses::config::http::HttpResponse;
use ses::operation::send_email::{SendEmailInput, SendEmailOutput};

use super::*;

pub const SUB: &str = "62c5a4f4-60e1-70de-4b7c-0b5a3c1d2e3f";
/// HMAC-SHA-256 of `email`, a zero byte and `Alice@example.com` under a key of 32 ones.
pub const EMAIL_MAC: &str = "a22f295532d65c126f29a92717b07ec3a34c0c423ae3f303f3204d7898262e18";
pub const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";

pub const STAYS: [&str; 1] = ["message 0"];
pub const STAYS_NOT: [&str; 0] = [];

/// What the table says to a claim.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    Granted,
    Done,
    Open,
    Trouble,
}

/// The lines, by default those of an evening on which all goes well.
pub struct Cast {
    pub user: Result<AdminGetUserOutput, ()>,
    pub pool_is_down: bool,
    pub claim: Claimed,
    pub code_fails: bool,
    pub close_fails: bool,
    pub ses_status: u16,
    pub has_sender: bool,
}

impl Default for Cast {
    fn default() -> Self {
        Self {
            user: Ok(user("Alice@example.com", true, "true")),
            pool_is_down: false,
            claim: Claimed::Granted,
            code_fails: false,
            close_fails: false,
            ses_status: 200,
            has_sender: true,
        }
    }
}

/// What was asked of whom.
#[derive(Clone, Default)]
pub struct Calls {
    pub mails: Arc<Mutex<Vec<SendEmailInput>>>,
    pub puts: Arc<Mutex<Vec<PutItemInput>>>,
    table: Arc<Mutex<Vec<&'static str>>>,
}

impl Calls {
    /// The kinds of the table calls in their order.
    pub fn table(&self) -> Vec<&'static str> {
        self.table.lock().unwrap().clone()
    }
}

impl Cast {
    /// Hands over one message; tells which messages stay on the queue.
    pub async fn deliver(&self, calls: &Calls, message: Value) -> Vec<String> {
        self.answer(calls, batch(&[message])).await
    }

    pub async fn answer(&self, calls: &Calls, event: Value) -> Vec<String> {
        let later = (epoch_seconds() + 30) * 1000;
        self.answer_by(later, calls, event).await
    }

    pub async fn answer_by(&self, deadline: u64, calls: &Calls, event: Value) -> Vec<String> {
        let rules = [self.put(calls), self.update(calls), delete(calls)];
        let mail = mail(
            &[&self.pool()],
            &rules.iter().collect::<Vec<_>>(),
            &[&self.ses(calls)],
            self.has_sender,
        );
        let mut context = Context::default();
        context.deadline = deadline;
        let mut result = mail.answer(LambdaEvent::new(event, context)).await.unwrap();
        let failures = result["batchItemFailures"].as_array_mut().unwrap();
        let names = failures.iter().map(|failure| &failure["itemIdentifier"]);
        names
            .map(|name| name.as_str().unwrap().to_owned())
            .collect()
    }

    fn pool(&self) -> Rule {
        let rule = mock!(cognito::Client::admin_get_user).match_requests(|input| {
            input.user_pool_id() == Some("pool") && input.username() == Some("alice@example.com")
        });
        match &self.user {
            _ if self.pool_is_down => rule.then_error(|| {
                let error = TooManyRequestsException::builder().build();
                AdminGetUserError::TooManyRequestsException(error)
            }),
            Ok(user) => {
                let user = user.clone();
                rule.then_output(move || user.clone())
            }
            Err(()) => rule.then_error(|| {
                let error = UserNotFoundException::builder().build();
                AdminGetUserError::UserNotFoundException(error)
            }),
        }
    }

    /// Answers as the table would: a claim as told, what is for nobody with a failed condition.
    fn put(&self, calls: &Calls) -> Rule {
        let (claim, code_fails, calls) = (self.claim, self.code_fails, calls.clone());
        mock!(dynamodb::Client::put_item).then_compute_response(move |input| {
            calls.puts.lock().unwrap().push(input.clone());
            calls.table.lock().unwrap().push("put");
            let is_claim = text_of(&input.item().unwrap()["pk"]).starts_with("message#");
            let is_code = text_of(&input.item().unwrap()["sk"]) == "code";
            let is_nobody = input.condition_expression() == Some("attribute_exists(pk)");
            let one = AttributeValue::N("1".to_owned());
            let taken = ConditionalCheckFailedException::builder();
            match claim {
                Claimed::Trouble if is_claim => MockResponse::Error(trouble()),
                Claimed::Done if is_claim => refused(taken.item(table::DONE_AT, one).build()),
                Claimed::Open if is_claim => refused(taken.item(table::TTL, one).build()),
                _ if is_code && code_fails => MockResponse::Error(trouble()),
                _ if is_nobody => refused(taken.build()),
                _ => MockResponse::Output(PutItemOutput::builder().build()),
            }
        })
    }

    fn update(&self, calls: &Calls) -> Rule {
        let (fails, calls) = (self.close_fails, calls.clone());
        mock!(dynamodb::Client::update_item).then_compute_response(move |input| {
            assert_eq!(input.update_expression(), Some("SET #done_at = :now"));
            calls.table.lock().unwrap().push("update");
            if fails {
                let error = InternalServerError::builder().build();
                MockResponse::Error(UpdateItemError::InternalServerError(error))
            } else {
                MockResponse::Output(UpdateItemOutput::builder().build())
            }
        })
    }

    fn ses(&self, calls: &Calls) -> Rule {
        let (status, calls) = (self.ses_status, calls.clone());
        mock!(ses::Client::send_email).then_compute_response(move |input| {
            calls.mails.lock().unwrap().push(input.clone());
            if status == 200 {
                let sent = SendEmailOutput::builder()
                    .message_id("0102018f-000000")
                    .build();
                return MockResponse::Output(sent);
            }
            let body = r#"{"message":"Email address is not verified: alice@example.com"}"#;
            MockResponse::Http(HttpResponse::new(status.try_into().unwrap(), body.into()))
        })
    }
}

fn delete(calls: &Calls) -> Rule {
    let calls = calls.clone();
    mock!(dynamodb::Client::delete_item).then_compute_output(move |input| {
        assert_eq!(text_of(&input.key().unwrap()["pk"]), "message#r1");
        calls.table.lock().unwrap().push("delete");
        DeleteItemOutput::builder().build()
    })
}

fn trouble() -> PutItemError {
    PutItemError::InternalServerError(InternalServerError::builder().build())
}

fn refused(by: ConditionalCheckFailedException) -> MockResponse<PutItemOutput, PutItemError> {
    MockResponse::Error(PutItemError::ConditionalCheckFailedException(by))
}

/// The function with these services behind it.
pub fn mail(pool: &[&Rule], table: &[&Rule], post: &[&Rule], has_sender: bool) -> Mail {
    let pool = mock_client!(cognito, RuleMode::MatchAny, pool);
    let dynamodb = mock_client!(dynamodb, RuleMode::MatchAny, table);
    let ses = mock_client!(ses, RuleMode::MatchAny, post, clients::sending_once);
    let (links, lifetime) = ("links".to_owned(), "1800".parse().unwrap());
    let sender = "Acme <login@acme.example>".parse().unwrap();
    let site = "https://login.acme.example".to_owned();
    Mail::new(Worker {
        directory: Directory::new(pool, "pool".to_owned()),
        links: Links::new(
            dynamodb.clone(),
            links.clone(),
            KEY.parse().unwrap(),
            lifetime,
        ),
        codes: Codes::new(
            dynamodb.clone(),
            links.clone(),
            KEY.parse().unwrap(),
            lifetime,
        ),
        markers: Markers::new(dynamodb, links),
        stationery: Stationery::new(site, "Acme", lifetime),
        post: has_sender.then(|| Post::new(ses, &sender, Some("acme-mail".to_owned()))),
    })
}

pub fn user(email: &str, enabled: bool, verified: &str) -> AdminGetUserOutput {
    let attribute = |name: &str, value: &str| {
        let attribute = AttributeType::builder().name(name).value(value);
        attribute.build().unwrap()
    };
    AdminGetUserOutput::builder()
        .username(SUB)
        .enabled(enabled)
        .user_attributes(attribute("sub", SUB))
        .user_attributes(attribute("email", email))
        .user_attributes(attribute("email_verified", verified))
        .build()
        .unwrap()
}

/// A message as `api` writes it, just now.
pub fn message(request_id: &str) -> Value {
    aged(request_id, 0)
}

pub fn aged(request_id: &str, seconds: u64) -> Value {
    let at = epoch_seconds() - seconds;
    json!({ "email": "alice@example.com", "request_id": request_id, "at": at })
}

/// The recorded batch with these messages in it, named by their position.
pub fn batch(messages: &[Value]) -> Value {
    let recorded = include_str!("../../events/batch.json");
    let mut event: Value = serde_json::from_str(recorded).unwrap();
    let record = event["Records"][0].take();
    let records = messages.iter().enumerate().map(|(position, message)| {
        let mut record = record.clone();
        record["messageId"] = format!("message {position}").into();
        record["body"] = message.to_string().into();
        record
    });
    event["Records"] = records.collect();
    event
}

pub fn text_of(value: &AttributeValue) -> &str {
    value.as_s().unwrap()
}

pub fn number(value: &AttributeValue) -> u64 {
    value.as_n().unwrap().parse().unwrap()
}
