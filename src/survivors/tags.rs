//! What carries the stage's tags.

use aws_sdk_resourcegroupstagging::types::{ResourceTagMapping, TagFilter};
use futures_util::future::join_all;

use super::{Context, Found, Listing, Unseen, arn};
use crate::aws::{Cloud, failed};

/// The tag by which CloudFormation says which stack made a resource.
const STACK_ID: &str = "aws:cloudformation:stack-id";

/// The region in which what belongs to no region is listed; none where there is no CloudFront.
fn global(region: &str) -> Option<&'static str> {
    match region {
        region if region.starts_with("cn-") => Some("cn-northwest-1"),
        region if region.starts_with("us-gov-") => None,
        _ => Some("us-east-1"),
    }
}

pub async fn listings(
    cloud: &Cloud,
    context: &Context<'_>,
    tags: &[(&str, String)],
) -> Vec<Listing> {
    let filters: Vec<TagFilter> = tags
        .iter()
        .map(|(key, value)| TagFilter::builder().key(*key).values(value).build())
        .collect();
    let mut places = vec![(context.region.as_str(), None)];
    let elsewhere = global(&context.region).filter(|global| *global != context.region);
    places.extend(elsewhere.map(|global| (global, Some("cloudfront"))));
    let places = places.into_iter();
    join_all(places.map(|(region, service)| listing(cloud, region, service, filters.clone()))).await
}

/// What carries the tags in a region, of one service or of all.
async fn listing(
    cloud: &Cloud,
    region: &str,
    service: Option<&str>,
    filters: Vec<TagFilter>,
) -> Listing {
    let mut pages = cloud
        .tags_in(region)
        .get_resources()
        .set_tag_filters(Some(filters))
        .set_resource_type_filters(service.map(|service| vec![service.to_owned()]))
        .into_paginator()
        .items()
        .send();
    let mut all = Vec::new();
    while let Some(resource) = pages.next().await {
        let resource = resource.map_err(|error| Unseen {
            what: match service {
                Some(_) => "distributions with its tags",
                None => "resources with its tags",
            },
            permissions: "tag:GetResources",
            error: Box::new(failed(format!("list what carries the tags in {region}"))(
                error,
            )),
        })?;
        all.extend(found(resource, region));
    }
    Ok(all)
}

fn found(resource: ResourceTagMapping, region: &str) -> Option<Found> {
    let whole = resource.resource_arn?;
    if arn::is_stack(&whole) {
        return None;
    }
    let (resource_type, id) = arn::resource(&whole);
    let mut tags = resource.tags.unwrap_or_default().into_iter();
    Some(Found {
        resource_type: resource_type.to_owned(),
        id: id.to_owned(),
        region: region.to_owned(),
        stack_id: tags.find(|tag| tag.key == STACK_ID).map(|tag| tag.value),
        by_name: false,
        made_at: None,
        arn: Some(whole),
    })
}
