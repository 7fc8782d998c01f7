use serde::{Deserialize, Serialize};

/// The body of `POST /api/login`, as it came: nothing in it is believed yet.
#[derive(Deserialize)]
pub struct LoginRequest {
    pub email: String,
}

/// The one answer to it, whatever the address.
pub const ACCEPTED: &str =
    r#"{"message":"If that address has an account, a sign-in mail is on its way."}"#;

/// What `api` puts on the queue for `mail`.
#[derive(Clone, Deserialize, Serialize)]
pub struct QueueMessage {
    /// The address as [`Email`](crate::Email) spells it.
    pub email: String,
    /// Names the request in the logs of both functions, and makes sure of one mail for it.
    pub request_id: String,
    /// When the request was made, in seconds since 1970.
    pub at: u64,
}

/// After that a message is dropped: whoever waited for the mail has asked again.
pub const MESSAGE_LIFETIME_SECONDS: u64 = 5 * 60;

impl QueueMessage {
    /// Whether it waited too long. Clocks differ a little, so a time to come is not old.
    pub fn is_stale(&self, now: u64) -> bool {
        now.saturating_sub(self.at) > MESSAGE_LIFETIME_SECONDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_stale_after_five_minutes() {
        let message = QueueMessage {
            email: "a@b.co".into(),
            request_id: "r".into(),
            at: 1_000,
        };
        for (now, stale) in [(990, false), (1_000, false), (1_300, false), (1_301, true)] {
            assert_eq!(message.is_stale(now), stale, "{now}");
        }
    }

    #[test]
    fn the_constant_answer_is_json() {
        let body: serde_json::Value = serde_json::from_str(ACCEPTED).unwrap();
        assert!(body["message"].is_string());
    }
}
