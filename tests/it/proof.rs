//! What a deploy proves, and users on their way from one stage to another.

use serde_json::{Value, json};

use crate::world::{World, ask};

async fn cognito(endpoint: &str, operation: &str, body: Value) -> String {
    let target = format!("AWSCognitoIdentityProviderService.{operation}");
    ask(
        endpoint,
        "cognito-idp",
        "/",
        Some(&target),
        &body.to_string(),
    )
    .await
}

/// Takes from CloudFront the right to read the page, or gives it back.
async fn bucket_policy(endpoint: &str, bucket: &str, policy: Option<&str>) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{endpoint}/{bucket}?policy");
    let request = match policy {
        Some(policy) => client.put(url).body(policy.to_owned()),
        None => client.delete(url),
    };
    let who = "AWS4-HMAC-SHA256 Credential=test/20261122/eu-west-1/s3/aws4_request, \
               SignedHeaders=host, Signature=0";
    let answer = request.header("authorization", who).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_is_proved_and_one_that_does_not_serve_is_a_failure() {
    let world = World::new();
    let endpoint = world.endpoint();
    let deployed = world.json("deploy --local --stage proof");
    let verified = &deployed["verified"];
    assert_eq!(verified["passed"], verified["of"]);
    let checks = verified["checks"].as_array().unwrap();
    let names: Vec<&str> = checks.iter().map(|c| c["name"].as_str().unwrap()).collect();
    let expected = [
        "page",
        "configuration",
        "login",
        "me",
        "challenge function",
        "api function",
        "mail function",
    ];
    assert_eq!(names, expected);
    assert!(checks.iter().all(|check| check["ok"] == true), "{verified}");

    let bucket = deployed["outputs"]["SiteBucket"].as_str().unwrap();
    let path = format!("/{bucket}?policy");
    let policy = ask(&endpoint, "s3", &path, None, "").await;
    bucket_policy(&endpoint, bucket, None).await;
    let (code, said) = world.fails("deploy --local --stage proof");
    assert_eq!(code, 1);
    assert!(
        said.contains("mlink-proof is deployed, but 2 of 7 checks failed"),
        "{said}"
    );
    assert!(said.contains("/config.json answered 403"), "{said}");
    assert!(
        said.contains("`mlink deploy --local --stage proof`"),
        "{said}"
    );
    // Who does not ask is not told.
    let unproved = world.json("deploy --local --stage proof --no-verify");
    assert_eq!(unproved["verified"], Value::Null);
    bucket_policy(&endpoint, bucket, Some(&policy)).await;
    assert_eq!(
        world.json("deploy --local --stage proof")["verified"]["passed"],
        7
    );
}

/// A stage with Alice, who is in a group, and Bob, who is disabled.
async fn with_users(world: &World, endpoint: &str, stage: &str) -> String {
    let deployed = world.json(&format!("deploy --local --stage {stage} --no-verify"));
    let pool = deployed["outputs"]["UserPoolId"].as_str().unwrap();
    for user in ["alice@example.com --name Alice", "bob@example.com"] {
        world.json(&format!("user add {user} --local --stage {stage}"));
    }
    world.json(&format!(
        "user disable bob@example.com --local --stage {stage}"
    ));
    let group = json!({"UserPoolId": pool, "GroupName": "admins", "Precedence": 1});
    cognito(endpoint, "CreateGroup", group).await;
    let member = json!({
        "UserPoolId": pool, "Username": "alice@example.com", "GroupName": "admins",
    });
    cognito(endpoint, "AdminAddUserToGroup", member).await;
    let locale = json!({
        "UserPoolId": pool, "Username": "alice@example.com",
        "UserAttributes": [{"Name": "locale", "Value": "de"}],
    });
    cognito(endpoint, "AdminUpdateUserAttributes", locale).await;
    pool.to_owned()
}

/// The users of a file, without what another pool gives anew.
fn users(file: &str) -> Value {
    let mut roster: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    for user in roster["users"].as_array_mut().unwrap() {
        assert!(user.as_object_mut().unwrap().remove("sub").is_some());
    }
    roster
}

#[tokio::test(flavor = "multi_thread")]
async fn users_move_to_another_stage_and_outlive_their_own() {
    let world = World::new();
    let endpoint = world.endpoint();
    with_users(&world, &endpoint, "old").await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (old, new) = (file("old.json"), file("new.json"));
    let exported = world.json(&format!("user export --file {old} --local --stage old"));
    assert_eq!(
        (&exported["users"], &exported["groups"]),
        (&json!(2), &json!(1))
    );
    let (code, said) = world.fails(&format!("user export --file {old} --local --stage old"));
    assert_eq!(code, 3, "{said}");

    world.json("deploy --local --stage new --no-verify");
    let import = format!("user import {old} --local --stage new");
    assert_eq!(world.json(&import)["added"], 2);
    assert_eq!(world.json(&import)["unchanged"], 2);
    world.json(&format!("user export --file {new} --local --stage new"));
    assert_eq!(users(&new), users(&old));

    // As a file of another's making: who cannot be brought in is named, and the others are in.
    let mut more: Value = serde_json::from_slice(&std::fs::read(&old).unwrap()).unwrap();
    let stray = |email: &str, groups: &[&str]| json!({"attributes": {"email": email, "email_verified": "true"}, "groups": groups, "enabled": true});
    let members = more["users"].as_array_mut().unwrap();
    members.insert(0, stray("nonsense", &[]));
    members.push(stray("carol@example.com", &["unknown"]));
    members.push(stray("dave@example.com", &[]));
    std::fs::write(&new, more.to_string()).unwrap();
    let output = world.output(&format!(
        "user import {new} --local --stage new --output json"
    ));
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&report["added"], &report["unchanged"]),
        (&json!(1), &json!(2))
    );
    let failed = report["failed"].as_array().unwrap();
    let emails: Vec<&str> = failed
        .iter()
        .map(|f| f["email"].as_str().unwrap())
        .collect();
    assert_eq!(emails, ["nonsense", "carol@example.com"]);

    let destroy = || {
        let mut command = world.command("destroy --keep-users --yes --local --stage old");
        command.current_dir(folder.path());
        command.output().unwrap()
    };
    let kept = file("users-mlink-old.json");
    std::fs::write(&kept, "precious").unwrap();
    assert_eq!(destroy().status.code(), Some(3));
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "precious");
    world.json("info --local --stage old");
    std::fs::remove_file(&kept).unwrap();
    assert!(destroy().status.success());
    assert_eq!(users(&kept), users(&old));
}
