//! The page and the API, as they answer at the site's own address.

use md5::{Digest, Md5};
use serde_json::Value;

use super::visitor::{Seen, Visitor};
use super::{Fault, Finding, Look, Subject, short};

const CONFIGURATION: &str = "/config.json";
const FINGERPRINT: &str = "fingerprint";
const LOGIN: &str = "/api/login";
const ME: &str = "/api/me";

/// The page that is served is the one that was built.
pub async fn page(visitor: &Visitor, subject: &Subject<'_>, look: Look<'_>) -> Finding {
    let published = subject.published;
    let expected = fingerprint(&published.configuration);
    look.until_fine(|| async {
        let document = document(visitor, subject).await?;
        let served = fingerprint(&document);
        if served != expected {
            let seen = format!(
                "{} has the fingerprint {}, not {}",
                visitor.url(CONFIGURATION),
                short(served),
                short(expected)
            );
            return Err(stale(seen, subject));
        }
        let index = visitor.get("/").await?;
        if hex::encode(Md5::digest(&index.body)) != published.index_md5 {
            let seen = format!(
                "{} answered {} with something else than the index.html that was published",
                visitor.url("/"),
                index.status
            );
            return Err(stale(seen, subject));
        }
        Ok(format!("{} serves {}", visitor.url("/"), short(expected)))
    })
    .await
}

/// The page is told the pool, the client and all else as the stack has it.
pub async fn configuration(visitor: &Visitor, subject: &Subject<'_>, look: Look<'_>) -> Finding {
    look.until_fine(|| async {
        let served = document(visitor, subject).await?;
        let wrong = differences(&served, &subject.published.configuration);
        if wrong.is_empty() {
            let text = |key: &str| served[key].as_str().unwrap_or_default().to_owned();
            let (pool, client) = (text("userPoolId"), text("userPoolClientId"));
            return Ok(format!("pool {pool}, client {client}"));
        }
        let seen = format!("{}: {}", visitor.url(CONFIGURATION), wrong.join(", "));
        Err(stale(seen, subject))
    })
    .await
}

/// The API is reached through the site, and runs.
pub async fn login(visitor: &Visitor, subject: &Subject<'_>, look: Look<'_>) -> Finding {
    look.until_fine(|| async {
        let answer = visitor.post_json(LOGIN, "{}").await?;
        let problem = answer.content_type.starts_with("application/problem+json");
        if answer.status == 400 && problem {
            return Ok("a malformed body is answered with 400".to_owned());
        }
        let logs = match subject.local_endpoint {
            Some(_) => "mlink local logs".to_owned(),
            None => format!("aws logs tail /aws/lambda/{}-api", subject.stack.name),
        };
        Err(Fault {
            seen: format!(
                "POST {} with a malformed body answered {}, not 400 with a problem",
                visitor.url(LOGIN),
                told(&answer)
            ),
            help: format!("`{logs}` shows what the function said."),
            passing: true,
        })
    })
    .await
}

/// The API lets nobody in without a token.
pub async fn me(visitor: &Visitor, look: Look<'_>) -> Finding {
    look.until_fine(|| async {
        let answer = visitor.get(ME).await?;
        if answer.status == 401 {
            return Ok("without a token it is answered with 401".to_owned());
        }
        Err(Fault {
            seen: format!(
                "GET {} without a token answered {}, not 401",
                visitor.url(ME),
                told(&answer)
            ),
            help: "The route GET /api/me needs its JWT authorizer: see MeRoute in \
                   templates/stack.yaml, and API Gateway's console for what is there."
                .to_owned(),
            // Who is let in now is let in later, too.
            passing: answer.status != 200,
        })
    })
    .await
}

async fn document(visitor: &Visitor, subject: &Subject<'_>) -> Result<Value, Fault> {
    let answer = visitor.get(CONFIGURATION).await?;
    let document = serde_json::from_slice(&answer.body);
    match document {
        Ok(document) if answer.status == 200 => Ok(document),
        _ => Err(stale(
            format!("{} answered {}", visitor.url(CONFIGURATION), told(&answer)),
            subject,
        )),
    }
}

/// Another document than the one that was published.
fn stale(seen: String, subject: &Subject<'_>) -> Fault {
    Fault {
        seen,
        help: format!(
            "CloudFront may only be late: `mlink deploy{}` proves it again. If it stays, something else \
             answers at this address, or the distribution was changed by hand.",
            subject.flags
        ),
        passing: true,
    }
}

fn fingerprint(configuration: &Value) -> &str {
    configuration[FINGERPRINT].as_str().unwrap_or("none")
}

/// Each key but the fingerprint, which is the page's, with what is served and what should be.
fn differences(served: &Value, expected: &Value) -> Vec<String> {
    let expected = expected.as_object().into_iter().flatten();
    expected
        .filter(|(key, value)| *key != FINGERPRINT && served[key.as_str()] != **value)
        .map(|(key, value)| format!("{key} is {}, not {value}", served[key.as_str()]))
        .collect()
}

fn told(answer: &Seen) -> String {
    format!("{} ({})", answer.status, answer.content_type)
}
