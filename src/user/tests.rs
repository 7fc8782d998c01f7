use std::collections::BTreeMap;

use super::roster::Member;
use super::*;
use crate::aws::double::{Answer, Double};
use crate::event::Progress;

const JSON: &str = "application/x-amz-json-1.1";

fn member(email: &str, enabled: bool) -> Member {
    let attributes = [("email", email), ("email_verified", "true"), ("name", "A")];
    Member {
        sub: None,
        attributes: attributes
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        groups: vec!["staff".to_owned()],
        enabled,
    }
}

/// A pool with one user, Old, who is as the file says; it refuses every name of Bob's.
fn pool() -> Double {
    Double::new(|line, body| -> Answer {
        let operation = line.rsplit('.').next().unwrap();
        let error = |code: &str, message: &str| {
            let text = format!(r#"{{"__type":"{code}","message":"{message}"}}"#);
            (400, JSON, text)
        };
        let text = match operation {
            "CreateGroup" => return error("GroupExistsException", "there is one"),
            "AdminGetUser" if body.contains("old@") => {
                r#"{"Username":"u1","Enabled":true,"UserAttributes":[
                {"Name":"sub","Value":"u1"},{"Name":"email","Value":"Old@example.com"},
                {"Name":"email_verified","Value":"true"},{"Name":"name","Value":"A"}]}"#
            }
            "AdminGetUser" => return error("UserNotFoundException", "no such user"),
            "AdminListGroupsForUser" => r#"{"Groups":[{"GroupName":"staff"}]}"#,
            "AdminUpdateUserAttributes" => {
                assert!(!body.contains(r#""Name":"email""#), "{body}");
                "{}"
            }
            "AdminCreateUser" if body.contains("bob@") => {
                return error("InvalidParameterException", "name is too long");
            }
            "AdminCreateUser" => r#"{"User":{"Username":"u2"}}"#,
            _ => "{}",
        };
        (200, JSON, text.to_owned())
    })
}

async fn imported(double: &Double, users: Vec<Member>) -> BTreeMap<String, String> {
    let cloud = double.cloud();
    let staff = roster::Group {
        name: "staff".to_owned(),
        description: None,
        precedence: None,
    };
    let roster = Roster::new(vec![staff], users);
    let pool = Pool {
        cognito: &cloud.cognito(),
        id: "pool",
        mail: &MailFunction::new(&cloud, "mail"),
    };
    let step = Progress::silent().step("Import");
    let imported = pool.import(&roster, &step).await.unwrap();
    let told = |outcome: Result<Outcome, Error>| match outcome {
        Ok(outcome) => format!("{outcome:?}"),
        Err(error) => error.to_string(),
    };
    imported
        .into_iter()
        .map(|user| (user.email, told(user.outcome)))
        .collect()
}

fn operations(double: &Double) -> Vec<String> {
    let last = |line: String| line.rsplit('.').next().unwrap().to_owned();
    double.asked.lines().into_iter().map(last).collect()
}

#[tokio::test(start_paused = true)]
async fn each_user_fails_alone_and_with_the_reason() {
    let double = pool();
    let users = [
        "alice@example.com",
        "bob@example.com",
        "nonsense",
        "zoe@example.com",
    ];
    let users = users.map(|email| member(email, true)).to_vec();
    let outcomes = imported(&double, users).await;
    assert_eq!(outcomes["alice@example.com"], "Added");
    assert_eq!(
        outcomes["bob@example.com"],
        "could not add the user bob@example.com: name is too long (InvalidParameterException)"
    );
    assert_eq!(outcomes["nonsense"], "`nonsense` is not an email address");
    assert_eq!(outcomes["zoe@example.com"], "Added");
}

#[tokio::test(start_paused = true)]
async fn a_user_who_is_as_the_file_says_is_left_alone() {
    let double = pool();
    let outcomes = imported(&double, vec![member("old@example.com", true)]).await;
    assert_eq!(outcomes["old@example.com"], "Unchanged");
    assert_eq!(
        operations(&double),
        ["CreateGroup", "AdminGetUser", "AdminListGroupsForUser"]
    );
}

#[tokio::test(start_paused = true)]
async fn what_differs_is_written_but_never_the_address() {
    let double = pool();
    let mut old = member("OLD@example.com", true);
    old.attributes.insert("name".to_owned(), "B".to_owned());
    let outcomes = imported(&double, vec![old]).await;
    assert_eq!(outcomes["OLD@example.com"], "Updated");
    let updates = |operation: &&String| *operation == "AdminUpdateUserAttributes";
    assert_eq!(operations(&double).iter().filter(updates).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_user_who_is_in_the_file_twice_is_imported_once() {
    let double = pool();
    let twice = vec![member("a@example.com", true), member("A@example.com", true)];
    let outcomes = imported(&double, twice).await;
    let mut told: Vec<&str> = outcomes.values().map(String::as_str).collect();
    told.sort_unstable();
    assert_eq!(told, ["Added", "a@example.com is in the file twice"]);
}
