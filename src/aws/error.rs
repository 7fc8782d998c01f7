//! What an AWS call failed of, in one sentence, with the way out where there is one.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

#[derive(Debug, thiserror::Error)]
#[error("could not {doing}: {message}")]
pub struct Error {
    doing: String,
    message: String,
    /// AWS's own code, such as `AccessDenied`; none when no answer came.
    code: Option<String>,
    help: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl miette::Diagnostic for Error {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        let code = self.code.as_deref().unwrap_or("call");
        Some(Box::new(format!("mlink::aws::{code}")))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn std::fmt::Display>)
    }
}

const NONE_FOUND: &str = "no AWS credentials were found";
const NO_CREDENTIALS: &str = "\
Sign in with `aws sso login --profile NAME` and pass `--profile NAME`, or set AWS_ACCESS_KEY_ID and \
AWS_SECRET_ACCESS_KEY. Without an AWS account, `--local` deploys to this machine.";
const NO_REGION: &str = "\
Pass `--region eu-west-1`, write `region: eu-west-1` into mlink.yaml, or set AWS_REGION.";
const UNREACHABLE: &str = "\
Check the network and the proxy settings, the region's name, and AWS_ENDPOINT_URL if it is set.";
const EXPIRED: &str = "\
The credentials are no longer valid. Sign in again: `aws sso login --profile NAME`.";
const INVALID: &str = "\
The credentials are no longer valid (sign in again: `aws sso login --profile NAME`), or the region is \
not enabled in this account (`aws account list-regions` shows which are).";
const CLOCK: &str = "\
This machine's clock is wrong by minutes. Set it, by `sudo timedatectl set-ntp true` for instance.";

impl Error {
    pub fn no_region() -> Error {
        Error {
            doing: "choose a region".to_owned(),
            message: "none is configured".to_owned(),
            code: None,
            help: Some(NO_REGION.to_owned()),
            source: None,
        }
    }

    /// Names the profile that the credentials were looked for in.
    pub fn with_profile(mut self, profile: &str) -> Error {
        self.help = self.help.map(|help| help.replace("NAME", profile));
        if self.message == NONE_FOUND {
            self.message =
                format!("the profile `{profile}` is not configured, or has no credentials");
        }
        self
    }

    /// A refusal inside an answer that is no error by itself.
    pub fn refused(doing: String, code: Option<&str>, message: String) -> Error {
        Error {
            doing,
            message,
            code: code.map(str::to_owned),
            help: None,
            source: None,
        }
    }

    /// AWS's own code of the error.
    pub fn aws_code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// AWS's own words.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// For `map_err`: the SDK's error under a name for what was being done, as in "describe the stack
/// mlink-dev".
pub fn failed<E, R>(doing: impl Into<String>) -> impl FnOnce(SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let doing = doing.into();
    move |error| {
        if let SdkError::ServiceError(answer) = &error {
            let code = answer.err().code().map(str::to_owned);
            let message = answer
                .err()
                .message()
                .unwrap_or("AWS gave no reason")
                .to_owned();
            let help = code.as_deref().and_then(|code| refused(code, &message));
            let help = help.map(str::to_owned);
            // HTTP errors without a body (HEAD requests) have neither code nor message.
            let message = match &code {
                Some(code) => format!("{message} ({code})"),
                None => message,
            };
            return Error {
                doing,
                message,
                code,
                help,
                source: None,
            };
        }
        if lacks_credentials(&error) {
            // The chain of causes lists every place that was looked at; the help is shorter.
            return Error {
                doing,
                message: NONE_FOUND.to_owned(),
                code: None,
                help: Some(NO_CREDENTIALS.to_owned()),
                source: None,
            };
        }
        let (message, help) = without_answer(&error);
        let help = help.map(str::to_owned);
        Error {
            doing,
            message: message.to_owned(),
            code: None,
            help,
            source: error.into_source().ok(),
        }
    }
}

/// The way out of a refusal that is about the caller and not about the call.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html>
fn refused(code: &str, message: &str) -> Option<&'static str> {
    match code {
        "RequestTimeTooSkewed" => Some(CLOCK),
        // A signature of another time looks to some services like a wrong one.
        _ if message.contains("Signature expired") || message.contains("not yet current") => {
            Some(CLOCK)
        }
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => Some(EXPIRED),
        "InvalidClientTokenId" | "UnrecognizedClientException" => Some(INVALID),
        _ => None,
    }
}

/// The causes of an error, outermost first.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(error.source(), |&error| error.source())
}

fn lacks_credentials<E, R>(error: &SdkError<E, R>) -> bool
where
    E: StdError + 'static,
    R: std::fmt::Debug + 'static,
{
    causes(error).any(|cause| {
        matches!(
            cause.downcast_ref(),
            Some(CredentialsError::CredentialsNotLoaded(_))
        )
    })
}

/// Why no answer came: the words and the way out.
fn without_answer<E, R>(error: &SdkError<E, R>) -> (&'static str, Option<&'static str>)
where
    E: StdError + 'static,
    R: std::fmt::Debug + 'static,
{
    if causes(error).any(|cause| cause.is::<CredentialsError>()) {
        // There are some, as of an SSO session that has ended.
        return ("the AWS credentials cannot be used", Some(EXPIRED));
    }
    match error {
        SdkError::TimeoutError(_) => ("no answer came in time", Some(UNREACHABLE)),
        SdkError::DispatchFailure(_) => ("the endpoint cannot be reached", Some(UNREACHABLE)),
        SdkError::ResponseError(_) => ("the answer could not be understood", None),
        _ => ("the request could not be made", None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_cannot_be_known_is_told_the_way_out() {
        let skewed = "Signature expired: 20261122T100000Z is now earlier than 20261122T104500Z";
        for (code, message, help) in [
            (
                "ExpiredToken",
                "The security token included in the request is expired",
                Some(EXPIRED),
            ),
            ("RequestExpired", "Request has expired.", Some(EXPIRED)),
            (
                "InvalidClientTokenId",
                "The security token included in the request is invalid.",
                Some(INVALID),
            ),
            (
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
                Some(INVALID),
            ),
            (
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
                Some(CLOCK),
            ),
            ("SignatureDoesNotMatch", skewed, Some(CLOCK)),
            (
                "InvalidSignatureException",
                "Signature not yet current: 20261122T113000Z is still later than …",
                Some(CLOCK),
            ),
            (
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match",
                None,
            ),
            (
                "AccessDenied",
                "User is not authorized to perform: cloudformation:DescribeStacks",
                None,
            ),
        ] {
            assert_eq!(refused(code, message), help, "{code}: {message}");
        }
    }

    #[test]
    fn the_help_names_the_profile() {
        let error = Error {
            doing: "find out which account this is".to_owned(),
            message: "The security token included in the request is expired (ExpiredToken)"
                .to_owned(),
            code: Some("ExpiredToken".to_owned()),
            help: Some(EXPIRED.to_owned()),
            source: None,
        };
        let error = error.with_profile("acme");
        let help = miette::Diagnostic::help(&error).unwrap().to_string();
        assert!(help.contains("`aws sso login --profile acme`"), "{help}");
    }
}
