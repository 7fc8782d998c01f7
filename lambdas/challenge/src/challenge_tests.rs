//! The function against events as Cognito sends them, and a table that answers what it is told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::{
    UpdateItemError, UpdateItemInput, UpdateItemOutput,
};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::error::{
    ConditionalCheckFailedException, ProvisionedThroughputExceededException,
};
use aws_smithy_http_client::test_util::NeverClient;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use aws_types::SdkConfig;
use tokio::time::Instant;

use super::*;
use crate::clients;

#[path = "challenge_tests/audit.rs"]
mod audit;
#[path = "challenge_tests/codes.rs"]
mod codes;

const SUB: &str = "62c5a4f4-60e1-70de-4b7c-0b5a3c1d2e3f";
/// SHA-256 of the bytes 0 to 31, the secret in `events/verify.json`.
const HASH: &str = "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd";
const ATTEMPT: &str = "oKGio6SlpqeoqaqrrK2ur7CxsrO0tba3uLm6u7y9vr8";
/// HMAC-SHA-256 of `email`, a zero byte and `alice@example.com` under a key of 32 ones.
const EMAIL_MAC: &str = "8fd2b2ac75307dc0d18f52cb61cb1b0fed2ad35bf2c3df44ad42c125087e6734";

const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";

macro_rules! event {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../events/", $name, ".json"))).unwrap()
    };
}

fn key() -> MacKey {
    KEY.parse().unwrap()
}

fn challenge(client: Client) -> Challenge {
    let table = "links".to_owned();
    Challenge::new(
        Links::new(client.clone(), table.clone()),
        Codes::new(client, table, key()),
        key(),
    )
}

fn with_table(rule: &Rule) -> Challenge {
    challenge(mock_client!(
        aws_sdk_dynamodb,
        RuleMode::MatchAny,
        [rule],
        clients::in_time
    ))
}

/// For what must not touch the table: a client without a rule panics when it is used.
fn without_table() -> Challenge {
    let none: [&Rule; 0] = [];
    challenge(mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, none))
}

fn consumed() -> Rule {
    mock!(Client::update_item).then_output(|| UpdateItemOutput::builder().build())
}

fn refused() -> Rule {
    mock!(Client::update_item).then_error(|| {
        let error = ConditionalCheckFailedException::builder().build();
        UpdateItemError::ConditionalCheckFailedException(error)
    })
}

/// A rule that accepts the write and keeps what was asked of it.
fn recorded() -> (Rule, Arc<Mutex<Vec<UpdateItemInput>>>) {
    let inputs = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&inputs);
    let rule = mock!(Client::update_item)
        .match_requests(move |input| {
            seen.lock().unwrap().push(input.clone());
            true
        })
        .then_output(|| UpdateItemOutput::builder().build());
    (rule, inputs)
}

fn text<'a>(input: &'a UpdateItemInput, name: &str) -> &'a str {
    let values = input.expression_attribute_values().unwrap();
    values[name].as_s().unwrap()
}

fn number(input: &UpdateItemInput, name: &str) -> u64 {
    let values = input.expression_attribute_values().unwrap();
    values[name].as_n().unwrap().parse().unwrap()
}

async fn response(challenge: &Challenge, event: Value) -> Value {
    challenge.answer(event).await.unwrap()["response"].take()
}

#[tokio::test]
async fn everything_but_the_response_goes_back_as_it_came() {
    let sent = event!("define-first");
    let mut expected = sent.clone();
    expected["response"] = json!({
        "challengeName": "CUSTOM_CHALLENGE", "issueTokens": false, "failAuthentication": false
    });
    assert_eq!(without_table().answer(sent).await.unwrap(), expected);
}

#[tokio::test]
async fn define_challenges_known_and_unknown_alike() {
    let known = response(&without_table(), event!("define-first")).await;
    let unknown = response(&without_table(), event!("define-user-not-found")).await;
    let nulls = response(&without_table(), event!("define-nulls")).await;
    assert_eq!(known["challengeName"], "CUSTOM_CHALLENGE");
    assert_eq!(known, unknown);
    assert_eq!(known, nulls);
}

#[tokio::test]
async fn define_issues_tokens_for_a_right_answer() {
    let expected = json!({ "issueTokens": true, "failAuthentication": false });
    let event = event!("define-after-right");
    assert_eq!(response(&without_table(), event).await, expected);
}

#[tokio::test]
async fn define_fails_after_three_wrong_answers() {
    let expected = json!({ "issueTokens": false, "failAuthentication": true });
    let event = event!("define-after-three-wrong");
    assert_eq!(response(&without_table(), event).await, expected);
}

#[tokio::test]
async fn define_issues_no_tokens_to_who_began_with_srp() {
    let response = response(&without_table(), event!("define-after-srp")).await;
    assert_eq!(response["issueTokens"], false);
}

#[tokio::test]
async fn create_gives_a_fresh_attempt_and_tells_the_public_nothing() {
    for event in [event!("create"), event!("create-user-not-found")] {
        let one = response(&without_table(), event.clone()).await;
        let two = response(&without_table(), event).await;
        let attempt = &one["privateChallengeParameters"]["attempt"];
        assert_eq!(one["publicChallengeParameters"], json!({}));
        assert_eq!(attempt.as_str().unwrap().len(), 43);
        assert_ne!(attempt, &two["privateChallengeParameters"]["attempt"]);
    }
}

#[tokio::test]
async fn verify_accepts_what_the_table_accepts() {
    let challenge = with_table(&consumed());
    let expected = json!({ "answerCorrect": true });
    assert_eq!(response(&challenge, event!("verify")).await, expected);
}

#[tokio::test]
async fn verify_asks_for_the_link_of_this_user_and_address() {
    let (rule, inputs) = recorded();
    response(&with_table(&rule), event!("verify")).await;

    let inputs = inputs.lock().unwrap();
    let [input] = inputs.as_slice() else {
        panic!("{} calls", inputs.len());
    };
    let key = input.key().unwrap();
    assert_eq!(input.table_name(), Some("links"));
    assert_eq!(key["pk"], AttributeValue::S(format!("user#{SUB}")));
    assert_eq!(key["sk"], AttributeValue::S(format!("link#{HASH}")));
    assert_eq!(text(input, ":attempt"), ATTEMPT);
    assert_eq!(text(input, ":email_mac"), EMAIL_MAC);
    assert_eq!(
        number(input, ":tombstone") - number(input, ":now"),
        24 * 60 * 60
    );
    assert!(epoch_seconds().abs_diff(number(input, ":now")) < 60);
    assert_eq!(
        input.condition_expression(),
        Some(
            "#exp > :now AND #email_mac = :email_mac \
             AND (attribute_not_exists(#consumer) OR #consumer = :attempt)"
        )
    );
}

#[tokio::test]
async fn verify_asks_the_same_of_nobody() {
    let (rule, inputs) = recorded();
    let challenge = with_table(&rule);
    response(&challenge, event!("verify")).await;
    response(&challenge, event!("verify-user-not-found")).await;

    let inputs = inputs.lock().unwrap();
    let [known, unknown] = inputs.as_slice() else {
        panic!("{} calls", inputs.len());
    };
    assert_eq!(known.update_expression(), unknown.update_expression());
    assert_eq!(known.condition_expression(), unknown.condition_expression());
    let partition = unknown.key().unwrap()["pk"].as_s().unwrap();
    assert_eq!(*partition, format!("user#nobody/{HASH}"));
    assert_ne!(text(unknown, ":email_mac"), EMAIL_MAC);
}

#[tokio::test]
async fn verify_says_wrong_where_the_condition_fails() {
    let expected = json!({ "answerCorrect": false });
    for event in [event!("verify"), event!("verify-user-not-found")] {
        assert_eq!(response(&with_table(&refused()), event).await, expected);
    }
}

#[tokio::test]
async fn verify_says_wrong_to_what_is_no_answer_without_asking() {
    let expected = json!({ "answerCorrect": false });
    let huge = format!("link.{}", "A".repeat(1 << 20));
    let answers = [
        json!(null),
        json!(""),
        json!("link."),
        json!("code."),
        json!("code.1234567"),
        json!("code.123456789"),
        json!("code.1234 5678"),
        json!("code.１２３４５６７８"),
        json!(7),
        json!(huge),
    ];
    for answer in answers {
        let mut event = event!("verify");
        event["request"]["challengeAnswer"] = answer;
        assert_eq!(response(&without_table(), event).await, expected);
    }
    let nulls = event!("verify-nulls");
    assert_eq!(response(&without_table(), nulls).await, expected);
}

/// Else every sign-in would have the same consumer, and a link or a code would work twice.
#[tokio::test]
async fn verify_says_wrong_where_the_attempt_has_no_name() {
    let expected = json!({ "answerCorrect": false });
    for parameters in [json!(null), json!({}), json!({ "attempt": "" })] {
        for mut event in [event!("verify"), event!("verify-code")] {
            event["request"]["privateChallengeParameters"] = parameters.clone();
            assert_eq!(response(&without_table(), event).await, expected);
        }
    }
}

#[tokio::test]
async fn verify_fails_rather_than_lie_where_the_table_is_in_trouble() {
    let throttled = mock!(Client::update_item).then_error(|| {
        let error = ProvisionedThroughputExceededException::builder()
            .meta(
                aws_sdk_dynamodb::error::ErrorMetadata::builder()
                    .code("ProvisionedThroughputExceededException")
                    .message("about alice@example.com")
                    .build(),
            )
            .build();
        UpdateItemError::ProvisionedThroughputExceededException(error)
    });
    for event in [event!("verify"), event!("verify-code")] {
        let error = with_table(&throttled).answer(event).await;
        assert_eq!(
            error.unwrap_err().to_string(),
            "the link table did not answer: ProvisionedThroughputExceededException"
        );
    }
}

/// As DynamoDB does now and then, for a moment.
#[tokio::test(start_paused = true)]
async fn verify_asks_again_where_the_table_stumbles() {
    let stumbling = mock!(Client::update_item)
        .sequence()
        .http_status(500, None)
        .times(2)
        .output(|| UpdateItemOutput::builder().build())
        .build();
    let expected = json!({ "answerCorrect": true });
    let challenge = with_table(&stumbling);
    assert_eq!(response(&challenge, event!("verify")).await, expected);
    assert_eq!(stumbling.num_calls(), 3);
}

/// A network that swallows everything.
fn silence() -> (SdkConfig, NeverClient) {
    let network = NeverClient::new();
    let sdk = SdkConfig::builder()
        .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
        .region(aws_types::region::Region::new("eu-west-1"))
        .credentials_provider(aws_sdk_dynamodb::config::SharedCredentialsProvider::new(
            aws_sdk_dynamodb::config::Credentials::for_tests(),
        ))
        .http_client(network.clone());
    (sdk.build(), network)
}

/// With the client that `main` makes.
#[tokio::test(start_paused = true)]
async fn verify_gives_up_within_three_seconds() {
    let (sdk, network) = silence();
    let challenge = challenge(clients::dynamodb(&sdk));
    for event in [event!("verify"), event!("verify-code")] {
        let (begun, calls) = (Instant::now(), network.num_calls());
        let error = challenge.answer(event).await.unwrap_err();

        assert!(begun.elapsed() <= Duration::from_secs(3));
        assert!(network.num_calls() > calls + 1, "it was not tried again");
        assert_eq!(error.to_string(), "the link table did not answer: Timeout");
    }
}

/// Two calls that are in time each may not be so together, so the whole has a limit of its own. It
/// shows best with a client that has none.
#[tokio::test(start_paused = true)]
async fn verify_gives_up_within_three_seconds_in_all() {
    let (sdk, _) = silence();
    let challenge = challenge(Client::new(&sdk));
    for event in [event!("verify"), event!("verify-code")] {
        let begun = Instant::now();
        let answer = timeout(Duration::from_secs(60), challenge.answer(event)).await;
        let error = answer.unwrap().unwrap_err();

        assert!(begun.elapsed() <= Duration::from_millis(3001));
        assert_eq!(error.to_string(), "the link table did not answer: Timeout");
    }
}

#[tokio::test]
async fn another_trigger_is_an_error() {
    for event in [event!("other-trigger"), json!({}), json!(null)] {
        let error = without_table().answer(event).await.unwrap_err();
        assert!(matches!(error, Error::OtherTrigger));
    }
}
