//! The services around the function: they work, and keep what they are asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::operation::get_item::{GetItemInput, GetItemOutput};
use aws_sdk_dynamodb::operation::update_item::{UpdateItemInput, UpdateItemOutput};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_lambda::operation::invoke::{InvokeInput, InvokeOutput};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_sqs::operation::send_message::{SendMessageInput, SendMessageOutput};
use aws_smithy_http_client::test_util::NeverClient;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use aws_types::SdkConfig;
use aws_types::region::Region;
use mlink_core::{Label, MacKey};
use serde_json::{Value, json};

use crate::api::Api;
use crate::callers::Callers;
use crate::clients;
use crate::login::Login;
use crate::origin::OriginSecret;
use crate::queue::MailQueue;
use crate::response::Response;
use crate::test_links::TestLinks;

const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
/// How many requests a caller has in an hour.
pub const LIMIT: u64 = 60;
/// What the mail function makes.
pub const LINK: &str = "https://site.example/sign-in#secret";

pub fn key() -> MacKey {
    KEY.parse().unwrap()
}

/// What the services are asked.
#[derive(Default)]
pub struct Asked {
    pub counts: Vec<UpdateItemInput>,
    pub markers: Vec<GetItemInput>,
    pub invokes: Vec<InvokeInput>,
    pub messages: Vec<SendMessageInput>,
}

impl Asked {
    /// How many counts, reads of markers, calls of the mail function and messages.
    pub fn calls(&self) -> [usize; 4] {
        let (table, mail) = (self.counts.len(), self.invokes.len());
        [table, self.markers.len(), mail, self.messages.len()]
    }
}

/// A stage whose services all work, unless a rule of the test's own comes first.
pub struct World {
    pub api: Api,
    pub asked: Arc<Mutex<Asked>>,
}

/// How a [`World`] differs from a stage without test users.
#[derive(Default)]
pub struct Setup {
    pub test_users: bool,
    /// The address of the one test user.
    pub marked: Option<&'static str>,
    /// What the mail function answers, instead of a link.
    pub mail: Option<Value>,
    /// What the services do instead of working.
    pub table: Vec<Rule>,
    pub lambda: Vec<Rule>,
    pub queue: Vec<Rule>,
}

impl World {
    pub fn new() -> Self {
        Self::with(Setup::default())
    }

    pub fn with(setup: Setup) -> Self {
        let asked = Arc::new(Mutex::new(Asked::default()));
        let table: Vec<Rule> = setup
            .table
            .into_iter()
            .chain(table(&asked, setup.marked))
            .collect();
        let lambda: Vec<Rule> = setup
            .lambda
            .into_iter()
            .chain([lambda(&asked, setup.mail)])
            .collect();
        let queue: Vec<Rule> = setup.queue.into_iter().chain([queue(&asked)]).collect();

        let dynamodb = mock_client!(
            aws_sdk_dynamodb,
            RuleMode::MatchAny,
            &table,
            clients::in_time
        );
        let test_links = TestLinks {
            dynamodb: dynamodb.clone(),
            table: "links".to_owned(),
            lambda: mock_client!(aws_sdk_lambda, RuleMode::MatchAny, &lambda),
            mail_function: "mlink-test-mail".to_owned(),
            key: key(),
        };
        let sqs = mock_client!(aws_sdk_sqs, RuleMode::MatchAny, &queue);
        let login = Login {
            callers: Callers::new(dynamodb, "links".to_owned(), key(), LIMIT),
            test_links: setup.test_users.then_some(test_links),
            queue: MailQueue::new(sqs, "https://queue.example/mail".to_owned()),
            key: key(),
        };
        Self {
            api: api(login),
            asked,
        }
    }

    pub async fn answer(&self, event: Value) -> Response {
        super::answer(&self.api, event).await
    }

    pub fn calls(&self) -> [usize; 4] {
        self.asked.lock().unwrap().calls()
    }
}

fn api(login: Login) -> Api {
    let origin = "the origin secret of this stage".to_owned();
    Api::new(login, OriginSecret::new(origin))
}

/// A table that counts, and holds the marker of one address at most.
fn table(asked: &Arc<Mutex<Asked>>, marked: Option<&'static str>) -> [Rule; 2] {
    let (seen, counts) = (Arc::clone(asked), Mutex::new(HashMap::new()));
    let count = mock!(aws_sdk_dynamodb::Client::update_item).then_compute_output(move |input| {
        seen.lock().unwrap().counts.push(input.clone());
        let mut counts = counts.lock().unwrap();
        let count = counts.entry(text(input.key(), "pk")).or_insert(0);
        *count += 1;
        let count = AttributeValue::N(count.to_string());
        UpdateItemOutput::builder()
            .attributes("count", count)
            .build()
    });
    let seen = Arc::clone(asked);
    let read = mock!(aws_sdk_dynamodb::Client::get_item).then_compute_output(move |input| {
        seen.lock().unwrap().markers.push(input.clone());
        let is_marked = text(input.key(), "pk") == "test#"
            && marked.is_some_and(|email| text(input.key(), "sk") == key().mac(Label::Test, email));
        let marker = is_marked.then(|| input.key().unwrap().clone());
        GetItemOutput::builder().set_item(marker).build()
    });
    [count, read]
}

/// A mail function that makes a link, or answers what it is told.
fn lambda(asked: &Arc<Mutex<Asked>>, answer: Option<Value>) -> Rule {
    let seen = Arc::clone(asked);
    let made = json!({ "url": LINK, "expires_at": 1_800_000_000, "email": "alice@example.com" });
    let answer = answer.unwrap_or(made).to_string();
    mock!(aws_sdk_lambda::Client::invoke).then_compute_output(move |input| {
        seen.lock().unwrap().invokes.push(input.clone());
        InvokeOutput::builder()
            .status_code(200)
            .payload(Blob::new(answer.clone()))
            .build()
    })
}

fn queue(asked: &Arc<Mutex<Asked>>) -> Rule {
    let seen = Arc::clone(asked);
    mock!(aws_sdk_sqs::Client::send_message).then_compute_output(move |input| {
        seen.lock().unwrap().messages.push(input.clone());
        SendMessageOutput::builder().build()
    })
}

pub fn text(key: Option<&HashMap<String, AttributeValue>>, name: &str) -> String {
    key.unwrap()[name].as_s().unwrap().clone()
}

/// A network that swallows everything.
pub fn silence() -> (SdkConfig, NeverClient) {
    let network = NeverClient::new();
    let credentials = SharedCredentialsProvider::new(Credentials::for_tests());
    let sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(credentials)
        .http_client(network.clone());
    (sdk.build(), network)
}
