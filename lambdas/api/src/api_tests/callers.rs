//! Callers, who have so many requests an hour.

use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::error::ProvisionedThroughputExceededException;
use mlink_core::Caller;

use super::*;
use crate::callers::Count;

const HEADER: &str = "cloudfront-viewer-address";

/// A table that has counted so many requests of every caller, this one included.
fn counted(count: u64) -> World {
    let rule = mock!(aws_sdk_dynamodb::Client::update_item).then_output(move || {
        let count = AttributeValue::N(count.to_string());
        UpdateItemOutput::builder()
            .attributes("count", count)
            .build()
    });
    World::with(Setup {
        test_users: true,
        table: vec![rule],
        ..Setup::default()
    })
}

#[tokio::test]
async fn a_request_is_counted_in_one_write() {
    let world = World::new();
    world.answer(a_login()).await;

    let asked = world.asked.lock().unwrap();
    let input = &asked.counts[0];
    let now = epoch_seconds();
    let hour = format!("198.51.100.10 {}", now / 3600);
    assert_eq!(input.table_name(), Some("links"));
    assert_eq!(
        text(input.key(), "pk"),
        format!("ip#{}", key().mac(Label::Caller, &hour))
    );
    assert_eq!(text(input.key(), "sk"), "-");
    assert_eq!(
        input.update_expression(),
        Some("ADD #count :one SET #ttl = :ttl")
    );
    assert_eq!(input.condition_expression(), None);
    assert_eq!(input.return_values(), Some(&ReturnValue::UpdatedNew));
    let names = input.expression_attribute_names().unwrap();
    assert_eq!(
        (names["#count"].as_str(), names["#ttl"].as_str()),
        ("count", "ttl")
    );
    let values = input.expression_attribute_values().unwrap();
    assert_eq!(values[":one"], AttributeValue::N("1".to_owned()));
    let an_hour_after_the_hour = (now / 3600 + 2) * 3600;
    assert_eq!(
        values[":ttl"],
        AttributeValue::N(an_hour_after_the_hour.to_string())
    );
}

#[tokio::test]
async fn the_sixty_first_request_of_an_hour_is_one_too_many() {
    let world = World::new();
    for number in 1..=LIMIT {
        let status = world.answer(a_login()).await.status_code;
        assert_eq!(status, 202, "request {number}");
    }
    assert_eq!(world.answer(a_login()).await.status_code, 429);
    assert_eq!(world.calls(), [61, 0, 0, 60]);
}

#[tokio::test]
async fn beyond_the_limit_every_address_gets_the_same_refusal_and_no_mail() {
    let world = counted(LIMIT + 1);
    for email in ["alice@example.com", "nobody@elsewhere.example"] {
        let response = world.answer(login_of(email)).await;
        let body = json!({
            "title": "Too many requests",
            "status": 429,
            "detail": "Too many sign-in mails were asked for from here. Please try again later.",
        });
        assert_eq!(parts(&response), (429, "application/problem+json", body));
        let retry_after: u64 = response.headers.retry_after.unwrap().parse().unwrap();
        assert!((1..=3600).contains(&retry_after));
        assert!((epoch_seconds() + retry_after) % 3600 < 10, "{retry_after}");
    }
    assert_eq!(
        world.calls(),
        [0, 0, 0, 0],
        "neither marker nor mail nor queue"
    );
    let header = "retry-after";
    let response = world.answer(a_login()).await;
    assert!(serde_json::to_value(&response).unwrap()["headers"][header].is_string());
}

#[tokio::test]
async fn a_refusal_is_logged_without_address_and_caller() {
    let world = counted(LIMIT + 1);
    log::written();
    world.answer(a_login()).await;
    let line = json!({
        "level": "INFO", "message": "link.suppressed", "reason": "caller", "request_id": "7e3b6c1a"
    });
    assert_eq!(log::written(), [line]);
}

#[tokio::test]
async fn the_clock_hour_says_when_to_come_back() {
    for (now, seconds) in [(7200, 3600), (7201, 3599), (10_799, 1), (10_800, 3600)] {
        let rule = mock!(aws_sdk_dynamodb::Client::update_item).then_output(|| {
            let count = AttributeValue::N("2".to_owned());
            UpdateItemOutput::builder()
                .attributes("count", count)
                .build()
        });
        let client = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, [&rule]);
        let callers = Callers::new(client, "links".to_owned(), key(), 1);
        let count = callers.count(Caller::from_viewer_address(None), now).await;
        assert_eq!(
            count.unwrap(),
            Count::Beyond {
                retry_after: seconds
            },
            "{now}"
        );
    }
}

/// Only CloudFront's own word counts, so whoever is beyond the limit stays there.
#[tokio::test]
async fn forged_headers_make_nobody_another_caller() {
    let world = World::new();
    for forged in ["203.0.113.9", "203.0.113.10, 203.0.113.11", "2001:db8::1"] {
        let event = login_with(|event| {
            for name in [
                "x-forwarded-for",
                "x-real-ip",
                "true-client-ip",
                "forwarded",
            ] {
                event["headers"][name] = json!(forged);
            }
            event["requestContext"]["http"]["sourceIp"] = json!(forged);
        });
        assert_eq!(world.answer(event).await.status_code, 202);
    }
    let other = login_with(|event| event["headers"][HEADER] = json!("203.0.113.9:46532"));
    world.answer(other).await;

    let asked = world.asked.lock().unwrap();
    let callers: Vec<String> = asked
        .counts
        .iter()
        .map(|input| text(input.key(), "pk"))
        .collect();
    assert_eq!(callers[0], callers[1]);
    assert_eq!(callers[0], callers[2]);
    assert_ne!(callers[0], callers[3]);
}

#[tokio::test]
async fn who_cannot_be_told_apart_is_counted_together() {
    let world = World::new();
    for viewer in [
        json!(null),
        json!("?"),
        json!("198.51.100.10:1,203.0.113.9:2"),
    ] {
        let event = login_with(|event| event["headers"][HEADER] = viewer);
        assert_eq!(world.answer(event).await.status_code, 202);
    }
    let asked = world.asked.lock().unwrap();
    let callers: Vec<String> = asked
        .counts
        .iter()
        .map(|input| text(input.key(), "pk"))
        .collect();
    assert_eq!(callers[0], callers[1]);
    assert_eq!(callers[0], callers[2]);
}

/// Uncounted means unlimited, so then there is no mail.
#[tokio::test]
async fn a_count_in_trouble_is_no_acceptance() {
    let throttled = mock!(aws_sdk_dynamodb::Client::update_item).then_error(|| {
        let meta = aws_sdk_dynamodb::error::ErrorMetadata::builder()
            .code("ProvisionedThroughputExceededException")
            .message("about alice@example.com");
        let error = ProvisionedThroughputExceededException::builder().meta(meta.build());
        UpdateItemError::ProvisionedThroughputExceededException(error.build())
    });
    let countless = mock!(aws_sdk_dynamodb::Client::update_item)
        .then_output(|| UpdateItemOutput::builder().build());
    for (rule, reason) in [
        (throttled, "ProvisionedThroughputExceededException"),
        (countless, "NoCount"),
    ] {
        let world = World::with(Setup {
            table: vec![rule],
            ..Setup::default()
        });
        log::written();
        let (status, content_type, _) = parts(&world.answer(a_login()).await);
        assert_eq!((status, content_type), (503, "application/problem+json"));
        assert_eq!(world.calls(), [0, 0, 0, 0]);
        let line = json!({
            "level": "ERROR", "message": "login.failed",
            "reason": format!("the table did not answer: {reason}"), "request_id": "7e3b6c1a"
        });
        assert_eq!(log::written(), [line]);
    }
}

/// With the client that `main` makes.
#[tokio::test(start_paused = true)]
async fn a_silent_table_is_given_up_within_two_seconds() {
    let (sdk, network) = silence();
    let mut world = World::new();
    let table = clients::dynamodb(&sdk);
    world.api.login.callers = Callers::new(table, "links".to_owned(), key(), LIMIT);
    let begun = Instant::now();
    assert_eq!(world.answer(a_login()).await.status_code, 503);
    assert!(begun.elapsed() <= Duration::from_secs(2));
    assert!(network.num_calls() > 1, "it was not tried again");
    assert_eq!(world.calls(), [0, 0, 0, 0]);
}
