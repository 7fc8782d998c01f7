//! A deployed stage that many tests share, and a record of everything secret that they made with it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};

use mlink_core::table::{self, Key};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::function::Function;
use crate::wire::Wire;
use crate::world::{World, ask, ask_for_mail, sign_in};

pub struct Stage {
    pub world: World,
    pub endpoint: String,
    outputs: Value,
    known: Mutex<Known>,
    logs: TempDir,
}

/// What must be found nowhere.
#[derive(Clone, Default)]
pub struct Known {
    /// Secrets of links, codes, tokens and keys.
    pub secrets: Vec<String>,
    pub addresses: Vec<String>,
}

/// A user of the stage.
#[derive(Clone)]
pub struct Person {
    pub email: String,
    pub sub: String,
}

/// What a mail carries.
#[derive(Clone)]
pub struct Letter {
    pub secret: String,
    pub code: String,
}

impl Letter {
    pub fn link(&self) -> String {
        format!("link.{}", self.secret)
    }

    pub fn code(&self) -> String {
        format!("code.{}", self.code)
    }

    /// A code that this one is not.
    pub fn wrong_code(&self, by: u32) -> String {
        let code: u32 = self.code.parse().unwrap();
        format!("code.{:08}", (code + by) % 100_000_000)
    }

    fn of(mail: &Value) -> Letter {
        let link = mail["links"][0].as_str().unwrap();
        let text = mail["text"].as_str().unwrap();
        let is_code = |line: &&str| line.len() == 8 && line.bytes().all(|b| b.is_ascii_digit());
        Letter {
            secret: link.split_once('#').unwrap().1.to_owned(),
            code: text.lines().map(str::trim).find(is_code).unwrap().into(),
        }
    }
}

/// The stage that is there as long as a test has it.
static SHARED: tokio::sync::Mutex<Weak<Stage>> = tokio::sync::Mutex::const_new(Weak::new());

impl Stage {
    pub async fn shared() -> Arc<Stage> {
        let mut shared = SHARED.lock().await;
        if let Some(stage) = shared.upgrade() {
            return stage;
        }
        let stage = Arc::new(Stage::deploy(World::unthrottled()).await);
        *shared = Arc::downgrade(&stage);
        stage
    }

    pub async fn deploy(world: World) -> Stage {
        let deployed = world.json("deploy --local");
        let stage = Stage {
            endpoint: world.endpoint(),
            world,
            outputs: deployed["outputs"].clone(),
            known: Mutex::default(),
            logs: tempfile::tempdir().unwrap(),
        };
        for (name, variable) in [("mail", "MAC_KEY"), ("api", "ORIGIN_SECRET")] {
            stage.keep_secret(&stage.variables(name).await[variable]);
        }
        stage
    }

    pub fn output(&self, name: &str) -> &str {
        let output = self.outputs[name].as_str();
        output.unwrap_or_else(|| panic!("no {name} in {}", self.outputs))
    }

    pub fn url(&self) -> &str {
        self.output("SiteUrl")
    }

    pub fn known(&self) -> Known {
        self.known.lock().unwrap().clone()
    }

    pub fn keep_secret(&self, secret: &str) {
        self.known.lock().unwrap().secrets.push(secret.to_owned());
    }

    pub fn keep_address(&self, email: &str) {
        self.known.lock().unwrap().addresses.push(email.to_owned());
    }

    /// What the functions wrote that ran outside the local cloud.
    pub fn lines(&self) -> Vec<String> {
        let logs = std::fs::read_dir(self.logs.path()).unwrap();
        let text = |log: std::io::Result<std::fs::DirEntry>| {
            std::fs::read_to_string(log.unwrap().path()).unwrap()
        };
        let lines = |text: String| text.lines().map(str::to_owned).collect::<Vec<_>>();
        logs.map(text).flat_map(lines).collect()
    }

    /// What a function wrote that the local cloud ran.
    pub async fn log(&self, function: &str) -> Vec<String> {
        let group = json!({"logGroupName": format!("/aws/lambda/mlink-dev-{function}")});
        let lines = self.call("logs", "Logs_20140328.FilterLogEvents", group);
        let lines = lines.await["events"].take();
        let message = |line: &Value| line["message"].as_str().unwrap().to_owned();
        lines
            .as_array()
            .into_iter()
            .flatten()
            .map(message)
            .collect()
    }

    /// A new user.
    pub async fn user(&self, name: &str) -> Person {
        let email = format!("{name}@example.com");
        self.keep_address(&email);
        self.world.json(&format!("user add {email} --local"));
        self.person(&email).await
    }

    /// A user who is there.
    pub async fn person(&self, email: &str) -> Person {
        let sub = self.sub(email).await;
        let email = email.to_owned();
        Person { email, sub }
    }

    /// The address of an account that signed itself up and never confirmed it. The local cloud lets
    /// it, AWS does not.
    pub async fn unconfirmed(&self, name: &str) -> String {
        let email = format!("{name}@example.com");
        self.keep_address(&email);
        let body = json!({
            "ClientId": self.output("UserPoolClientId"),
            "Username": email,
            "Password": "Passw0rd!-long-enough",
            "UserAttributes": [{"Name": "email", "Value": email}],
        });
        self.cognito("SignUp", body).await;
        email
    }

    /// Gives a user another address, verified as it stands.
    pub async fn move_user(&self, from: &Person, to: &Person) {
        self.keep_address(&to.email);
        let change = json!({
            "UserPoolId": self.output("UserPoolId"),
            "Username": from.email,
            "UserAttributes": [
                {"Name": "email", "Value": to.email},
                {"Name": "email_verified", "Value": "true"},
            ],
        });
        self.cognito("AdminUpdateUserAttributes", change).await;
    }

    async fn sub(&self, email: &str) -> String {
        let pool = self.output("UserPoolId");
        let body = json!({"UserPoolId": pool, "Username": email});
        let user = self.cognito("AdminGetUser", body).await;
        let mut attributes = user["UserAttributes"].as_array().unwrap().iter();
        let sub = attributes.find(|attribute| attribute["Name"] == "sub");
        sub.unwrap()["Value"].as_str().unwrap().to_owned()
    }

    /// A mail to somebody, by the stage's own worker, and what stands in it.
    pub async fn letter(&self, person: &Person) -> Letter {
        let before = self.world.mails_to(&person.email).len();
        let batch = crate::trigger::batch(&person.email, &format!("{}-{before}", person.sub), 1);
        let result = self.invoke("mail", &batch).await;
        assert_eq!(result["batchItemFailures"], json!([]), "{result}");
        let mails = self.world.mails_to(&person.email);
        assert_eq!(mails.len(), before + 1);
        self.read(&mails[0])
    }

    /// A mail to somebody, asked for on the page.
    pub async fn letter_by_page(&self, person: &Person) -> Letter {
        let before = self.world.mails_to(&person.email).len();
        let answer = ask_for_mail(self.url(), &person.email).await;
        assert_eq!(answer.status(), 202);
        let mail = crate::world::wait_for(|| async {
            let mails = self.world.mails_to(&person.email);
            (mails.len() > before).then(|| mails[0].clone())
        });
        self.read(&mail.await)
    }

    /// Reads a mail and writes down what stands in it.
    pub fn read(&self, mail: &Value) -> Letter {
        let letter = Letter::of(mail);
        self.keep_secret(&letter.secret);
        self.keep_secret(&letter.code);
        letter
    }

    /// The answer that a link is, its secret written down.
    pub fn answer(&self, url: &Value) -> String {
        let url = url.as_str().unwrap();
        let (page, secret) = url.split_once('#').unwrap();
        assert_eq!(page, format!("{}/sign-in", self.url()));
        self.keep_secret(secret);
        format!("link.{secret}")
    }

    /// Whether an answer signs somebody in, as the page does it. The tokens are written down.
    pub async fn signs_in(&self, person: &Person, answer: &str) -> bool {
        let client = self.output("UserPoolClientId");
        let answered = sign_in(&self.endpoint, client, &person.email, answer).await;
        let tokens = answered.unwrap_or_default()["AuthenticationResult"].take();
        for token in ["IdToken", "AccessToken", "RefreshToken"] {
            if let Some(token) = tokens[token].as_str() {
                self.keep_secret(token);
            }
        }
        !tokens.is_null()
    }

    /// One of the functions behind a line of the test's own, with the environment that the stack
    /// gave it.
    pub async fn function(&self, name: &str, wire: &Wire) -> Function {
        self.function_with(name, wire, &[]).await
    }

    /// The same, but for these variables.
    pub async fn function_with(
        &self,
        name: &str,
        wire: &Wire,
        changes: &[(&str, &str)],
    ) -> Function {
        let mut variables = self.variables(name).await;
        let url = wire.url();
        let of_lambda = [
            ("AWS_ENDPOINT_URL", &*url),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
        ];
        for (name, value) in of_lambda.iter().chain(changes) {
            variables.insert((*name).to_owned(), (*value).to_owned());
        }
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let log = self.logs.path().join(format!("{name}-{number}"));
        Function::start(name, &variables, log).await
    }

    /// Invokes a function of the stack.
    pub async fn invoke(&self, name: &str, event: &Value) -> Value {
        let path = format!("/2015-03-31/functions/mlink-dev-{name}/invocations");
        let body = event.to_string();
        let said = ask(&self.endpoint, "lambda", &path, None, &body).await;
        serde_json::from_str(&said).unwrap()
    }

    pub async fn variables(&self, name: &str) -> BTreeMap<String, String> {
        let path = format!("/2015-03-31/functions/mlink-dev-{name}/configuration");
        let said = ask(&self.endpoint, "lambda", &path, None, "").await;
        let mut said: Value = serde_json::from_str(&said).unwrap();
        serde_json::from_value(said["Environment"]["Variables"].take()).unwrap()
    }

    pub async fn cognito(&self, operation: &str, body: Value) -> Value {
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        self.call("cognito-idp", &target, body).await
    }

    pub async fn call(&self, service: &str, target: &str, body: Value) -> Value {
        let body = body.to_string();
        let said = ask(&self.endpoint, service, "/", Some(target), &body).await;
        serde_json::from_str(&said).unwrap_or_default()
    }

    /// An item of the table, in DynamoDB's own form; null if there is none.
    pub async fn item(&self, key: &Key) -> Value {
        let body = json!({"TableName": self.output("LinkTable"), "Key": self::key(key)});
        self.call("dynamodb", "DynamoDB_20120810.GetItem", body)
            .await["Item"]
            .take()
    }

    /// Changes when an item expires.
    pub async fn expire(&self, key: &Key, exp: u64) {
        let body = json!({
            "TableName": self.output("LinkTable"),
            "Key": self::key(key),
            "UpdateExpression": "SET #exp = :exp",
            "ConditionExpression": "attribute_exists(pk)",
            "ExpressionAttributeNames": {"#exp": table::EXP},
            "ExpressionAttributeValues": {":exp": {"N": exp.to_string()}},
        });
        self.call("dynamodb", "DynamoDB_20120810.UpdateItem", body)
            .await;
    }
}

fn key(key: &Key) -> Value {
    json!({table::PK: {"S": key.pk}, table::SK: {"S": key.sk}})
}
