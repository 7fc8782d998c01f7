//! Who plays along in a test: a user pool, a table and a post office that say their lines and note
//! what they were asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_smithy_mocks::MockResponse;
use cognito::operation::admin_get_user::{AdminGetUserError, AdminGetUserOutput};
use cognito::types::error::{TooManyRequestsException, UserNotFoundException};
use cognito::types::{AttributeType, UserStatusType};
use dynamodb::operation::delete_item::DeleteItemInput;
use dynamodb::operation::put_item::PutItemInput;
use dynamodb::operation::update_item::UpdateItemInput;
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

/// Why the table refuses to count a mail.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Throttled {
    Pause,
    Hour,
    /// It has counted this very request before.
    Again,
    Trouble,
}

/// The lines, by default those of an evening on which all goes well.
pub struct Cast {
    pub user: Result<AdminGetUserOutput, ()>,
    pub pool_is_down: bool,
    pub claim: Claimed,
    pub throttled: Option<Throttled>,
    /// The sort key that falls out of the register.
    pub pushed_out: Option<&'static str>,
    pub code_fails: bool,
    pub close_fails: bool,
    pub ses_status: u16,
    pub has_sender: bool,
    /// Whether the stage allows test users.
    pub test_users: bool,
    /// Whether the user is one.
    pub marked: bool,
}

impl Default for Cast {
    fn default() -> Self {
        Self {
            user: Ok(user("Alice@example.com", true, "true")),
            pool_is_down: false,
            claim: Claimed::Granted,
            throttled: None,
            pushed_out: None,
            code_fails: false,
            close_fails: false,
            ses_status: 200,
            has_sender: true,
            test_users: true,
            marked: false,
        }
    }
}

/// What was asked of whom.
#[derive(Clone, Default)]
pub struct Calls {
    pub mails: Arc<Mutex<Vec<SendEmailInput>>>,
    pub puts: Arc<Mutex<Vec<PutItemInput>>>,
    pub updates: Arc<Mutex<Vec<UpdateItemInput>>>,
    pub deletes: Arc<Mutex<Vec<DeleteItemInput>>>,
    table: Arc<Mutex<Vec<String>>>,
}

/// The table calls of a message that ends with a mail, or would.
pub const ALL_CALLS: [&str; 7] = [
    "put message",
    "update throttle",
    "update outstanding",
    "delete link",
    "put link",
    "put code",
    "update message",
];

impl Calls {
    /// The kinds of the table calls and of their items, in their order.
    pub fn table(&self) -> Vec<String> {
        self.table.lock().unwrap().clone()
    }

    pub fn note(&self, verb: &str, key: &HashMap<String, AttributeValue>) {
        let (pk, sk) = (text_of(&key["pk"]), text_of(&key["sk"]));
        let (partition, _) = pk.split_once('#').unwrap();
        let kind = if partition == "user" { sk } else { partition };
        let kind = kind.split('#').next().unwrap();
        self.table.lock().unwrap().push(format!("{verb} {kind}"));
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

    /// Carries out an operation; `None` is a function that failed.
    pub async fn operate(&self, calls: &Calls, operation: Value) -> Option<Value> {
        let event = LambdaEvent::new(operation, Context::default());
        Mail::new(self.services(calls)).answer(event).await.ok()
    }

    /// What becomes of one message, as only the log tells.
    pub async fn outcome(&self, message: Value) -> Result<Outcome, Failure> {
        let services = self.services(&Calls::default());
        let batch = Batch::read(&batch(&[message])).unwrap();
        Worker(&services).work(&batch.records[0]).await
    }

    fn services(&self, calls: &Calls) -> Services {
        let rules = [
            self.put(calls),
            self.update(calls),
            self.delete(calls),
            self.query(calls),
        ];
        let services = services(
            &[&self.pool()],
            &rules.iter().collect::<Vec<_>>(),
            &[&self.ses(calls)],
            self.has_sender,
        );
        Services {
            test_users: self.test_users,
            ..services
        }
    }

    pub async fn answer_by(&self, deadline: u64, calls: &Calls, event: Value) -> Vec<String> {
        let mail = Mail::new(self.services(calls));
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

/// The function with these services behind it.
pub fn mail(pool: &[&Rule], table: &[&Rule], post: &[&Rule], has_sender: bool) -> Mail {
    Mail::new(services(pool, table, post, has_sender))
}

pub fn services(pool: &[&Rule], table: &[&Rule], post: &[&Rule], has_sender: bool) -> Services {
    let pool = mock_client!(cognito, RuleMode::MatchAny, pool);
    let dynamodb = mock_client!(dynamodb, RuleMode::MatchAny, table);
    let ses = mock_client!(ses, RuleMode::MatchAny, post, clients::sending_once);
    let table = LinkTable::new(dynamodb, "links".to_owned());
    let key: MacKey = KEY.parse().unwrap();
    let five: Slots = "5".parse().unwrap();
    let sender = "Acme <login@acme.example>".parse().unwrap();
    let reply_to = "Help <help@acme.example>".parse().unwrap();
    let set = Some("acme-mail".to_owned());
    Services {
        directory: Directory::new(pool, "pool".to_owned()),
        links: Links::new(table.clone(), key.clone()),
        codes: Codes::new(table.clone(), key.clone()),
        outstanding: Outstanding::new(table.clone(), five),
        throttle: Throttle::new(table.clone(), key.clone(), 30, five),
        markers: Markers::new(table.clone()),
        test_marks: TestMarks::new(table, key.clone()),
        test_users: true,
        post: has_sender.then(|| Post::new(ses, &sender, Some(&reply_to), set)),
        stationery: Stationery {
            site_url: "https://login.acme.example".to_owned(),
            product: "Rocket Store".to_owned(),
            brand: "Acme".to_owned(),
            subject: "Your sign-in link for {product}".to_owned(),
            reply_to: Some(reply_to),
        },
        lifetime: "1800".parse().unwrap(),
        key,
    }
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

/// Who signed up and never confirmed it.
pub fn unconfirmed() -> AdminGetUserOutput {
    let mut user = user("alice@example.com", true, "true");
    user.user_status = Some(UserStatusType::Unconfirmed);
    user
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
