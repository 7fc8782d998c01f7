//! The app client is set as the template says: it decides who can get a token, and how.

use std::collections::BTreeMap;

use aws_sdk_cognitoidentityprovider::types::UserPoolClientType;
use serde_yaml::Value;

use super::{Fault, Finding, Subject};
use crate::aws::failed;

pub async fn settings(subject: &Subject<'_>) -> Finding {
    let found = describe(subject).await?;
    let template = subject.template.properties("UserPoolClient");
    let mut wrong = Vec::new();
    let mut right = 0;
    for (path, is) in set(&found) {
        let said = path.iter().fold(&template, |value, key| &value[key]);
        match text(said, &subject.stack.parameters) {
            // What the template leaves open, or computes, is Cognito's matter.
            None => {}
            Some(said) if said == is => right += 1,
            Some(said) => wrong.push(format!("{} is {is}, not {said}", path.join("."))),
        }
    }
    if wrong.is_empty() {
        return Ok(format!("{right} settings are as the template says"));
    }
    Err(Fault {
        seen: wrong.join("; "),
        help: format!(
            "Somebody changed it by hand. Set it back in Cognito's console (user pool {}, App clients); \
             `--no-verify` deploys without the proof.",
            subject.stack.output("UserPoolId").unwrap_or_default()
        ),
        passing: false,
    })
}

async fn describe(subject: &Subject<'_>) -> Result<UserPoolClientType, Fault> {
    let output = |name| subject.stack.output(name).unwrap_or_default();
    let found = subject
        .cloud
        .cognito()
        .describe_user_pool_client()
        .user_pool_id(output("UserPoolId"))
        .client_id(output("UserPoolClientId"))
        .send()
        .await
        .map_err(failed("look at the app client"))?;
    found.user_pool_client.ok_or_else(|| Fault {
        seen: "Cognito described no app client".to_owned(),
        help: "Deploy again.".to_owned(),
        passing: false,
    })
}

/// The settings that have to be right, under their names in the template.
fn set(client: &UserPoolClientType) -> [(&'static [&'static str], String); 12] {
    let text = |text: Option<String>| text.unwrap_or_else(|| "not set".to_owned());
    let yes = |yes: Option<bool>| yes.unwrap_or_default().to_string();
    let number = |number: Option<i32>| text(number.map(|number| number.to_string()));
    let flows = client.explicit_auth_flows().iter();
    let rotation = client.refresh_token_rotation();
    let errors = client.prevent_user_existence_errors();
    let oauth = client.allowed_o_auth_flows_user_pool_client;
    [
        (
            &["ExplicitAuthFlows"],
            list(flows.map(|flow| flow.as_str())),
        ),
        (
            &["RefreshTokenRotation", "Feature"],
            text(rotation.map(|rotation| rotation.feature.to_string())),
        ),
        (
            &["PreventUserExistenceErrors"],
            text(errors.map(ToString::to_string)),
        ),
        (
            &["EnableTokenRevocation"],
            yes(client.enable_token_revocation),
        ),
        (&["AllowedOAuthFlowsUserPoolClient"], yes(oauth)),
        (
            &["GenerateSecret"],
            client.client_secret.is_some().to_string(),
        ),
        (
            &["SupportedIdentityProviders"],
            list(
                client
                    .supported_identity_providers()
                    .iter()
                    .map(String::as_str),
            ),
        ),
        (
            &["ReadAttributes"],
            list(client.read_attributes().iter().map(String::as_str)),
        ),
        (
            &["WriteAttributes"],
            list(client.write_attributes().iter().map(String::as_str)),
        ),
        (
            &["AccessTokenValidity"],
            number(client.access_token_validity),
        ),
        (&["IdTokenValidity"], number(client.id_token_validity)),
        (
            &["RefreshTokenValidity"],
            number(Some(client.refresh_token_validity)),
        ),
    ]
}

/// A value of the template in the same form; none for what a function other than `!Ref` computes.
fn text(value: &Value, parameters: &BTreeMap<String, String>) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Sequence(items) => {
            let items: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            Some(list(items?.into_iter()))
        }
        Value::Tagged(tagged) if tagged.tag == "Ref" => {
            parameters.get(tagged.value.as_str()?).cloned()
        }
        _ => None,
    }
}

/// In an order of its own: Cognito keeps sets.
fn list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let mut items: Vec<&str> = items.collect();
    items.sort_unstable();
    format!("[{}]", items.join(", "))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A setting that the template does not say would be proved by nothing.
    pub fn are_all_said_by(template: &Value, parameters: &BTreeMap<String, String>) {
        let client = UserPoolClientType::builder().build();
        for (path, _) in set(&client) {
            let said = path.iter().fold(template, |value, key| &value[key]);
            assert!(text(said, parameters).is_some(), "{path:?}");
        }
    }
}
