//! Test users, whose link is given to whoever asks.

use aws_sdk_dynamodb::operation::get_item::GetItemError;
use aws_sdk_lambda::operation::invoke::{InvokeError, InvokeOutput};
use aws_sdk_lambda::primitives::Blob;

use super::*;

const ALICE: &str = "alice@example.com";

/// A stage with test users, where Alice is one.
fn allowing() -> Setup {
    Setup {
        test_users: true,
        marked: Some(ALICE),
        ..Setup::default()
    }
}

#[tokio::test]
async fn a_test_user_is_given_the_link_instead_of_a_mail() {
    let world = World::with(allowing());
    log::written();
    let response = world.answer(a_login()).await;
    let body = json!({ "message": MESSAGE, "link": LINK });
    assert_eq!(parts(&response), (202, "application/json", body));
    assert_eq!(world.calls(), [1, 1, 1, 0]);

    let lines = log::written();
    assert_eq!(lines[0]["message"], "link.requested");
    assert!(!format!("{lines:?}").contains("secret"));
    let asked = world.asked.lock().unwrap();
    let (marker, invoke) = (&asked.markers[0], &asked.invokes[0]);
    assert_eq!(marker.table_name(), Some("links"));
    assert_eq!(marker.consistent_read(), Some(true));
    assert_eq!(invoke.function_name(), Some("mlink-test-mail"));
    let operation: Value = serde_json::from_slice(invoke.payload().unwrap().as_ref()).unwrap();
    assert_eq!(
        operation,
        json!({ "operation": "test_link", "email": ALICE })
    );
}

#[tokio::test]
async fn anybody_else_is_looked_up_and_mailed() {
    let world = World::with(allowing());
    for (number, email) in [(1, "bob@example.com"), (2, "nobody@elsewhere.example")] {
        let (_, _, body) = parts(&world.answer(login_of(email)).await);
        assert_eq!(body, json!({ "message": MESSAGE }));
        assert_eq!(world.calls(), [number, number, 0, number]);
    }
    let asked = world.asked.lock().unwrap();
    for input in &asked.markers {
        assert_eq!(text(input.key(), "pk"), "test#");
    }
    assert_ne!(asked.markers[0].key(), asked.markers[1].key());
}

/// Not even a marker that is there is looked at.
#[tokio::test]
async fn a_stage_without_test_users_asks_nothing_about_them() {
    let world = World::with(Setup {
        test_users: false,
        ..allowing()
    });
    let (_, _, body) = parts(&world.answer(a_login()).await);
    assert_eq!(body, json!({ "message": MESSAGE }));
    assert_eq!(world.calls(), [1, 0, 0, 1]);
}

#[tokio::test]
async fn a_test_user_whom_mail_refuses_gets_the_plain_answer_and_no_mail() {
    for refusal in ["unknown", "disabled", "unverified"] {
        let mail = Some(json!({ "refused": refusal }));
        let world = World::with(Setup { mail, ..allowing() });
        let response = world.answer(a_login()).await;
        let expected = (202, "application/json", json!({ "message": MESSAGE }));
        assert_eq!(parts(&response), expected, "{refusal}");
        assert_eq!(world.calls(), [1, 1, 1, 0]);
    }
}

#[tokio::test]
async fn whose_marker_was_for_another_user_gets_a_mail_as_anybody() {
    for refusal in ["not_a_test_user", "no_test_users"] {
        let mail = Some(json!({ "refused": refusal }));
        let world = World::with(Setup { mail, ..allowing() });
        let response = world.answer(a_login()).await;
        let expected = (202, "application/json", json!({ "message": MESSAGE }));
        assert_eq!(parts(&response), expected, "{refusal}");
        assert_eq!(world.calls(), [1, 1, 1, 1]);
    }
}

#[tokio::test]
async fn a_marker_or_a_mail_function_in_trouble_is_no_acceptance() {
    let table = mock!(aws_sdk_dynamodb::Client::get_item)
        .then_error(|| GetItemError::unhandled("the table is away"));
    let away = mock!(aws_sdk_lambda::Client::invoke)
        .then_error(|| InvokeError::unhandled("the function is away"));
    let failed = mock!(aws_sdk_lambda::Client::invoke).then_output(|| {
        let payload = Blob::new(r#"{"errorType":"MailError","errorMessage":"alice@example.com"}"#);
        let output = InvokeOutput::builder().function_error("Unhandled");
        output.payload(payload).build()
    });
    let empty =
        mock!(aws_sdk_lambda::Client::invoke).then_output(|| InvokeOutput::builder().build());
    let odd = mock!(aws_sdk_lambda::Client::invoke)
        .then_output(|| InvokeOutput::builder().payload(Blob::new("{}")).build());
    let cases = [
        (
            Setup {
                table: vec![table],
                ..allowing()
            },
            "the table did not answer: UnknownError",
        ),
        (
            Setup {
                lambda: vec![away],
                ..allowing()
            },
            "the mail function could not be asked: UnknownError",
        ),
        (
            Setup {
                lambda: vec![failed],
                ..allowing()
            },
            "the mail function failed",
        ),
        (
            Setup {
                lambda: vec![empty],
                ..allowing()
            },
            "the mail function's answer cannot be read",
        ),
        (
            Setup {
                lambda: vec![odd],
                ..allowing()
            },
            "the mail function's answer cannot be read",
        ),
    ];
    for (setup, reason) in cases {
        let world = World::with(setup);
        log::written();
        let response = world.answer(a_login()).await;
        assert_eq!(response.status_code, 503, "{reason}");
        assert!(world.asked.lock().unwrap().messages.is_empty());
        assert_eq!(log::written()[0]["reason"], reason);
    }
}

/// With the client that `main` makes. It waits once: a second try would make a second link.
#[tokio::test(start_paused = true)]
async fn a_silent_mail_function_is_given_up_within_twelve_seconds() {
    let (sdk, network) = silence();
    let mut world = World::with(allowing());
    world.api.login.test_links.as_mut().unwrap().lambda = clients::lambda(&sdk);
    let begun = Instant::now();
    assert_eq!(world.answer(a_login()).await.status_code, 503);
    assert!(begun.elapsed() <= Duration::from_secs(12));
    assert_eq!(network.num_calls(), 1);
    assert_eq!(world.calls(), [1, 1, 0, 0]);
}
