//! Follows a stack operation by its events until it ends.

use std::time::Duration;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::StackEvent;

use super::failure::{cause, is_cause};
use super::{Context, Error, Stack, in_progress};
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
        // Newest first, in pages of 100.
        let mut pages = client
            .describe_stack_events()
            .stack_name(stack_id)
            .into_paginator()
            .items()
            .send();
        let mut new = Vec::new();
        while let Some(event) = pages.next().await {
            let event = event.map_err(failed(format!("read the events of {stack_id}")))?;
            if self.0.is_some() && event.event_id == self.0 {
                break;
            }
            new.push(event);
        }
        new.reverse();
        if let Some(last) = new.last() {
            self.0.clone_from(&last.event_id);
        }
        Ok(new)
    }
}

/// Reports every event after the bookmark and returns them all once the stack's own operation ended; the
/// first failure is explained at once, for the way back can take half an hour.
///
/// Where no event tells the end (it was there before the bookmark, or an empty stack was deleted), the
/// stack's own status does.
pub async fn follow(
    client: &Client,
    stack_id: &str,
    mut since: Bookmark,
    context: &Context<'_>,
    progress: &Progress,
) -> Result<Vec<StackEvent>, Error> {
    let mut all: Vec<StackEvent> = Vec::new();
    let mut explained = false;
    let mut pause = FASTEST;
    loop {
        let new = since.advance(client, stack_id).await?;
        pause = if new.is_empty() {
            (pause * 2).min(SLOWEST)
        } else {
            FASTEST
        };
        let mut ended = false;
        for event in new {
            let first = !explained && is_cause(&event, stack_id);
            progress.send(resource(&event, first));
            if first {
                explained = true;
                let cause = cause(&event, &all, context);
                progress.send(Event::Cause(Box::new(cause)));
            }
            ended |= is_end(&event, stack_id);
            all.push(event);
        }
        if ended || (pause == SLOWEST && at_rest(client, stack_id).await?) {
            return Ok(all);
        }
        tokio::time::sleep(pause).await;
    }
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
        status: event
            .resource_status
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        reason: event
            .resource_status_reason
            .clone()
            .filter(|reason| !reason.is_empty()),
    }
}

/// The stack's own last event. A rollback follows a failure, so `…_FAILED` of a create or an update
/// is no end; neither is `UPDATE_COMPLETE_CLEANUP_IN_PROGRESS`.
fn is_end(event: &StackEvent, stack_id: &str) -> bool {
    let status = event
        .resource_status
        .as_ref()
        .map(|status| status.as_str())
        .unwrap_or_default();
    event.physical_resource_id.as_deref() == Some(stack_id)
        && (status.ends_with("_COMPLETE")
            || ["ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"].contains(&status))
}

#[cfg(test)]
pub mod tests {
    use aws_sdk_cloudformation::operation::describe_stack_events::DescribeStackEventsOutput;
    use aws_sdk_cloudformation::types::ResourceStatus;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};

    use super::*;
    use std::sync::{Arc, Mutex};

    pub const STACK: &str = "arn:aws:cloudformation:eu-west-1:123456789012:stack/mlink-dev/1";

    pub fn event(number: u32, logical: &str, status: &str, reason: Option<&str>) -> StackEvent {
        let physical = if logical == "mlink-dev" {
            STACK
        } else {
            logical
        };
        StackEvent::builder()
            .event_id(format!("e{number}"))
            .logical_resource_id(logical)
            .physical_resource_id(physical)
            .resource_type("AWS::Test::Thing")
            .resource_status(ResourceStatus::from(status))
            .set_resource_status_reason(reason.map(str::to_owned))
            .build()
    }

    fn page(newest_first: &[StackEvent], token: Option<&str>) -> DescribeStackEventsOutput {
        DescribeStackEventsOutput::builder()
            .set_stack_events(Some(newest_first.to_vec()))
            .set_next_token(token.map(str::to_owned))
            .build()
    }

    /// What a person is told while a stack goes through these polls.
    async fn told(polls: Vec<DescribeStackEventsOutput>, since: Bookmark) -> Vec<String> {
        let mut rule = mock!(Client::describe_stack_events).sequence();
        for poll in polls {
            rule = rule.output(move || poll.clone());
        }
        let rule = rule.build();
        let client = mock_client!(aws_sdk_cloudformation, RuleMode::Sequential, [&rule]);
        let told = Arc::new(Mutex::new(Vec::new()));
        let sink = told.clone();
        let progress = Progress::new(move |event| {
            let line = match event {
                Event::Resource {
                    logical_id, status, ..
                } => format!("{logical_id} {status}"),
                Event::Cause(cause) => format!("because of {}: {}", cause.logical_id, cause.reason),
                _ => return,
            };
            sink.lock().unwrap().push(line);
        });
        let context = Context::default();
        follow(&client, STACK, since, &context, &progress)
            .await
            .unwrap();
        let told = told.lock().unwrap();
        told.clone()
    }

    #[tokio::test(start_paused = true)]
    async fn each_event_is_told_once_in_order_over_pages_and_polls() {
        let old = event(1, "mlink-dev", "CREATE_COMPLETE", None);
        let start = event(2, "mlink-dev", "UPDATE_IN_PROGRESS", None);
        let pool = event(3, "UserPool", "UPDATE_IN_PROGRESS", None);
        let done = event(4, "UserPool", "UPDATE_COMPLETE", None);
        let cleanup = event(5, "mlink-dev", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None);
        let end = event(6, "mlink-dev", "UPDATE_COMPLETE", None);
        let polls = vec![
            page(std::slice::from_ref(&old), None),
            // Two pages; the second holds the bookmark.
            page(&[pool.clone(), start.clone()], Some("more")),
            page(std::slice::from_ref(&old), None),
            page(&[cleanup.clone(), done.clone(), pool, start], None),
            page(&[end, cleanup, done], None),
        ];
        let told = told(polls, Bookmark(Some("e1".to_owned()))).await;
        assert_eq!(
            told,
            [
                "mlink-dev UPDATE_IN_PROGRESS",
                "UserPool UPDATE_IN_PROGRESS",
                "UserPool UPDATE_COMPLETE",
                "mlink-dev UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
                "mlink-dev UPDATE_COMPLETE",
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_failure_is_explained_at_once_and_followed_through_its_rollback() {
        let cancelled = event(
            1,
            "Pool",
            "CREATE_FAILED",
            Some("Resource creation cancelled"),
        );
        let failed = event(2, "Queue", "CREATE_FAILED", Some("No room"));
        let louder = event(3, "Table", "CREATE_FAILED", Some("NO ROOM AT ALL"));
        let polls = vec![
            page(&[failed.clone(), cancelled.clone()], None),
            page(
                &[
                    event(5, "mlink-dev", "ROLLBACK_COMPLETE", None),
                    event(4, "mlink-dev", "ROLLBACK_IN_PROGRESS", None),
                    louder,
                    failed,
                    cancelled,
                ],
                None,
            ),
        ];
        assert_eq!(
            told(polls, Bookmark::default()).await,
            [
                "Pool CREATE_FAILED",
                "Queue CREATE_FAILED",
                "because of Queue: No room",
                "Table CREATE_FAILED",
                "mlink-dev ROLLBACK_IN_PROGRESS",
                "mlink-dev ROLLBACK_COMPLETE",
            ]
        );
    }
}
