//! Deletes a stack.

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{ResourceStatus, StackResourceSummary, StackStatus};

use super::events::{Bookmark, follow};
use super::{Context, Error, Failure, Stack, refused, token};
use crate::aws::failed;
use crate::event::Progress;

/// Deletes the stack and follows it to its end.
pub async fn delete(
    client: &Client,
    stack: &Stack,
    context: &Context<'_>,
    progress: &Progress,
) -> Result<(), Error> {
    match remove(client, stack, &[], context, progress).await? {
        None => Ok(()),
        Some(failure) => Err(Error::Failed(Box::new(failure))),
    }
}

/// Deletes the stack but for the resources that are to be retained, which CloudFormation allows for
/// those that it failed to delete before. Why the stack is still there, if it is.
pub async fn remove(
    client: &Client,
    stack: &Stack,
    retained: &[String],
    context: &Context<'_>,
    progress: &Progress,
) -> Result<Option<Failure>, Error> {
    let step = progress.step(format!("Delete the stack {}", stack.name));
    let before = Bookmark::now(client, &stack.id).await?;
    client
        .delete_stack()
        .stack_name(&stack.id)
        .client_request_token(token())
        .set_retain_resources((!retained.is_empty()).then(|| retained.to_vec()))
        .send()
        .await
        .map_err(refused(format!("delete the stack {}", stack.name), context))?;
    let events = follow(client, &stack.id, before, context, progress).await?;
    // By its id: a deleted stack is no longer known by its name.
    if let Some(stack) = Stack::find(client, &stack.id).await? {
        drop(step);
        return Ok(Some(Failure::explain(&stack, &events, context)));
    }
    step.done(StackStatus::DeleteComplete.as_str());
    Ok(None)
}

/// The logical ids of what would not go.
pub async fn undeletable(client: &Client, stack: &Stack) -> Result<Vec<String>, Error> {
    let all = resources(client, &stack.id).await?;
    Ok(all
        .into_iter()
        .filter(|resource| resource.resource_status() == Some(&ResourceStatus::DeleteFailed))
        .filter_map(|resource| resource.logical_resource_id)
        .collect())
}

/// The physical ids of the stack's S3 buckets.
pub async fn buckets(client: &Client, stack: &Stack) -> Result<Vec<String>, Error> {
    let all = resources(client, &stack.id).await?;
    Ok(all
        .into_iter()
        .filter(|resource| resource.resource_type() == Some("AWS::S3::Bucket"))
        .filter(|resource| resource.resource_status() != Some(&ResourceStatus::DeleteComplete))
        .filter_map(|resource| resource.physical_resource_id)
        .filter(|id| !id.is_empty())
        .collect())
}

/// Every resource of the stack, over all pages.
pub async fn resources(client: &Client, id: &str) -> Result<Vec<StackResourceSummary>, Error> {
    let mut pages = client
        .list_stack_resources()
        .stack_name(id)
        .into_paginator()
        .items()
        .send();
    let mut all = Vec::new();
    while let Some(resource) = pages.next().await {
        all.push(resource.map_err(failed(format!("list the resources of {id}")))?);
    }
    Ok(all)
}
