//! Proposes a change set, shows it, executes it.

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
use super::{Context, Error, Failure, ResourceDifference, Stack};
use crate::aws::failed;
use crate::config::Mode;
use crate::event::{Event, Progress};
use crate::plan::{self, Parameters};
use crate::template::Template;

/// Between two looks at a change set that is being made.
const PAUSE: Duration = Duration::from_millis(500);

/// What the names of mlink's change sets begin with.
const PREFIX: &str = "mlink-";

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
    let change_set = format!("{PREFIX}{}", unique());
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
            let error = failed(format!("propose a change set for {name}"))(error);
            return Err(Refusal::of_call(error, context));
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
            discard_placeholder(client, name).await?;
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

/// The change sets of a stack that are not mlink's.
async fn strangers(client: &Client, stack: &str) -> Result<Vec<String>, Error> {
    let mut pages = client
        .list_change_sets()
        .stack_name(stack)
        .into_paginator()
        .items()
        .send();
    let mut strangers = Vec::new();
    while let Some(summary) = pages.next().await {
        let summary = summary.map_err(failed(format!("list the change sets of {stack}")))?;
        let name = summary.change_set_name.unwrap_or_default();
        if !name.starts_with(PREFIX) {
            strangers.push(name);
        }
    }
    Ok(strangers)
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
        self.execute(client, &before).await?;
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
            None => discard_placeholder(client, &self.stack_name).await,
        }
    }

    /// A change set says what it does to the stack as it was. If that has changed since, what a
    /// person agreed to is no longer what would happen.
    async fn is_fresh(&self, client: &Client) -> Result<(), Error> {
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
    async fn execute(&self, client: &Client, before: &Bookmark) -> Result<(), Error> {
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
            return Err(failed(doing)(error).into());
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

/// A refused first change set leaves an empty stack in REVIEW_IN_PROGRESS. It goes too, unless somebody
/// has another change set in it.
async fn discard_placeholder(client: &Client, stack: &str) -> Result<(), Error> {
    if strangers(client, stack).await?.is_empty() {
        client
            .delete_stack()
            .stack_name(stack)
            .send()
            .await
            .map_err(failed(format!("remove the empty stack {stack}")))?;
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

/// A name that no other change set of the stack has.
fn unique() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    // A clock before 1970 still leaves the process id.
    let nanoseconds = now.map(|time| time.as_nanos()).unwrap_or_default();
    format!("{nanoseconds:x}-{:x}", std::process::id())
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::operation::create_change_set::{
        CreateChangeSetError, CreateChangeSetOutput,
    };
    use aws_sdk_cloudformation::operation::delete_change_set::DeleteChangeSetOutput;
    use aws_sdk_cloudformation::operation::delete_stack::DeleteStackOutput;
    use aws_sdk_cloudformation::operation::describe_events::{
        DescribeEventsError, DescribeEventsOutput,
    };
    use aws_sdk_cloudformation::operation::list_change_sets::ListChangeSetsOutput;
    use aws_sdk_cloudformation::types::error::AlreadyExistsException;
    use aws_sdk_cloudformation::types::{EventType, HookFailureMode, OperationEvent};
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use aws_smithy_types::error::ErrorMetadata;

    use std::sync::{Arc, Mutex};

    use super::super::double::{Double, ID};
    use super::*;

    fn created() -> Rule {
        mock!(Client::create_change_set)
            .match_requests(|input| {
                let how = input.deployment_config().unwrap();
                how.mode() == Some(&DeploymentConfigMode::Express)
                    && how.disable_rollback() == Some(false)
            })
            .then_output(|| CreateChangeSetOutput::builder().stack_id(ID).build())
    }

    fn described(status: ChangeSetStatus, reason: &str) -> DescribeChangeSetOutput {
        DescribeChangeSetOutput::builder()
            .status(status)
            .status_reason(reason)
            .build()
    }

    fn change(logical: &str) -> Change {
        let resource = ResourceChange::builder()
            .action(ChangeAction::Add)
            .logical_resource_id(logical)
            .resource_type("AWS::SQS::Queue")
            .build();
        Change::builder().resource_change(resource).build()
    }

    async fn proposed(client: &Client, progress: &Progress) -> Result<Option<Proposal>, Error> {
        let template = Template {
            body: "Resources: {}".to_owned(),
            fingerprint: "f".to_owned(),
            sources: vec![(
                "templates/stack.yaml",
                "Resources:\n  MailQueue:\n    Properties:\n      VisibilityTimeout: soon\n"
                    .to_owned(),
            )],
        };
        let context = Context {
            stack: "mlink-dev".to_owned(),
            region: "eu-west-1".to_owned(),
            flags: " --stage dev".to_owned(),
            template: Some(&template),
            ..Context::default()
        };
        let request = Request {
            context: &context,
            existing: None,
            template: &template,
            parameters: &Parameters::new(),
            tags: &[],
            mode: Mode::Express,
        };
        propose(client, &request, progress).await
    }

    #[tokio::test(start_paused = true)]
    async fn one_whose_making_was_not_heard_of_is_taken_up() {
        let created = mock!(Client::create_change_set).then_error(|| {
            CreateChangeSetError::AlreadyExistsException(AlreadyExistsException::builder().build())
        });
        let look = mock!(Client::describe_change_set)
            .then_output(|| described(ChangeSetStatus::CreateComplete, ""));
        let client = mock_client!(
            aws_sdk_cloudformation,
            RuleMode::Sequential,
            [&created, &look]
        );
        let made = proposed(&client, &Progress::silent()).await.unwrap();
        assert!(made.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn it_waits_until_the_change_set_is_made_and_reads_every_page() {
        let created = created();
        let looks = mock!(Client::describe_change_set)
            .sequence()
            .output(|| described(ChangeSetStatus::CreatePending, ""))
            .output(|| described(ChangeSetStatus::CreateInProgress, ""))
            .output(|| {
                DescribeChangeSetOutput::builder()
                    .status(ChangeSetStatus::CreateComplete)
                    .changes(change("Queue"))
                    .next_token("more")
                    .build()
            })
            .output(|| {
                DescribeChangeSetOutput::builder()
                    .status(ChangeSetStatus::CreateComplete)
                    .changes(change("DeadLetterQueue"))
                    .build()
            })
            .build();
        let client = mock_client!(
            aws_sdk_cloudformation,
            RuleMode::Sequential,
            [&created, &looks]
        );
        let shown = Arc::new(Mutex::new(Vec::new()));
        let sink = shown.clone();
        let progress = Progress::new(move |event| {
            if let Event::Change {
                action, logical_id, ..
            } = event
            {
                sink.lock().unwrap().push(format!("{action} {logical_id}"));
            }
        });
        assert!(proposed(&client, &progress).await.unwrap().is_some());
        assert_eq!(*shown.lock().unwrap(), ["Add Queue", "Add DeadLetterQueue"]);
        assert_eq!(looks.num_calls(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn no_changes_is_a_success_and_leaves_no_change_set() {
        for reason in [
            "The submitted information didn't contain changes. Submit different information to \
             create a change set.",
            "No updates are to be performed.",
        ] {
            let created = created();
            let look = mock!(Client::describe_change_set)
                .then_output(move || described(ChangeSetStatus::Failed, reason));
            let discarded = mock!(Client::delete_change_set)
                .then_output(|| DeleteChangeSetOutput::builder().build());
            let client = mock_client!(
                aws_sdk_cloudformation,
                RuleMode::Sequential,
                [&created, &look, &discarded]
            );
            assert!(
                proposed(&client, &Progress::silent())
                    .await
                    .unwrap()
                    .is_none()
            );
            assert_eq!(discarded.num_calls(), 1);
        }
    }

    /// The error of a change set that CloudFormation refuses with this reason, finding these.
    async fn refused(reason: &'static str, found: Rule) -> Error {
        let created = mock!(Client::create_change_set).then_output(|| {
            CreateChangeSetOutput::builder()
                .stack_id(ID)
                .id(ARN)
                .build()
        });
        let look = mock!(Client::describe_change_set)
            .then_output(|| described(ChangeSetStatus::Failed, reason));
        let discarded = mock!(Client::delete_change_set)
            .then_output(|| DeleteChangeSetOutput::builder().build());
        let others =
            mock!(Client::list_change_sets).then_output(|| ListChangeSetsOutput::builder().build());
        let placeholder =
            mock!(Client::delete_stack).then_output(|| DeleteStackOutput::builder().build());
        let client = mock_client!(
            aws_sdk_cloudformation,
            RuleMode::MatchAny,
            [&created, &look, &found, &discarded, &others, &placeholder]
        );
        let Err(error) = proposed(&client, &Progress::silent()).await else {
            panic!("not refused")
        };
        assert_eq!((discarded.num_calls(), placeholder.num_calls()), (1, 1));
        error
    }

    /// Findings are only told to who asks for them by the ARN.
    fn found(pages: Vec<DescribeEventsOutput>) -> Rule {
        let mut rule = mock!(Client::describe_events)
            .match_requests(|request| request.change_set_name() == Some(ARN))
            .sequence();
        for page in pages {
            rule = rule.output(move || page.clone());
        }
        rule.build()
    }

    const ARN: &str = "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/mlink-1/2";
    const VALIDATED: &str = "The following hook(s)/validation failed: \
        [AWS::EarlyValidation::PropertyValidation]. To troubleshoot Early Validation errors, use the \
        DescribeEvents API for detailed failure information.";

    fn finding(logical: &str, kind: &str, path: &str, reason: &str) -> OperationEvent {
        OperationEvent::builder()
            .event_type(EventType::ValidationError)
            .logical_resource_id(logical)
            .resource_type(kind)
            .validation_path(path)
            .validation_failure_mode(HookFailureMode::Fail)
            .validation_status_reason(reason)
            .build()
    }

    fn findings(events: Vec<OperationEvent>, next: Option<&str>) -> DescribeEventsOutput {
        DescribeEventsOutput::builder()
            .set_operation_events(Some(events))
            .set_next_token(next.map(str::to_owned))
            .build()
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_change_set_shows_what_was_found_on_every_page_and_leaves_nothing() {
        let warning = OperationEvent::builder()
            .logical_resource_id("SiteBucket")
            .validation_failure_mode(HookFailureMode::Warn)
            .validation_status_reason("The bucket 'b' is not empty.")
            .build();
        let path = "/Resources/MailQueue/Properties/VisibilityTimeout";
        let pages = vec![
            findings(vec![warning], Some("more")),
            findings(
                vec![finding(
                    "MailQueue",
                    "AWS::SQS::Queue",
                    path,
                    "expected type: Integer, found: String",
                )],
                Some("yet more"),
            ),
            findings(
                vec![finding(
                    "MailFunction",
                    "AWS::Lambda::Function",
                    "",
                    "Resource of type 'AWS::Lambda::Function' with identifier 'mlink-dev-mail' already exists.",
                )],
                None,
            ),
        ];
        let error = refused(VALIDATED, found(pages)).await;
        insta::assert_snapshot!(crate::terminal::shown(&error));
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_set_that_is_refused_for_another_reason_shows_it_raw() {
        let error = refused("Nobody knows why.", found(Vec::new())).await;
        insta::assert_snapshot!(crate::terminal::shown(&error));
    }

    #[tokio::test(start_paused = true)]
    async fn findings_that_may_not_be_read_swallow_nothing_and_leave_nothing() {
        let denied = mock!(Client::describe_events).then_error(|| {
            let denied = ErrorMetadata::builder().code("AccessDenied").message(
                "User: arn:aws:iam::123456789012:user/alice is not authorized to perform: \
                 cloudformation:DescribeEvents on resource: arn:aws:cloudformation:eu-west-1:\
                 123456789012:stack/mlink-dev/* because no identity-based policy allows the \
                 cloudformation:DescribeEvents action",
            );
            DescribeEventsError::generic(denied.build())
        });
        let error = refused(VALIDATED, denied).await;
        insta::assert_snapshot!(crate::terminal::shown(&error));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_refused_for_a_known_reason_is_explained_too() {
        let call = |code: &'static str, message: &'static str| {
            mock!(Client::create_change_set).then_error(move || {
                let refused = ErrorMetadata::builder().code(code).message(message);
                CreateChangeSetError::generic(refused.build())
            })
        };
        let known = call(
            "ValidationError",
            "Template format error: Unrecognized resource types: [AWS::SES::ConfigurationSet]",
        );
        let unknown = call(
            "ValidationError",
            "Template error: the moon is in the wrong house",
        );
        let errors = [known, unknown].map(async |rule| {
            let client = mock_client!(aws_sdk_cloudformation, RuleMode::MatchAny, [&rule]);
            let Err(error) = proposed(&client, &Progress::silent()).await else {
                panic!("not refused")
            };
            crate::terminal::shown(&error)
        });
        let [known, unknown] = errors;
        insta::assert_snapshot!(format!("{}\n\n{}", known.await, unknown.await));
    }

    /// A change set against the stack as it is now.
    async fn proposal(double: &Double) -> Proposal {
        let stack = Stack::find(&double.client(), "mlink-dev").await.unwrap();
        Proposal {
            stack_name: "mlink-dev".to_owned(),
            stack_id: ID.to_owned(),
            change_set: "mlink-1".to_owned(),
            basis: stack.unwrap().changed_at,
            changes: Vec::new(),
        }
    }

    async fn applied(proposal: Proposal, double: &Double) -> Result<Stack, Error> {
        let progress = Progress::silent();
        let context = Context::default();
        proposal.apply(&double.client(), &context, &progress).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_set_is_executed_and_followed_to_its_end() {
        let double = Double::new("UPDATE_COMPLETE").ending(&["UPDATE_COMPLETE"]);
        let stack = applied(proposal(&double).await, &double).await.unwrap();
        assert_eq!(stack.status, StackStatus::UpdateComplete);
        assert_eq!(double.calls(), ["execute"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_set_for_a_stack_that_has_since_changed_is_thrown_away() {
        let double = Double::new("UPDATE_COMPLETE");
        let proposal = proposal(&double).await;
        double.is_updated_elsewhere();
        let error = applied(proposal, &double).await.unwrap_err();
        assert!(matches!(error, Error::Overtaken(_)), "{error}");
        assert_eq!(double.calls(), ["discard"]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_execution_whose_answer_was_lost_is_followed_all_the_same() {
        let double = Double::new("UPDATE_COMPLETE")
            .ending(&["UPDATE_COMPLETE"])
            .losing_answers();
        applied(proposal(&double).await, &double).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn an_execution_that_was_refused_is_no_success() {
        // Refused, and no operation with our token has begun.
        let double = Double::new("UPDATE_COMPLETE").losing_answers();
        let error = applied(proposal(&double).await, &double).await.unwrap_err();
        assert!(matches!(error, Error::Overtaken(_)), "{error}");
    }

    #[test]
    fn a_pool_or_table_that_goes_is_in_danger() {
        let change = |kind: &str, action, replacement| {
            ResourceChange::builder()
                .logical_resource_id("It")
                .physical_resource_id("it-1")
                .resource_type(kind)
                .action(action)
                .replacement(replacement)
                .build()
        };
        let (pool, table) = ("AWS::Cognito::UserPool", "AWS::DynamoDB::Table");
        for (kind, action, replacement, endangered) in [
            (pool, ChangeAction::Modify, Replacement::False, false),
            (pool, ChangeAction::Modify, Replacement::True, true),
            (table, ChangeAction::Modify, Replacement::Conditional, true),
            (table, ChangeAction::Remove, Replacement::False, true),
            (pool, ChangeAction::Add, Replacement::False, false),
            (
                "AWS::SQS::Queue",
                ChangeAction::Remove,
                Replacement::True,
                false,
            ),
        ] {
            let found = Endangered::by(&change(kind, action.clone(), replacement.clone()));
            assert_eq!(found.is_some(), endangered, "{kind} {action} {replacement}");
        }
    }
}
