//! The published page: compared with the bucket, uploaded in a safe order, pruned, invalidated.

mod files;

use std::collections::BTreeMap;

use aws_sdk_s3::primitives::ByteStream;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::json;

use crate::artifact::Page;
use crate::aws::{self, Cloud, failed};
use crate::bucket;
use crate::event::Progress;
use crate::stack::Stack;
use files::{File, Rank};

/// Uploads under way at once.
const PARALLEL: usize = 16;

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Aws(#[from] aws::Error),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Stack(#[from] crate::stack::Error),
    #[error("could not read the built page")]
    #[diagnostic(code(mlink::site::read))]
    Read(#[from] std::io::Error),
    #[error("{0} in the built page is a symbolic link out of its folder")]
    #[diagnostic(
        code(mlink::site::link),
        help("Put the file itself there: what is published is what is in the folder.")
    )]
    Outside(String),
    #[error("could not word a request to {0}")]
    #[diagnostic(code(mlink::site::request))]
    Request(
        &'static str,
        #[source] aws_smithy_types::error::operation::BuildError,
    ),
}

/// What the bucket lacks, and what it has too much of.
#[derive(Debug, PartialEq, Eq)]
struct Difference {
    uploads: Vec<File>,
    stale: Vec<String>,
}

/// Publishes the page with the configuration made of the stack's outputs. True when anything changed.
pub async fn publish(
    cloud: &Cloud,
    stack: &Stack,
    page: &Page,
    local_port: Option<u16>,
    progress: &Progress,
) -> Result<bool, Error> {
    let step = progress.step("Publish the page");
    let bucket = stack.output("SiteBucket")?;
    let mut files = files::read(page.folder())?;
    files.push(configuration(cloud, stack, local_port, &files)?);
    let present = bucket::list(cloud, bucket).await?;
    let Difference { uploads, stale } = difference(files, &present);
    if uploads.is_empty() && stale.is_empty() {
        step.done("up to date");
        return Ok(false);
    }
    let sent = uploads.len();
    // Each rank is there before the next begins: who sees the new index finds all that it names.
    for rank in [Rank::Asset, Rank::Configuration, Rank::Index] {
        stream::iter(uploads.iter().filter(|file| file.rank == rank))
            .map(|file| put(cloud, bucket, file))
            .buffer_unordered(PARALLEL)
            .try_collect::<Vec<()>>()
            .await?;
    }
    invalidate(cloud, stack.output("DistributionId")?).await?;
    bucket::delete(
        cloud,
        bucket,
        stale.iter().map(|key| (key.clone(), None)).collect(),
    )
    .await?;
    step.done(format!("{sent} sent, {} removed", stale.len()));
    Ok(true)
}

/// `config.json`, which the page fetches at its start.
fn configuration(
    cloud: &Cloud,
    stack: &Stack,
    local_port: Option<u16>,
    files: &[File],
) -> Result<File, Error> {
    // The page calls Cognito from the browser: as localhost, which its content security policy names.
    let cognito = local_port.map(|port| format!("http://localhost:{port}/"));
    let pause = stack.parameters.get("MailPauseSeconds");
    let pause: Option<u32> = pause.and_then(|pause| pause.parse().ok());
    let document = json!({
        "region": cloud.region,
        "userPoolId": stack.output("UserPoolId")?,
        "userPoolClientId": stack.output("UserPoolClientId")?,
        "apiPath": "/api",
        "cognitoEndpoint": cognito,
        "mail": !stack.sender().is_empty(),
        "product": stack.parameters.get("Product"),
        "mailPauseSeconds": pause,
        "fingerprint": files::fingerprint(files),
    });
    Ok(File::configuration(format!("{document:#}\n").into_bytes()))
}

/// `present` maps the keys in the bucket to their ETags, which are MD5 for objects put in one part.
fn difference(files: Vec<File>, present: &BTreeMap<String, String>) -> Difference {
    let stale = present
        .keys()
        .filter(|key| !files.iter().any(|file| file.key == **key));
    let stale = stale.cloned().collect();
    let uploads = files
        .into_iter()
        .filter(|f| present.get(&f.key) != Some(&f.md5))
        .collect();
    Difference { uploads, stale }
}

async fn put(cloud: &Cloud, bucket: &str, file: &File) -> Result<(), Error> {
    cloud
        .s3()
        .put_object()
        .bucket(bucket)
        .key(&file.key)
        .expected_bucket_owner(&cloud.account)
        .content_type(&file.content_type)
        .cache_control(file.cache_control)
        .body(ByteStream::from(file.bytes.clone()))
        .send()
        .await
        .map_err(failed(format!("upload {} to {bucket}", file.key)))?;
    Ok(())
}

async fn invalidate(cloud: &Cloud, distribution: &str) -> Result<(), Error> {
    use aws_sdk_cloudfront::types::{InvalidationBatch, Paths};
    let request = |source| Error::Request("CloudFront", source);
    let paths = Paths::builder()
        .quantity(1)
        .items("/*")
        .build()
        .map_err(request)?;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let batch = InvalidationBatch::builder()
        .paths(paths)
        .caller_reference(format!(
            "mlink-{}",
            now.map(|t| t.as_nanos()).unwrap_or_default()
        ))
        .build()
        .map_err(request)?;
    cloud
        .cloudfront()
        .create_invalidation()
        .distribution_id(distribution)
        .invalidation_batch(batch)
        .send()
        .await
        .map_err(failed(format!(
            "invalidate the distribution {distribution}"
        )))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn present(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(key, etag)| ((*key).to_owned(), (*etag).to_owned()))
            .collect()
    }

    #[test]
    fn only_what_differs_is_sent_and_only_what_is_stale_is_removed() {
        let index = File::new("index.html".to_owned(), b"<!doctype html>".to_vec());
        let asset = File::new("assets/a-1.js".to_owned(), b"let a".to_vec());
        let there = present(&[
            ("assets/a-1.js", &asset.md5),
            ("index.html", "old"),
            ("gone.txt", "x"),
        ]);
        let found = difference(vec![index.clone(), asset.clone()], &there);
        assert_eq!(
            found,
            Difference {
                uploads: vec![index.clone()],
                stale: vec!["gone.txt".to_owned()]
            }
        );
        let there = present(&[("assets/a-1.js", &asset.md5), ("index.html", &index.md5)]);
        let found = difference(vec![index, asset], &there);
        assert_eq!(
            found,
            Difference {
                uploads: vec![],
                stale: vec![]
            }
        );
    }
}
