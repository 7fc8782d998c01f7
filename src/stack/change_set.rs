//! Proposes a change set, shows it, executes it.

#[cfg(test)]
mod tests;

use std::time::Duration;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types::{
    Capability, Change, ChangeAction, ChangeSetStatus, ChangeSetType, DeploymentConfig,
    DeploymentConfigMode, Parameter, Replacement, ResourceChange, StackStatus, Tag,
};
use aws_smithy_types::DateTime;

use super::events::{Bookmark, follow};
use super::refusal::Refusal;
use super::{Context, Error, Failure, ResourceDifference, Stack, is_ours, refused, token};
use crate::aws::failed;
use crate::config::Mode;
use crate::event::{Event, Progress};
use crate::plan::{self, Parameters};
use crate::template::Template;

/// Between two looks at a change set that is being made.
const PAUSE: Duration = Duration::from_millis(500);

/// A change set that is ready to be executed.
pub struct Proposal {
    stack_name: String,
    stack_id: String,
    change_set: String,
    /// What the change set was computed against; none for a first deploy.
    basis: Option<DateTime>,
    changes: Vec<Change>,
}

/// What is asked of CloudFormation.
pub struct Request<'a> {
    pub context: &'a Context<'a>,
    /// The stack as it is; none for a first deploy.
    pub existing: Option<&'a Stack>,
    pub template: &'a Template,
    pub parameters: &'a Parameters,
    pub tags: &'a [(&'a str, String)],
    pub mode: Mode,
}

impl Request<'_> {
    /// Rollback is always asked for: of express mode AWS's own pages say now that it is the default,
    /// now that it is not.
    fn deployment(&self) -> DeploymentConfig {
        let mode = match self.mode {
            Mode::Standard => DeploymentConfigMode::Standard,
            Mode::Express => DeploymentConfigMode::Express,
        };
        DeploymentConfig::builder()
            .mode(mode)
            .disable_rollback(false)
            .build()
    }
}

/// Makes a change set against the stack as it is; none when it would change nothing.
pub async fn propose(
    client: &Client,
    request: &Request<'_>,
    progress: &Progress,
) -> Result<Option<Proposal>, Error> {
    let Request {
        context, existing, ..
    } = *request;
    let name = context.stack.as_str();
    let step = progress.step("Compute the change set");
    let change_set = token();
    let change_set_type = if existing.is_some() {
        ChangeSetType::Update
    } else {
        ChangeSetType::Create
    };
    let created = client
        .create_change_set()
        .stack_name(name)
        .change_set_name(&change_set)
        .change_set_type(change_set_type)
        .client_token(&change_set)
        .description(format!("mlink {}", env!("CARGO_PKG_VERSION")))
        .template_body(&request.template.body)
        .capabilities(Capability::CapabilityIam)
        .deployment_config(request.deployment())
        .set_parameters(Some(request.parameters.iter().map(parameter).collect()))
        .set_tags(Some(
            request
                .tags
                .iter()
                .map(|(k, v)| Tag::builder().key(*k).value(v).build())
                .collect(),
        ))
        .send()
        .await;
    let arn = match created {
        Ok(created) => created.id,
        // Where an answer got lost, the SDK asked again for what is there already: the name is only ours.
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|error| error.is_already_exists_exception()) =>
        {
            None
        }
        Err(error) => {
            return Err(refused(format!("propose a change set for {name}"), context)(error));
        }
    };
    let described = settled(client, name, &change_set).await?;
    let stack_id = described.stack_id.clone();
    let stack_id = stack_id.unwrap_or_else(|| name.to_owned());
    // The findings of its validation are known by its ARN only.
    let arn = arn.or_else(|| described.change_set_id.clone());
    let arn = arn.unwrap_or_else(|| change_set.clone());
    let reason = described.status_reason().unwrap_or_default().to_owned();
    if described.status() == Some(&ChangeSetStatus::Failed) {
        if is_empty(&reason) {
            discard(client, name, &change_set).await?;
            step.done("no changes");
            return Ok(None);
        }
        let refusal = Refusal::explain(client, &arn, reason, context).await;
        discard(client, name, &change_set).await?;
        if existing.is_none() {
            discard_placeholder(client, &stack_id).await?;
        }
        return Err(Error::Refused(Box::new(refusal)));
    }
    let changes = described.changes.unwrap_or_default();
    let proposal = Proposal {
        stack_name: name.to_owned(),
        stack_id,
        change_set,
        basis: existing.and_then(|stack| stack.changed_at),
        changes,
    };
    step.done(proposal.summary());
    for change in &proposal.changes {
        progress.send(shown(change));
    }
    Ok(Some(proposal))
}

/// Refuses an empty stack in which somebody else is preparing something.
pub async fn only_ours(client: &Client, stack: &str) -> Result<(), Error> {
    match strangers(client, stack).await?.into_iter().next() {
        Some(change_set) => Err(Error::ForeignChangeSet(stack.to_owned(), change_set)),
        None => Ok(()),
    }
}

/// Whether mlink prepares something in it.
pub async fn has_ours(client: &Client, stack: &str) -> Result<bool, Error> {
    let all = change_sets(client, stack).await?;
    Ok(all.iter().any(|name| is_ours(name)))
}

/// The change sets of a stack that are not mlink's.
async fn strangers(client: &Client, stack: &str) -> Result<Vec<String>, Error> {
    let mut all = change_sets(client, stack).await?;
    all.retain(|name| !is_ours(name));
    Ok(all)
}

/// The names of a stack's change sets.
async fn change_sets(client: &Client, stack: &str) -> Result<Vec<String>, Error> {
    let mut pages = client
        .list_change_sets()
        .stack_name(stack)
        .into_paginator()
        .items()
        .send();
    let mut all = Vec::new();
    while let Some(summary) = pages.next().await {
        let summary = summary.map_err(failed(format!("list the change sets of {stack}")))?;
        all.extend(summary.change_set_name);
    }
    Ok(all)
}

impl Proposal {
    /// Executes the change set and follows it to its end.
    pub async fn apply(
        self,
        client: &Client,
        context: &Context<'_>,
        progress: &Progress,
    ) -> Result<Stack, Error> {
        let step = progress.step(format!("Apply the stack {}", self.stack_name));
        let before = Bookmark::now(client, &self.stack_id).await?;
        self.is_fresh(client).await?;
        self.execute(client, &before, context).await?;
        let events = follow(client, &self.stack_id, before, context, progress).await?;
        // The events tell how; DescribeStacks tells what is true.
        let stack = Stack::find(client, &self.stack_id)
            .await?
            .ok_or_else(|| Error::Missing(self.stack_name.clone(), String::new()))?;
        match stack.status.as_str() {
            "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" => {
                step.done(stack.status.as_str());
                Ok(stack)
            }
            _ => Err(Error::Failed(Box::new(Failure::explain(
                &stack, &events, context,
            )))),
        }
    }

    /// The resources with data in them that this change would remove or make anew.
    pub fn endangered(&self) -> Vec<Endangered> {
        let changes = self.changes.iter().filter_map(Change::resource_change);
        changes.filter_map(Endangered::by).collect()
    }

    /// What it changes, one by one.
    pub fn differences(&self) -> Vec<ResourceDifference> {
        let changes = self.changes.iter();
        changes.filter_map(ResourceDifference::of).collect()
    }

    /// How much it changes, in words.
    pub fn summary(&self) -> String {
        match self.changes.len() {
            1 => "1 change".to_owned(),
            count => format!("{count} changes"),
        }
    }

    /// Leaves the stack as it is: the change set goes, and an empty stack that was made for it.
    pub async fn withdraw(self, client: &Client) -> Result<(), Error> {
        discard(client, &self.stack_name, &self.change_set).await?;
        match self.basis {
            Some(_) => Ok(()),
            None => discard_placeholder(client, &self.stack_id).await,
        }
    }

    /// A change set says what it does to the stack as it was. If that has changed since, what a
    /// person agreed to is no longer what would happen.
    pub async fn is_fresh(&self, client: &Client) -> Result<(), Error> {
        let now = Stack::find(client, &self.stack_id).await?;
        let basis = now
            .as_ref()
            .filter(|stack| stack.status != StackStatus::ReviewInProgress)
            .and_then(|stack| stack.changed_at);
        if basis == self.basis {
            return Ok(());
        }
        // The other operation has mostly removed it already.
        let _ = discard(client, &self.stack_name, &self.change_set).await;
        Err(Error::Overtaken(self.stack_name.clone()))
    }

    /// Executes the change set. An answer that got lost makes the SDK ask again, and CloudFormation
    /// then refuses a change set that is being executed: the token on the stack's newest events tells
    /// whether it is by us.
    async fn execute(
        &self,
        client: &Client,
        before: &Bookmark,
        context: &Context<'_>,
    ) -> Result<(), Error> {
        let executed = client
            .execute_change_set()
            .stack_name(&self.stack_name)
            .change_set_name(&self.change_set)
            .client_request_token(&self.change_set)
            .send()
            .await;
        let Err(error) = executed else { return Ok(()) };
        let not_executable = error.as_service_error().is_some_and(|error| {
            error.is_invalid_change_set_status_exception()
                || error.is_change_set_not_found_exception()
        });
        if !not_executable {
            let doing = format!("apply the change set to {}", self.stack_name);
            return Err(refused(doing, context)(error));
        }
        if before
            .is_followed_by(client, &self.stack_id, &self.change_set)
            .await?
        {
            return Ok(());
        }
        Err(Error::Overtaken(self.stack_name.clone()))
    }
}

/// A resource with data in it that a change would take away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endangered {
    pub logical_id: String,
    pub resource_type: String,
    pub physical_id: String,
}

impl Endangered {
    fn by(change: &ResourceChange) -> Option<Endangered> {
        let resource_type = change.resource_type()?;
        let stateful = matches!(
            resource_type,
            "AWS::Cognito::UserPool" | "AWS::DynamoDB::Table"
        );
        let goes = change.action() == Some(&ChangeAction::Remove)
            || matches!(
                change.replacement(),
                Some(Replacement::True | Replacement::Conditional)
            );
        (stateful && goes).then(|| Endangered {
            logical_id: change.logical_resource_id().unwrap_or_default().to_owned(),
            resource_type: resource_type.to_owned(),
            physical_id: change.physical_resource_id().unwrap_or_default().to_owned(),
        })
    }
}

/// Waits until the change set is made or refused; all its pages.
async fn settled(
    client: &Client,
    stack: &str,
    change_set: &str,
) -> Result<DescribeChangeSetOutput, Error> {
    loop {
        let request = || {
            client
                .describe_change_set()
                .stack_name(stack)
                .change_set_name(change_set)
                .include_property_values(true)
        };
        let doing = || format!("look at the change set {change_set}");
        let mut described = request().send().await.map_err(failed(doing()))?;
        let status = described
            .status()
            .map(ChangeSetStatus::as_str)
            .unwrap_or_default();
        if !status.ends_with("PENDING") && !status.ends_with("IN_PROGRESS") {
            while let Some(token) = described.next_token.take() {
                let page = request()
                    .next_token(token)
                    .send()
                    .await
                    .map_err(failed(doing()))?;
                described.next_token = page.next_token;
                let more = page.changes.unwrap_or_default();
                described.changes.get_or_insert_default().extend(more);
            }
            return Ok(described);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn discard(client: &Client, stack: &str, change_set: &str) -> Result<(), Error> {
    client
        .delete_change_set()
        .stack_name(stack)
        .change_set_name(change_set)
        .send()
        .await
        .map_err(failed(format!("discard the change set {change_set}")))?;
    Ok(())
}

/// A first change set that is not executed leaves an empty stack in REVIEW_IN_PROGRESS. It goes too, unless
/// somebody has another change set in it, or has executed one meanwhile.
async fn discard_placeholder(client: &Client, stack_id: &str) -> Result<(), Error> {
    if !strangers(client, stack_id).await?.is_empty() {
        return Ok(());
    }
    let stack = Stack::find(client, stack_id).await?;
    if stack.is_some_and(|stack| stack.is_empty()) {
        client
            .delete_stack()
            .stack_name(stack_id)
            .client_request_token(token())
            .send()
            .await
            .map_err(failed(format!("remove the empty stack {stack_id}")))?;
    }
    Ok(())
}

/// CloudFormation has no code for "no changes"; these are its two sentences.
fn is_empty(reason: &str) -> bool {
    reason.contains("didn't contain changes") || reason.contains("No updates are to be performed")
}

fn parameter((name, value): (&&'static str, &plan::Parameter)) -> Parameter {
    let parameter = Parameter::builder().parameter_key(*name);
    match value {
        plan::Parameter::Value(value) => parameter.parameter_value(value),
        plan::Parameter::Previous => parameter.use_previous_value(true),
    }
    .build()
}

fn shown(change: &Change) -> Event {
    let resource = change.resource_change();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Event::Change {
        action: text(
            resource
                .and_then(|r| r.action())
                .map(|action| action.as_str()),
        ),
        logical_id: text(resource.and_then(|r| r.logical_resource_id())),
        resource_type: text(resource.and_then(|r| r.resource_type())),
        replacement: text(
            resource
                .and_then(|r| r.replacement())
                .map(Replacement::as_str),
        ),
    }
}
