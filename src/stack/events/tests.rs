use aws_sdk_cloudformation::operation::describe_stack_events::DescribeStackEventsOutput;
use aws_sdk_cloudformation::types::{Stack as Described, StackStatus};
use aws_smithy_mocks::{RuleMode, mock, mock_client};

use aws_smithy_types::DateTime;

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

/// What a person is told who has stayed, while a stack goes through these polls.
async fn told(polls: Vec<DescribeStackEventsOutput>, since: Bookmark) -> Vec<String> {
    lines(polls, async |client, context, progress| {
        follow(client, STACK, since, context, progress).await
    })
    .await
}

/// What a person is told who comes later, to a stack of this status.
async fn told_late(status: &str, polls: Vec<DescribeStackEventsOutput>) -> Vec<String> {
    let stack = Described::builder()
        .stack_id(STACK)
        .stack_name("mlink-dev")
        .creation_time(DateTime::from_secs(0))
        .stack_status(StackStatus::from(status));
    let stack = Stack::from(stack.build());
    lines(polls, async |client, context, progress| {
        attach(client, &stack, context, progress).await
    })
    .await
}

async fn lines(
    polls: Vec<DescribeStackEventsOutput>,
    follows: impl AsyncFnOnce(&Client, &Context<'_>, &Progress) -> Result<Vec<StackEvent>, Error>,
) -> Vec<String> {
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
            Event::Note { text } => text,
            _ => return,
        };
        sink.lock().unwrap().push(line);
    });
    follows(&client, &Context::default(), &progress)
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

#[tokio::test(start_paused = true)]
async fn who_comes_late_is_told_how_it_went_so_far_and_what_failed() {
    let before = [
        event(2, "mlink-dev", "CREATE_COMPLETE", None),
        event(1, "Old", "CREATE_FAILED", Some("Long ago")),
    ];
    let mut begun = [
        event(8, "mlink-dev", "UPDATE_ROLLBACK_IN_PROGRESS", None),
        event(7, "Queue", "UPDATE_FAILED", Some("No room")),
        event(6, "Pool", "UPDATE_COMPLETE", None),
        event(5, "Queue", "UPDATE_IN_PROGRESS", None),
        event(4, "Table", "UPDATE_IN_PROGRESS", None),
        event(3, "mlink-dev", "UPDATE_IN_PROGRESS", None),
    ];
    begun[5].client_request_token = Some("mlink-18fa".to_owned());
    let rest = [
        event(10, "mlink-dev", "UPDATE_ROLLBACK_COMPLETE", None),
        event(9, "Queue", "UPDATE_COMPLETE", None),
        begun[0].clone(),
    ];
    let polls = vec![
        page(&begun[..4], Some("more")),
        page(&[&begun[4..], &before].concat(), None),
        page(&begun, None),
        page(&rest, None),
    ];
    assert_eq!(
        told_late("UPDATE_ROLLBACK_IN_PROGRESS", polls).await,
        [
            "mlink-dev UPDATE_IN_PROGRESS",
            "Queue UPDATE_FAILED",
            "because of Queue: No room",
            "mlink-dev UPDATE_ROLLBACK_IN_PROGRESS",
            "begun by mlink; so far 1 resource is done, under way: Table",
            "Queue UPDATE_COMPLETE",
            "mlink-dev UPDATE_ROLLBACK_COMPLETE",
        ]
    );
}

/// An update that was told not to roll back ends in a status that is otherwise none to end in.
#[tokio::test(start_paused = true)]
async fn what_failed_in_an_earlier_operation_is_not_told_again() {
    let ended = [
        event(5, "mlink-dev", "UPDATE_COMPLETE", None),
        event(4, "mlink-dev", "UPDATE_IN_PROGRESS", None),
        event(3, "mlink-dev", "UPDATE_FAILED", None),
        event(2, "Old", "UPDATE_FAILED", Some("Long ago")),
        event(1, "mlink-dev", "UPDATE_IN_PROGRESS", None),
    ];
    let polls = vec![page(&ended[1..], None), page(&ended, None)];
    let expected = ["mlink-dev UPDATE_IN_PROGRESS", "mlink-dev UPDATE_COMPLETE"];
    assert_eq!(told_late("UPDATE_IN_PROGRESS", polls).await, expected);
    // It came to its end before its events were looked at.
    let polls = vec![page(&ended, None)];
    assert_eq!(told_late("UPDATE_IN_PROGRESS", polls).await, expected);
    // Nothing is known yet of the one that is under way.
    let deleted = event(6, "mlink-dev", "DELETE_COMPLETE", None);
    let polls = vec![page(&ended, None), page(&[deleted, ended[0].clone()], None)];
    let expected = ["mlink-dev DELETE_COMPLETE"];
    assert_eq!(told_late("DELETE_IN_PROGRESS", polls).await, expected);
}

#[tokio::test(start_paused = true)]
async fn of_many_resources_only_the_number_is_told() {
    let many = ["A", "B", "C", "D", "E"];
    let mut begun: Vec<StackEvent> = many
        .iter()
        .map(|name| event(2, name, "CREATE_IN_PROGRESS", None))
        .collect();
    begun.push(event(1, "mlink-dev", "CREATE_IN_PROGRESS", None));
    let end = [
        event(9, "mlink-dev", "CREATE_COMPLETE", None),
        begun[0].clone(),
    ];
    assert_eq!(
        told_late(
            "CREATE_IN_PROGRESS",
            vec![page(&begun, None), page(&end, None)]
        )
        .await,
        [
            "mlink-dev CREATE_IN_PROGRESS",
            "begun by something else than mlink; so far no resource is done, 5 are under way",
            "mlink-dev CREATE_COMPLETE",
        ]
    );
}
