//! Whether what was deployed works: asked of the stage itself, from outside, as those who use it would.

mod client;
mod functions;
mod site;
#[cfg(test)]
mod tests;
mod visitor;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use miette::Diagnostic;
use serde::Serialize;
use tokio::time::Instant;

use crate::aws::{self, Cloud};
use crate::delivery::Delivery;
use crate::event::{Event, Progress, Step};
use crate::plan::Function;
use crate::site::Published;
use crate::stack::{self, Stack};
use crate::template::Template;
use visitor::Visitor;

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Aws(#[from] aws::Error),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Stack(#[from] stack::Error),
    #[error("{url} is no address of a site")]
    #[diagnostic(code(mlink::proof::url))]
    Url { url: String },
    #[error("{stack} is deployed, but {failed} of {of} checks failed:{seen}")]
    #[diagnostic(code(mlink::proof::failed))]
    Failed {
        stack: String,
        failed: usize,
        of: usize,
        /// Each failed check on a line of its own, with what was seen.
        seen: String,
        /// The same lines with the ways out.
        #[help]
        help: String,
    },
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    pub name: &'static str,
    pub ok: bool,
    /// What was seen.
    pub detail: String,
}

/// A proof that succeeded: one that did not is an [`Error`].
#[derive(Debug, Serialize)]
pub struct Verified {
    pub passed: usize,
    pub of: usize,
    pub checks: Vec<Check>,
}

/// What a check saw: as it should be, or not.
type Finding = Result<String, Fault>;

/// What is wrong, and the way out.
#[derive(Debug)]
struct Fault {
    seen: String,
    help: String,
    /// Whether it may pass by itself.
    passing: bool,
}

impl From<aws::Error> for Fault {
    fn from(error: aws::Error) -> Fault {
        let help = error.help().map(|help| help.to_string());
        Fault {
            seen: error.to_string(),
            help: help.unwrap_or_else(|| "`--no-verify` deploys without the proof.".to_owned()),
            passing: false,
        }
    }
}

/// What has to be as it was deployed.
pub struct Subject<'a> {
    pub cloud: &'a Cloud,
    pub stack: &'a Stack,
    pub template: &'a Template,
    /// Where the code lies that the functions have to run.
    pub code_keys: &'a BTreeMap<Function, String>,
    pub published: &'a Published,
    pub mail: &'a Delivery,
    /// The local cloud's endpoint; none on AWS.
    pub local_endpoint: Option<&'a str>,
    /// The rest of a command line that means this stage.
    pub flags: &'a str,
}

/// What can be asked for, and for how long, which depends on where the stage is.
#[derive(Clone, Copy, Debug)]
struct Limits {
    patience: Duration,
    pause: Duration,
    app_client: bool,
    mail: bool,
}

impl Limits {
    /// CloudFront and API Gateway take some seconds until the last of their machines knows of a change.
    const AWS: Limits = Limits {
        patience: Duration::from_secs(90),
        pause: Duration::from_secs(1),
        app_client: true,
        mail: true,
    };

    /// The local cloud has one machine. It describes an app client with numbers as text, which the SDK
    /// refuses to read, and without the rotation of refresh tokens, which it does not model. And it keeps
    /// all mail, whoever it is from, so there is no sender to be proved.
    const LOCAL: Limits = Limits {
        patience: Duration::from_secs(5),
        pause: Duration::from_millis(100),
        app_client: false,
        mail: false,
    };
}

/// Makes every check, all at once. Each is reported as it ends; any that failed fails the proof.
pub async fn prove(subject: &Subject<'_>, progress: &Progress) -> Result<Verified, Error> {
    let limits = match subject.local_endpoint {
        Some(_) => Limits::LOCAL,
        None => Limits::AWS,
    };
    let visitor = Visitor::of(subject, progress).await?;
    visit(&visitor, subject, limits, progress).await
}

async fn visit(
    visitor: &Visitor,
    subject: &Subject<'_>,
    limits: Limits,
    progress: &Progress,
) -> Result<Verified, Error> {
    let step = progress.step("Prove that it works");
    let look = Look {
        limits,
        step: &step,
    };
    let mut checks = vec![
        check("page", site::page(visitor, subject, look)),
        check("configuration", site::configuration(visitor, subject, look)),
        check("login", site::login(visitor, subject, look)),
        check("me", site::me(visitor, look)),
    ];
    if limits.app_client {
        checks.push(check("app client", client::settings(subject)));
    }
    checks.extend(Function::ALL.map(|function| {
        let runs = functions::runs(function, subject, look);
        check(functions::check_name(function), runs)
    }));
    if limits.mail && !subject.mail.is_trouble() {
        // Trouble is a warning, which stands beside the proof: SES is set up apart from the stage.
        checks.push(check("mail", async { Ok(subject.mail.detail.clone()) }));
    }
    let reported = checks.into_iter().map(|check| async {
        let (name, finding) = check.await;
        progress.send(event(name, &finding));
        (name, finding)
    });
    let verified = verdict(&subject.stack.name, join_all(reported).await)?;
    step.done(format!("verified {}/{}", verified.passed, verified.of));
    Ok(verified)
}

fn check<'a>(
    name: &'static str,
    looking: impl Future<Output = Finding> + Send + 'a,
) -> Checking<'a> {
    Box::pin(async move { (name, looking.await) })
}

type Checking<'a> = std::pin::Pin<Box<dyn Future<Output = (&'static str, Finding)> + Send + 'a>>;

/// As much of a digest as a person compares.
fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

fn event(name: &'static str, finding: &Finding) -> Event {
    let (ok, detail) = match finding {
        Ok(seen) => (true, seen),
        Err(fault) => (false, &fault.seen),
    };
    Event::Check {
        name: name.to_owned(),
        ok,
        detail: detail.clone(),
    }
}

fn verdict(stack: &str, findings: Vec<(&'static str, Finding)>) -> Result<Verified, Error> {
    let of = findings.len();
    let mut checks = Vec::new();
    let mut faults = Vec::new();
    for (name, finding) in findings {
        match finding {
            Ok(detail) => checks.push(Check {
                name,
                ok: true,
                detail,
            }),
            Err(fault) => faults.push((name, fault)),
        }
    }
    if faults.is_empty() {
        return Ok(Verified {
            passed: of,
            of,
            checks,
        });
    }
    let seen = faults
        .iter()
        .map(|(name, fault)| format!("\n{name}: {}", fault.seen));
    Err(Error::Failed {
        stack: stack.to_owned(),
        failed: faults.len(),
        of,
        seen: seen.collect(),
        help: ways_out(&faults),
    })
}

/// Each way out once, with the checks that it is for.
fn ways_out(faults: &[(&'static str, Fault)]) -> String {
    let mut ways: Vec<(Vec<&str>, &str)> = Vec::new();
    for (name, fault) in faults {
        match ways.iter_mut().find(|(_, help)| *help == fault.help) {
            Some((names, _)) => names.push(name),
            None => ways.push((vec![name], &fault.help)),
        }
    }
    let ways = ways.iter();
    let lines = ways.map(|(names, help)| format!("{}: {help}", names.join(", ")));
    lines.collect::<Vec<_>>().join("\n")
}

/// How a check looks: again and again, for as long as what it sees may pass.
#[derive(Clone, Copy)]
struct Look<'a> {
    limits: Limits,
    step: &'a Step,
}

impl Look<'_> {
    async fn until_fine<F: Future<Output = Finding>>(self, look: impl Fn() -> F) -> Finding {
        let give_up = Instant::now() + self.limits.patience;
        loop {
            match look().await {
                Err(fault) if fault.passing && Instant::now() < give_up => {
                    self.step.progress(fault.seen);
                    tokio::time::sleep(self.limits.pause).await;
                }
                finding => return finding,
            }
        }
    }
}
