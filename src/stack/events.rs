//! Follows a stack operation by its events until it ends.

#[cfg(test)]
pub mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{ResourceStatus, StackEvent};

use super::failure::{cause, is_cause};
use super::{Context, Error, Stack, in_progress, is_ours};
use crate::aws::failed;
use crate::event::{Event, Progress};

/// Polling starts fast and slows down while nothing happens; AWS throttles DescribeStackEvents.
const FASTEST: Duration = Duration::from_millis(100);
const SLOWEST: Duration = Duration::from_secs(3);

/// A place in a stack's history: everything after the event with this id is new.
#[derive(Debug, Default)]
pub struct Bookmark(Option<String>);

impl Bookmark {
    /// The present end of the history.
    pub async fn now(client: &Client, stack_id: &str) -> Result<Bookmark, Error> {
        let newest = client
            .describe_stack_events()
            .stack_name(stack_id)
            .send()
            .await
            .map_err(failed(format!("read the events of {stack_id}")))?;
        let newest = newest.stack_events.unwrap_or_default().into_iter().next();
        Ok(Bookmark(newest.and_then(|event| event.event_id)))
    }

    /// Whether an operation with this ClientRequestToken began after the bookmark.
    pub async fn is_followed_by(
        &self,
        client: &Client,
        stack_id: &str,
        token: &str,
    ) -> Result<bool, Error> {
        let since = Bookmark(self.0.clone()).advance(client, stack_id).await?;
        Ok(since
            .iter()
            .any(|event| event.client_request_token() == Some(token)))
    }

    /// The events since the bookmark, oldest first; moves the bookmark to the end.
    pub async fn advance(
        &mut self,
        client: &Client,
        stack_id: &str,
    ) -> Result<Vec<StackEvent>, Error> {
        let is_known = |event: &StackEvent| self.0.is_some() && event.event_id == self.0;
        let (new, end) = since(client, stack_id, is_known).await?;
        if end.0.is_some() {
            *self = end;
        }
        Ok(new)
    }
}

/// The events after the newest one that is known, oldest first, and the end of the history.
async fn since(
    client: &Client,
    stack_id: &str,
    mut is_known: impl FnMut(&StackEvent) -> bool,
) -> Result<(Vec<StackEvent>, Bookmark), Error> {
    // Newest first, in pages of 100.
    let mut history = client
        .describe_stack_events()
        .stack_name(stack_id)
        .into_paginator()
        .items()
        .send();
    let mut end = Bookmark::default();
    let mut new = Vec::new();
    while let Some(event) = history.next().await {
        let event = event.map_err(failed(format!("read the events of {stack_id}")))?;
        end.0 = end.0.or_else(|| event.event_id.clone());
        if is_known(&event) {
            break;
        }
        new.push(event);
    }
    new.reverse();
    Ok((new, end))
}

/// The events of the operation that the stack was seen in, and the end of the history. It may have ended
/// since then.
async fn so_far(client: &Client, stack: &Stack) -> Result<(Vec<StackEvent>, Bookmark), Error> {
    let id = &stack.id;
    let is_seen = |event: &StackEvent| is_own(event, id) && status(event) == stack.status.as_str();
    let (mut was_seen, mut has_begun) = (false, false);
    let is_older = |event: &StackEvent| {
        let is_older = has_begun || (was_seen && is_end(event, id));
        was_seen |= is_seen(event);
        has_begun = is_beginning(event, id);
        is_older
    };
    let (mut past, end) = since(client, id, is_older).await?;
    if !past.iter().any(is_seen) {
        // An earlier one; of this one there is no event yet.
        past.clear();
    }
    Ok((past, end))
}

/// Reports every event after the bookmark and returns them all once the stack's own operation ended; the
/// first failure is explained at once, for the way back can take half an hour.
///
/// Where no event tells the end (it was there before the bookmark, or an empty stack was deleted), the
/// stack's own status does.
pub async fn follow(
    client: &Client,
    stack_id: &str,
    from: Bookmark,
    context: &Context<'_>,
    progress: &Progress,
) -> Result<Vec<StackEvent>, Error> {
    let account = Account::new(stack_id, context, progress);
    account.goes_on(client, from).await
}

/// The same for an operation that somebody began before: what it has come to is told first, in brief.
pub async fn attach(
    client: &Client,
    stack: &Stack,
    context: &Context<'_>,
    progress: &Progress,
) -> Result<Vec<StackEvent>, Error> {
    let (past, end) = so_far(client, stack).await?;
    let mut account = Account::new(&stack.id, context, progress);
    account.recalls(past);
    account.goes_on(client, end).await
}

/// What has been told of an operation.
struct Account<'a> {
    stack_id: &'a str,
    context: &'a Context<'a>,
    progress: &'a Progress,
    told: Vec<StackEvent>,
    is_explained: bool,
    has_ended: bool,
}

impl<'a> Account<'a> {
    fn new(stack_id: &'a str, context: &'a Context<'a>, progress: &'a Progress) -> Account<'a> {
        Account {
            stack_id,
            context,
            progress,
            told: Vec::new(),
            is_explained: false,
            has_ended: false,
        }
    }

    async fn goes_on(
        mut self,
        client: &Client,
        mut end: Bookmark,
    ) -> Result<Vec<StackEvent>, Error> {
        let mut pause = FASTEST;
        while !self.has_ended {
            let new = end.advance(client, self.stack_id).await?;
            pause = if new.is_empty() {
                (pause * 2).min(SLOWEST)
            } else {
                FASTEST
            };
            for event in new {
                self.tells(event, true);
            }
            if self.has_ended || (pause == SLOWEST && at_rest(client, self.stack_id).await?) {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        Ok(self.told)
    }

    /// Of what is over a person wants the course of the whole and what went wrong, not each resource.
    fn recalls(&mut self, past: Vec<StackEvent>) {
        let summary = summary(&past, self.stack_id);
        for event in past {
            let is_shown = is_own(&event, self.stack_id) || is_cause(&event, self.stack_id);
            self.tells(event, is_shown);
        }
        if let Some(summary) = summary.filter(|_| !self.has_ended) {
            self.progress.note(summary);
        }
    }

    fn tells(&mut self, event: StackEvent, is_shown: bool) {
        let first = !self.is_explained && is_cause(&event, self.stack_id);
        if is_shown {
            self.progress.send(resource(&event, first));
        }
        if first {
            self.is_explained = true;
            let cause = cause(&event, &self.told, self.context);
            self.progress.send(Event::Cause(Box::new(cause)));
        }
        self.has_ended |= is_end(&event, self.stack_id);
        self.told.push(event);
    }
}

/// How many names still make a line that is read.
const FEW: usize = 4;

/// What the resources have come to by these events; none where they tell of no resource.
fn summary(past: &[StackEvent], stack_id: &str) -> Option<String> {
    let mut latest = BTreeMap::new();
    for event in past.iter().filter(|event| !is_own(event, stack_id)) {
        let resource = event.logical_resource_id().unwrap_or_default();
        latest.insert(resource, status(event));
    }
    if latest.is_empty() {
        return None;
    }
    let of = |end: &str| -> Vec<&str> {
        let of = latest.iter().filter(|(_, status)| status.ends_with(end));
        of.map(|(resource, _)| *resource).collect()
    };
    let done = match of("_COMPLETE").len() {
        0 => "no resource is done".to_owned(),
        1 => "1 resource is done".to_owned(),
        count => format!("{count} resources are done"),
    };
    let under_way = of("_IN_PROGRESS");
    let under_way = match under_way.len() {
        0 => String::new(),
        count if count > FEW => format!(", {count} are under way"),
        _ => format!(", under way: {}", under_way.join(", ")),
    };
    let mut tokens = past.iter().filter_map(StackEvent::client_request_token);
    let whose = match tokens.next() {
        Some(token) if is_ours(token) => "begun by mlink",
        _ => "begun by something else than mlink",
    };
    Some(format!("{whose}; so far {done}{under_way}"))
}

async fn at_rest(client: &Client, stack_id: &str) -> Result<bool, Error> {
    let stack = Stack::find(client, stack_id).await?;
    Ok(stack.is_none_or(|stack| !in_progress(&stack.status)))
}

fn resource(event: &StackEvent, is_cause: bool) -> Event {
    Event::Resource {
        is_cause,
        logical_id: event.logical_resource_id.clone().unwrap_or_default(),
        resource_type: event.resource_type.clone().unwrap_or_default(),
        status: status(event).to_owned(),
        reason: event
            .resource_status_reason
            .clone()
            .filter(|reason| !reason.is_empty()),
    }
}

fn status(event: &StackEvent) -> &str {
    event.resource_status().map_or("", ResourceStatus::as_str)
}

/// Whether it is about the stack itself.
fn is_own(event: &StackEvent, stack_id: &str) -> bool {
    event.physical_resource_id() == Some(stack_id)
}

/// The stack's own last event. A rollback follows a failure, so `…_FAILED` of a create or an update
/// is no end; neither is `UPDATE_COMPLETE_CLEANUP_IN_PROGRESS`.
fn is_end(event: &StackEvent, stack_id: &str) -> bool {
    let status = status(event);
    is_own(event, stack_id)
        && (status.ends_with("_COMPLETE")
            || ["ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"].contains(&status))
}

/// The stack's own first event of an operation. A rollback may belong to what came before it.
fn is_beginning(event: &StackEvent, stack_id: &str) -> bool {
    const FIRST: [&str; 4] = [
        "CREATE_IN_PROGRESS",
        "UPDATE_IN_PROGRESS",
        "DELETE_IN_PROGRESS",
        "IMPORT_IN_PROGRESS",
    ];
    is_own(event, stack_id) && FIRST.contains(&status(event))
}
