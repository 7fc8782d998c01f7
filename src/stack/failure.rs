//! Why a stack operation failed: the first real cause among its events, and what has become of the stack.

#[cfg(test)]
mod tests;

use aws_sdk_cloudformation::types::{StackEvent, StackStatus};

use super::{Context, Stack, known};
use crate::event::Cause;

/// A failed operation, told by its first cause. What failed later was mostly cancelled because of it.
#[derive(Debug, thiserror::Error)]
#[error("the stack {stack} is {status}: {}{}{}", outcome(.status), told(.cause.as_ref()), stuck_line(.stuck.as_ref()))]
pub struct Failure {
    stack: String,
    status: StackStatus,
    cause: Option<Cause>,
    /// What stopped the way back, where that failed too.
    stuck: Option<Cause>,
    help: String,
}

impl miette::Diagnostic for Failure {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new("mlink::stack::failed"))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(&self.help))
    }
}

impl Failure {
    /// `events` are those of the operation, oldest first.
    pub fn explain(stack: &Stack, events: &[StackEvent], context: &Context<'_>) -> Failure {
        let first = events.iter().position(|event| is_cause(event, &stack.id));
        let cause = first.map(|first| cause(&events[first], &events[..first], context));
        let stuck = stuck(stack, events, context).filter(|stuck| Some(stuck) != cause.as_ref());
        let help = help(&stack.status, cause.as_ref(), stuck.as_ref(), context);
        Failure {
            stack: stack.name.clone(),
            status: stack.status.clone(),
            cause,
            stuck,
            help,
        }
    }
}

/// Whether an event tells why an operation fails. Resources that were cancelled because of another one
/// do not, and neither does the stack's own list of what failed.
pub fn is_cause(event: &StackEvent, stack_id: &str) -> bool {
    let status = event.resource_status().map_or("", |status| status.as_str());
    let reason = event.resource_status_reason().unwrap_or_default();
    if event.physical_resource_id() != Some(stack_id) {
        return status.ends_with("_FAILED") && !is_echo(reason);
    }
    // What CloudFormation finds by itself, such as an export that is taken, stands on the stack, at the
    // beginning of the way back.
    let fails = status.ends_with("_FAILED") || status.ends_with("ROLLBACK_IN_PROGRESS");
    fails && !reason.is_empty() && !is_echo(reason)
}

/// The echo of another failure, which may come before it. "Rollback requested by user" is what
/// CloudFormation says of every rollback.
fn is_echo(reason: &str) -> bool {
    let reason = reason.trim().trim_end_matches('.');
    (reason.starts_with("Resource ") && reason.ends_with(" cancelled"))
        || reason.starts_with("The following resource(s) failed to ")
        || reason == "Rollback requested by user"
        || reason == "User Initiated"
}

/// The cause that an event tells; `before` are the earlier ones, of which a hook's may say more.
pub fn cause(event: &StackEvent, before: &[StackEvent], context: &Context<'_>) -> Cause {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let logical_id = text(event.logical_resource_id());
    let resource_type = text(event.resource_type());
    let reason = match text(event.resource_status_reason()) {
        none if none.is_empty() => "CloudFormation gave no reason".to_owned(),
        reason => reason,
    };
    let hooks = before.iter().filter(|earlier| {
        reason.contains("hook(s)") && earlier.logical_resource_id() == event.logical_resource_id()
    });
    let hooks = hooks.filter_map(StackEvent::hook_status_reason);
    let reason = hooks.fold(reason.clone(), |reason, hook| format!("{reason}\n{hook}"));
    let physical_id = event.physical_resource_id().filter(|id| !id.is_empty());
    explained(
        Cause {
            template: context.line(&logical_id, ""),
            physical_id: physical_id.map(str::to_owned),
            logical_id,
            resource_type,
            property: None,
            reason,
            known: None,
            meaning: None,
            help: None,
        },
        context,
    )
}

/// The cause with what is known about such failures.
pub fn explained(cause: Cause, context: &Context<'_>) -> Cause {
    let Some(advice) = known::advice(&cause, context) else {
        return cause;
    };
    Cause {
        known: Some(advice.name),
        meaning: Some(advice.meaning),
        help: Some(advice.help),
        ..cause
    }
}

/// What stopped the way back: the first failure after it began.
fn stuck(stack: &Stack, events: &[StackEvent], context: &Context<'_>) -> Option<Cause> {
    if !stack.status.as_str().ends_with("ROLLBACK_FAILED") {
        return None;
    }
    let back = |event: &StackEvent| {
        event.physical_resource_id() == Some(stack.id.as_str())
            && event
                .resource_status()
                .is_some_and(|status| status.as_str().ends_with("ROLLBACK_IN_PROGRESS"))
    };
    let began = events.iter().position(back)? + 1;
    let mut after = events[began..].iter();
    let at = after.position(|event| is_cause(event, &stack.id))? + began;
    Some(cause(&events[at], &events[..at], context))
}

fn told(cause: Option<&Cause>) -> String {
    cause.map_or_else(String::new, |cause| format!("\n\n{cause}"))
}

fn stuck_line(stuck: Option<&Cause>) -> String {
    stuck.map_or_else(String::new, |stuck| {
        format!("\n\nThe way back then failed at {stuck}")
    })
}

/// What the status means for who uses the stage.
fn outcome(status: &StackStatus) -> &'static str {
    match status.as_str() {
        "ROLLBACK_COMPLETE" => {
            "its first deploy failed and was taken back; nothing of it is in use"
        }
        "ROLLBACK_FAILED" => {
            "its first deploy failed, and not all of it could be removed; nothing of it is in use"
        }
        "UPDATE_ROLLBACK_COMPLETE" => "the change was taken back; the stage runs as before",
        "UPDATE_ROLLBACK_FAILED" => {
            "neither the change nor the way back came through; parts of the stage may be old, others new"
        }
        "CREATE_FAILED" => "its first deploy stopped half-way; nothing was taken back",
        "UPDATE_FAILED" => "the change stopped half-way; parts of the stage are old, others new",
        "DELETE_FAILED" => "not all of it could be deleted; what is gone is gone",
        _ => "the operation did not come through",
    }
}

/// What helps against the cause, and the way on from the stack's state where that does not say it.
fn help(
    status: &StackStatus,
    cause: Option<&Cause>,
    stuck: Option<&Cause>,
    context: &Context<'_>,
) -> String {
    let mut help: Vec<String> = [stuck, cause]
        .into_iter()
        .flatten()
        .filter_map(|cause| cause.help.clone())
        .collect();
    help.dedup();
    let (way, verb) = match status.as_str() {
        "DELETE_FAILED" => ("Mend the cause; this takes it up again:", "destroy"),
        "UPDATE_ROLLBACK_FAILED" => (
            "Mend the cause; this finishes the way back, and then deploys:",
            "deploy",
        ),
        _ => ("Mend the cause and deploy again:", "deploy"),
    };
    let command = format!("  {}", context.mlink(verb));
    let is_said = help
        .iter()
        .any(|help| help.lines().any(|line| line == command));
    if !is_said {
        help.push(format!("{way}\n{command}"));
    }
    help.join("\n")
}
