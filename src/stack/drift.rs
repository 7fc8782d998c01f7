//! What was changed by hand: CloudFormation's own drift detection.

use std::time::Duration;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{
    StackDriftDetectionStatus, StackResourceDrift, StackResourceDriftStatus,
};

use super::difference::{PropertyDifference, ResourceDifference, masked};
use super::{Error, Stack};
use crate::aws::failed;
use crate::event::Progress;

/// Between two looks at a detection that is under way.
const PAUSE: Duration = Duration::from_secs(2);

/// Compares every resource that CloudFormation can compare with the template; gives those that differ.
pub async fn drift(
    client: &Client,
    stack: &Stack,
    progress: &Progress,
) -> Result<Vec<ResourceDifference>, Error> {
    let name = &stack.name;
    let doing = || format!("look for drift in {name}");
    let step = progress.step("Compare with what is there");
    let begun = client.detect_stack_drift().stack_name(name).send().await;
    let id = begun
        .map_err(failed(doing()))?
        .stack_drift_detection_id
        .unwrap_or_default();
    loop {
        let look = client
            .describe_stack_drift_detection_status()
            .stack_drift_detection_id(&id)
            .send()
            .await
            .map_err(failed(doing()))?;
        match look.detection_status() {
            Some(StackDriftDetectionStatus::DetectionInProgress) => tokio::time::sleep(PAUSE).await,
            Some(StackDriftDetectionStatus::DetectionFailed) => {
                // The resources that could be compared are told all the same.
                let reason = look.detection_status_reason().unwrap_or_default();
                progress.warn(format!("not everything could be compared: {reason}"));
                break;
            }
            _ => break,
        }
    }
    let drifted = drifted(client, name).await?;
    step.done(match drifted.len() {
        0 => "no drift".to_owned(),
        1 => "1 resource differs".to_owned(),
        count => format!("{count} resources differ"),
    });
    Ok(drifted)
}

async fn drifted(client: &Client, name: &str) -> Result<Vec<ResourceDifference>, Error> {
    let mut pages = client
        .describe_stack_resource_drifts()
        .stack_name(name)
        .stack_resource_drift_status_filters(StackResourceDriftStatus::Modified)
        .stack_resource_drift_status_filters(StackResourceDriftStatus::Deleted)
        .into_paginator()
        .send();
    let mut drifted = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(failed(format!("read the drift of {name}")))?;
        drifted.extend(page.stack_resource_drifts().iter().map(difference));
    }
    Ok(drifted)
}

/// `before` is what the template says, `after` what is there.
fn difference(drift: &StackResourceDrift) -> ResourceDifference {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let properties = drift.property_differences().iter().map(|property| {
        let path = text(property.property_path());
        let shown = |value: Option<&str>| Some(masked(&path, value?));
        PropertyDifference {
            before: shown(property.expected_value()),
            after: shown(property.actual_value()),
            path,
        }
    });
    ResourceDifference {
        action: text(
            drift
                .stack_resource_drift_status()
                .map(|status| status.as_str()),
        ),
        logical_id: text(drift.logical_resource_id()),
        resource_type: text(drift.resource_type()),
        replacement: String::new(),
        properties: properties.collect(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::operation::describe_stack_drift_detection_status::DescribeStackDriftDetectionStatusOutput as Look;
    use aws_sdk_cloudformation::operation::describe_stack_resource_drifts::DescribeStackResourceDriftsOutput as Page;
    use aws_sdk_cloudformation::operation::detect_stack_drift::DetectStackDriftOutput;
    use aws_sdk_cloudformation::types::{DifferenceType, PropertyDifference as Property};
    use aws_smithy_mocks::{RuleMode, mock, mock_client};
    use aws_smithy_types::DateTime;

    use super::super::double::Double;
    use super::*;

    fn look(status: StackDriftDetectionStatus) -> Look {
        Look::builder()
            .stack_id("s")
            .stack_drift_detection_id("d")
            .detection_status(status)
            .timestamp(DateTime::from_secs(0))
            .build()
    }

    fn drifted(logical: &str, status: StackResourceDriftStatus) -> StackResourceDrift {
        let property = Property::builder()
            .property_path("/MessageRetentionPeriod")
            .expected_value("3600")
            .actual_value("60")
            .difference_type(DifferenceType::NotEqual)
            .build();
        StackResourceDrift::builder()
            .stack_id("s")
            .logical_resource_id(logical)
            .resource_type("AWS::SQS::Queue")
            .stack_resource_drift_status(status)
            .property_differences(property)
            .timestamp(DateTime::from_secs(0))
            .build()
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_changed_by_hand_is_told_over_all_pages() {
        use StackResourceDriftStatus::{Deleted, Modified};
        let begun = mock!(Client::detect_stack_drift).then_output(|| {
            let begun = DetectStackDriftOutput::builder();
            begun.stack_drift_detection_id("d").build()
        });
        let looks = mock!(Client::describe_stack_drift_detection_status)
            .sequence()
            .output(|| look(StackDriftDetectionStatus::DetectionInProgress))
            .output(|| look(StackDriftDetectionStatus::DetectionComplete))
            .build();
        let pages = mock!(Client::describe_stack_resource_drifts)
            .sequence()
            .output(|| {
                let drift = drifted("MailQueue", Modified);
                Page::builder()
                    .stack_resource_drifts(drift)
                    .next_token("more")
                    .build()
            })
            .output(|| {
                let drift = drifted("MailDeadLetters", Deleted);
                Page::builder().stack_resource_drifts(drift).build()
            })
            .build();
        let client = mock_client!(
            aws_sdk_cloudformation,
            RuleMode::Sequential,
            [&begun, &looks, &pages]
        );
        let known = Double::new("CREATE_COMPLETE").client();
        let stack = Stack::find(&known, "mlink-dev").await.unwrap().unwrap();
        let found = drift(&client, &stack, &Progress::silent()).await.unwrap();
        let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(shown.join("\n"));
    }
}
