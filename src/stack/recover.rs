//! What state the stack is in before a deploy, and the way on from it.

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::StackStatus;

use super::events::{Bookmark, follow};
use super::{Error, Stack, delete, in_progress};
use crate::event::Progress;

/// The way on from a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Nothing is there yet; the first change set creates.
    Create,
    Update,
    /// A first deploy that failed: CloudFormation only lets it be deleted, and nothing in it survives.
    DeleteFirst,
    /// An operation is under way; what comes after it is seen when it has ended.
    Wait,
    Blocked,
}

fn way(status: &StackStatus) -> Way {
    use StackStatus as S;
    match status {
        S::ReviewInProgress => Way::Create,
        S::CreateComplete
        | S::UpdateComplete
        | S::UpdateRollbackComplete
        | S::ImportComplete
        | S::ImportRollbackComplete => Way::Update,
        S::RollbackComplete | S::CreateFailed | S::RollbackFailed => Way::DeleteFirst,
        status if in_progress(status) => Way::Wait,
        _ => Way::Blocked,
    }
}

/// The stack that a deploy starts from, at rest and ours: none for a first deploy.
pub async fn ready(
    client: &Client,
    name: &str,
    tags: &[(&str, String)],
    progress: &Progress,
) -> Result<Option<Stack>, Error> {
    let Some(stack) = settled(client, name, tags, progress).await? else {
        return Ok(None);
    };
    match way(&stack.status) {
        Way::Create => Ok(None),
        Way::Update => Ok(Some(stack)),
        Way::DeleteFirst => {
            progress.note(format!(
                "{name} is {}: its first deploy failed, and nothing of it is in use. It is removed \
                 and made again.",
                stack.status
            ));
            delete(client, &stack, progress).await?;
            Ok(None)
        }
        Way::Wait | Way::Blocked => Err(Error::State {
            help: "Look at it in the CloudFormation console; when it is in order, run this again."
                .to_owned(),
            name: stack.name,
            status: stack.status,
            what: "it has to be brought into order first",
        }),
    }
}

/// The stack once nothing is under way in it: an operation that was begun before is followed to its end.
pub async fn settled(
    client: &Client,
    name: &str,
    tags: &[(&str, String)],
    progress: &Progress,
) -> Result<Option<Stack>, Error> {
    while let Some(stack) = Stack::find(client, name).await? {
        stack.check_owner(tags)?;
        if way(&stack.status) != Way::Wait {
            return Ok(Some(stack));
        }
        let step = progress.step(format!("Wait for {name}, which is {}", stack.status));
        let now = Bookmark::now(client, &stack.id).await?;
        follow(client, &stack.id, now, progress).await?;
        step.done("");
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::operation::delete_stack::DeleteStackOutput;
    use aws_sdk_cloudformation::operation::describe_stack_events::DescribeStackEventsOutput;
    use aws_sdk_cloudformation::operation::describe_stacks::DescribeStacksOutput;
    use aws_sdk_cloudformation::types::{Stack as Described, Tag};
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::super::events::tests::{STACK, event};
    use super::*;
    use crate::plan::{NAME_TAG, STAGE_TAG};

    fn tags() -> [(&'static str, String); 2] {
        [
            (NAME_TAG, "mlink".to_owned()),
            (STAGE_TAG, "dev".to_owned()),
        ]
    }

    /// DescribeStacks, with one status after the other.
    fn stack_goes(statuses: &'static [&'static str], stage: &'static str) -> Rule {
        let mut sequence = mock!(Client::describe_stacks).sequence();
        for status in statuses {
            sequence = sequence.output(move || {
                let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
                let stack = Described::builder()
                    .stack_name("mlink-dev")
                    .stack_id(STACK)
                    .creation_time(aws_smithy_types::DateTime::from_secs(0))
                    .stack_status(StackStatus::from(*status))
                    .tags(tag(NAME_TAG, "mlink"))
                    .tags(tag(STAGE_TAG, stage))
                    .build();
                DescribeStacksOutput::builder().stacks(stack).build()
            });
        }
        sequence.build()
    }

    fn events(newest_first: &'static [(u32, &'static str)]) -> Rule {
        mock!(Client::describe_stack_events)
            .sequence()
            .output(move || {
                let events = newest_first
                    .iter()
                    .map(|(id, s)| event(*id, "mlink-dev", s, None));
                DescribeStackEventsOutput::builder()
                    .set_stack_events(Some(events.collect()))
                    .build()
            })
            .repeatedly()
            .build()
    }

    async fn made_ready(client: &Client) -> Result<Option<Stack>, Error> {
        ready(client, "mlink-dev", &tags(), &Progress::silent()).await
    }

    #[test]
    fn every_known_status_has_a_way_on() {
        for status in StackStatus::values() {
            let expected = match *status {
                "REVIEW_IN_PROGRESS" => Way::Create,
                "CREATE_COMPLETE"
                | "UPDATE_COMPLETE"
                | "UPDATE_ROLLBACK_COMPLETE"
                | "IMPORT_COMPLETE"
                | "IMPORT_ROLLBACK_COMPLETE" => Way::Update,
                "ROLLBACK_COMPLETE" | "CREATE_FAILED" | "ROLLBACK_FAILED" => Way::DeleteFirst,
                running if running.ends_with("_IN_PROGRESS") => Way::Wait,
                _ => Way::Blocked,
            };
            assert_eq!(way(&StackStatus::from(*status)), expected, "{status}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_operation_that_was_begun_before_is_awaited() {
        let stack = stack_goes(
            &["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE", "UPDATE_COMPLETE"],
            "dev",
        );
        // Its end was already there when the bookmark was set: no event will tell.
        let events = events(&[(2, "UPDATE_COMPLETE"), (1, "UPDATE_IN_PROGRESS")]);
        let client = mock_client!(
            aws_sdk_cloudformation,
            RuleMode::MatchAny,
            [&stack, &events]
        );
        let found = made_ready(&client).await.unwrap().unwrap();
        assert_eq!(found.status, StackStatus::UpdateComplete);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_first_deploy_is_removed() {
        let stack = stack_goes(
            &["ROLLBACK_COMPLETE", "DELETE_COMPLETE", "DELETE_COMPLETE"],
            "dev",
        );
        let events = events(&[(1, "ROLLBACK_COMPLETE")]);
        let deleted =
            mock!(Client::delete_stack).then_output(|| DeleteStackOutput::builder().build());
        let client = mock_client!(
            aws_sdk_cloudformation,
            RuleMode::MatchAny,
            [&stack, &events, &deleted]
        );
        assert!(made_ready(&client).await.unwrap().is_none());
        assert_eq!(deleted.num_calls(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stranger_of_the_same_name_is_left_alone() {
        for status in [
            &["UPDATE_COMPLETE"],
            &["ROLLBACK_COMPLETE"],
            &["DELETE_FAILED"],
        ] {
            let stack = stack_goes(status, "another");
            let client = mock_client!(aws_sdk_cloudformation, RuleMode::MatchAny, [&stack]);
            let error = made_ready(&client).await.unwrap_err();
            assert!(matches!(error, Error::Foreign(_)), "{error}");
        }
    }
}
