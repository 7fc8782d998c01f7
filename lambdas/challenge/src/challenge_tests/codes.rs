//! Codes, against a table that holds one and understands the two writes about it, no others.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::error::InternalServerError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use aws_smithy_mocks::MockResponse;
use mlink_core::Code;

use super::*;

const COUNT: &str = "#exp > :now AND #email_mac = :email_mac \
    AND attribute_not_exists(#consumer) AND #wrong < :most AND NOT contains(#guesses, :guess)";
const CLOSE: &str = "#exp > :now AND #email_mac = :email_mac AND #mac = :mac \
    AND (attribute_not_exists(#consumer) OR #consumer = :attempt)";

const KNOWN: &str = include_str!("../../events/verify-code.json");
const UNKNOWN: &str = include_str!("../../events/verify-code-user-not-found.json");

fn event(recorded: &str) -> Value {
    serde_json::from_str(recorded).unwrap()
}

type Answer = MockResponse<UpdateItemOutput, UpdateItemError>;

/// The code of Alice, 00000042 unless told otherwise.
#[derive(Clone)]
struct Stored {
    mac: String,
    email_mac: String,
    exp: u64,
    wrong: u64,
    guesses: BTreeSet<String>,
    consumer: Option<String>,
}

impl Stored {
    fn code(code: &str) -> Self {
        Self {
            mac: Code::parse(code).unwrap().mac(&key(), SUB),
            email_mac: EMAIL_MAC.to_owned(),
            exp: epoch_seconds() + 60,
            wrong: 0,
            guesses: BTreeSet::new(),
            consumer: None,
        }
    }

    /// As the table would, where `is_there` says whether the key is that of the item.
    fn update(&mut self, input: &UpdateItemInput, is_there: bool) -> Answer {
        let is_good = is_there
            && self.exp > number(input, ":now")
            && self.email_mac == text(input, ":email_mac");
        match input.condition_expression() {
            Some(COUNT) => self.count(input, is_there, is_good),
            Some(CLOSE) => self.close(input, is_good),
            other => panic!("{other:?}"),
        }
    }

    fn count(&mut self, input: &UpdateItemInput, is_there: bool, is_good: bool) -> Answer {
        let updated = input.update_expression();
        assert_eq!(updated, Some("ADD #wrong :one, #guesses :guesses"));
        assert_eq!(input.return_values(), Some(&ReturnValue::AllNew));
        assert_eq!(
            input.return_values_on_condition_check_failure(),
            Some(&ReturnValuesOnConditionCheckFailure::AllOld)
        );
        let guess = text(input, ":guess");
        let set = AttributeValue::Ss(vec![guess.to_owned()]);
        assert_eq!(
            input.expression_attribute_values().unwrap()[":guesses"],
            set
        );
        let is_new = !self.guesses.contains(guess);
        if is_good && is_new && self.consumer.is_none() && self.wrong < number(input, ":most") {
            self.wrong += number(input, ":one");
            self.guesses.insert(guess.to_owned());
            let output = UpdateItemOutput::builder().set_attributes(Some(self.item()));
            return MockResponse::Output(output.build());
        }
        refused(is_there.then(|| self.item()))
    }

    fn close(&mut self, input: &UpdateItemInput, is_good: bool) -> Answer {
        assert_eq!(input.update_expression(), Some("SET #consumer = :attempt"));
        let attempt = text(input, ":attempt");
        let is_free = self.consumer.as_deref().is_none_or(|by| by == attempt);
        if is_good && is_free && self.mac == text(input, ":mac") {
            self.consumer = Some(attempt.to_owned());
            return MockResponse::Output(UpdateItemOutput::builder().build());
        }
        refused(None)
    }

    fn item(&self) -> HashMap<String, AttributeValue> {
        let guesses: Vec<String> = self.guesses.iter().cloned().collect();
        let mut item = HashMap::from([
            ("mac".to_owned(), AttributeValue::S(self.mac.clone())),
            (
                "wrong".to_owned(),
                AttributeValue::N(self.wrong.to_string()),
            ),
        ]);
        if !guesses.is_empty() {
            item.insert("guesses".to_owned(), AttributeValue::Ss(guesses));
        }
        item
    }
}

fn refused(item: Option<HashMap<String, AttributeValue>>) -> Answer {
    let refused = ConditionalCheckFailedException::builder().set_item(item);
    MockResponse::Error(UpdateItemError::ConditionalCheckFailedException(
        refused.build(),
    ))
}

/// The function and the table behind it.
struct World {
    stored: Arc<Mutex<Stored>>,
    inputs: Arc<Mutex<Vec<UpdateItemInput>>>,
    challenge: Challenge,
}

impl World {
    fn new(stored: Stored) -> Self {
        Self::where_meanwhile(stored, |_, _| false)
    }

    /// After each call `meanwhile` happens to the code, told how many calls there were; what it
    /// returns says whether the answer to the call gets lost.
    fn where_meanwhile(
        stored: Stored,
        meanwhile: impl Fn(&mut Stored, usize) -> bool + Send + Sync + 'static,
    ) -> Self {
        let stored = Arc::new(Mutex::new(stored));
        let inputs = Arc::new(Mutex::new(Vec::new()));
        let (row, seen) = (Arc::clone(&stored), Arc::clone(&inputs));
        let rule = mock!(Client::update_item).then_compute_response(move |input| {
            let is_there = input.key().unwrap()["pk"] == AttributeValue::S(format!("user#{SUB}"))
                && input.key().unwrap()["sk"] == AttributeValue::S("code".to_owned());
            seen.lock().unwrap().push(input.clone());
            let mut row = row.lock().unwrap();
            let answer = row.update(input, is_there);
            if meanwhile(&mut row, seen.lock().unwrap().len()) {
                let lost = InternalServerError::builder().build();
                return MockResponse::Error(UpdateItemError::InternalServerError(lost));
            }
            answer
        });
        let challenge = with_table(&rule);
        Self {
            stored,
            inputs,
            challenge,
        }
    }

    /// Whether a code is right that is answered in the attempt of that name.
    async fn accepts(&self, attempt: &str, code: &str) -> bool {
        self.tries(attempt, code).await.unwrap()
    }

    async fn tries(&self, attempt: &str, code: &str) -> Result<bool, Error> {
        let mut event = event(KNOWN);
        event["request"]["privateChallengeParameters"]["attempt"] = attempt.into();
        event["request"]["challengeAnswer"] = format!("code.{code}").into();
        let answered = self.challenge.answer(event).await?;
        Ok(answered["response"]["answerCorrect"].as_bool().unwrap())
    }

    fn wrong(&self) -> u64 {
        self.stored.lock().unwrap().wrong
    }

    fn calls(&self) -> usize {
        self.inputs.lock().unwrap().len()
    }
}

#[tokio::test]
async fn the_right_code_signs_in() {
    let world = World::new(Stored::code("00000042"));
    assert_eq!(
        response(&world.challenge, event(KNOWN)).await,
        json!({ "answerCorrect": true })
    );
    let stored = world.stored.lock().unwrap();
    assert_eq!(stored.consumer.as_deref(), Some(ATTEMPT));
}

#[tokio::test]
async fn a_code_is_used_once() {
    let world = World::new(Stored::code("00000042"));
    assert!(world.accepts("one", "00000042").await);
    assert!(!world.accepts("two", "00000042").await);
    assert!(!world.accepts("one", "00000043").await);
}

#[tokio::test]
async fn the_attempt_that_used_a_code_may_ask_again() {
    let world = World::new(Stored::code("00000042"));
    assert!(world.accepts("one", "00000042").await);
    assert!(world.accepts("one", "00000042").await);
    assert_eq!(world.wrong(), 1);
}

#[tokio::test]
async fn five_wrong_guesses_kill_a_code_whoever_makes_them() {
    for (wrong, is_alive) in [(4, true), (5, false)] {
        let world = World::new(Stored::code("00000042"));
        for attempt in 0..wrong {
            assert!(!world.accepts(&attempt.to_string(), "00000041").await);
        }
        assert_eq!(world.wrong(), wrong);
        assert_eq!(world.accepts("last", "00000042").await, is_alive, "{wrong}");
        assert_eq!(world.wrong(), 5, "the right guess counts too");
    }
}

#[tokio::test]
async fn a_guess_asked_again_counts_once() {
    let world = World::new(Stored::code("00000042"));
    for attempt in ["one", "two", "one", "two", "two", "one"] {
        assert!(!world.accepts(attempt, "00000041").await);
    }
    assert_eq!(world.wrong(), 2);
    assert!(world.accepts("three", "00000042").await);
}

/// Should a client manage to answer one round of Cognito's more than once.
#[tokio::test]
async fn one_attempt_cannot_try_them_all() {
    let world = World::new(Stored::code("00000042"));
    for code in 37..42 {
        assert!(!world.accepts("one", &format!("{code:08}")).await);
    }
    assert_eq!(world.wrong(), 5);
    assert!(!world.accepts("one", "00000042").await);
}

#[tokio::test]
async fn the_fifth_guess_may_be_the_right_one() {
    let mut stored = Stored::code("00000042");
    stored.wrong = 4;
    assert!(World::new(stored).accepts("one", "00000042").await);
}

#[tokio::test]
async fn wrong_guesses_of_others_meanwhile_do_not_hurt_the_right_one() {
    let world = World::where_meanwhile(Stored::code("00000042"), |stored, _| {
        stored.wrong = 5;
        false
    });
    assert!(world.accepts("one", "00000042").await);
}

#[tokio::test]
async fn of_two_right_guesses_at_once_one_wins() {
    let world = World::where_meanwhile(Stored::code("00000042"), |stored, calls| {
        if calls == 1 {
            stored.consumer = Some("faster".to_owned());
        }
        false
    });
    assert!(!world.accepts("slower", "00000042").await);
    let stored = world.stored.lock().unwrap();
    assert_eq!(stored.consumer.as_deref(), Some("faster"));
}

#[tokio::test]
async fn a_newer_code_takes_the_place_of_one_that_is_being_tried() {
    let world = World::where_meanwhile(Stored::code("00000042"), |stored, calls| {
        if calls == 1 {
            *stored = Stored::code("00000043");
        }
        false
    });
    assert!(!world.accepts("one", "00000042").await);
    assert_eq!(world.stored.lock().unwrap().consumer, None);
    assert!(world.accepts("two", "00000043").await);
}

#[tokio::test]
async fn an_answer_that_got_lost_is_given_again() {
    for lost in [1, 2] {
        let world = World::where_meanwhile(Stored::code("00000042"), move |_, call| call == lost);
        let first = world.tries("one", "00000042").await;
        assert!(matches!(first, Err(Error::Table(_))), "not a lie");
        assert!(world.accepts("one", "00000042").await, "call {lost} lost");
        assert_eq!(world.wrong(), 1);
    }
    let world = World::where_meanwhile(Stored::code("00000042"), |_, call| call == 1);
    assert!(world.tries("one", "00000041").await.is_err());
    assert!(!world.accepts("one", "00000041").await);
    assert_eq!(world.wrong(), 1);
}

#[tokio::test]
async fn a_code_ends_with_the_second_of_its_expiry() {
    let mut stored = Stored::code("00000042");
    stored.exp = epoch_seconds();
    let world = World::new(stored);
    assert!(!world.accepts("one", "00000042").await);
    assert_eq!(world.wrong(), 0);
}

#[tokio::test]
async fn a_code_is_good_for_the_address_it_was_mailed_to() {
    let mut stored = Stored::code("00000042");
    stored.email_mac = key().mac(Label::Email, "alice@elsewhere.example");
    let world = World::new(stored);
    assert!(!world.accepts("one", "00000042").await);
    assert_eq!(world.wrong(), 0);
}

#[tokio::test]
async fn a_wrong_guess_costs_one_call_for_known_and_unknown_alike() {
    let known = World::new(Stored::code("00000041"));
    let unknown = World::new(Stored::code("00000042"));
    let expected = json!({ "answerCorrect": false });
    let answered = response(&known.challenge, event(KNOWN)).await;
    assert_eq!(answered, expected);
    let answered = response(&unknown.challenge, event(UNKNOWN)).await;
    assert_eq!(answered, expected);
    assert_eq!((known.calls(), unknown.calls()), (1, 1));

    let (known, unknown) = (known.inputs.lock().unwrap(), unknown.inputs.lock().unwrap());
    let (known, unknown) = (&known[0], &unknown[0]);
    let names = |input: &UpdateItemInput| {
        let values = input.expression_attribute_values().unwrap();
        values.keys().cloned().collect::<BTreeSet<_>>()
    };
    assert_eq!(known.update_expression(), unknown.update_expression());
    assert_eq!(known.condition_expression(), unknown.condition_expression());
    assert_eq!(known.return_values(), unknown.return_values());
    assert_eq!(names(known), names(unknown));
    assert_ne!(text(unknown, ":email_mac"), EMAIL_MAC);
    let nobody = AttributeValue::S(format!("user#nobody/{ATTEMPT}"));
    assert_eq!(unknown.key().unwrap()["pk"], nobody);
    assert_eq!(unknown.key().unwrap()["sk"], known.key().unwrap()["sk"]);
    assert_eq!(known.table_name(), Some("links"));
}

#[tokio::test]
async fn no_code_is_in_what_the_table_is_asked() {
    let world = World::new(Stored::code("00000042"));
    assert!(world.accepts("one", "00000042").await);
    assert_eq!(world.calls(), 2);
    let asked = format!("{:?}", world.inputs.lock().unwrap());
    assert!(!asked.contains("00000042") && !asked.contains("alice@"));
}
