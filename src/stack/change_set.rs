//! Proposes a change set, shows it, executes it.

use std::time::Duration;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types::{
    Capability, Change, ChangeSetStatus, ChangeSetType, Parameter, Replacement, Tag,
};

use super::events::{Bookmark, follow};
use super::{Error, Failure, Stack};
use crate::aws::failed;
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
}

/// Makes a change set against the stack as it is; none when it would change nothing.
pub async fn propose(
    client: &Client,
    name: &str,
    existing: Option<&Stack>,
    template: &Template,
    parameters: &Parameters,
    tags: &[(&str, String)],
    progress: &Progress,
) -> Result<Option<Proposal>, Error> {
    let step = progress.step("Compute the change set");
    let change_set = format!("mlink-{}", unique());
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
        .template_body(&template.body)
        .capabilities(Capability::CapabilityIam)
        .set_parameters(Some(parameters.iter().map(parameter).collect()))
        .set_tags(Some(
            tags.iter()
                .map(|(k, v)| Tag::builder().key(*k).value(v).build())
                .collect(),
        ))
        .send()
        .await
        .map_err(failed(format!("propose a change set for {name}")))?;
    let stack_id = created.stack_id.unwrap_or_else(|| name.to_owned());
    let described = settled(client, name, &change_set).await?;
    let reason = described.status_reason().unwrap_or_default().to_owned();
    if described.status() == Some(&ChangeSetStatus::Failed) {
        if is_empty(&reason) {
            discard(client, name, &change_set).await?;
            step.done("no changes");
            return Ok(None);
        }
        let reason = with_validation(client, name, &change_set, reason).await?;
        discard(client, name, &change_set).await?;
        if existing.is_none() {
            discard_placeholder(client, name).await?;
        }
        return Err(Error::Refused(reason));
    }
    let changes = described.changes.unwrap_or_default();
    step.done(match changes.len() {
        1 => "1 change".to_owned(),
        count => format!("{count} changes"),
    });
    for change in &changes {
        progress.send(shown(change));
    }
    Ok(Some(Proposal {
        stack_name: name.to_owned(),
        stack_id,
        change_set,
    }))
}

impl Proposal {
    /// Executes the change set and follows it to its end.
    pub async fn apply(self, client: &Client, progress: &Progress) -> Result<Stack, Error> {
        let step = progress.step(format!("Apply the stack {}", self.stack_name));
        let before = Bookmark::now(client, &self.stack_id).await?;
        client
            .execute_change_set()
            .stack_name(&self.stack_name)
            .change_set_name(&self.change_set)
            .client_request_token(&self.change_set)
            .send()
            .await
            .map_err(failed(format!(
                "apply the change set to {}",
                self.stack_name
            )))?;
        let events = follow(client, &self.stack_id, before, progress).await?;
        // The events tell how; DescribeStacks tells what is true.
        let stack = Stack::find(client, &self.stack_id)
            .await?
            .ok_or_else(|| Error::Missing(self.stack_name.clone(), String::new()))?;
        match stack.status.as_str() {
            "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" => {
                step.done(stack.status.as_str());
                Ok(stack)
            }
            _ => Err(Error::Failed(Box::new(Failure::explain(&stack, &events)))),
        }
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
    let doing = || format!("remove the empty stack {stack}");
    let others = client.list_change_sets().stack_name(stack).send().await;
    if others.map_err(failed(doing()))?.summaries().is_empty() {
        client
            .delete_stack()
            .stack_name(stack)
            .send()
            .await
            .map_err(failed(doing()))?;
    }
    Ok(())
}

/// The reason with what CloudFormation's validation found: the reason alone says only that it found
/// something (user guide, "Validate stack deployments").
async fn with_validation(
    client: &Client,
    stack: &str,
    change_set: &str,
    reason: String,
) -> Result<String, Error> {
    if !reason.contains("DescribeEvents") && !reason.contains("EarlyValidation") {
        return Ok(reason);
    }
    let events = client
        .describe_events()
        .stack_name(stack)
        .change_set_name(change_set)
        .send()
        .await
        .map_err(failed(format!(
            "read why the change set {change_set} was refused"
        )))?;
    let found = events.operation_events().iter().filter_map(|event| {
        let resource = event.logical_resource_id().unwrap_or_default();
        let path = event.validation_path().unwrap_or_default();
        Some(format!(
            "\n{resource} {path}: {}",
            event.validation_status_reason()?
        ))
    });
    Ok(reason + &found.collect::<String>())
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
    use aws_sdk_cloudformation::operation::create_change_set::CreateChangeSetOutput;
    use aws_sdk_cloudformation::operation::delete_change_set::DeleteChangeSetOutput;
    use aws_sdk_cloudformation::operation::delete_stack::DeleteStackOutput;
    use aws_sdk_cloudformation::operation::describe_events::DescribeEventsOutput;
    use aws_sdk_cloudformation::operation::list_change_sets::ListChangeSetsOutput;
    use aws_sdk_cloudformation::types::{ChangeAction, OperationEvent, ResourceChange};
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use std::sync::{Arc, Mutex};

    use super::*;

    const ID: &str = "arn:aws:cloudformation:eu-west-1:123456789012:stack/mlink-dev/1";

    fn created() -> Rule {
        mock!(Client::create_change_set)
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
        };
        let parameters = Parameters::new();
        propose(
            client,
            "mlink-dev",
            None,
            &template,
            &parameters,
            &[],
            progress,
        )
        .await
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

    #[tokio::test(start_paused = true)]
    async fn a_refused_change_set_says_why_and_leaves_nothing() {
        let created = created();
        let look = mock!(Client::describe_change_set).then_output(|| {
            described(
                ChangeSetStatus::Failed,
                "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. \
                 To troubleshoot, use the DescribeEvents API.",
            )
        });
        let found = mock!(Client::describe_events).then_output(|| {
            let event = OperationEvent::builder()
                .logical_resource_id("MailQueue")
                .validation_path("/Properties/VisibilityTimeout")
                .validation_status_reason("must be a number")
                .build();
            DescribeEventsOutput::builder()
                .operation_events(event)
                .build()
        });
        let discarded = mock!(Client::delete_change_set)
            .then_output(|| DeleteChangeSetOutput::builder().build());
        let others =
            mock!(Client::list_change_sets).then_output(|| ListChangeSetsOutput::builder().build());
        let placeholder =
            mock!(Client::delete_stack).then_output(|| DeleteStackOutput::builder().build());
        let client = mock_client!(
            aws_sdk_cloudformation,
            RuleMode::Sequential,
            [&created, &look, &found, &discarded, &others, &placeholder]
        );
        let Err(error) = proposed(&client, &Progress::silent()).await else {
            panic!("not refused")
        };
        insta::assert_snapshot!(error);
        assert_eq!(placeholder.num_calls(), 1);
    }
}
