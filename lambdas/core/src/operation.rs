use serde::{Deserialize, Serialize};

/// What `mail` does when it is invoked, and not by its queue: for an administrator at the command
/// line, or for `api` in the case of a test user. IAM says who may. It holds addresses and so has
/// no `Debug`.
#[derive(Clone, Deserialize, Serialize)]
#[serde(tag = "operation", rename_all = "snake_case", deny_unknown_fields)]
pub enum Operation {
    /// Makes a link that nobody is mailed. Answers with an [`Issued`].
    IssueLink {
        email: String,
        /// ARN of who asks; it stands in the table and in the log.
        issuer: String,
        /// In seconds; by default the stage's lifetime of links.
        lifetime: Option<u64>,
    },
    /// Makes a link and mails it with words of welcome. Answers with an [`Issued`] without its URL.
    Invite {
        email: String,
        issuer: String,
        lifetime: Option<u64>,
    },
    /// Makes a link for a test user, on request of `api`. Answers with an [`Issued`].
    TestLink { email: String },
    /// Makes a user a test user, whose links are given to whoever asks. Whoever has the address after
    /// that user is none. Answers with a [`Marked`].
    MarkTest { email: String },
    /// The reverse. Answers with a [`Marked`].
    UnmarkTest { email: String },
    /// Counts the test users, and tells which of these addresses are theirs. Answers with a
    /// [`TestUsers`].
    ListTest {
        #[serde(default)]
        emails: Vec<String>,
    },
    /// Deletes everything that the table holds of a user. Answers with a [`Forgotten`].
    ForgetUser { sub: String },
}

/// The answer to an operation.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Answered<T> {
    Refused { refused: Refusal },
    Done(T),
}

/// Why an operation was not carried out. Nothing was changed then, except that an invited user's
/// link may have been made.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The address is none.
    NotAnAddress,
    /// No user has it.
    Unknown,
    Disabled,
    /// The user has signed up and never confirmed it.
    Unconfirmed,
    /// The user has no verified address.
    Unverified,
    /// A link is good for a minute to 7 days.
    Lifetime,
    /// The user is no test user.
    NotATestUser,
    /// The stage allows no test users.
    NoTestUsers,
    /// The stage has no sender.
    NoSender,
    /// SES refused the mail, in its own word.
    Mail(String),
}

impl Refusal {
    /// The word for it in a log line, which is that of its JSON too.
    pub fn as_str(&self) -> &str {
        match self {
            Self::NotAnAddress => "not_an_address",
            Self::Unknown => "unknown",
            Self::Disabled => "disabled",
            Self::Unconfirmed => "unconfirmed",
            Self::Unverified => "unverified",
            Self::Lifetime => "lifetime",
            Self::NotATestUser => "not_a_test_user",
            Self::NoTestUsers => "no_test_users",
            Self::NoSender => "no_sender",
            Self::Mail(word) => word,
        }
    }
}

/// A link that was made. It holds a secret and an address and so has no `Debug`.
#[derive(Clone, Deserialize, Serialize)]
pub struct Issued {
    /// The link; empty where it went out by mail.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// In seconds since 1970.
    pub expires_at: u64,
    /// The address that the link is for, as Cognito has it.
    pub email: String,
}

/// Whether a marker was set, or removed; not if everything was so before.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Marked {
    pub changed: bool,
}

/// The test users of the stage. It holds addresses and so has no `Debug`.
#[derive(Clone, Deserialize, Serialize)]
pub struct TestUsers {
    /// How many there are.
    pub test_users: u64,
    /// Those among the addresses that were asked about.
    pub emails: Vec<String>,
}

/// How many links went.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Forgotten {
    pub links_removed: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json, to_value};

    #[test]
    fn an_operation_is_named_in_its_json() {
        let operation = Operation::IssueLink {
            email: "a@b.co".to_owned(),
            issuer: "arn:aws:iam::123456789012:user/ada".to_owned(),
            lifetime: None,
        };
        let json = json!({
            "operation": "issue_link", "email": "a@b.co",
            "issuer": "arn:aws:iam::123456789012:user/ada", "lifetime": null
        });
        assert_eq!(to_value(&operation).unwrap(), json);
        let listed: Operation = from_value(json!({ "operation": "list_test" })).unwrap();
        assert!(matches!(listed, Operation::ListTest { emails } if emails.is_empty()));
    }

    #[test]
    fn a_refusal_has_one_word() {
        for refusal in [
            Refusal::NotAnAddress,
            Refusal::Unknown,
            Refusal::Disabled,
            Refusal::Unconfirmed,
            Refusal::Unverified,
            Refusal::Lifetime,
            Refusal::NotATestUser,
            Refusal::NoTestUsers,
            Refusal::NoSender,
        ] {
            assert_eq!(to_value(&refusal).unwrap(), refusal.as_str());
        }
        assert_eq!(Refusal::Mail("Throttled".to_owned()).as_str(), "Throttled");
    }

    #[test]
    fn a_refusal_is_told_from_an_answer() {
        let refused: Answered<Marked> =
            from_value(json!({ "refused": { "mail": "MessageRejected" } })).unwrap();
        let Answered::Refused { refused } = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(refused, Refusal::Mail("MessageRejected".to_owned()));
        let refused = Answered::<Marked>::Refused {
            refused: Refusal::Unknown,
        };
        assert_eq!(to_value(&refused).unwrap(), json!({ "refused": "unknown" }));
        let done: Answered<Marked> = from_value(json!({ "changed": true })).unwrap();
        assert!(matches!(done, Answered::Done(Marked { changed: true })));
    }
}
