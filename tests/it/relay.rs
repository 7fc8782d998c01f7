//! Stands between mlink and the local cloud: names every call of a run, and breaks one of them.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::{Request, Response};
use tokio::sync::Notify;

use crate::server::{Server, response};
use crate::wire::pass_on;

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trouble {
    /// It is carried out, and whoever made it never hears of it.
    Silence,
    Throttled,
    /// The service fails.
    Broken,
    /// Nothing arrives, the connection ends.
    Cut,
    /// It is carried out, but the connection ends before the answer.
    AnswerLost,
    /// It is carried out, and half of the answer comes.
    Half,
    /// A refusal that asking again does not change.
    Denied,
}

/// One run of mlink.
#[derive(Default)]
struct Run {
    calls: Vec<String>,
    /// The call that meets it, counted from one.
    trouble: Option<(usize, Trouble)>,
    /// The first call of this name waits.
    held: Option<String>,
    let_go: Arc<Notify>,
    silent: Arc<Notify>,
}

pub struct Relay {
    state: State,
    server: Server,
}

#[derive(Clone)]
struct State {
    endpoint: String,
    client: reqwest::Client,
    run: Arc<Mutex<Run>>,
    /// Calls that the cloud has and has not answered.
    under_way: Arc<AtomicUsize>,
}

type Answer = Response<UnsyncBoxBody<Bytes, io::Error>>;

impl Relay {
    pub async fn to(endpoint: &str) -> Relay {
        let state = State {
            endpoint: endpoint.to_owned(),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            run: Arc::default(),
            under_way: Arc::default(),
        };
        let answering = state.clone();
        let server = Server::start(move |request| answering.clone().answer(request)).await;
        Relay { state, server }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// From here on it is another run, whose n-th call meets trouble. Resolves when one is kept silent
    /// about.
    pub fn begin(&self, trouble: Option<(usize, Trouble)>) -> Arc<Notify> {
        let silent = Arc::new(Notify::new());
        *self.state.run.lock().unwrap() = Run {
            trouble,
            silent: silent.clone(),
            ..Run::default()
        };
        silent
    }

    /// From here on it is another run, whose first call of this name waits until it is let go. Resolves
    /// when it does.
    pub fn hold(&self, call: &str) -> Arc<Notify> {
        let silent = self.begin(None);
        self.state.run.lock().unwrap().held = Some(call.to_owned());
        silent
    }

    pub fn let_go(&self) {
        self.state.run.lock().unwrap().let_go.notify_one();
    }

    /// Whether the cloud is at work.
    pub fn is_busy(&self) -> bool {
        self.state.under_way.load(Ordering::SeqCst) > 0
    }

    /// The calls of this run, attempts counted.
    pub fn calls(&self) -> Vec<String> {
        self.state.run.lock().unwrap().calls.clone()
    }
}

impl State {
    async fn answer(self, request: Request<Bytes>) -> io::Result<Answer> {
        self.waits(&request).await;
        let (trouble, silent) = self.count(&request);
        let service = service(&request).unwrap_or_default();
        let has_body = request.method() != "HEAD";
        match trouble {
            None => self.pass_on(request).await.map(whole),
            Some(Trouble::Silence) => {
                self.pass_on(request).await?;
                silent.notify_one();
                std::future::pending().await
            }
            Some(Trouble::Half) if has_body => half(self.pass_on(request).await?).await,
            Some(Trouble::Half | Trouble::AnswerLost) => {
                self.pass_on(request).await?;
                Err(io::ErrorKind::ConnectionReset.into())
            }
            Some(Trouble::Cut) => Err(io::ErrorKind::ConnectionReset.into()),
            Some(Trouble::Throttled) => Ok(match service.as_str() {
                "s3" => refusal(&service, 503, "SlowDown"),
                "lambda" => refusal(&service, 429, "TooManyRequestsException"),
                _ => refusal(&service, 400, "Throttling"),
            }),
            Some(Trouble::Broken) => Ok(refusal(&service, 500, "InternalFailure")),
            Some(Trouble::Denied) => Ok(refusal(&service, 403, "AccessDenied")),
        }
    }

    async fn waits(&self, request: &Request<Bytes>) {
        let let_go = {
            let mut run = self.run.lock().unwrap();
            let held = run.held.take_if(|held| *held == name(request));
            held.map(|_| {
                run.silent.notify_one();
                run.let_go.clone()
            })
        };
        if let Some(let_go) = let_go {
            let_go.notified().await;
        }
    }

    fn count(&self, request: &Request<Bytes>) -> (Option<Trouble>, Arc<Notify>) {
        let mut run = self.run.lock().unwrap();
        // Whoever signs nothing asks the local cloud itself, for its health.
        if service(request).is_none() {
            return (None, run.silent.clone());
        }
        run.calls.push(name(request));
        let number = run.calls.len();
        let trouble = run.trouble.filter(|(at, _)| *at == number);
        (trouble.map(|(_, trouble)| trouble), run.silent.clone())
    }

    /// What is on its way arrives, whatever becomes of who sent it.
    async fn pass_on(self, request: Request<Bytes>) -> io::Result<Response<Full<Bytes>>> {
        let passed = tokio::spawn(async move {
            self.under_way.fetch_add(1, Ordering::SeqCst);
            let passed = pass_on(&self.client, &self.endpoint, request).await;
            self.under_way.fetch_sub(1, Ordering::SeqCst);
            passed
        });
        passed.await.map_err(io::Error::other)?
    }
}

fn whole(answer: Response<Full<Bytes>>) -> Answer {
    answer.map(|body| body.map_err(|never| match never {}).boxed_unsync())
}

/// As long as it was to be by its head, and then not.
async fn half(answer: Response<Full<Bytes>>) -> io::Result<Answer> {
    let (mut head, body) = answer.into_parts();
    let whole = body.collect().await.map_err(io::Error::other)?.to_bytes();
    head.headers.insert("content-length", whole.len().into());
    let some = whole.slice(..whole.len() / 2);
    let parts = stream::unfold(Some(some), |some| async {
        // What was given before is sent before this breaks off.
        tokio::task::yield_now().await;
        match some {
            Some(some) => Some((Ok(Frame::data(some)), None)),
            None => Some((Err(io::ErrorKind::UnexpectedEof.into()), None)),
        }
    });
    let body = StreamBody::new(parts).boxed_unsync();
    Ok(Response::from_parts(head, body))
}

/// In the words of the service's protocol.
fn refusal(service: &str, status: u16, code: &str) -> Answer {
    let error = format!("<Code>{code}</Code><Message>not now</Message>");
    let body = match service {
        "s3" => format!("<Error>{error}</Error>"),
        "cloudformation" | "cloudfront" | "iam" | "sts" => {
            format!("<ErrorResponse><Error><Type>Sender</Type>{error}</Error></ErrorResponse>")
        }
        _ => format!(r#"{{"__type": "{code}", "message": "not now"}}"#),
    };
    whole(response(status, body))
}

/// Of whom a signed request asks something.
fn service(request: &Request<Bytes>) -> Option<String> {
    let who = request.headers().get("authorization")?.to_str().ok()?;
    let scope = who.split_once("Credential=")?.1.split_once(',')?.0;
    scope.split('/').nth(3).map(str::to_owned)
}

/// A call as a person would name it: `cloudformation ExecuteChangeSet`, `s3 PUT index.html`.
fn name(request: &Request<Bytes>) -> String {
    let service = service(request).unwrap_or_default();
    let body = String::from_utf8_lossy(request.body());
    if let Some(action) = body.strip_prefix("Action=") {
        let action = action.split('&').next().unwrap();
        return format!("{service} {action}");
    }
    if let Some(target) = request.headers().get("x-amz-target") {
        let operation = target.to_str().unwrap().rsplit('.').next().unwrap();
        return format!("{service} {operation}");
    }
    let method = request.method();
    let query = request.uri().query().unwrap_or_default();
    let parts: Vec<&str> = query
        .split('&')
        .map(|part| part.trim_end_matches('='))
        .filter(|part| !part.is_empty() && !part.starts_with("x-id") && !part.contains('='))
        .collect();
    let path = request.uri().path().trim_matches('/');
    let object = match (service.as_str(), path.split_once('/')) {
        ("s3", None) => "bucket",
        ("s3", Some((_, key))) if key.starts_with("lambda/") => "code",
        (_, Some((_, rest))) => rest,
        (_, None) => path,
    };
    format!("{service} {method} {object} {}", parts.join(" "))
        .trim_end()
        .to_owned()
}
