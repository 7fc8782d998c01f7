//! A machine of the test's own: its own local cloud with its own state, torn down with it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// How long a condition may take to come true.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct World {
    folder: TempDir,
    project: PathBuf,
    path: Option<PathBuf>,
}

impl World {
    /// Works in this repository, where no mlink.yaml says anything.
    pub fn new() -> World {
        World::of(Path::new(env!("CARGO_MANIFEST_DIR")))
    }

    /// Works in a folder of this repository whose mlink.yaml throttles hardly anybody.
    pub fn unthrottled() -> World {
        World::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it"))
    }

    pub fn of(project: &Path) -> World {
        World {
            folder: tempfile::tempdir().unwrap(),
            project: project.to_owned(),
            path: None,
        }
    }

    /// Finds programs in `folder` first.
    pub fn with_programs(mut self, folder: &Path) -> World {
        self.path = Some(folder.to_owned());
        self
    }

    /// An mlink that knows nothing of this machine's AWS configuration.
    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mlink"));
        command
            .args(line.split_whitespace())
            .current_dir(&self.project);
        for (name, _) in std::env::vars() {
            if name.starts_with("AWS_") || name.starts_with("MLINK_") {
                command.env_remove(name);
            }
        }
        command
            .env("XDG_STATE_HOME", self.folder.path())
            // The venv is the same for all, and made once.
            .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
            .env("AWS_CONFIG_FILE", "/nonexistent")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env_remove("NO_COLOR");
        if let Some(path) = &self.path {
            let old = std::env::var("PATH").unwrap();
            command.env("PATH", format!("{}:{old}", path.display()));
        }
        command
    }

    pub fn output(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    /// The text of a command that succeeds.
    pub fn says(&self, line: &str) -> String {
        let output = self.output(line);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "mlink {line}\n{stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The one JSON document of a command that succeeds; stderr must be JSON Lines.
    pub fn json(&self, line: &str) -> Value {
        let output = self.output(&format!("{line} --output json"));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "mlink {line}\n{stderr}");
        for event in stderr.lines() {
            let event: Value = serde_json::from_str(event).expect(event);
            assert!(event["event"].is_string(), "{event}");
        }
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Exit code and stderr of a command that fails.
    pub fn fails(&self, line: &str) -> (i32, String) {
        failure(self.command(line))
    }

    pub fn endpoint(&self) -> String {
        self.json("local start")["endpoint"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The newest mail, once there are as many as `count`.
    pub async fn mail(&self, count: usize) -> Value {
        wait_for(|| async {
            let mails = self.json("local mail");
            let mails = mails.as_array().unwrap();
            (mails.len() >= count).then(|| mails[0].clone())
        })
        .await
    }

    /// All mails, newest first.
    pub fn mails(&self) -> Vec<Value> {
        let mails = self.json(&format!("local mail --last {}", usize::MAX));
        mails.as_array().unwrap().clone()
    }

    /// The mails to one address, newest first.
    pub fn mails_to(&self, email: &str) -> Vec<Value> {
        let mut mails = self.mails();
        mails.retain(|mail| mail["to"] == email);
        mails
    }

    /// The local cloud's folder.
    pub fn state(&self) -> PathBuf {
        self.folder.path().join("mlink/local")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.command("local stop").output();
    }
}

pub fn failure(mut command: Command) -> (i32, String) {
    let output = command.output().unwrap();
    assert!(
        !output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "",
        "a failure has no result"
    );
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// Asks again until there is an answer.
pub async fn wait_for<T, F: Future<Output = Option<T>>>(mut ask: impl FnMut() -> F) -> T {
    let give_up = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < give_up, "the condition did not come true");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A request to the site, through its CloudFront distribution.
pub async fn site(url: &str, path: &str) -> reqwest::RequestBuilder {
    request(reqwest::Method::GET, url, path)
}

pub fn request(method: reqwest::Method, url: &str, path: &str) -> reqwest::RequestBuilder {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    request_by(&client, method, url, path)
}

/// `<label>.cloudfront.localhost` is this machine to browsers only: others say it in the Host header.
pub fn request_by(
    client: &reqwest::Client,
    method: reqwest::Method,
    url: &str,
    path: &str,
) -> reqwest::RequestBuilder {
    let url = reqwest::Url::parse(url).unwrap();
    let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let address = format!("http://127.0.0.1:{}{path}", url.port().unwrap());
    client.request(method, address).header("host", host)
}

/// Asks the page's API for a sign-in mail.
pub async fn ask_for_mail(url: &str, email: &str) -> reqwest::Response {
    let request = request(reqwest::Method::POST, url, "/api/login");
    request.json(&json!({"email": email})).send().await.unwrap()
}

/// A public Cognito call, as the page makes it.
pub async fn cognito(endpoint: &str, operation: &str, body: Value) -> Result<Value, Value> {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client
        .post(endpoint)
        .header("content-type", "application/x-amz-json-1.1")
        .header(
            "x-amz-target",
            format!("AWSCognitoIdentityProviderService.{operation}"),
        )
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    let fine = answer.status().is_success();
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    if fine { Ok(body) } else { Err(body) }
}

/// Begins a custom sign-in and answers its challenge.
pub async fn sign_in(
    endpoint: &str,
    client_id: &str,
    email: &str,
    answer: &str,
) -> Result<Value, Value> {
    let begin = json!({
        "AuthFlow": "CUSTOM_AUTH",
        "ClientId": client_id,
        "AuthParameters": {"USERNAME": email},
    });
    let challenge = cognito(endpoint, "InitiateAuth", begin).await?;
    assert_eq!(challenge["ChallengeName"], "CUSTOM_CHALLENGE");
    let respond = json!({
        "ChallengeName": "CUSTOM_CHALLENGE",
        "ClientId": client_id,
        "Session": challenge["Session"],
        "ChallengeResponses": {"USERNAME": email, "ANSWER": answer},
    });
    cognito(endpoint, "RespondToAuthChallenge", respond).await
}

/// Everything that a stage could leave behind, by kind.
pub async fn inventory(endpoint: &str) -> BTreeMap<&'static str, String> {
    let mut found = BTreeMap::new();
    for (kind, service, target) in [
        ("tables", "dynamodb", "DynamoDB_20120810.ListTables"),
        ("log groups", "logs", "Logs_20140328.DescribeLogGroups"),
        ("queues", "sqs", "AmazonSQS.ListQueues"),
        (
            "pools",
            "cognito-idp",
            "AWSCognitoIdentityProviderService.ListUserPools",
        ),
    ] {
        let body = if kind == "pools" {
            r#"{"MaxResults":60}"#
        } else {
            "{}"
        };
        found.insert(kind, ask(endpoint, service, "/", Some(target), body).await);
    }
    for (kind, service, query) in [
        (
            "stacks",
            "cloudformation",
            "Action=DescribeStacks&Version=2010-05-15",
        ),
        ("roles", "iam", "Action=ListRoles&Version=2010-05-08"),
    ] {
        found.insert(kind, ask(endpoint, service, "/", None, query).await);
    }
    for (kind, service, path) in [
        ("buckets", "s3", "/"),
        ("functions", "lambda", "/2015-03-31/functions/"),
        (
            "event sources",
            "lambda",
            "/2015-03-31/event-source-mappings/",
        ),
        ("distributions", "cloudfront", "/2020-05-31/distribution"),
        ("APIs", "apigateway", "/v2/apis"),
        ("senders", "ses", "/v2/email/identities"),
    ] {
        found.insert(kind, ask(endpoint, service, path, None, "").await);
    }
    found
}

/// One read of the local cloud's own state. It looks at who asks, not at the signature.
pub async fn ask(
    endpoint: &str,
    service: &str,
    path: &str,
    target: Option<&str>,
    body: &str,
) -> String {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let method = if body.is_empty() {
        reqwest::Method::GET
    } else {
        reqwest::Method::POST
    };
    let mut request = client.request(method, format!("{endpoint}{path}")).header(
        "authorization",
        format!(
            "AWS4-HMAC-SHA256 Credential=test/20261122/eu-west-1/{service}/aws4_request, \
             SignedHeaders=host, Signature=0"
        ),
    );
    if let Some(target) = target {
        request = request.header("x-amz-target", target);
        request = request.header("content-type", "application/x-amz-json-1.0");
    } else if !body.is_empty() {
        request = request.header("content-type", "application/x-www-form-urlencoded");
    }
    let answer = request.body(body.to_owned()).send().await.unwrap();
    assert!(
        answer.status().is_success(),
        "{service} {path}: {}",
        answer.status()
    );
    let text = answer.text().await.unwrap();
    // Each answer of the XML services has an id and a time of its own.
    let mut kept = text.as_str();
    let mut stable = String::new();
    while let Some(at) = kept.find("<RequestId>") {
        stable.push_str(&kept[..at]);
        kept = kept[at..].split_once("</RequestId>").unwrap().1;
    }
    stable.push_str(kept);
    stable
}
