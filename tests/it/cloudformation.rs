//! A CloudFormation that takes its time and fails, as the local cloud's does not: it tells of the stack
//! and of its changes as the test says, and leaves the rest to the local cloud.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::FutureExt;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, Response};
use tokio::sync::Notify;

use crate::members::{list_of, members, page};
use crate::picture::texts;
use crate::query::{change, done, field, first_page, refusal};
use crate::server::{Server, response};
use crate::tale::{Life, Refused, Tale};
pub use crate::tale::{Look, OTHERS, Trouble};
use crate::wire::pass_on;
use crate::world::{ask, wait_for};

pub const STACK: &str = "mlink-dev";

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

type Answer = io::Result<Response<Full<Bytes>>>;

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

    /// The next call of this action, after those that were told before, begins a change that is told so.
    pub fn tells(&self, on: &'static str, is_true: bool, looks: &[Look]) {
        let looks = looks.iter().copied().collect();
        let tale = Tale { on, is_true, looks };
        self.life().tales.push_back(tale);
    }

    /// The stack stands so until something is done to it, and so do these of its resources.
    pub fn is(&self, status: &'static str, resources: &[(&'static str, &'static str)]) {
        let mut life = self.life();
        life.status = Some(status);
        life.resources = resources.iter().copied().collect();
    }

    /// Somebody began an operation on the stack before: what it has come to, and how it goes on.
    pub async fn is_under_way(&self, past: &[Look], rest: &[Look]) {
        let own = self.state.learns().await;
        let mut life = self.life();
        life.token.clear();
        let all = past.iter().chain(rest).copied().collect();
        life.begins(all, &own);
        while life.looks.len() > rest.len() {
            life.tells();
        }
    }

    /// The next calls of this action end so, one after the other.
    pub fn meets(&self, action: &'static str, troubles: &[Trouble]) {
        let troubles = troubles.iter().map(|trouble| (action, *trouble));
        self.life().troubles.extend(troubles);
    }

    /// Every list comes in pages of this size.
    pub fn in_pages_of(&self, size: usize) {
        self.life().page = Some(size);
    }

    /// Somebody else has these change sets in the stack.
    pub fn holds(&self, change_sets: &[&'static str]) {
        self.life().change_sets = change_sets.to_vec();
    }

    /// The stack lacks mlink's tags.
    pub fn is_a_strangers(&self) {
        self.life().is_a_strangers = true;
    }

    /// The stack has termination protection.
    pub fn is_protected(&self) {
        self.life().is_protected = true;
    }

    /// Every change set fails for this reason, with these findings of its validation: logical id, type
    /// and words.
    pub fn refuses_changes(
        &self,
        reason: &'static str,
        findings: &'static [(&'static str, &'static str, &'static str)],
    ) {
        self.life().refused = Some(Refused { reason, findings });
    }

    /// What was done to the stack since this was last asked.
    pub fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.life().calls)
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

    fn life(&self) -> MutexGuard<'_, Life> {
        self.state.life()
    }
}

impl State {
    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap()
    }

    async fn answer(self, request: Request<Bytes>) -> Answer {
        let body = String::from_utf8_lossy(request.body()).into_owned();
        let Some(rest) = body.strip_prefix("Action=") else {
            return self.pass_on(request).await;
        };
        let action = rest.split('&').next().unwrap();
        if let Some(call) = change(action, rest) {
            self.life().calls.push(call);
        }
        let trouble = self.life().trouble(action);
        match trouble {
            None => self.tells_of(action, rest, request).await,
            Some(Trouble::Throttled) => Ok(refusal(400, "Throttling", "Rate exceeded")),
            Some(Trouble::Broken) => Ok(refusal(500, "InternalFailure", "Internal Failure")),
            Some(Trouble::Lost) => {
                self.tells_of(action, rest, request).await?;
                Err(io::ErrorKind::ConnectionReset.into())
            }
            Some(Trouble::Refused(code, message)) => Ok(refusal(400, code, message)),
        }
    }

    async fn tells_of(&self, action: &str, rest: &str, request: Request<Bytes>) -> Answer {
        let token = field(rest, "NextToken");
        let told = match action {
            "DescribeStackEvents" => self.look(rest).await,
            "CreateChangeSet" | "DescribeChangeSet" | "DeleteChangeSet" | "DescribeEvents" => {
                self.life().answer_refused(action)
            }
            _ if change(action, rest).is_some() => self.begins(action, rest).await,
            _ => None,
        };
        let (status, mut body) = match told {
            Some(told) => (200, told),
            None => self.passed_on(first_page(request)).await?,
        };
        if let Some(list) = list_of(action)
            && status == 200
        {
            body = self.life().retold(list, body);
            if let Some(size) = self.life().page {
                body = page(&body, list, size, token.as_deref());
            }
        }
        Ok(response(status, body))
    }

    /// Begins the tale that waits for this call. None where the local cloud is to carry it out.
    async fn begins(&self, action: &str, rest: &str) -> Option<String> {
        let own = self.learns().await;
        let mut life = self.life();
        life.status = None;
        life.token = field(rest, "ClientRequestToken").unwrap_or_default();
        let Some(tale) = life.tales.pop_front_if(|tale| tale.on == action) else {
            life.resources.clear();
            return None;
        };
        life.begins(tale.looks, &own);
        (!tale.is_true).then(|| done(action, ""))
    }

    /// The events of the stack as they are at this look.
    async fn look(&self, rest: &str) -> Option<String> {
        let id = self.life().id.clone();
        let of = field(rest, "StackName")?
            .replace("%3A", ":")
            .replace("%2F", "/");
        if id.is_empty() || (of != id && of != STACK) {
            return None;
        }
        if field(rest, "NextToken").is_none() {
            let mut life = self.life();
            if let Some(Look::Held) = life.looks.front() {
                self.held.notify_one();
            }
            life.tells();
        }
        if self.life().status == Some("DELETE_COMPLETE") {
            self.carries_deletion_out().await;
        }
        let own = self.events(&id).await;
        let all = self.life().history(&own).concat();
        Some(done(
            "DescribeStackEvents",
            &format!("<StackEvents>{all}</StackEvents>"),
        ))
    }

    /// What a tale has deleted is there no longer.
    async fn carries_deletion_out(&self) {
        let query = format!("Action=DeleteStack&Version=2010-05-15&StackName={STACK}");
        ask(&self.endpoint, "cloudformation", "/", None, &query).await;
        wait_for(|| async { self.present().await.is_none().then_some(()) }).await;
        let id = self.life().id.clone();
        let own = self.events(&id).await;
        self.life().ends(&own);
    }

    /// The id of the stack that has the name now.
    async fn present(&self) -> Option<String> {
        let query = "Action=DescribeStacks&Version=2010-05-15";
        let stacks = ask(&self.endpoint, "cloudformation", "/", None, query).await;
        let all = members(&stacks, "Stacks").into_iter();
        let mut named = all.filter(|stack| stack.contains(&format!("<StackName>{STACK}<")));
        let live = named.find(|stack| !stack.contains("DELETE_COMPLETE"))?;
        texts(&live, "StackId").pop()
    }

    /// Looks whether it is still the same stack; the local cloud's events of it.
    async fn learns(&self) -> Vec<String> {
        if let Some(id) = self.present().await
            && id != self.life().id
        {
            self.life().is_born(id);
        }
        let id = self.life().id.clone();
        self.events(&id).await
    }

    /// The local cloud's own, over all pages, the newest first.
    async fn events(&self, id: &str) -> Vec<String> {
        let mut events = Vec::new();
        if id.is_empty() {
            return events;
        }
        let first = format!("Action=DescribeStackEvents&Version=2010-05-15&StackName={id}");
        let mut query = first.clone();
        loop {
            let page = ask(&self.endpoint, "cloudformation", "/", None, &query).await;
            events.extend(members(&page, "StackEvents"));
            let Some(token) = texts(&page, "NextToken").pop() else {
                return events;
            };
            query = format!("{first}&NextToken={token}");
        }
    }

    async fn passed_on(&self, request: Request<Bytes>) -> io::Result<(u16, String)> {
        let (head, body) = self.pass_on(request).await?.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Ok((head.status.as_u16(), body))
    }

    async fn pass_on(&self, request: Request<Bytes>) -> Answer {
        pass_on(&self.client, &self.endpoint, request).await
    }
}
