use mlink_core::{Code, Secret};

use crate::lifetime::Lifetime;

/// A mail as it will be read.
pub struct Letter {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// What every letter of the stage has in common.
pub struct Stationery {
    site_url: String,
    brand: String,
    lifetime: String,
}

const SUBJECT: &str = include_str!("../templates/subject.txt");
const TEXT: &str = include_str!("../templates/mail.txt");
const HTML: &str = include_str!("../templates/mail.html");

impl Stationery {
    /// `site_url` has no slash at its end.
    pub fn new(site_url: String, brand: &str, lifetime: Lifetime) -> Self {
        Self {
            site_url,
            // A line break would end the subject, and what follows be taken for another header.
            brand: brand.replace(char::is_control, " "),
            lifetime: lifetime.to_string(),
        }
    }

    /// The letter around one secret and one code. The secret stands behind `#`, which browsers keep to
    /// themselves. The code has two halves to be read by, and no space to be copied with.
    pub fn letter(&self, secret: &Secret, code: &Code) -> Letter {
        let link = format!("{}/sign-in#{}", self.site_url, secret.reveal());
        let code = code.reveal();
        let (first_half, second_half) = code.split_at(code.len() / 2);
        let values = [
            ("brand", self.brand.as_str()),
            ("lifetime", self.lifetime.as_str()),
            ("link", link.as_str()),
            ("code", code.as_str()),
            ("first_half", first_half),
            ("second_half", second_half),
        ];
        Letter {
            subject: fill(SUBJECT.trim_end(), &values, str::to_owned),
            text: fill(TEXT, &values, str::to_owned),
            html: fill(HTML, &values, escaped),
        }
    }
}

/// Puts the values in place of their `{{names}}`, in one pass, so that nothing inside a value is
/// taken for a name.
fn fill(template: &str, values: &[(&str, &str)], escape: impl Fn(&str) -> String) -> String {
    let mut filled = String::with_capacity(2 * template.len());
    let mut pieces = template.split("{{");
    filled.extend(pieces.next());
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").unwrap_or(("", piece));
        let value = values.iter().find(|(known, _)| *known == name);
        filled.extend(value.map(|(_, value)| escape(value)));
        filled.push_str(rest);
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
mod tests {
    use super::*;

    const CODE: &str = "01234567";

    fn letter(brand: &str) -> (Letter, String) {
        let site = "https://login.acme.example".to_owned();
        let stationery = Stationery::new(site, brand, "1800".parse().unwrap());
        let secret = Secret::generate().unwrap();
        let link = format!("https://login.acme.example/sign-in#{}", secret.reveal());
        (
            stationery.letter(&secret, &Code::parse(CODE).unwrap()),
            link,
        )
    }

    #[test]
    fn both_parts_hold_brand_link_and_lifetime() {
        let (letter, link) = letter("Acme");
        assert_eq!(letter.subject, "Your sign-in link for Acme");
        for part in [&letter.text, &letter.html] {
            assert!(part.contains("Sign in to Acme"), "{part}");
            assert!(part.contains("for 30 minutes"), "{part}");
            assert!(part.contains(&link), "{part}");
        }
        assert!(letter.html.contains(&format!("href=\"{link}\"")));
    }

    #[test]
    fn the_link_stands_on_a_line_of_its_own_in_the_text() {
        let (letter, link) = letter("Acme");
        assert!(letter.text.lines().any(|line| line == link));
    }

    #[test]
    fn the_code_stands_on_a_line_of_its_own_in_the_text() {
        let (letter, _) = letter("Acme");
        assert_eq!(letter.text.lines().filter(|line| *line == CODE).count(), 1);
    }

    /// What is copied is the text between the tags, where browsers make one space of any white space.
    #[test]
    fn the_code_is_read_in_halves_and_copied_in_one() {
        let (letter, _) = letter("Acme");
        assert!(!letter.html.contains(CODE), "no halves");
        let pieces = letter.html.split('<').map(|piece| {
            let (_, text) = piece.split_once('>').unwrap_or_default();
            text
        });
        let copied = pieces.collect::<String>();
        assert!(copied.lines().any(|line| line == CODE), "{copied}");
    }

    #[test]
    fn both_parts_say_where_to_type_the_code() {
        let (letter, _) = letter("Acme");
        for part in [&letter.text, &letter.html] {
            let sentence = "type this code on the page where you asked for this mail";
            assert!(part.contains(sentence), "{part}");
        }
    }

    /// A subject is shown on locked screens.
    #[test]
    fn the_subject_tells_no_code() {
        let (letter, link) = letter("Acme {{code}} {{first_half}}");
        assert!(!letter.subject.contains(CODE) && !letter.subject.contains(&link));
        assert!(!letter.subject.contains("0123"));
    }

    #[test]
    fn no_placeholder_is_left_over() {
        let (letter, _) = letter("Acme");
        let all = [letter.subject, letter.text, letter.html].concat();
        assert!(!all.contains("{{") && !all.contains("}}"), "{all}");
    }

    #[test]
    fn the_html_loads_nothing_from_anywhere() {
        let (letter, link) = letter("Acme");
        let elsewhere = letter.html.replace(&link, "");
        assert!(!elsewhere.contains("://"), "{elsewhere}");
        assert!(!letter.html.contains("<img"));
    }

    #[test]
    fn a_brand_is_text_and_not_markup() {
        let (letter, link) = letter("<b>\"A&B's\"</b> {{link}}\r\nBcc: x");
        let brand = "&lt;b&gt;&quot;A&amp;B&#39;s&quot;&lt;/b&gt; {{link}}  Bcc: x";
        assert!(letter.html.contains(brand), "{}", letter.html);
        assert!(!letter.html.contains("<b>"));
        assert!(!letter.subject.contains(&link));
        assert!(!letter.subject.contains(['\r', '\n']));
    }
}
