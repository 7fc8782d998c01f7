//! What state the stack is in before a deploy, and the way on from it. docs/stack-states.md is the table
//! for people.

#[cfg(test)]
mod tests;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{ResourceStatus, StackResourceSummary, StackStatus};

use super::destroy::{delete, resources};
use super::events::{Bookmark, attach, follow};
use super::{Context, Error, Failure, Stack, change_set, in_progress, refused, token};
use crate::event::Progress;

/// What a person has to agree to, in a sentence. Whoever asks knows how.
pub type Consent<'a> = &'a (dyn Fn(&str) -> bool + Sync);

/// The way on from a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// An empty stack; the first change set creates.
    Create,
    Update,
    /// A first deploy that failed: CloudFormation only lets it be deleted.
    Remake,
    /// An operation is under way; what comes after it is seen when it has ended.
    Wait,
    ContinueRollback,
    /// A deletion that did not come through.
    FinishDeletion,
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
        | S::ImportRollbackComplete
        // It serves; the old resources go in the background.
        | S::UpdateCompleteCleanupInProgress
        // Somebody told an update not to roll back: the next one goes on from where it stopped.
        | S::UpdateFailed => Way::Update,
        S::RollbackComplete | S::CreateFailed | S::RollbackFailed => Way::Remake,
        S::UpdateRollbackFailed => Way::ContinueRollback,
        S::DeleteFailed => Way::FinishDeletion,
        status if in_progress(status) => Way::Wait,
        _ => Way::Blocked,
    }
}

/// The stack that a deploy starts from, ours and in order: none for a first deploy.
pub async fn ready(
    client: &Client,
    context: &Context<'_>,
    tags: &[(&str, String)],
    consent: Consent<'_>,
    progress: &Progress,
) -> Result<Option<Stack>, Error> {
    let Some(stack) = settled(client, context, tags, progress).await? else {
        return Ok(None);
    };
    match way(&stack.status) {
        Way::Create => {
            change_set::only_ours(client, &context.stack).await?;
            Ok(None)
        }
        Way::Update => Ok(Some(stack)),
        Way::Remake => {
            remake(client, &stack, context, progress).await?;
            Ok(None)
        }
        Way::ContinueRollback => continue_rollback(client, &stack, consent, context, progress)
            .await
            .map(Some),
        Way::FinishDeletion => Err(state(
            &stack,
            "it was being destroyed, and that did not come through",
            format!(
                "This takes it up again; deploy after that:\n  {}",
                context.mlink("destroy")
            ),
        )),
        Way::Wait | Way::Blocked => Err(state(
            &stack,
            "mlink knows no way on from here",
            format!(
                "What happened last in it:\n  {}\nBring it into order in the CloudFormation console, or \
                 remove it with all that is in it:\n  {}",
                context.aws_in(
                    &context.region,
                    format!(
                        "cloudformation describe-stack-events --stack-name {} --max-items 20",
                        stack.name
                    )
                ),
                context.mlink("destroy")
            ),
        )),
    }
}

/// The stack once nothing is under way in it: an operation that was begun before is followed to its end.
pub async fn settled(
    client: &Client,
    context: &Context<'_>,
    tags: &[(&str, String)],
    progress: &Progress,
) -> Result<Option<Stack>, Error> {
    let waits = |status: &StackStatus| way(status) == Way::Wait;
    awaited(client, context, tags, waits, progress).await
}

/// The same for who wants to change it: CloudFormation refuses that while old resources go, too.
pub async fn resting(
    client: &Client,
    context: &Context<'_>,
    tags: &[(&str, String)],
    progress: &Progress,
) -> Result<Option<Stack>, Error> {
    awaited(client, context, tags, in_progress, progress).await
}

async fn awaited(
    client: &Client,
    context: &Context<'_>,
    tags: &[(&str, String)],
    waits: impl Fn(&StackStatus) -> bool,
    progress: &Progress,
) -> Result<Option<Stack>, Error> {
    let name = &context.stack;
    while let Some(stack) = Stack::find(client, name).await? {
        stack.check_owner(tags)?;
        if !waits(&stack.status) {
            return Ok(Some(stack));
        }
        let step = progress.step(format!("Wait for {name}, which is {}", stack.status));
        attach(client, &stack, context, progress).await?;
        step.done("");
    }
    Ok(None)
}

fn state(stack: &Stack, what: &'static str, help: String) -> Error {
    Error::State {
        name: stack.name.clone(),
        status: stack.status.clone(),
        what,
        help,
    }
}

/// Removes what a failed first deploy left. Users and links can only be in a stack that was not rolled
/// back to the end; such a one is not removed in passing.
async fn remake(
    client: &Client,
    stack: &Stack,
    context: &Context<'_>,
    progress: &Progress,
) -> Result<(), Error> {
    let survivors: Vec<String> = resources(client, &stack.id)
        .await?
        .iter()
        .filter(|resource| is_stateful(resource) && survives(resource))
        .map(named)
        .collect();
    if !survivors.is_empty() {
        return Err(state(
            stack,
            "its first deploy failed, and what may hold data is still there",
            format!(
                "Still there: {}. If nothing in it is wanted, remove all of it, and deploy after that:\n  {}",
                survivors.join(" and "),
                context.mlink("destroy")
            ),
        ));
    }
    progress.note(format!(
        "{} is {}: its first deploy failed. Nothing of it is in use, and it holds no user and no \
         link. It is removed and made again.",
        stack.name, stack.status
    ));
    delete(client, stack, context, progress).await
}

fn is_stateful(resource: &StackResourceSummary) -> bool {
    matches!(
        resource.resource_type(),
        Some("AWS::Cognito::UserPool" | "AWS::DynamoDB::Table")
    )
}

/// Whether it was made and is still there.
fn survives(resource: &StackResourceSummary) -> bool {
    let made = resource
        .physical_resource_id()
        .is_some_and(|id| !id.is_empty());
    made && resource.resource_status() != Some(&ResourceStatus::DeleteComplete)
}

/// A resource as people find it: `UserPool (eu-west-1_AbCdEfGhI)`.
fn named(resource: &StackResourceSummary) -> String {
    let logical = resource.logical_resource_id().unwrap_or_default();
    match resource.physical_resource_id() {
        Some(physical) if !physical.is_empty() => format!("{logical} ({physical})"),
        _ => logical.to_owned(),
    }
}

/// Finishes a rollback that failed. What cannot be restored is passed over only with consent, for
/// CloudFormation's picture of it is wrong from then on.
async fn continue_rollback(
    client: &Client,
    stack: &Stack,
    consent: Consent<'_>,
    context: &Context<'_>,
    progress: &Progress,
) -> Result<Stack, Error> {
    let (now, _) = rollback_without(client, stack, &[], context, progress).await?;
    if way(&now.status) == Way::Update {
        return Ok(now);
    }
    let stuck = stuck(client, &stack.id).await?;
    let (it_is, it) = match stuck.len() {
        1 => ("it as it is", "it"),
        _ => ("them as they are", "them"),
    };
    let question = format!(
        "The rollback of {} cannot restore {}. Skipping leaves {it_is}, and \
         CloudFormation takes {it} for restored: `mlink drift` shows what differs",
        stack.name,
        stuck.join(", ")
    );
    if stuck.is_empty() || !consent(&question) {
        return Err(state(
            &now,
            "its rollback cannot be finished as it is",
            unskipped(&stuck, context),
        ));
    }
    let (now, events) = rollback_without(client, stack, &stuck, context, progress).await?;
    if way(&now.status) != Way::Update {
        return Err(Error::Failed(Box::new(Failure::explain(
            &now, &events, context,
        ))));
    }
    Ok(now)
}

/// The ways on where nothing was passed over.
fn unskipped(stuck: &[String], context: &Context<'_>) -> String {
    let again = context.mlink("deploy");
    let mend =
        format!("Mend what the events above name; this tries again, and then deploys:\n  {again}");
    if stuck.is_empty() {
        return mend;
    }
    format!(
        "{mend}\nOr pass over what cannot be restored, which is {}:\n  {again} --yes",
        stuck.join(", ")
    )
}

/// Ends an update that is under way by rolling it back.
pub async fn cancel(client: &Client, context: &Context<'_>) -> Result<(), Error> {
    let name = &context.stack;
    client
        .cancel_update_stack()
        .stack_name(name)
        .client_request_token(token())
        .send()
        .await
        .map_err(refused(format!("cancel the update of {name}"), context))?;
    Ok(())
}

type Events = Vec<aws_sdk_cloudformation::types::StackEvent>;

async fn rollback_without(
    client: &Client,
    stack: &Stack,
    skipped: &[String],
    context: &Context<'_>,
    progress: &Progress,
) -> Result<(Stack, Events), Error> {
    let name = &stack.name;
    let step = progress.step(format!("Continue the rollback of {name}"));
    let before = Bookmark::now(client, &stack.id).await?;
    client
        .continue_update_rollback()
        .stack_name(name)
        .client_request_token(token())
        .set_resources_to_skip((!skipped.is_empty()).then(|| skipped.to_vec()))
        .send()
        .await
        .map_err(refused(format!("continue the rollback of {name}"), context))?;
    let events = follow(client, &stack.id, before, context, progress).await?;
    let now = again(client, stack).await?;
    if way(&now.status) == Way::Update {
        step.done(now.status.as_str());
    }
    Ok((now, events))
}

/// The resources that a rollback failed at: the only ones that it may skip.
async fn stuck(client: &Client, id: &str) -> Result<Vec<String>, Error> {
    let all = resources(client, id).await?;
    Ok(all
        .into_iter()
        .filter(|resource| resource.resource_status() == Some(&ResourceStatus::UpdateFailed))
        .filter_map(|resource| resource.logical_resource_id)
        .collect())
}

/// The stack as it is now.
async fn again(client: &Client, stack: &Stack) -> Result<Stack, Error> {
    Stack::find(client, &stack.id)
        .await?
        .ok_or_else(|| Error::Missing(stack.name.clone(), String::new()))
}
