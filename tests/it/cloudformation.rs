//! A CloudFormation that takes its time and fails, as the local cloud's does not: it tells of a change
//! as the test says, and leaves the rest to the local cloud.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, Response};
use tokio::sync::Notify;

use crate::picture::texts;
use crate::server::{Server, response};
use crate::wire::pass_on;
use crate::world::ask;

pub const STACK: &str = "mlink-dev";

/// What is seen at one look at the stack's events.
#[derive(Clone, Copy, Debug)]
pub enum Look {
    /// Logical id, status and reason.
    Event(&'static str, &'static str, &'static str),
    /// Nothing new, until the test lets it go on.
    Held,
}

/// A change as it is told.
struct Tale {
    /// The call that begins it.
    on: &'static str,
    /// Whether the local cloud carries it out meanwhile.
    is_true: bool,
    looks: VecDeque<Look>,
}

#[derive(Default)]
struct Life {
    next: Option<Tale>,
    looks: VecDeque<Look>,
    told: Vec<String>,
    /// The stack's status by the tale; the local cloud's own where there is none.
    status: Option<&'static str>,
    /// How many of the local cloud's events are older than the tale; none where there is no tale.
    older: Option<usize>,
    /// How many of them are not newer, once it is at its end.
    not_newer: Option<usize>,
    token: String,
    /// The stack's.
    id: String,
    count: usize,
}

pub struct CloudFormation {
    state: State,
    server: Server,
}

#[derive(Clone)]
struct State {
    endpoint: String,
    client: reqwest::Client,
    life: Arc<Mutex<Life>>,
    held: Arc<Notify>,
}

impl CloudFormation {
    pub async fn before(endpoint: &str) -> CloudFormation {
        let state = State {
            endpoint: endpoint.to_owned(),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            life: Arc::default(),
            held: Arc::default(),
        };
        let answering = state.clone();
        let server = Server::start(move |request| answering.clone().answer(request)).await;
        CloudFormation { state, server }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// The next call of this action begins a change that is told so.
    pub fn tells(&self, on: &'static str, is_true: bool, looks: &[Look]) {
        let looks = looks.iter().copied().collect();
        self.life().next = Some(Tale { on, is_true, looks });
    }

    /// Resolves when somebody looks and there is nothing new.
    pub async fn held(&self) {
        self.state.held.notified().await;
    }

    /// Whoever looked so far is gone.
    pub fn forget(&self) {
        let _ = self.state.held.notified().now_or_never();
    }

    pub fn let_go(&self) {
        self.life().looks.retain(|look| !matches!(look, Look::Held));
    }

    fn life(&self) -> std::sync::MutexGuard<'_, Life> {
        self.state.life.lock().unwrap()
    }
}

impl State {
    async fn answer(self, request: Request<Bytes>) -> io::Result<Response<Full<Bytes>>> {
        let body = String::from_utf8_lossy(request.body()).into_owned();
        let Some(rest) = body.strip_prefix("Action=") else {
            return self.pass_on(request).await;
        };
        match rest.split('&').next().unwrap() {
            "DescribeStackEvents" => match self.id().await {
                None => self.pass_on(request).await,
                Some(_) => Ok(self.look().await),
            },
            "DescribeStacks" => {
                let status = self.life.lock().unwrap().status;
                let (head, body) = self.pass_on(request).await?.into_parts();
                let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
                let mut body = String::from_utf8(body.to_vec()).unwrap();
                if let (Some(told), [is]) = (status, &texts(&body, "StackStatus")[..]) {
                    body = body.replace(
                        &format!("<StackStatus>{is}"),
                        &format!("<StackStatus>{told}"),
                    );
                }
                Ok(response(head.status.as_u16(), body))
            }
            action @ ("ExecuteChangeSet" | "DeleteStack") => {
                if self.begins(action, rest).await {
                    let done = format!("<{action}Response><{action}Result/></{action}Response>");
                    return Ok(response(200, done));
                }
                self.pass_on(request).await
            }
            _ => self.pass_on(request).await,
        }
    }

    /// The stack's id, as long as the local cloud knows it by its name or has once done so.
    async fn id(&self) -> Option<String> {
        let known = self.life.lock().unwrap().id.clone();
        if !known.is_empty() {
            return Some(known);
        }
        let query = "Action=DescribeStacks&Version=2010-05-15";
        let stacks = ask(&self.endpoint, "cloudformation", "/", None, query).await;
        let id = texts(&stacks, "StackId").pop()?;
        self.life.lock().unwrap().id.clone_from(&id);
        Some(id)
    }

    /// Whether a tale begins that is not true.
    async fn begins(&self, action: &str, rest: &str) -> bool {
        self.id().await;
        let events = self.events().await.len();
        let mut life = self.life.lock().unwrap();
        life.status = None;
        let Some(tale) = life.next.take_if(|tale| tale.on == action) else {
            return false;
        };
        let token = rest.split("ClientRequestToken=").nth(1);
        let token = token.and_then(|token| token.split('&').next());
        life.token = token.unwrap_or_default().to_owned();
        life.older = Some(events);
        life.not_newer = None;
        life.told.clear();
        life.looks = tale.looks;
        life.tell();
        !tale.is_true
    }

    /// The events as they are at this look, the newest first.
    async fn look(&self) -> Response<Full<Bytes>> {
        let events = self.events().await;
        let mut life = self.life.lock().unwrap();
        if let Some(Look::Held) = life.looks.front() {
            self.held.notify_one();
        }
        life.tell();
        if life.looks.is_empty() {
            life.not_newer.get_or_insert(events.len());
        }
        let all: String = match life.older {
            None => events.concat(),
            Some(older) => {
                let newer = life.not_newer.map_or(0, |rest| events.len() - rest);
                let told = life.told.iter().rev().map(String::as_str);
                let older = events[events.len() - older..].iter().map(String::as_str);
                let newer = events[..newer].iter().map(String::as_str);
                newer.chain(told).chain(older).collect()
            }
        };
        let result = format!("<StackEvents>{all}</StackEvents>");
        let result = format!("<DescribeStackEventsResult>{result}</DescribeStackEventsResult>");
        let answer = format!("<DescribeStackEventsResponse>{result}</DescribeStackEventsResponse>");
        response(200, answer)
    }

    /// The local cloud's own, over all pages, the newest first.
    async fn events(&self) -> Vec<String> {
        let mut events = Vec::new();
        let mut query = format!(
            "Action=DescribeStackEvents&Version=2010-05-15&StackName={}",
            self.life.lock().unwrap().id
        );
        loop {
            let page = ask(&self.endpoint, "cloudformation", "/", None, &query).await;
            let members = texts(&page, "member").into_iter();
            events.extend(members.map(|event| format!("<member>{event}</member>")));
            let Some(token) = texts(&page, "NextToken").pop() else {
                return events;
            };
            let (first, _) = query.split_once("&NextToken").unwrap_or((&query, ""));
            query = format!("{first}&NextToken={token}");
        }
    }

    async fn pass_on(&self, request: Request<Bytes>) -> io::Result<Response<Full<Bytes>>> {
        pass_on(&self.client, &self.endpoint, request).await
    }
}

impl Life {
    /// Comes to the next event.
    fn tell(&mut self) {
        let Some(Look::Event(logical, status, reason)) = self.looks.front().copied() else {
            return;
        };
        self.looks.pop_front();
        self.count += 1;
        let (physical, kind) = if logical == STACK {
            self.status = Some(status);
            (self.id.as_str(), "AWS::CloudFormation::Stack")
        } else {
            (logical, kind(logical))
        };
        self.told.push(format!(
            "<member><EventId>tale-{}</EventId><StackId>{}</StackId><StackName>{STACK}</StackName>\
             <LogicalResourceId>{logical}</LogicalResourceId>\
             <PhysicalResourceId>{physical}</PhysicalResourceId><ResourceType>{kind}</ResourceType>\
             <ResourceStatus>{status}</ResourceStatus>\
             <ResourceStatusReason>{reason}</ResourceStatusReason>\
             <ClientRequestToken>{}</ClientRequestToken></member>",
            self.count, self.id, self.token
        ));
    }
}

fn kind(logical: &str) -> &'static str {
    match logical {
        "SiteBucket" => "AWS::S3::Bucket",
        "MailQueue" => "AWS::SQS::Queue",
        "UserPoolClient" => "AWS::Cognito::UserPoolClient",
        _ => "AWS::Lambda::Function",
    }
}
