//! Sends the page's files, in an order and on conditions that keep the page whole.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_s3::error::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::Error;
use super::files::{File, Rank};
use crate::aws::{Cloud, failed, upload_timeouts};
use crate::bucket;
use crate::event::Step;

/// Uploads under way at once.
pub const PARALLEL: usize = 16;

/// How often a file is put that something else is just being done to, and the pause between.
const CONFLICTS: u32 = 4;
const PAUSE: Duration = Duration::from_secs(1);

/// Each rank is there before the next begins: who sees the new index finds all that it names.
///
/// The configuration and the index are what two deploys at once would mix. Each is put only in place of
/// what was there when this deploy looked, by S3's conditional writes, so that one of the two is refused:
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>
#[derive(Clone, Copy)]
pub struct Upload<'a> {
    cloud: &'a Cloud,
    bucket: &'a str,
    /// The keys that were there, with their ETags.
    present: &'a BTreeMap<String, String>,
}

impl<'a> Upload<'a> {
    pub fn to(
        cloud: &'a Cloud,
        bucket: &'a str,
        present: &'a BTreeMap<String, String>,
    ) -> Upload<'a> {
        Upload {
            cloud,
            bucket,
            present,
        }
    }

    pub async fn all(&self, files: &[&File], step: &Step) -> Result<(), Error> {
        let of = |rank: Rank| files.iter().copied().filter(move |file| file.rank == rank);
        let mut uploads = stream::iter(of(Rank::Asset))
            .map(|file| self.put(file, Condition::None))
            .buffer_unordered(PARALLEL);
        let mut sent = 0;
        while uploads.try_next().await?.is_some() {
            sent += 1;
            step.progress(format!("{sent} of {} files", files.len()));
        }
        let configuration = of(Rank::Configuration).next();
        self.commit(configuration, of(Rank::Index).next()).await
    }

    async fn commit(
        &self,
        configuration: Option<&File>,
        index: Option<&File>,
    ) -> Result<(), Error> {
        let mut old = None;
        if let Some(file) = configuration {
            old = self.old_configuration(&file.key).await?;
            self.replace(file).await?;
        }
        let Some(index) = index else { return Ok(()) };
        let replaced = self.replace(index).await;
        if let (Err(Error::Overtaken), Some(new), Some(old)) = (&replaced, configuration, &old) {
            // The index is the other deploy's, and so shall the configuration be. Should this fail, it
            // says the same but for the page's fingerprint.
            let _ = self.put(old, Condition::Is(&new.md5)).await;
        }
        replaced
    }

    /// Puts what has gone or changed while the page was being sent. Whose index is there, his the page is.
    pub async fn mend(&self, files: &[&File]) -> Result<(), Error> {
        let of = |rank: Rank| files.iter().copied().filter(move |file| file.rank == rank);
        if of(Rank::Index).next().is_some() {
            return Err(Error::Overtaken);
        }
        for file in of(Rank::Asset).chain(of(Rank::Configuration)) {
            self.replace(file).await?;
        }
        Ok(())
    }

    /// Puts the file in place of what was there when this deploy looked.
    async fn replace(&self, file: &File) -> Result<(), Error> {
        let there = self.present.get(&file.key);
        let condition = there.map_or(Condition::IsAbsent, |etag| Condition::Is(etag));
        self.put(file, condition).await
    }

    async fn old_configuration(&self, key: &str) -> Result<Option<File>, Error> {
        let Some(etag) = self.present.get(key) else {
            return Ok(None);
        };
        let got = self
            .cloud
            .s3()
            .get_object()
            .bucket(self.bucket)
            .key(key)
            .expected_bucket_owner(&self.cloud.account)
            .if_match(quoted(etag))
            .send()
            .await;
        let got = match got {
            Err(error) if is_overtaken(&error) => return Err(Error::Overtaken),
            got => got.map_err(failed(format!("read {key} of {}", self.bucket)))?,
        };
        let body = got.body.collect().await;
        let body = body.map_err(|source| Error::Body(key.to_owned(), source))?;
        Ok(Some(File::configuration(body.to_vec())))
    }

    async fn put(&self, file: &File, condition: Condition<'_>) -> Result<(), Error> {
        for _ in 1..CONFLICTS {
            match self.try_put(file, condition).await {
                Err(Refused::Conflict) => tokio::time::sleep(PAUSE).await,
                Err(Refused::Overtaken) => return self.is_ours(file).await,
                Err(Refused::Failed(error)) => return Err(error),
                Ok(()) => return Ok(()),
            }
        }
        self.is_ours(file).await
    }

    async fn try_put(&self, file: &File, condition: Condition<'_>) -> Result<(), Refused> {
        let body = file.body().await;
        let body = body.map_err(|source| Error::Body(file.key.clone(), source))?;
        let put = self
            .cloud
            .s3()
            .put_object()
            .bucket(self.bucket)
            .key(&file.key)
            .expected_bucket_owner(&self.cloud.account)
            .content_type(&file.content_type)
            .cache_control(file.cache_control)
            .body(body);
        let put = match condition {
            Condition::None => put,
            Condition::IsAbsent => put.if_none_match("*"),
            Condition::Is(etag) => put.if_match(quoted(etag)),
        };
        let timeouts =
            aws_sdk_s3::config::Builder::new().timeout_config(upload_timeouts(file.size));
        let put = put.customize().config_override(timeouts).send().await;
        match put {
            Ok(_) => Ok(()),
            Err(error) if code(&error) == Some("ConditionalRequestConflict") => {
                Err(Refused::Conflict)
            }
            Err(error) if is_overtaken(&error) => Err(Refused::Overtaken),
            Err(error) => {
                let error = failed(format!("upload {} to {}", file.key, self.bucket))(error);
                Err(Refused::Failed(error.into()))
            }
        }
    }

    /// Where an answer got lost, the SDK has put the file twice, and was refused by what it put first.
    async fn is_ours(&self, file: &File) -> Result<(), Error> {
        let etag = bucket::etag(self.cloud, self.bucket, &file.key).await?;
        if etag.as_ref() == Some(&file.md5) {
            return Ok(());
        }
        Err(Error::Overtaken)
    }
}

/// What has to be there for a file to be put.
#[derive(Clone, Copy, Debug)]
enum Condition<'a> {
    None,
    IsAbsent,
    /// What has this ETag.
    Is(&'a str),
}

fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}

/// Why a file was not put.
enum Refused {
    /// Something else is just being done to it, perhaps by an attempt that was given up.
    Conflict,
    /// What was there has changed or gone.
    Overtaken,
    Failed(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        Refused::Failed(error)
    }
}

fn is_overtaken<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    matches!(code(error), Some("PreconditionFailed" | "NoSuchKey"))
}

fn code<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Option<&str> {
    error.as_service_error().and_then(|error| error.code())
}
