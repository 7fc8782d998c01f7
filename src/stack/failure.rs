//! Why a stack operation failed: the first real cause among its events.

use aws_sdk_cloudformation::types::{StackEvent, StackStatus};

use super::Stack;

/// A failed operation, told by its first cause. What failed later was mostly cancelled because of it.
#[derive(Debug, thiserror::Error)]
#[error("the stack {stack} is {status}{}", cause_line(.cause.as_ref()))]
pub struct Failure {
    stack: String,
    status: StackStatus,
    cause: Option<Cause>,
}

#[derive(Debug, PartialEq, Eq)]
struct Cause {
    logical_id: String,
    resource_type: String,
    reason: String,
}

fn cause_line(cause: Option<&Cause>) -> String {
    cause.map_or_else(String::new, |cause| {
        format!(
            "\n\nThe first cause: {} ({})\n{}",
            cause.logical_id, cause.resource_type, cause.reason
        )
    })
}

impl miette::Diagnostic for Failure {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new("mlink::stack::failed"))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        let help = match self.status.as_str() {
            "ROLLBACK_COMPLETE" => {
                "Nothing of this first deploy is left in use. Mend the cause and deploy again."
            }
            "UPDATE_ROLLBACK_COMPLETE" => {
                "The stage runs as it did before. Mend the cause and deploy again."
            }
            _ => {
                "The events above tell what happened; the stack stays as it is for you to look at."
            }
        };
        Some(Box::new(help))
    }
}

impl Failure {
    /// `events` are those of the operation, oldest first.
    pub fn explain(stack: &Stack, events: &[StackEvent]) -> Failure {
        Failure {
            stack: stack.name.clone(),
            status: stack.status.clone(),
            cause: first_cause(&stack.id, events),
        }
    }
}

fn first_cause(stack_id: &str, events: &[StackEvent]) -> Option<Cause> {
    let failed = |event: &&StackEvent| {
        event
            .resource_status()
            .is_some_and(|status| status.as_str().ends_with("_FAILED"))
    };
    let cancelled = |event: &&StackEvent| {
        let reason = event.resource_status_reason().unwrap_or_default();
        // "Resource creation cancelled", "Resource update cancelled": the echo of another failure.
        reason.contains("cancelled")
    };
    let own = |event: &&StackEvent| event.physical_resource_id() == Some(stack_id);
    let event = events
        .iter()
        .filter(failed)
        .find(|event| !cancelled(event) && !own(event))
        // A failure before any resource was touched stands on the stack itself.
        .or_else(|| events.iter().filter(failed).find(|event| !cancelled(event)))?;
    Some(Cause {
        logical_id: event.logical_resource_id().unwrap_or_default().to_owned(),
        resource_type: event.resource_type().unwrap_or_default().to_owned(),
        reason: event
            .resource_status_reason()
            .unwrap_or("CloudFormation gave no reason")
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::events::tests::event;
    use super::*;

    fn stack() -> Stack {
        Stack {
            name: "mlink-dev".to_owned(),
            id: "arn:aws:cloudformation:eu-west-1:123456789012:stack/mlink-dev/1".to_owned(),
            changed_at: None,
            status: StackStatus::RollbackComplete,
            outputs: Default::default(),
            parameters: Default::default(),
            termination_protected: false,
            tags: Default::default(),
        }
    }

    #[test]
    fn the_first_cause_is_named_and_not_what_was_cancelled_because_of_it() {
        let events = [
            event(1, "mlink-dev", "CREATE_IN_PROGRESS", None),
            event(
                2,
                "Table",
                "CREATE_FAILED",
                Some("Resource creation cancelled"),
            ),
            event(
                3,
                "Queue",
                "CREATE_FAILED",
                Some("Access to sqs:CreateQueue is denied"),
            ),
            event(4, "Pool", "CREATE_FAILED", Some("Limit exceeded")),
            event(5, "mlink-dev", "ROLLBACK_IN_PROGRESS", Some("Queue failed")),
            event(6, "mlink-dev", "ROLLBACK_COMPLETE", None),
        ];
        insta::assert_snapshot!(Failure::explain(&stack(), &events));
    }

    #[test]
    fn a_failure_of_the_stack_itself_is_a_cause_too() {
        let events = [
            event(
                1,
                "mlink-dev",
                "CREATE_FAILED",
                Some("The role cannot be assumed"),
            ),
            event(2, "mlink-dev", "ROLLBACK_COMPLETE", None),
        ];
        assert!(
            Failure::explain(&stack(), &events)
                .to_string()
                .contains("cannot be assumed")
        );
    }
}
