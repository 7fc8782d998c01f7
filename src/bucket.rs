//! Lists and empties S3 buckets, whatever their size.

use std::collections::BTreeMap;

use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use crate::aws::{Cloud, Error, failed};

/// DeleteObjects takes no more keys at once.
const BATCH: usize = 1000;

/// The keys in the bucket with their ETags.
pub async fn list(cloud: &Cloud, bucket: &str) -> Result<BTreeMap<String, String>, Error> {
    let mut pages = cloud
        .s3()
        .list_objects_v2()
        .bucket(bucket)
        .expected_bucket_owner(&cloud.account)
        .into_paginator()
        .send();
    let mut present = BTreeMap::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(failed(format!("list the bucket {bucket}")))?;
        for object in page.contents.unwrap_or_default() {
            let etag = object
                .e_tag
                .unwrap_or_default()
                .trim_matches('"')
                .to_owned();
            present.insert(object.key.unwrap_or_default(), etag);
        }
    }
    Ok(present)
}

/// The ETag of one object; none where there is no such object.
pub async fn etag(cloud: &Cloud, bucket: &str, key: &str) -> Result<Option<String>, Error> {
    let head = cloud
        .s3()
        .head_object()
        .bucket(bucket)
        .key(key)
        .expected_bucket_owner(&cloud.account)
        .send()
        .await;
    match head {
        Ok(head) => Ok(head.e_tag.map(|etag| etag.trim_matches('"').to_owned())),
        Err(error) if error.as_service_error().is_some_and(|e| e.is_not_found()) => Ok(None),
        Err(error) => Err(failed(format!("look at {key} in the bucket {bucket}"))(
            error,
        )),
    }
}

/// Removes every version and every delete marker. A bucket that is gone is empty.
pub async fn empty(cloud: &Cloud, bucket: &str) -> Result<(), Error> {
    loop {
        let page = cloud
            .s3()
            .list_object_versions()
            .bucket(bucket)
            .expected_bucket_owner(&cloud.account)
            .send()
            .await;
        let page = match page {
            Err(error)
                if error
                    .raw_response()
                    .is_some_and(|r| r.status().as_u16() == 404) =>
            {
                return Ok(());
            }
            page => page.map_err(failed(format!("list the bucket {bucket}")))?,
        };
        let versions = page
            .versions
            .unwrap_or_default()
            .into_iter()
            .map(|v| (v.key, v.version_id));
        let markers = page
            .delete_markers
            .unwrap_or_default()
            .into_iter()
            .map(|m| (m.key, m.version_id));
        let found: Vec<_> = versions
            .chain(markers)
            .filter_map(|(key, version)| Some((key?, version)))
            .collect();
        if found.is_empty() {
            return Ok(());
        }
        // From the start again: what was listed is gone.
        delete(cloud, bucket, found).await?;
    }
}

/// Deletes the given keys, each with its version or as it is.
pub async fn delete(
    cloud: &Cloud,
    bucket: &str,
    keys: Vec<(String, Option<String>)>,
) -> Result<(), Error> {
    let doing = || format!("delete from the bucket {bucket}");
    for batch in keys.chunks(BATCH) {
        let objects = batch.iter().filter_map(|(key, version)| {
            ObjectIdentifier::builder()
                .key(key)
                .set_version_id(version.clone())
                .build()
                .ok()
        });
        let Ok(objects) = Delete::builder()
            .set_objects(Some(objects.collect()))
            .quiet(true)
            .build()
        else {
            continue;
        };
        let answer = cloud
            .s3()
            .delete_objects()
            .bucket(bucket)
            .expected_bucket_owner(&cloud.account)
            .delete(objects)
            .send()
            .await
            .map_err(failed(doing()))?;
        // The request as a whole succeeds even when a key does not.
        if let Some(error) = answer.errors().first() {
            return Err(Error::refused(
                doing(),
                error.code(),
                format!(
                    "{}: {}",
                    error.key().unwrap_or_default(),
                    error.message().unwrap_or_default()
                ),
            ));
        }
    }
    Ok(())
}
