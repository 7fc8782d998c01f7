//! The line between a function and AWS: records every call, and breaks when it is told to.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, Response};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::server::{Server, response};

/// A call of a function, by the action that IAM knows it by: `dynamodb:UpdateItem`.
#[derive(Clone, Debug)]
pub struct Call {
    pub action: String,
    /// Null where it is no JSON.
    pub body: Value,
}

/// What becomes of a call in place of being passed on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// The service has too much to do.
    Throttled,
    /// The service fails.
    Broken,
    /// Nothing arrives, the connection ends.
    Cut,
    /// It is carried out, but the connection ends before the answer.
    AnswerLost,
    /// It waits until the test lets it go, for ever if need be.
    Held,
}

/// A call that waits. It is passed on when it is let go, and cut when it is dropped.
pub struct Held {
    pub call: Call,
    go: oneshot::Sender<()>,
}

impl Held {
    pub fn let_go(self) {
        // The function may have given up on it.
        let _ = self.go.send(());
    }
}

pub struct Wire {
    state: State,
    held: tokio::sync::Mutex<mpsc::UnboundedReceiver<Held>>,
    server: Server,
}

#[derive(Clone)]
struct State {
    endpoint: String,
    client: reqwest::Client,
    calls: Arc<Mutex<Vec<Call>>>,
    faults: Arc<Mutex<VecDeque<(String, Fault)>>>,
    held: mpsc::UnboundedSender<Held>,
}

impl Wire {
    pub async fn to(endpoint: &str) -> Wire {
        let (sender, held) = mpsc::unbounded_channel();
        let state = State {
            endpoint: endpoint.to_owned(),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            calls: Arc::default(),
            faults: Arc::default(),
            held: sender,
        };
        let answering = state.clone();
        let server = Server::start(move |request| answering.clone().answer(request)).await;
        let held = tokio::sync::Mutex::new(held);
        Wire {
            state,
            held,
            server,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// The next `times` calls of this action, retries counted, end like that.
    pub fn fault(&self, action: &str, fault: Fault, times: usize) {
        let fault = (action.to_owned(), fault);
        let mut faults = self.state.faults.lock().unwrap();
        faults.extend(std::iter::repeat_n(fault, times));
    }

    /// The next call that waits.
    pub async fn held(&self) -> Held {
        self.held.lock().await.recv().await.unwrap()
    }

    /// The calls since this was last asked.
    pub fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.state.calls.lock().unwrap())
    }

    pub fn actions(&self) -> Vec<String> {
        self.calls().into_iter().map(|call| call.action).collect()
    }
}

impl State {
    async fn answer(self, request: Request<Bytes>) -> io::Result<Response<Full<Bytes>>> {
        let call = Call {
            action: action(&request),
            body: serde_json::from_slice(request.body()).unwrap_or_default(),
        };
        self.calls.lock().unwrap().push(call.clone());
        let cut = || io::ErrorKind::ConnectionReset.into();
        match self.take_fault(&call.action) {
            None => pass_on(&self.client, &self.endpoint, request).await,
            Some(Fault::Throttled) => Ok(refusal(400, "ProvisionedThroughputExceededException")),
            Some(Fault::Broken) => Ok(refusal(500, "InternalServerError")),
            Some(Fault::Cut) => Err(cut()),
            Some(Fault::AnswerLost) => pass_on(&self.client, &self.endpoint, request)
                .await
                .and(Err(cut())),
            Some(Fault::Held) => {
                let (go, may_go) = oneshot::channel();
                let _ = self.held.send(Held { call, go });
                may_go.await.map_err(|_| cut())?;
                pass_on(&self.client, &self.endpoint, request).await
            }
        }
    }

    fn take_fault(&self, action: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let at = faults.iter().position(|(of, _)| of == action)?;
        faults.remove(at).map(|(_, fault)| fault)
    }
}

/// As it came. The local cloud looks at who signed, not at the signature, which is over another host
/// than the one it now goes to.
pub async fn pass_on(
    client: &reqwest::Client,
    endpoint: &str,
    request: Request<Bytes>,
) -> io::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let url = format!("{endpoint}{}", head.uri);
    let mut headers = head.headers;
    headers.remove("host");
    let sent = client.request(head.method, url).headers(headers);
    let answer = sent.body(body).send().await.map_err(io::Error::other)?;
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    headers.remove("transfer-encoding");
    let mut passed = response(200, answer.bytes().await.map_err(io::Error::other)?);
    *passed.status_mut() = status;
    *passed.headers_mut() = headers;
    Ok(passed)
}

fn refusal(status: u16, code: &str) -> Response<Full<Bytes>> {
    response(status, json!({"__type": code}).to_string())
}

/// The action by which IAM knows a call.
fn action(request: &Request<Bytes>) -> String {
    if let Some(target) = request.headers().get("x-amz-target") {
        let (service, operation) = target.to_str().unwrap().split_once('.').unwrap();
        let service = match service {
            "DynamoDB_20120810" => "dynamodb",
            "AmazonSQS" => "sqs",
            "AWSCognitoIdentityProviderService" => "cognito-idp",
            other => other,
        };
        return format!("{service}:{operation}");
    }
    let path = request.uri().path();
    match path.split('/').collect::<Vec<_>>()[..] {
        ["", "v2", "email", "outbound-emails"] => "ses:SendEmail".to_owned(),
        ["", "2015-03-31", "functions", _, "invocations"] => "lambda:InvokeFunction".to_owned(),
        _ => format!("{} {path}", request.method()),
    }
}
