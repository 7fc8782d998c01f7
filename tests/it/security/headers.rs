//! What browsers are told to refuse.

use std::path::Path;

use reqwest::Method;
use serde_json::json;
use serde_yaml::Value;

use super::requests::Answer;
use crate::stage::Stage;
use crate::world::request;

const EXPECTED: [(&str, &str); 6] = [
    ("strict-transport-security", "max-age=63072000"),
    ("x-frame-options", "DENY"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// The page, its parts and every kind of answer of the API.
async fn answers(stage: &Stage) -> Vec<(&'static str, Answer)> {
    let get = |path| Answer::to(request(Method::GET, stage.url(), path));
    let post = |body| {
        let request = request(Method::POST, stage.url(), "/api/login");
        Answer::to(request.json(&body))
    };
    stage.keep_address("headers@example.com");
    vec![
        ("the page", get("/").await),
        ("a link", get("/sign-in").await),
        ("its configuration", get("/config.json").await),
        ("a missing file", get("/assets/missing.js").await),
        (
            "a request",
            post(json!({"email": "headers@example.com"})).await,
        ),
        ("a bad request", post(json!({"email": "headers"})).await),
        ("without a token", get("/api/me").await),
        ("nothing", get("/api/nothing").await),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_of_the_site_tells_the_browser_what_to_refuse() {
    let stage = Stage::shared().await;
    for (name, answer) in answers(&stage).await {
        for (header, value) in EXPECTED {
            let found = answer.headers.get(header).map(String::as_str);
            assert_eq!(found, Some(value), "{name}: {header}");
        }
        let permissions = &answer.headers["permissions-policy"];
        for feature in ["camera", "microphone", "geolocation", "payment", "usb"] {
            let refused = format!("{feature}=()");
            assert!(permissions.contains(&refused), "{name}: {permissions}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_runs_its_own_scripts_only_and_talks_to_its_own_services_only() {
    let stage = Stage::shared().await;
    let port = stage.endpoint.rsplit(':').next().unwrap();
    let cognito = format!("http://localhost:{port}");
    for (name, answer) in answers(&stage).await {
        let policy = &answer.headers["content-security-policy"];
        let directives: Vec<_> = policy.split(';').map(str::trim).collect();
        for directive in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            &format!("connect-src 'self' {cognito}"),
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(directives.contains(&directive), "{name}: {policy}");
        }
        assert!(
            !policy.contains("unsafe") && !policy.contains('*'),
            "{policy}"
        );
    }
    let page = Answer::to(request(Method::GET, stage.url(), "/")).await;
    let inline = page.body.split("<script").skip(1);
    assert!(inline.clone().count() > 0);
    for script in inline {
        let (attributes, rest) = script.split_once('>').unwrap();
        assert!(attributes.contains("src=") && rest.starts_with("</script>"));
    }
    assert!(!page.body.contains("<style") && !page.body.contains(" onload="));
}

/// The local cloud is sent a policy of its own.
#[test]
fn on_aws_the_policy_differs_only_in_where_cognito_is() {
    let policy = |template: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let template = std::fs::read_to_string(folder.join(template)).unwrap();
        let template: Value = serde_yaml::from_str(&template).unwrap();
        let headers = &template["Resources"]["SecurityHeaders"]["Properties"];
        let headers = &headers["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"];
        let Value::Tagged(policy) = &headers["ContentSecurityPolicy"]["ContentSecurityPolicy"]
        else {
            panic!("{headers:?}")
        };
        policy.value.as_str().unwrap().trim().to_owned()
    };
    let cognito = "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}";
    let local = policy("local.yaml").replace("http://localhost:${LocalPort}", cognito);
    assert_eq!(policy("stack.yaml"), local);
}
