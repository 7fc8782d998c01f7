use crate::Secret;

/// What a person answers to the challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `link.<secret>`: a link was opened.
    Link(Secret),
}

impl Answer {
    /// Reads the answer that Cognito passes on unexamined: anything that is not exactly an
    /// answer, however long, is `None`, and the length is settled before the content is touched.
    pub fn parse(text: &str) -> Option<Self> {
        text.strip_prefix("link.")
            .and_then(Secret::parse)
            .map(Self::Link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_link_is_an_answer() {
        let secret = Secret::generate().unwrap();
        let text = format!("link.{}", secret.reveal());
        assert_eq!(Answer::parse(&text), Some(Answer::Link(secret)));
    }

    #[test]
    fn anything_else_is_none() {
        let secret = Secret::generate().unwrap().reveal();
        for wrong in [
            String::new(),
            "link".into(),
            "link.".into(),
            secret.clone(),
            format!("LINK.{secret}"),
            format!("link.{secret} "),
            format!(" link.{secret}"),
            format!("link.{secret}="),
            format!("link.link.{secret}"),
            format!("link.{}", &secret[1..]),
            format!("link.+{}", &secret[1..]),
            format!("link.é{}", &secret[2..]),
            format!("link.{}", "A".repeat(1 << 20)),
        ] {
            assert_eq!(Answer::parse(&wrong), None, "{:.80}", wrong);
        }
    }

    proptest! {
        #[test]
        fn no_text_crashes_it(text in ".*") {
            prop_assert_eq!(Answer::parse(&text), None);
        }

        #[test]
        fn what_parses_is_spelled_as_it_is_revealed(text in "link\\.[A-Za-z0-9_-]{43}") {
            if let Some(Answer::Link(secret)) = Answer::parse(&text) {
                prop_assert_eq!(format!("link.{}", secret.reveal()), text);
            }
        }
    }
}
