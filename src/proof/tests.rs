use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use aws_sdk_cloudformation::types::{Output, Parameter, Stack as Described};
use aws_smithy_types::base64;
use md5::{Digest, Md5};
use serde_json::{Value, json};

use super::*;
use crate::aws::double::{Answer, Double};
use crate::delivery::Recipients;

const SITE: &str = "https://d1.cloudfront.net";
const INDEX: &str = "<!doctype html>";
const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

/// A stage that works, until something of it is changed.
#[derive(Clone)]
struct Stage {
    configuration: Value,
    index: &'static str,
    login: (u16, &'static str),
    me: u16,
    client: Value,
    function: Value,
    mail: Recipients,
}

/// SHA-256 of the zips, in hex: any will do.
fn code() -> String {
    "0f".repeat(32)
}

fn configuration() -> Value {
    json!({
        "region": "eu-west-1",
        "userPoolId": "eu-west-1_pool",
        "userPoolClientId": "client",
        "fingerprint": "1a2b3c4d5e6f7788",
    })
}

impl Stage {
    fn working() -> Stage {
        Stage {
            configuration: configuration(),
            index: INDEX,
            login: (400, PROBLEM),
            me: 401,
            client: json!({
                "ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH"],
                "RefreshTokenRotation": {"Feature": "ENABLED"},
                "PreventUserExistenceErrors": "ENABLED",
                "EnableTokenRevocation": true,
                "AllowedOAuthFlowsUserPoolClient": false,
                "SupportedIdentityProviders": ["COGNITO"],
                "ReadAttributes": ["name", "email_verified", "email"],
                "WriteAttributes": ["name"],
                "AccessTokenValidity": 60,
                "IdTokenValidity": 60,
                "RefreshTokenValidity": 43200,
            }),
            function: json!({
                "State": "Active",
                "LastUpdateStatus": "Successful",
                "CodeSha256": base64::encode(hex::decode(code()).unwrap()),
            }),
            mail: Recipients::Everybody,
        }
    }

    fn double(self) -> Double {
        Double::new(move |line, _| self.answer(line))
    }

    fn answer(&self, line: &str) -> Answer {
        let json = |value: &Value| (200, JSON, value.to_string());
        match line.strip_prefix("GET https://d1.cloudfront.net") {
            Some("/config.json") => return json(&self.configuration),
            Some("/") => return (200, "text/html", self.index.to_owned()),
            Some("/api/me") => return (self.me, JSON, "{}".to_owned()),
            _ => {}
        }
        if line == "POST https://d1.cloudfront.net/api/login" {
            return (self.login.0, self.login.1, "{}".to_owned());
        }
        if line.contains("DescribeUserPoolClient") {
            return json(&json!({"UserPoolClient": self.client}));
        }
        assert!(line.contains("/functions/mlink-dev-"), "{line}");
        json(&self.function)
    }

    async fn proved(self) -> Result<Verified, Error> {
        let mail = self.mail;
        proved(&self.double(), mail, &Progress::silent()).await
    }

    /// What a person is told of this stage.
    async fn refused(self) -> String {
        let error = self.proved().await.unwrap_err();
        format!("{error}\n\nhelp:\n{}", error.help().unwrap())
    }
}

fn stack() -> Stack {
    let outputs = [
        ("SiteUrl", SITE),
        ("UserPoolId", "eu-west-1_pool"),
        ("UserPoolClientId", "client"),
    ];
    let outputs = outputs.map(|(key, value)| {
        let output = Output::builder().output_key(key);
        output.output_value(value).build()
    });
    let parameters = [
        ("AccessTokenMinutes", "60"),
        ("RefreshTokenMinutes", "43200"),
        ("ArtifactBucket", "artifacts"),
    ];
    let parameters = parameters.map(|(key, value)| {
        let parameter = Parameter::builder().parameter_key(key);
        parameter.parameter_value(value).build()
    });
    let described = Described::builder()
        .stack_name("mlink-dev")
        .set_outputs(Some(outputs.to_vec()))
        .set_parameters(Some(parameters.to_vec()));
    Stack::from(described.build())
}

fn template(local: bool) -> Template {
    Template::load(Path::new(env!("CARGO_MANIFEST_DIR")), local).unwrap()
}

/// The proof of a stage, which by itself always has the same stack and the same page.
async fn proved(double: &Double, mail: Recipients, progress: &Progress) -> Result<Verified, Error> {
    let cloud = double.cloud();
    let key = format!("lambda/{}.zip", code());
    let subject = Subject {
        cloud: &cloud,
        stack: &stack(),
        template: &template(false),
        code_keys: &Function::ALL.map(|function| (function, key.clone())).into(),
        published: &Published::earlier(configuration(), &hex::encode(Md5::digest(INDEX))),
        mail: &Delivery {
            from: String::new(),
            to: mail,
            detail: "sent by SES".to_owned(),
        },
        local_endpoint: None,
        flags: " --stage lewis",
    };
    let visitor = Visitor {
        connector: double.connector(),
        site: SITE.to_owned(),
    };
    visit(&visitor, &subject, Limits::AWS, progress).await
}

#[tokio::test(start_paused = true)]
async fn a_stage_that_works_is_verified_with_everything_at_once() {
    let double = Stage::working().double();
    let verified = proved(&double, Recipients::Everybody, &Progress::silent()).await;
    insta::assert_snapshot!(serde_json::to_string_pretty(&verified.unwrap()).unwrap());
    assert!(double.asked.most_at_once() >= 8);
}

#[tokio::test(start_paused = true)]
async fn each_check_is_reported() {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let sink = seen.clone();
    let progress = Progress::new(move |event| {
        if let Event::Check { name, ok, .. } = event {
            sink.lock().unwrap().insert((name, ok));
        }
    });
    let mut stage = Stage::working();
    stage.me = 200;
    let double = stage.double();
    proved(&double, Recipients::Everybody, &progress)
        .await
        .unwrap_err();
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 9);
    let failed: Vec<_> = seen.iter().filter(|(_, ok)| !ok).collect();
    assert_eq!(failed, [&("me".to_owned(), false)]);
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_named_with_what_was_seen_and_what_to_do() {
    let broken = |name: &str, change: fn(&mut Stage)| {
        let mut stage = Stage::working();
        change(&mut stage);
        let name = name.to_owned();
        async move { insta::assert_snapshot!(name, stage.refused().await) }
    };
    broken("an_old_page", |stage| {
        stage.configuration["fingerprint"] = "0000".into();
    })
    .await;
    broken("an_old_index", |stage| stage.index = "old").await;
    broken("another_pool", |stage| {
        stage.configuration["userPoolId"] = "eu-west-1_other".into();
    })
    .await;
    broken("a_broken_api", |stage| stage.login = (502, "text/html")).await;
    broken("an_open_api", |stage| stage.me = 200).await;
    broken("other_code", |stage| {
        stage.function["CodeSha256"] = base64::encode([1; 32]).into();
    })
    .await;
    broken("a_failed_function", |stage| {
        stage.function["State"] = "Failed".into();
        stage.function["StateReason"] = "the role is gone".into();
    })
    .await;
    broken("another_client", |stage| {
        stage.client["ExplicitAuthFlows"] =
            json!(["ALLOW_CUSTOM_AUTH", "ALLOW_USER_PASSWORD_AUTH"]);
        stage.client["RefreshTokenRotation"] = Value::Null;
        stage.client["ClientSecret"] = "a secret that nobody sees".into();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_site_has_time_to_become_the_new_one() {
    let working = Stage::working();
    let looks = Mutex::new(0);
    let double = Double::new(move |line, _| {
        let mut stage = working.clone();
        if line.ends_with("/config.json") {
            *looks.lock().unwrap() += 1;
            if *looks.lock().unwrap() < 20 {
                stage.configuration["fingerprint"] = "0000".into();
            }
        }
        stage.answer(line)
    });
    let verified = proved(&double, Recipients::Everybody, &Progress::silent()).await;
    assert_eq!(verified.unwrap().passed, 9);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_pass_by_itself_is_not_waited_for() {
    let mut stage = Stage::working();
    stage.function["CodeSha256"] = base64::encode([1; 32]).into();
    let double = stage.double();
    let began = Instant::now();
    let proved = proved(&double, Recipients::Everybody, &Progress::silent()).await;
    proved.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn mail_that_reaches_nobody_is_no_failed_proof() {
    let mut stage = Stage::working();
    stage.mail = Recipients::Nobody;
    let verified = stage.proved().await.unwrap();
    assert_eq!((verified.passed, verified.of), (8, 8));
}

#[test]
fn every_setting_of_the_client_stands_in_the_template() {
    for local in [false, true] {
        let template = template(local).properties("UserPoolClient");
        client::tests::are_all_said_by(&template, &stack().parameters);
    }
}
