use crate::{Code, Secret};

/// What a person answers to the challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `link.<secret>`: a link was opened.
    Link(Secret),
    /// `code.<digits>`: a code was typed.
    Code(Code),
}

impl Answer {
    /// Reads the answer that Cognito passes on unexamined: anything that is not exactly an
    /// answer, however long, is `None`, and the length is settled before the content is touched.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_at_checked("link.".len())?;
        match kind {
            "link." => Secret::parse(rest).map(Self::Link),
            "code." => Code::parse(rest).map(Self::Code),
            _ => None,
        }
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
    fn a_code_is_an_answer() {
        let code = Code::generate().unwrap();
        let text = format!("code.{}", code.reveal());
        assert_eq!(Answer::parse(&text), Some(Answer::Code(code)));
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
            format!("code.{secret}"),
            "code".into(),
            "code.".into(),
            "link.12345678".into(),
            "12345678".into(),
            "CODE.12345678".into(),
            "code.1234567".into(),
            "code.123456789".into(),
            "code.1234 5678".into(),
            "code.1234-5678".into(),
            "code. 12345678".into(),
            "code.12345678\n".into(),
            "code.+1234567".into(),
            "code.１２３４５６７８".into(),
            "code.code.12345678".into(),
            format!("code.{}", "1".repeat(1 << 20)),
        ] {
            assert_eq!(Answer::parse(&wrong), None, "{:.80}", wrong);
        }
    }

    proptest! {
        #[test]
        fn exactly_eight_digits_are_a_code(digits in "[0-9]{0,10}") {
            let answer = Answer::parse(&format!("code.{digits}"));
            prop_assert_eq!(answer.is_some(), digits.len() == 8);
            if let Some(Answer::Code(code)) = answer {
                prop_assert_eq!(code.reveal(), digits);
            }
        }

        #[test]
        fn eight_characters_are_a_code_only_as_digits(text in "code\\.[0-9０-９٠-٩ +a]{8}") {
            let rest = &text["code.".len()..];
            let digits = rest.bytes().all(|byte| byte.is_ascii_digit());
            prop_assert_eq!(Answer::parse(&text).is_some(), digits);
        }

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
