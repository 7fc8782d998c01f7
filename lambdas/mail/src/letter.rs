use mlink_core::{Code, Secret, Sender};

use crate::lifetime::Lifetime;
use crate::moment::Moment;

/// A mail as it will be read.
pub struct Letter {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// What every letter of the stage has in common.
pub struct Stationery {
    /// Without a slash at its end.
    pub site_url: String,
    /// What people sign in to.
    pub product: String,
    /// Who writes.
    pub brand: String,
    /// The subject of a sign-in letter, in which `{product}` and `{brand}` are filled in.
    pub subject: String,
    /// Whom to tell of mails that nobody asked for.
    pub reply_to: Option<Sender>,
}

/// What is peculiar to one kind of letter. Both bodies say the same.
struct Body {
    heading: String,
    /// What an inbox shows beside the subject.
    preview: String,
    text: &'static str,
    html: &'static str,
}

const FRAME: &str = include_str!("../templates/frame.html");

type Values<'a> = Vec<(&'a str, String)>;

impl Stationery {
    /// The secret stands behind `#`, which browsers keep to themselves.
    pub fn link(&self, secret: &Secret) -> String {
        format!("{}/sign-in#{}", self.site_url, secret.reveal())
    }

    /// The letter around one secret and one code, for who asked at that moment. The code has two
    /// halves to be read by, and no space to be copied with.
    pub fn sign_in(
        &self,
        secret: &Secret,
        code: &Code,
        lifetime: Lifetime,
        asked_at: Moment,
    ) -> Letter {
        let code = code.reveal();
        let (first_half, second_half) = code.split_at(code.len() / 2);
        let mut values = self.values(secret, lifetime);
        values.extend([
            ("asked_at", asked_at.to_string()),
            ("first_half", first_half.to_owned()),
            ("second_half", second_half.to_owned()),
            ("code", code),
        ]);
        let body = Body {
            heading: format!("Sign in to {}", line(&self.product)),
            preview: format!("A link and a code. Each works once, and for {lifetime}."),
            text: include_str!("../templates/sign-in.txt"),
            html: include_str!("../templates/sign-in.html"),
        };
        self.letter(&self.subject, &body, &values)
    }

    /// The letter of welcome around one secret. It has no code: nobody waits for one.
    pub fn invitation(&self, secret: &Secret, lifetime: Lifetime) -> Letter {
        let body = Body {
            heading: format!("Welcome to {}", line(&self.product)),
            preview: format!("A link to sign in with. It works once, and for {lifetime}."),
            text: include_str!("../templates/invitation.txt"),
            html: include_str!("../templates/invitation.html"),
        };
        self.letter(
            "Your invitation to {product}",
            &body,
            &self.values(secret, lifetime),
        )
    }

    fn values(&self, secret: &Secret, lifetime: Lifetime) -> Values<'_> {
        vec![
            ("product", line(&self.product)),
            ("brand", line(&self.brand)),
            ("site", format!("{}/", self.site_url)),
            ("link", self.link(secret)),
            ("lifetime", lifetime.to_string()),
            ("complaint", self.complaint()),
        ]
    }

    /// To HTML a line break is a space.
    fn complaint(&self) -> String {
        let reply_to = self.reply_to.as_ref();
        let sentence = reply_to.map(|sender| {
            let address = sender.address().as_str();
            format!("\nIf such mails keep coming, write to {address}.")
        });
        sentence.unwrap_or_default()
    }

    fn letter(&self, subject: &str, body: &Body, values: &Values<'_>) -> Letter {
        let names = [
            ("product", self.product.clone()),
            ("brand", self.brand.clone()),
        ];
        let marked_up: Values<'_> = values
            .iter()
            .map(|(name, value)| (*name, escaped(value)))
            .collect();
        let framed = [
            ("heading", escaped(&body.heading)),
            ("preview", escaped(&body.preview)),
            ("brand", escaped(&line(&self.brand))),
            ("body", fill(body.html, ("{{", "}}"), &marked_up)),
        ];
        Letter {
            subject: line(&fill(subject, ("{", "}"), &names)),
            text: fill(body.text, ("{{", "}}"), values),
            html: fill(FRAME, ("{{", "}}"), &framed),
        }
    }
}

/// A text on one line: a line break would end the subject, and what follows be taken for another
/// header.
fn line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// Puts the values in place of their names between the brackets, in one pass, so that nothing inside
/// a value is taken for a name. What is no name stays as it is.
fn fill(template: &str, (open, close): (&str, &str), values: &[(&str, String)]) -> String {
    let mut filled = String::with_capacity(2 * template.len());
    let mut pieces = template.split(open);
    filled.extend(pieces.next());
    for piece in pieces {
        let named = piece.split_once(close).and_then(|(name, rest)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some([value, rest])
        });
        filled.extend(named.unwrap_or([open, piece]));
    }
    filled
}

/// A text that HTML shows as it is, in an element or in a quoted attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
#[path = "letter_tests.rs"]
mod tests;
