//! A stage from its first deploy to its end.

use std::path::Path;

use serde_json::Value;

use crate::world::{World, ask, ask_for_mail, cognito, inventory, request, sign_in, site};

const EMAIL: &str = "alice@example.com";

fn output<'a>(result: &'a Value, name: &str) -> &'a str {
    result["outputs"][name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in {result}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stage_is_deployed_used_and_destroyed_without_a_trace() {
    let world = World::unthrottled();
    let endpoint = world.endpoint();
    let before = inventory(&endpoint).await;

    let first = world.json("deploy --local --stage lewis");
    assert_eq!(first["changed"], true);
    assert_eq!(first["path"], "stack");
    assert_eq!(first["stage"], "lewis");
    assert_eq!(first["stack"], "mlink-lewis");
    assert_eq!(first["status"], "CREATE_COMPLETE");
    assert!(first["seconds"].is_number());
    keep_template(&endpoint, "mlink-lewis").await;

    let second = world.json("deploy --local --stage lewis");
    assert_eq!(second["changed"], false);
    assert_eq!(second["path"], "nothing");
    assert_eq!(second["outputs"], first["outputs"]);

    let info = world.json("info --local --stage lewis");
    assert_eq!(info["outputs"], first["outputs"]);
    assert_eq!(info["region"], "eu-west-1");

    // Every kind of thing is seen, or its absence at the end would say nothing.
    for (kind, found) in inventory(&endpoint).await {
        assert_ne!(found, before[kind], "{kind}");
    }
    the_site_is_published(&endpoint, &first).await;
    users_are_managed(&world);
    let refresh_token = a_link_signs_in_once(&world, &endpoint, &first).await;
    a_code_signs_in_once(&world, &endpoint, &first).await;
    users_are_shut_out(&world, &endpoint, &first, &refresh_token).await;
    a_removed_user_is_gone(&world, &endpoint, &first).await;

    let (code, said) = world.fails("destroy --local --stage lewis");
    assert_eq!(code, 3);
    assert!(said.contains("`--yes` confirms it"), "{said}");
    let destroyed = world.json("destroy --local --stage lewis --yes");
    assert_eq!(destroyed["existed"], true);
    for nothing in ["left", "kept", "unseen"] {
        assert_eq!(destroyed[nothing].as_array().unwrap().len(), 0);
    }
    assert_eq!(inventory(&endpoint).await, before);

    let again = world.says("destroy --local --stage lewis --yes");
    assert_eq!(
        again.trim(),
        "mlink-lewis does not exist: nothing to destroy. Looked for its tags and its names: 0 left."
    );
}

/// The template that the local cloud was sent, the overlay in it, for the linters (`.ci/run`).
async fn keep_template(endpoint: &str, stack: &str) {
    let query = format!("Action=GetTemplate&Version=2010-05-15&StackName={stack}");
    let answer = ask(endpoint, "cloudformation", "/", None, &query).await;
    let (_, body) = answer.split_once("<TemplateBody>").unwrap();
    let (body, _) = body.split_once("</TemplateBody>").unwrap();
    let escapes = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&amp;", "&"),
    ];
    let template = escapes
        .iter()
        .fold(body.to_owned(), |text, (escaped, plain)| {
            text.replace(escaped, plain)
        });
    assert!(template.contains("LocalPort"), "{template}");
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("local-template.yaml");
    std::fs::write(path, template).unwrap();
}

async fn the_site_is_published(endpoint: &str, deployed: &Value) {
    let url = output(deployed, "SiteUrl");
    let answer = site(url, "/config.json").await.send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.headers()["content-type"], "application/json");
    let config: Value = answer.json().await.unwrap();
    assert_eq!(config["region"], "eu-west-1");
    assert_eq!(config["userPoolId"], output(deployed, "UserPoolId"));
    assert_eq!(
        config["userPoolClientId"],
        output(deployed, "UserPoolClientId")
    );
    assert_eq!(config["apiPath"], "/api");
    assert_eq!(config["mail"], true);
    let port = endpoint.rsplit(':').next().unwrap();
    assert_eq!(
        config["cognitoEndpoint"],
        format!("http://localhost:{port}/")
    );
    assert_eq!(config["fingerprint"].as_str().unwrap().len(), 64);

    let answer = site(url, "/").await.send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-cache");
    let policy = answer.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let index = answer.text().await.unwrap();
    let asset = index
        .split('"')
        .find(|text| text.starts_with("/assets/"))
        .unwrap();
    let answer = site(url, asset).await.send().await.unwrap();
    let caching = "public, max-age=31536000, immutable";
    assert_eq!(answer.headers()["cache-control"], caching);
    // The link's address is the page too.
    let answer = site(url, "/sign-in").await.send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), index);
}

fn users_are_managed(world: &World) {
    let listed = world.json("user list --local --stage lewis");
    assert_eq!(listed.as_array().unwrap().len(), 0);
    let added = world.json("user add Alice@Example.com --name Alice --local --stage lewis");
    assert_eq!(
        (&added["email"], &added["added"]),
        (&EMAIL.into(), &true.into())
    );
    let again = world.says("user add alice@example.com --local --stage lewis");
    assert_eq!(
        again.trim(),
        "alice@example.com is a user already; nothing was changed."
    );
    let listed = world.json("user list --local --stage lewis");
    let user = &listed[0];
    assert_eq!(user["email"], EMAIL);
    assert_eq!(user["name"], "Alice");
    assert_eq!(user["enabled"], true);
    assert!(
        user["status"].is_string() && user["created"].is_string(),
        "{user}"
    );
}

/// Returns the refresh token of the session.
async fn a_link_signs_in_once(world: &World, endpoint: &str, deployed: &Value) -> String {
    let url = output(deployed, "SiteUrl");
    let client_id = output(deployed, "UserPoolClientId");

    let known = ask_for_mail(url, EMAIL).await;
    let unknown = ask_for_mail(url, "nobody@example.com").await;
    assert_eq!(known.status(), 202);
    assert_eq!(unknown.status(), 202);
    assert_eq!(known.text().await.unwrap(), unknown.text().await.unwrap());
    assert_eq!(ask_for_mail(url, "no address").await.status(), 400);
    // Past CloudFront there is no way in.
    let direct = reqwest::Client::new().post(format!("{}/api/login", output(deployed, "ApiUrl")));
    let direct = direct
        .json(&serde_json::json!({"email": EMAIL}))
        .send()
        .await
        .unwrap();
    assert_eq!(direct.status(), 403);

    let mail = world.mail(1).await;
    assert_eq!(mail["to"], EMAIL);
    // As tests/it/mlink.yaml has them.
    assert_eq!(mail["subject"], "mlink: your way in");
    let text = mail["text"].as_str().unwrap();
    assert!(text.contains("help@acme.example"), "{text}");
    assert!(mail["html"].as_str().unwrap().contains("</html>"));
    let link = mail["links"][0].as_str().unwrap();
    let secret = link.strip_prefix(&format!("{url}/sign-in#")).expect(link);
    let answer = format!("link.{secret}");

    // Neither a wrong answer nor the wrong person burns the link.
    let wrong = sign_in(endpoint, client_id, EMAIL, "link.wrong").await;
    assert!(wrong.map_or(true, |answer| answer["AuthenticationResult"].is_null()));
    world.says("user add mallory@example.com --local --stage lewis");
    let other = sign_in(endpoint, client_id, "mallory@example.com", &answer).await;
    assert!(other.map_or(true, |answer| answer["AuthenticationResult"].is_null()));

    let signed_in = sign_in(endpoint, client_id, EMAIL, &answer).await.unwrap();
    let token = signed_in["AuthenticationResult"]["IdToken"]
        .as_str()
        .unwrap();
    let me = || request(reqwest::Method::GET, url, "/api/me");
    assert_eq!(me().send().await.unwrap().status(), 401);
    let answered = me().bearer_auth(token).send().await.unwrap();
    assert_eq!(answered.status(), 200);
    let answered: Value = answered.json().await.unwrap();
    assert_eq!(answered["email"], EMAIL);
    assert_eq!(answered["name"], "Alice");
    // It takes an ID token; an access token says who may, not who is.
    let access = signed_in["AuthenticationResult"]["AccessToken"]
        .as_str()
        .unwrap();
    assert_ne!(me().bearer_auth(access).send().await.unwrap().status(), 200);

    let replayed = sign_in(endpoint, client_id, EMAIL, &answer).await;
    assert!(replayed.map_or(true, |answer| answer["AuthenticationResult"].is_null()));
    let session = &signed_in["AuthenticationResult"];
    session["RefreshToken"].as_str().unwrap().to_owned()
}

/// The code in the text of a mail: eight digits on a line of their own.
fn code(mail: &Value) -> String {
    let text = mail["text"].as_str().unwrap();
    let is_code = |line: &&str| line.len() == 8 && line.bytes().all(|b| b.is_ascii_digit());
    text.lines()
        .map(str::trim)
        .find(is_code)
        .expect(text)
        .to_owned()
}

async fn a_code_signs_in_once(world: &World, endpoint: &str, deployed: &Value) {
    let (url, client_id) = (
        output(deployed, "SiteUrl"),
        output(deployed, "UserPoolClientId"),
    );
    let tokens = async |answer: &str| match sign_in(endpoint, client_id, EMAIL, answer).await {
        Ok(answered) => !answered["AuthenticationResult"].is_null(),
        Err(_) => false,
    };
    let fresh = async || {
        let mails = world.json("local mail").as_array().unwrap().len();
        assert_eq!(ask_for_mail(url, EMAIL).await.status(), 202);
        world.mail(mails + 1).await
    };
    let first = code(&fresh().await);
    let second = code(&fresh().await);
    if first != second {
        assert!(
            !tokens(&format!("code.{first}")).await,
            "only the newest code is good"
        );
    }
    assert!(tokens(&format!("code.{second}")).await);
    assert!(
        !tokens(&format!("code.{second}")).await,
        "a code works once"
    );

    let third = code(&fresh().await);
    let wrong = format!(
        "code.{:08}",
        (third.parse::<u32>().unwrap() + 1) % 100_000_000
    );
    for _ in 0..5 {
        assert!(!tokens(&wrong).await);
    }
    assert!(
        !tokens(&format!("code.{third}")).await,
        "five wrong tries kill a code"
    );
}

async fn users_are_shut_out(world: &World, endpoint: &str, deployed: &Value, refresh_token: &str) {
    let (url, client_id) = (
        output(deployed, "SiteUrl"),
        output(deployed, "UserPoolClientId"),
    );
    let renew = async || {
        let body = serde_json::json!({"ClientId": client_id, "RefreshToken": refresh_token});
        cognito(endpoint, "GetTokensFromRefreshToken", body).await
    };
    renew().await.unwrap();
    world.json("user sign-out alice@example.com --local --stage lewis");
    renew().await.unwrap_err();

    let mails = world.json("local mail").as_array().unwrap().len();
    assert_eq!(ask_for_mail(url, EMAIL).await.status(), 202);
    let mail = world.mail(mails + 1).await;
    let answer = format!(
        "link.{}",
        mail["links"][0]
            .as_str()
            .unwrap()
            .split_once('#')
            .unwrap()
            .1
    );
    world.json("user disable alice@example.com --local --stage lewis");
    assert_eq!(
        world.json("user list --local --stage lewis")[0]["enabled"],
        false
    );
    sign_in(endpoint, client_id, EMAIL, &answer)
        .await
        .unwrap_err();
    world.json("user enable alice@example.com --local --stage lewis");
    // What was out before stays dead.
    let stale = sign_in(endpoint, client_id, EMAIL, &answer).await;
    assert!(stale.map_or(true, |answer| answer["AuthenticationResult"].is_null()));
}

async fn a_removed_user_is_gone(world: &World, endpoint: &str, deployed: &Value) {
    let url = output(deployed, "SiteUrl");
    let mails = world.json("local mail").as_array().unwrap().len();
    assert_eq!(ask_for_mail(url, "mallory@example.com").await.status(), 202);
    let mail = world.mail(mails + 1).await;
    let secret = mail["links"][0]
        .as_str()
        .unwrap()
        .split_once('#')
        .unwrap()
        .1
        .to_owned();

    let (code, said) = world.fails("user remove mallory@example.com --local --stage lewis");
    assert_eq!(code, 3, "{said}");
    let removed = world.json("user remove mallory@example.com --yes --local --stage lewis");
    assert!(removed["links_removed"].as_u64().unwrap() >= 1, "{removed}");
    let client_id = output(deployed, "UserPoolClientId");
    let answer = format!("link.{secret}");
    let signed_in = sign_in(endpoint, client_id, "mallory@example.com", &answer).await;
    assert!(signed_in.is_err());
    let (code, said) = world.fails("user remove mallory@example.com --yes --local --stage lewis");
    assert_eq!(code, 1);
    assert!(
        said.contains("there is no user mallory@example.com"),
        "{said}"
    );
}

#[test]
fn stages_live_side_by_side() {
    let world = World::new();
    let one = world.json("deploy --local --stage one");
    let two = world.json("deploy --local --stage two");
    assert_ne!(one["outputs"]["UserPoolId"], two["outputs"]["UserPoolId"]);
    assert_ne!(one["outputs"]["SiteUrl"], two["outputs"]["SiteUrl"]);
    world.json("destroy --local --stage one --yes");
    // What both ran is still there for the other.
    let still = world.json("deploy --local --stage two");
    assert_eq!(still["changed"], false);
    world.json("user add alice@example.com --local --stage two");
}
