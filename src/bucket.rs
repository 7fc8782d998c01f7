//! Lists and empties S3 buckets, whatever their size.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::types::{Delete, Error as KeyError, ObjectIdentifier};
use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};

use crate::aws::{Cloud, Error, failed};

/// DeleteObjects takes no more keys at once, and a page of a listing has no more.
const BATCH: usize = 1000;

/// Deletions under way at once. S3 begins with 3,500 writes a second for a prefix.
const PARALLEL: usize = 8;

/// How often a key is tried that S3 could not delete just then, with longer and longer pauses between.
const TRIES: u32 = 6;
const PAUSE: Duration = Duration::from_millis(200);

/// How often a bucket is emptied that is not empty then, for somebody writes into it.
const ROUNDS: u32 = 10;

/// A key with its version; none for the object as it is.
type Key = (String, Option<String>);

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
    for _ in 0..ROUNDS {
        match sweep(cloud, bucket).await {
            Ok(0) => return Ok(()),
            // From the start again: somebody may have written what the listing had passed by.
            Ok(_) => {}
            Err(error) if error.aws_code() == Some("NoSuchBucket") => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Err(Error::refused(
        format!("empty the bucket {bucket}"),
        None,
        format!(
            "it was emptied {ROUNDS} times, and each time something had been written into it again. \
             Stop whoever writes there; then run this again"
        ),
    ))
}

/// Takes back the deletion of these objects, where they had versions.
pub async fn undelete(cloud: &Cloud, bucket: &str, names: &BTreeSet<&str>) -> Result<(), Error> {
    pages(cloud, bucket)
        .map_ok(|page| async move {
            let markers = page.delete_markers.unwrap_or_default().into_iter();
            let newest = markers.filter(|marker| marker.is_latest == Some(true));
            let keys = newest.filter_map(|marker| Some((marker.key?, marker.version_id)));
            let keys = keys.filter(|(key, _)| names.contains(key.as_str()));
            delete_batch(cloud, bucket, keys.collect()).await
        })
        .try_buffer_unordered(PARALLEL)
        .try_collect()
        .await
}

/// Every version and every delete marker, as one listing from start to end shows them.
fn pages(
    cloud: &Cloud,
    bucket: &str,
) -> impl Stream<Item = Result<ListObjectVersionsOutput, Error>> {
    stream::try_unfold(Some(Start::default()), move |start| async move {
        let Some(start) = start else { return Ok(None) };
        let page = versions(cloud, bucket, start).await?;
        let next = page.is_truncated.unwrap_or_default().then(|| Start {
            key: page.next_key_marker.clone(),
            version: page.next_version_id_marker.clone(),
        });
        Ok(Some((page, next)))
    })
}

/// Deletes what one listing shows, while it goes on. How much that was.
async fn sweep(cloud: &Cloud, bucket: &str) -> Result<usize, Error> {
    pages(cloud, bucket)
        .map_ok(|page| async move {
            let keys = keys(page);
            let count = keys.len();
            delete_batch(cloud, bucket, keys).await?;
            Ok(count)
        })
        .try_buffer_unordered(PARALLEL)
        .try_fold(0, |sum, count| async move { Ok(sum + count) })
        .await
}

/// Where a page of a listing begins.
#[derive(Default)]
struct Start {
    key: Option<String>,
    version: Option<String>,
}

async fn versions(
    cloud: &Cloud,
    bucket: &str,
    start: Start,
) -> Result<ListObjectVersionsOutput, Error> {
    cloud
        .s3()
        .list_object_versions()
        .bucket(bucket)
        .expected_bucket_owner(&cloud.account)
        .set_key_marker(start.key)
        .set_version_id_marker(start.version)
        .send()
        .await
        .map_err(failed(format!("list the bucket {bucket}")))
}

/// The versions and the delete markers of a page.
fn keys(page: ListObjectVersionsOutput) -> Vec<Key> {
    let versions = page.versions.unwrap_or_default().into_iter();
    let versions = versions.map(|version| (version.key, version.version_id));
    let markers = page.delete_markers.unwrap_or_default().into_iter();
    let markers = markers.map(|marker| (marker.key, marker.version_id));
    let all = versions.chain(markers);
    all.filter_map(|(key, version)| Some((key?, version)))
        .collect()
}

/// Deletes the given keys.
pub async fn delete(cloud: &Cloud, bucket: &str, keys: Vec<Key>) -> Result<(), Error> {
    let batches: Vec<Vec<Key>> = keys.chunks(BATCH).map(<[Key]>::to_vec).collect();
    stream::iter(batches)
        .map(|batch| delete_batch(cloud, bucket, batch))
        .buffer_unordered(PARALLEL)
        .try_collect()
        .await
}

/// Deletes at most [`BATCH`] keys; those that S3 could not delete just then, again.
async fn delete_batch(cloud: &Cloud, bucket: &str, mut keys: Vec<Key>) -> Result<(), Error> {
    for attempt in 0..TRIES {
        // The request as a whole succeeds even when a key does not.
        let refused = request(cloud, bucket, &keys).await?;
        let last = attempt + 1 == TRIES;
        if let Some(error) = refused.iter().find(|error| last || !passes(error)) {
            return Err(failure(bucket, error, refused.len()));
        }
        let again = refused.into_iter();
        keys = again
            .filter_map(|error| Some((error.key?, error.version_id)))
            .collect();
        if keys.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(PAUSE * 2_u32.pow(attempt)).await;
    }
    Ok(())
}

/// One DeleteObjects. What it says of keys that are still there.
async fn request(cloud: &Cloud, bucket: &str, keys: &[Key]) -> Result<Vec<KeyError>, Error> {
    let objects = keys.iter().filter_map(|(key, version)| {
        let object = ObjectIdentifier::builder().key(key);
        object.set_version_id(version.clone()).build().ok()
    });
    let objects: Vec<ObjectIdentifier> = objects.collect();
    let delete = Delete::builder().set_objects(Some(objects)).quiet(true);
    // S3 refuses a request without a key.
    let (false, Ok(delete)) = (keys.is_empty(), delete.build()) else {
        return Ok(Vec::new());
    };
    let answer = cloud
        .s3()
        .delete_objects()
        .bucket(bucket)
        .expected_bucket_owner(&cloud.account)
        .delete(delete)
        .send()
        .await
        .map_err(failed(format!("delete from the bucket {bucket}")))?;
    Ok(answer.errors.unwrap_or_default())
}

/// Whether a key may go at the next try.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
fn passes(error: &KeyError) -> bool {
    matches!(
        error.code(),
        Some(
            "InternalError"
                | "SlowDown"
                | "ServiceUnavailable"
                | "OperationAborted"
                | "RequestTimeout"
        )
    )
}

fn failure(bucket: &str, error: &KeyError, refused: usize) -> Error {
    let others = match refused - 1 {
        0 => String::new(),
        others => format!("; and {others} more"),
    };
    Error::refused(
        format!("delete from the bucket {bucket}"),
        error.code(),
        format!(
            "{}: {}{others}",
            error.key().unwrap_or_default(),
            error.message().unwrap_or_default()
        ),
    )
}
