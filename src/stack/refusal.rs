//! Why CloudFormation refused a change set, or a call: nothing was touched by it.

#[cfg(test)]
mod tests;

use std::error::Error as StdError;
use std::fmt::Debug;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::SdkError;
use aws_sdk_cloudformation::types::{EventFilter, HookFailureMode, OperationEvent};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::failure::explained;
use super::{Context, Error};
use crate::aws::{self, failed};
use crate::event::Cause;

/// What was not done, and each thing that CloudFormation has against it.
#[derive(Debug, thiserror::Error)]
#[error("CloudFormation refused {what}{}", listed(.causes))]
pub struct Refusal {
    what: String,
    causes: Vec<Cause>,
    help: String,
}

impl miette::Diagnostic for Refusal {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new("mlink::stack::refused"))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(&self.help))
    }
}

/// For `map_err`: the SDK's error under a name for what was being done, as in "delete the stack
/// mlink-dev", with what is known about such a refusal; others are as they are.
pub fn refused<E, R>(
    doing: impl Into<String>,
    context: &Context<'_>,
) -> impl FnOnce(SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    R: Debug + Send + Sync + 'static,
{
    let doing = doing.into();
    move |error| {
        let what = format!("to {doing}");
        let error = failed(doing)(error);
        let cause = explained(bare(error.message().to_owned()), context);
        if error.aws_code().is_none() || cause.known.is_none() {
            return Error::Aws(error);
        }
        Error::Refused(Box::new(Refusal::of(what, vec![cause], context)))
    }
}

impl Refusal {
    /// A change set that failed, with what the validation found (user guide, "Validate stack
    /// deployments"): its reason says only that there was something. Takes the ARN of the change set;
    /// DescribeEvents knows none by name.
    pub async fn explain(
        client: &Client,
        change_set: &str,
        reason: String,
        context: &Context<'_>,
    ) -> Refusal {
        let mut causes = Vec::new();
        if reason.contains("DescribeEvents") || reason.contains("EarlyValidation") {
            match findings(client, change_set).await {
                Ok(found) => causes.extend(found.iter().map(|event| finding(event, context))),
                // Who may not read the findings gets the reason as it is, and why there is no more.
                Err(error) => causes.push(explained(bare(error.message().to_owned()), context)),
            }
        }
        if causes.iter().all(|cause| cause.logical_id.is_empty()) {
            causes.insert(0, explained(bare(reason), context));
        }
        let what = "the change; nothing was touched".to_owned();
        Refusal::of(what, causes, context)
    }

    fn of(what: String, causes: Vec<Cause>, context: &Context<'_>) -> Refusal {
        let mut help: Vec<String> = Vec::new();
        for said in causes.iter().filter_map(|cause| cause.help.clone()) {
            if !help.contains(&said) {
                help.push(said);
            }
        }
        if help.is_empty() {
            help.push(format!("Mend what is named; then:\n  {}", context.again()));
        }
        Refusal {
            what,
            causes,
            help: help.join("\n"),
        }
    }
}

/// What the validation has against the change set, over all pages. Warnings refuse nothing.
async fn findings(client: &Client, change_set: &str) -> Result<Vec<OperationEvent>, aws::Error> {
    let mut events = client
        .describe_events()
        .change_set_name(change_set)
        .filters(EventFilter::builder().failed_events(true).build())
        .into_paginator()
        .items()
        .send();
    let mut found = Vec::new();
    while let Some(event) = events.next().await {
        let event = event.map_err(failed("read what the validation found"))?;
        let warns = event.validation_failure_mode() == Some(&HookFailureMode::Warn);
        if event.validation_status_reason().is_some() && !warns {
            found.push(event);
        }
    }
    Ok(found)
}

fn finding(event: &OperationEvent, context: &Context<'_>) -> Cause {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let logical_id = text(event.logical_resource_id());
    // `/Resources/MailQueue/Properties/…` in full, or from the properties on.
    let path = text(event.validation_path());
    let property = path.strip_prefix(&format!("/Resources/{logical_id}"));
    let property = property.unwrap_or(&path).to_owned();
    let cause = Cause {
        template: context.line(&logical_id, &property),
        property: Some(property).filter(|property| !property.is_empty()),
        physical_id: event.physical_resource_id().map(str::to_owned),
        resource_type: text(event.resource_type()),
        logical_id,
        ..bare(text(event.validation_status_reason()))
    };
    explained(cause, context)
}

/// A cause that names no resource.
fn bare(reason: String) -> Cause {
    Cause {
        logical_id: String::new(),
        resource_type: String::new(),
        physical_id: None,
        template: None,
        property: None,
        reason,
        known: None,
        meaning: None,
        help: None,
    }
}

fn listed(causes: &[Cause]) -> String {
    causes.iter().map(|cause| format!("\n\n{cause}")).collect()
}
