//! What becomes of the mail: whether SES will send it, and to whom.

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::operation::get_account::GetAccountOutput;
use mlink_core::Sender;
use serde::Serialize;

use crate::aws::{self, failed};

/// What becomes of the mail of a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// The sender; empty where there is none.
    pub from: String,
    pub to: Recipients,
    /// The same in a sentence, with the way to change it.
    pub detail: String,
}

/// Whom it reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Recipients {
    Everybody,
    /// Only addresses and domains that are verified in SES themselves.
    Verified,
    Nobody,
    /// The local cloud keeps it.
    Local,
    /// SES could not be asked.
    Unknown,
}

impl Delivery {
    pub fn none() -> Delivery {
        Delivery {
            from: String::new(),
            to: Recipients::Nobody,
            detail: "none is sent: set email.from in mlink.yaml and deploy again".to_owned(),
        }
    }

    pub fn local(from: &str) -> Delivery {
        Delivery {
            from: from.to_owned(),
            to: Recipients::Local,
            detail: format!("kept by the local cloud: mlink local mail (from {from})"),
        }
    }

    /// Asks SES. What it does not tell, for lack of a permission for instance, is no failure.
    pub async fn by_ses(ses: &Client, from: &str, region: &str) -> Delivery {
        let (to, detail) = match ask(ses, from, region).await {
            Ok(answer) => answer,
            Err(error) => (
                Recipients::Unknown,
                format!("sent by SES from {from}; whether it arrives is not known: {error}"),
            ),
        };
        let from = from.to_owned();
        Delivery { from, to, detail }
    }

    /// Whether somebody should look after it.
    pub fn is_trouble(&self) -> bool {
        !matches!(self.to, Recipients::Everybody | Recipients::Local)
    }
}

async fn ask(ses: &Client, from: &str, region: &str) -> Result<(Recipients, String), aws::Error> {
    let Ok(sender) = from.parse::<Sender>() else {
        return Ok((Recipients::Nobody, format!("`{from}` is no sender")));
    };
    let address = sender.address().as_str();
    let (account, verified) = tokio::try_join!(account(ses), verified_identity(ses, address))?;
    let Some(identity) = verified else {
        let domain = address.rsplit('@').next().unwrap_or_default();
        let detail = format!(
            "NOT SENT: neither {address} nor {domain} is verified in SES in {region}. Verify one of \
             them (console, SES, Identities); no new deploy is needed"
        );
        return Ok((Recipients::Nobody, detail));
    };
    Ok(outlook(&account, from, &identity, region))
}

/// What the account may send, the sender being verified.
fn outlook(
    account: &GetAccountOutput,
    from: &str,
    identity: &str,
    region: &str,
) -> (Recipients, String) {
    let status = account.enforcement_status().unwrap_or_default();
    if !account.sending_enabled() || status == "SHUTDOWN" {
        let detail = format!(
            "NOT SENT: AWS has paused sending in this account in {region}. Its mail to the account's \
             owner, and SES's reputation page, say why"
        );
        return (Recipients::Nobody, detail);
    }
    let quota = account
        .send_quota()
        .map_or(0.0, |quota| quota.max24_hour_send);
    // AWS writes -1 for no limit.
    let a_day = if quota < 0.0 {
        "without a daily limit".to_owned()
    } else {
        format!("at most {quota:.0} a day")
    };
    if account.production_access_enabled() {
        let detail =
            format!("sent by SES from {from} (verified: {identity}) to everybody, {a_day}");
        return (Recipients::Everybody, detail);
    }
    let detail = format!(
        "sent by SES from {from} (verified: {identity}) ONLY TO VERIFIED ADDRESSES, {a_day}: SES in \
         {region} is in the sandbox. To reach everybody, ask for production access (console, SES, \
         Account dashboard); to try, verify your own address there"
    );
    (Recipients::Verified, detail)
}

async fn account(ses: &Client) -> Result<GetAccountOutput, aws::Error> {
    let account = ses.get_account().send().await;
    account.map_err(failed("ask SES about the account"))
}

/// The identity that lets `address` send: the address itself, its domain, or a parent of that.
async fn verified_identity(ses: &Client, address: &str) -> Result<Option<String>, aws::Error> {
    let domain = address.rsplit('@').next().unwrap_or_default();
    let parents = std::iter::successors(Some(domain), |domain| {
        let (_, parent) = domain.split_once('.')?;
        parent.contains('.').then_some(parent)
    });
    for identity in std::iter::once(address).chain(parents) {
        if is_verified(ses, identity).await? {
            return Ok(Some(identity.to_owned()));
        }
    }
    Ok(None)
}

async fn is_verified(ses: &Client, identity: &str) -> Result<bool, aws::Error> {
    let request = ses.get_email_identity().email_identity(identity);
    match request.send().await {
        Ok(found) => Ok(found.verified_for_sending_status()),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|e| e.is_not_found_exception()) =>
        {
            Ok(false)
        }
        Err(error) => Err(failed(format!("ask SES about {identity}"))(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_sesv2::operation::get_email_identity::{
        GetEmailIdentityError, GetEmailIdentityOutput,
    };
    use aws_sdk_sesv2::types::SendQuota;
    use aws_sdk_sesv2::types::error::NotFoundException;
    use aws_smithy_mocks::{MockResponse, RuleMode, mock, mock_client};

    const FROM: &str = "\"Acme\" <login@mail.acme.example>";

    /// SES with one identity and these facts about the account.
    async fn delivery(identity: &'static str, sandbox: bool, paused: bool) -> Delivery {
        let account = mock!(Client::get_account).then_output(move || {
            let quota = if sandbox { 200.0 } else { 50_000.0 };
            GetAccountOutput::builder()
                .production_access_enabled(!sandbox)
                .sending_enabled(!paused)
                .enforcement_status("HEALTHY")
                .send_quota(SendQuota::builder().max24_hour_send(quota).build())
                .build()
        });
        let identities = mock!(Client::get_email_identity).then_compute_response(move |input| {
            if input.email_identity() == Some(identity) {
                let found = GetEmailIdentityOutput::builder();
                return MockResponse::Output(found.verified_for_sending_status(true).build());
            }
            let missing = NotFoundException::builder().build();
            MockResponse::Error(GetEmailIdentityError::NotFoundException(missing))
        });
        let ses = mock_client!(aws_sdk_sesv2, RuleMode::MatchAny, [&account, &identities]);
        Delivery::by_ses(&ses, FROM, "eu-west-1").await
    }

    #[tokio::test]
    async fn it_is_said_whom_the_mail_reaches() {
        let everybody = delivery("acme.example", false, false).await;
        assert_eq!(everybody.to, Recipients::Everybody);
        insta::assert_snapshot!(everybody.detail);
        let sandbox = delivery("login@mail.acme.example", true, false).await;
        assert_eq!(sandbox.to, Recipients::Verified);
        insta::assert_snapshot!(sandbox.detail);
        let unverified = delivery("other.example", false, false).await;
        assert_eq!(unverified.to, Recipients::Nobody);
        insta::assert_snapshot!(unverified.detail);
        let paused = delivery("mail.acme.example", false, true).await;
        assert_eq!(paused.to, Recipients::Nobody);
        insta::assert_snapshot!(paused.detail);
    }

    #[tokio::test]
    async fn what_ses_does_not_tell_is_no_failure() {
        let account = mock!(Client::get_account).then_http_response(|| {
            let body = r#"{"message":"not authorized to perform: ses:GetAccount"}"#;
            let mut denied = aws_sdk_sesv2::config::http::HttpResponse::new(
                403.try_into().unwrap(),
                body.into(),
            );
            let headers = denied.headers_mut();
            headers.insert("x-amzn-errortype", "AccessDeniedException");
            denied
        });
        let identities = mock!(Client::get_email_identity)
            .then_output(|| GetEmailIdentityOutput::builder().build());
        let ses = mock_client!(aws_sdk_sesv2, RuleMode::MatchAny, [&account, &identities]);
        let unknown = Delivery::by_ses(&ses, FROM, "eu-west-1").await;
        assert_eq!(unknown.to, Recipients::Unknown);
        insta::assert_snapshot!(unknown.detail);
    }
}
