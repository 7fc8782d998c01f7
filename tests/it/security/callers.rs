//! Who asks too often is refused for the rest of the hour, whoever it is about.

use std::sync::atomic::{AtomicU8, Ordering};

use serde_json::Value;

use super::api::Api;
use super::{UPDATE, clock};
use crate::trigger::{VIEWER, by};

const TWO_AN_HOUR: [(&str, &str); 1] = [("REQUESTS_PER_HOUR", "2")];

/// What comes of these requests in one clock hour: a new one counts anew. For the `N` in their callers
/// stands a network in which nobody has asked for anything.
async fn answers(api: &Api, requests: &[Value]) -> Vec<Value> {
    static NETWORKS: AtomicU8 = AtomicU8::new(0);
    loop {
        let network = NETWORKS.fetch_add(1, Ordering::Relaxed).to_string();
        let begun = clock() / 3600;
        let mut answers = Vec::new();
        api.wire.calls();
        for request in requests {
            let viewer = request["headers"][VIEWER].as_str().unwrap();
            let viewer = viewer.replace('N', &network);
            // No more than an address of the other kind it belongs into table or logs.
            api.stage.keep_address(viewer.rsplit_once(':').unwrap().0);
            let request = by(&viewer, request.clone());
            answers.push(api.function.invoke(request).await.unwrap());
        }
        if begun == clock() / 3600 {
            return answers;
        }
    }
}

async fn statuses(api: &Api, requests: &[Value]) -> Vec<Value> {
    let answers = answers(api, requests).await;
    let status = |mut answer: Value| answer["statusCode"].take();
    answers.into_iter().map(status).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_limit_a_caller_is_told_so_whoever_has_the_address() {
    let api = Api::with(&TWO_AN_HOUR).await;
    let known = api.stage.user("calls").await.email;
    let [known, unknown] =
        [&*known, "calls-nobody@example.com"].map(|email| by("198.51.N.1:1000", api.login(email)));
    let requests = [known.clone(), unknown.clone(), known, unknown];
    let mut answers = answers(&api, &requests).await;
    for answer in &mut answers[2..] {
        let retry_after = answer["headers"]["retry-after"].take();
        let seconds: u64 = retry_after.as_str().unwrap().parse().unwrap();
        assert!((1..=3600).contains(&seconds), "{seconds}");
        assert_eq!(answer["statusCode"], 429);
        assert_eq!(
            answer["headers"]["content-type"],
            "application/problem+json"
        );
    }
    assert_eq!(answers[0]["statusCode"], 202);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[2], answers[3]);
    // It is counted, and no more is done about it.
    let accepted = [UPDATE, "dynamodb:GetItem", "sqs:SendMessage"];
    let calls = [&accepted[..], &accepted, &[UPDATE], &[UPDATE]].concat();
    assert_eq!(api.wire.actions(), calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_is_not_another_one_for_what_it_writes_about_itself() {
    let api = Api::with(&TWO_AN_HOUR).await;
    let login = by("198.51.N.1:1000", api.login("forger@example.com"));
    let mut requests = vec![login.clone(), login.clone()];
    for name in [
        "x-forwarded-for",
        "x-real-ip",
        "true-client-ip",
        "forwarded",
        "via",
        "user-agent",
    ] {
        let mut forged = login.clone();
        forged["headers"][name] = "192.0.2.99".into();
        requests.push(forged);
    }
    let mut elsewhere = login.clone();
    elsewhere["requestContext"]["http"]["sourceIp"] = "192.0.2.99".into();
    requests.push(elsewhere);
    requests.push(by("198.51.N.1:2000", login));
    let statuses = statuses(&api, &requests).await;
    assert_eq!(statuses[..2], [202, 202]);
    assert_eq!(statuses[2..], [429; 8]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_address_is_another_caller_and_a_network_of_ipv6_is_one() {
    let api = Api::with(&TWO_AN_HOUR).await;
    let login = api.login("neighbours@example.com");
    let requests = [
        ("198.51.N.1:1", 202),
        ("198.51.N.1:1", 202),
        ("198.51.N.1:1", 429),
        ("198.51.N.2:1", 202),
        ("2001:db8:N:1::1:1", 202),
        ("2001:db8:N:1:ffff:ffff:ffff:ffff:1", 202),
        ("2001:db8:N:1::2:1", 429),
        ("2001:db8:N:2::1:1", 202),
    ];
    let expected = requests.map(|(_, status)| Value::from(status));
    let requests = requests.map(|(viewer, _)| by(viewer, login.clone()));
    assert_eq!(statuses(&api, &requests).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_in_trouble_lets_nobody_past_the_count() {
    let api = Api::new().await;
    let known = api.stage.user("uncounted").await.email;
    let mut seen = Vec::new();
    for email in [&*known, "uncounted-nobody@example.com"] {
        api.wire.fault(UPDATE, crate::wire::Fault::Broken, 3);
        let answer = api.function.invoke(api.login(email)).await.unwrap();
        assert_eq!(answer["statusCode"], 503);
        assert_eq!(api.wire.actions(), [UPDATE; 3]);
        seen.push(answer);
    }
    assert_eq!(seen[0], seen[1]);
}
