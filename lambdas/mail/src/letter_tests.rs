use proptest::prelude::*;

use super::*;

const CODE: &str = "01234567";
const ASKED_AT: Moment = Moment(1_795_344_344);

fn stationery() -> Stationery {
    Stationery {
        site_url: "https://login.acme.example".to_owned(),
        product: "Rocket Store".to_owned(),
        brand: "Acme".to_owned(),
        subject: "Your sign-in link for {product}".to_owned(),
        reply_to: Some("Help <help@acme.example>".parse().unwrap()),
    }
}

fn branded(brand: &str) -> Stationery {
    Stationery {
        brand: brand.to_owned(),
        ..stationery()
    }
}

fn sign_in(stationery: &Stationery) -> (Letter, String) {
    let secret = Secret::generate().unwrap();
    let (code, lifetime) = (Code::parse(CODE).unwrap(), "1800".parse().unwrap());
    let letter = stationery.sign_in(&secret, &code, lifetime, ASKED_AT);
    (letter, stationery.link(&secret))
}

fn invitation(stationery: &Stationery) -> (Letter, String) {
    let secret = Secret::generate().unwrap();
    let letter = stationery.invitation(&secret, "259200".parse().unwrap());
    (letter, stationery.link(&secret))
}

fn both(stationery: &Stationery) -> [(Letter, String); 2] {
    [sign_in(stationery), invitation(stationery)]
}

/// What a person reads of HTML, any white space as one space.
fn shown(html: &str) -> String {
    let (_, body) = html.split_once("<h1").unwrap();
    let pieces = body.split('<').map(|piece| {
        let (_, text) = piece.split_once('>').unwrap_or_default();
        text
    });
    words(&pieces.collect::<Vec<_>>().join(""))
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn both_parts_of_a_sign_in_letter_say_the_same() {
    let (letter, link) = sign_in(&stationery());
    assert_eq!(letter.subject, "Your sign-in link for Rocket Store");
    for part in [words(&letter.text), shown(&letter.html)] {
        for sentence in [
            "Sign in to Rocket Store",
            "open this link",
            &link,
            "Or type this code on the page where you asked for this mail:",
            CODE,
            "once",
            "and for 30 minutes.",
            "If you open the link in another browser than the one you asked from, the page wants \
             to know your address first.",
            "Please pass neither the link nor the code on to anyone.",
            "This mail was asked for on 22 Nov 2026 at 10:45 UTC.",
            "If it was not you, ignore it; nobody can sign in without it.",
            "If such mails keep coming, write to help@acme.example.",
        ] {
            let (part, sentence) = (part.to_lowercase(), sentence.to_lowercase());
            assert!(part.contains(&sentence), "{sentence}\n{part}");
        }
        assert!(part.ends_with(" Acme"), "{part}");
    }
    assert!(letter.html.contains(&format!("href=\"{link}\"")));
}

#[test]
fn both_parts_of_an_invitation_say_the_same() {
    let (letter, link) = invitation(&stationery());
    assert_eq!(letter.subject, "Your invitation to Rocket Store");
    for part in [words(&letter.text), shown(&letter.html)] {
        for sentence in [
            "Welcome to Rocket Store",
            "You are invited to sign in to Rocket Store. It takes no password, only this",
            &link,
            "The page wants to know your address first: the one that this mail came to.",
            "The link works once, and for 3 days. After that, and whenever you want to sign in \
             again, ask for a new mail here: https://login.acme.example/ ",
            "Please pass the link on to nobody.",
            "If you know nothing of an invitation, ignore it; nobody can sign in without this mail.",
            "If such mails keep coming, write to help@acme.example.",
        ] {
            assert!(part.contains(sentence), "{sentence}\n{part}");
        }
        assert!(part.ends_with(" Acme"), "{part}");
    }
    assert!(letter.html.contains(&format!("href=\"{link}\"")));
}

#[test]
fn without_a_reply_address_nobody_is_told_to_write() {
    let nobody = Stationery {
        reply_to: None,
        ..stationery()
    };
    for (letter, _) in both(&nobody) {
        for part in [&letter.text, &letter.html] {
            assert!(!part.contains("keep coming"), "{part}");
        }
        assert!(!letter.text.contains("\n\n\n"), "{}", letter.text);
    }
}

#[test]
fn the_link_stands_on_a_line_of_its_own_in_the_text() {
    for (letter, link) in both(&stationery()) {
        assert!(letter.text.lines().any(|line| line == link));
    }
}

#[test]
fn the_code_stands_on_a_line_of_its_own_in_the_text() {
    let (letter, _) = sign_in(&stationery());
    assert_eq!(letter.text.lines().filter(|line| *line == CODE).count(), 1);
}

/// What is copied is the text between the tags, where browsers make one space of any white space.
#[test]
fn the_code_is_read_in_halves_and_copied_in_one() {
    let (letter, _) = sign_in(&stationery());
    assert!(!letter.html.contains(CODE), "no halves");
    let copied = shown(&letter.html);
    assert!(copied.split(' ').any(|word| word == CODE), "{copied}");
}

/// A subject is shown on locked screens.
#[test]
fn the_subject_tells_no_code() {
    let nosy = Stationery {
        subject: "{code} {link} {first_half} {{code}} {{link}}".to_owned(),
        ..branded("{code}")
    };
    let (letter, link) = sign_in(&nosy);
    assert!(!letter.subject.contains(CODE) && !letter.subject.contains(&link));
    assert!(!letter.subject.contains("0123"));
}

#[test]
fn product_and_brand_are_filled_into_the_subject_and_nothing_else_is() {
    for (subject, filled) in [
        (
            "{product} by {brand}: sign in",
            "Rocket Store by {product}: sign in",
        ),
        ("{other} {} { } {product", "{other} {} { } {product"),
        ("Anmelden für {product} ✓", "Anmelden für Rocket Store ✓"),
        (
            "{product}\r\nBcc: x@y.example\0",
            "Rocket Store  Bcc: x@y.example ",
        ),
    ] {
        let stationery = Stationery {
            subject: subject.to_owned(),
            ..branded("{product}")
        };
        assert_eq!(sign_in(&stationery).0.subject, filled);
    }
}

#[test]
fn no_placeholder_is_left_over() {
    for (letter, _) in both(&stationery()) {
        let all = [letter.subject, letter.text, letter.html].concat();
        assert!(!all.contains("{{") && !all.contains("}}"), "{all}");
    }
}

#[test]
fn the_html_loads_nothing_from_anywhere() {
    for (letter, link) in both(&stationery()) {
        let elsewhere = letter.html.replace(&link, "");
        let elsewhere = elsewhere.replace("https://login.acme.example/", "");
        assert!(!elsewhere.contains("://"), "{elsewhere}");
        assert!(!letter.html.contains("<img") && !letter.html.contains("url("));
    }
}

/// SES rewrites links that do not say so, where a configuration set tracks clicks.
#[test]
fn no_link_is_tracked() {
    for (letter, _) in both(&stationery()) {
        let links = letter.html.matches("<a ").count();
        assert_eq!(letter.html.matches("<a ses:no-track ").count(), links);
    }
}

#[test]
fn a_brand_is_text_and_not_markup() {
    let nasty = "<b>\"A&B's\"</b> {{link}}\r\nBcc: x";
    let stationery = Stationery {
        product: nasty.to_owned(),
        ..branded(nasty)
    };
    let shown = "&lt;b&gt;&quot;A&amp;B&#39;s&quot;&lt;/b&gt; {{link}}  Bcc: x";
    for (letter, link) in both(&stationery) {
        let headed = ["Sign in", "Welcome"].map(|word| format!(">{word} to {shown}</"));
        let headings = headed
            .iter()
            .map(|heading| letter.html.matches(heading).count());
        assert_eq!(
            headings.sum::<usize>(),
            2,
            "title and heading: {}",
            letter.html
        );
        assert!(letter.html.contains(&format!(">{shown}</p>")));
        assert!(!letter.html.contains("<b>"));
        assert!(!letter.subject.contains(&link));
        assert!(!letter.subject.contains(['\r', '\n']));
    }
}

proptest! {
    /// Whatever the texts of a stage are: its letters have the tags of any other letter, one line
    /// of subject, and as many lines of text.
    #[test]
    fn no_text_of_a_stage_gets_out_of_its_place(
        product in "([{}<>&\"'a]|\\PC|[\r\n\0\u{85}]){0,30}",
        brand in "([{}<>&\"'a]|\\PC|[\r\n\0\u{85}]){0,30}",
        subject in "([{}<>]|\\{product\\}|\\{brand\\}|[\r\n\0\u{85}a]){0,30}",
    ) {
        let usual = stationery();
        let odd = Stationery { product, brand, subject, ..stationery() };
        for ((odd, _), (usual, _)) in both(&odd).into_iter().zip(both(&usual)) {
            prop_assert!(!odd.subject.contains(char::is_control));
            prop_assert_eq!(odd.text.lines().count(), usual.text.lines().count());
            for sign in ['<', '>', '"', '\''] {
                let count = |letter: &Letter| letter.html.matches(sign).count();
                prop_assert_eq!(count(&odd), count(&usual));
            }
        }
    }
}
