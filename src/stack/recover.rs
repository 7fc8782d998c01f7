//! What state the stack is in before a deploy, and the way on from it.

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::StackStatus;

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
    Blocked(&'static str),
}

fn way(status: &StackStatus) -> Way {
    use StackStatus as S;
    match status {
        S::ReviewInProgress => Way::Create,
        S::CreateComplete
        | S::UpdateComplete
        | S::UpdateRollbackComplete
        | S::ImportComplete
        | S::ImportRollbackComplete
        // The new resources serve; only old ones are still being removed.
        | S::UpdateCompleteCleanupInProgress => Way::Update,
        S::RollbackComplete | S::CreateFailed | S::RollbackFailed => Way::DeleteFirst,
        status if in_progress(status) => Way::Blocked("another operation on it is under way"),
        _ => Way::Blocked("it has to be brought into order first"),
    }
}

/// The stack that a deploy starts from: none for a first deploy.
pub async fn ready(
    client: &Client,
    name: &str,
    progress: &Progress,
) -> Result<Option<Stack>, Error> {
    let Some(stack) = Stack::find(client, name).await? else {
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
        Way::Blocked(what) => Err(Error::State {
            help: "Look at it in the CloudFormation console, and run this again when it has settled."
                .to_owned(),
            name: stack.name,
            status: stack.status,
            what,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_status_has_a_way_on() {
        for status in StackStatus::values() {
            let way = way(&StackStatus::from(*status));
            let expected = match *status {
                "REVIEW_IN_PROGRESS" => Way::Create,
                "CREATE_COMPLETE"
                | "UPDATE_COMPLETE"
                | "UPDATE_ROLLBACK_COMPLETE"
                | "IMPORT_COMPLETE"
                | "IMPORT_ROLLBACK_COMPLETE"
                | "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" => Way::Update,
                "ROLLBACK_COMPLETE" | "CREATE_FAILED" | "ROLLBACK_FAILED" => Way::DeleteFirst,
                running if running.ends_with("_IN_PROGRESS") => {
                    Way::Blocked("another operation on it is under way")
                }
                _ => Way::Blocked("it has to be brought into order first"),
            };
            assert_eq!(way, expected, "{status}");
        }
    }
}
