use serde_json::Value;

use crate::{Attempt, Round};

/// Which of Cognito's three questions an event asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    Define,
    Create,
    Verify,
}

/// A Cognito trigger event, read leniently: Cognito sends nulls, leaves maps out and adds fields,
/// so whatever is missing or of another type is just absent. It borrows the event, which goes
/// back to Cognito with everything in it but the response as it came.
///
/// <https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-challenge.html>
#[derive(Clone, Copy)]
pub struct Event<'a>(&'a Value);

impl<'a> Event<'a> {
    pub fn new(event: &'a Value) -> Self {
        Self(event)
    }

    /// The question; `None` for a trigger that is none of ours.
    pub fn trigger(self) -> Option<Trigger> {
        match self.0.get("triggerSource")?.as_str()? {
            "DefineAuthChallenge_Authentication" => Some(Trigger::Define),
            "CreateAuthChallenge_Authentication" => Some(Trigger::Create),
            "VerifyAuthChallengeResponse_Authentication" => Some(Trigger::Verify),
            _ => None,
        }
    }

    /// The rounds so far. An entry that cannot be read counts as a failed round of somebody
    /// else's, which never helps a sign-in.
    pub fn session(self) -> Vec<Round> {
        let entries = self.request("session").and_then(Value::as_array);
        entries.into_iter().flatten().map(round).collect()
    }

    /// The user's `sub`; `None` if there is no such user.
    pub fn sub(self) -> Option<&'a str> {
        self.attribute("sub")
    }

    /// The user's address as Cognito has it; `None` if there is no such user.
    pub fn email(self) -> Option<&'a str> {
        self.attribute("email")
    }

    /// What the person answered.
    pub fn answer(self) -> Option<&'a str> {
        self.request("challengeAnswer")?.as_str()
    }

    /// The name that Create gave this round. An empty one is none: as a consumer it would be
    /// shared by every sign-in, and a link could be used twice.
    pub fn attempt(self) -> Option<&'a str> {
        let parameters = self.request("privateChallengeParameters")?;
        filled(parameters.get(Attempt::PARAMETER)?)
    }

    fn attribute(self, name: &str) -> Option<&'a str> {
        if self.request("userNotFound").and_then(Value::as_bool) == Some(true) {
            return None;
        }
        filled(self.request("userAttributes")?.get(name)?)
    }

    fn request(self, field: &str) -> Option<&'a Value> {
        self.0.get("request")?.get(field)
    }
}

fn round(entry: &Value) -> Round {
    let name = entry.get("challengeName").and_then(Value::as_str);
    let result = entry.get("challengeResult").and_then(Value::as_bool);
    Round {
        custom: name == Some("CUSTOM_CHALLENGE"),
        passed: result == Some(true),
    }
}

fn filled(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_is_missing_is_absent() {
        for event in [
            json!(null),
            json!([]),
            json!({}),
            json!({"request": null}),
            json!({"request": {}}),
            json!({"request": {"userAttributes": null, "session": null, "challengeAnswer": null,
                "privateChallengeParameters": null, "userNotFound": null}}),
            json!({"request": {"userAttributes": {"sub": null, "email": 7}, "session": {},
                "challengeAnswer": 7, "privateChallengeParameters": {"attempt": ""}}}),
        ] {
            let event = Event::new(&event);
            assert_eq!(event.trigger(), None);
            assert_eq!(event.session(), []);
            assert_eq!(event.sub(), None);
            assert_eq!(event.email(), None);
            assert_eq!(event.answer(), None);
            assert_eq!(event.attempt(), None);
        }
    }

    #[test]
    fn an_unreadable_round_is_a_failed_one_of_somebody_elses() {
        let event = json!({"request": {"session": [
            null,
            "CUSTOM_CHALLENGE",
            {"challengeName": null, "challengeResult": "true"},
            {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": null},
        ]}});
        let lost = Round {
            custom: false,
            passed: false,
        };
        let unanswered = Round {
            custom: true,
            passed: false,
        };
        assert_eq!(Event::new(&event).session(), [lost, lost, lost, unanswered]);
    }

    #[test]
    fn a_user_not_found_has_no_attributes() {
        let event = json!({"request": {"userNotFound": true,
            "userAttributes": {"sub": "s", "email": "a@b.co"}}});
        assert_eq!(Event::new(&event).sub(), None);
        assert_eq!(Event::new(&event).email(), None);
    }

    proptest! {
        #[test]
        fn no_json_crashes_it(text in "\\PC{0,20}", number in any::<i64>()) {
            for value in [json!(text), json!(number), json!([text]), json!({"request": text})] {
                let event = Event::new(&value);
                prop_assert_eq!(event.trigger(), None);
                prop_assert_eq!(event.session(), vec![]);
            }
        }
    }
}
