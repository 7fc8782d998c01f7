//! The functions run the code that was built.

use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput;
use aws_sdk_lambda::types::{LastUpdateStatus, State};
use aws_smithy_types::base64;

use super::{Fault, Finding, Look, Subject, short};
use crate::artifact::Zip;
use crate::aws::failed;
use crate::plan::Function;

pub fn check_name(function: Function) -> &'static str {
    match function {
        Function::Challenge => "challenge function",
        Function::Api => "api function",
        Function::Mail => "mail function",
    }
}

pub async fn runs(function: Function, subject: &Subject<'_>, look: Look<'_>) -> Finding {
    let name = function.name(&subject.stack.name);
    let lambda = subject.cloud.lambda();
    look.until_fine(|| async {
        let request = lambda.get_function_configuration().function_name(&name);
        let found = request.send().await;
        let found = found.map_err(failed(format!("look at the function {name}")))?;
        is_ready(&name, &found)?;
        let code = has_code(&name, &found, function, subject)?;
        Ok(format!("{name} is active with the code {}", short(&code)))
    })
    .await
}

fn is_ready(name: &str, found: &GetFunctionConfigurationOutput) -> Result<(), Fault> {
    let (state, update) = (found.state(), found.last_update_status());
    // One that nobody called for weeks is inactive, and serves the next call.
    let serves = matches!(state, Some(State::Active | State::Inactive));
    if serves && update == Some(&LastUpdateStatus::Successful) {
        return Ok(());
    }
    let said = |text: Option<&str>| text.unwrap_or("unknown").to_owned();
    let reason = found.state_reason().or(found.last_update_status_reason());
    let reason = reason.filter(|reason| !reason.is_empty());
    Err(Fault {
        seen: format!(
            "{name} is {}, its last update {}{}",
            said(state.map(State::as_str)),
            said(update.map(LastUpdateStatus::as_str)),
            reason.map_or_else(String::new, |reason| format!(": {reason}"))
        ),
        help: format!("`aws lambda get-function --function-name {name}` shows more."),
        passing: state == Some(&State::Pending) || update == Some(&LastUpdateStatus::InProgress),
    })
}

/// SHA-256 of the code, in hex.
fn has_code(
    name: &str,
    found: &GetFunctionConfigurationOutput,
    function: Function,
    subject: &Subject<'_>,
) -> Result<String, Fault> {
    let key = subject.code_keys.get(&function).map_or("", String::as_str);
    let digest = found.code_sha256().unwrap_or_default();
    let running = base64::decode(digest).map(hex::encode).unwrap_or_default();
    let built = Zip::sha256_of(key).unwrap_or_default();
    if running == built {
        return Ok(running);
    }
    let bucket = subject.stack.parameters.get("ArtifactBucket");
    let bucket = bucket.map_or("", String::as_str);
    Err(Fault {
        seen: format!(
            "{name} runs the code {}, not {}",
            short(&running),
            short(built)
        ),
        // The stack's parameters say that all is well, so another deploy would change nothing.
        help: format!(
            "Somebody changed it by hand. `aws lambda update-function-code --function-name {name} \
             --s3-bucket {bucket} --s3-key {key}` takes that back."
        ),
        passing: false,
    })
}
