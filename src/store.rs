//! The artifact bucket: content-addressed, one per account and region, shared by all stages.
//!
//! Every call names the owner it expects, so that a stranger's bucket of the same name is refused
//! (S3 user guide, "Verifying bucket ownership with bucket owner condition").

mod marks;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::operation::create_bucket::CreateBucketError;
use aws_sdk_s3::operation::head_bucket::HeadBucketError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, BucketLocationConstraint, CreateBucketConfiguration,
    ExpirationStatus, LifecycleExpiration, LifecycleRule, LifecycleRuleFilter,
    PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Tag,
};
use futures_util::future::try_join_all;

use crate::artifact::{Artifacts, Page, Zip};
use crate::aws::{self, Cloud, failed, upload_timeouts};
use crate::bucket;
use crate::event::Progress;
use crate::plan::{self, Function};

/// Objects with this tag are in no stack, not yet or no longer; the bucket's lifecycle rule removes
/// them.
const UNUSED_TAG: &str = "mlink:unused";

/// Days after its upload from which an unused object goes.
const UNUSED_DAYS: i32 = 7;

/// How long S3 may take to let go of the name of a bucket that was just removed. Until then it answers
/// `OperationAborted`.
const RELEASE: Duration = Duration::from_secs(90);

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Aws(#[from] aws::Error),
    #[error("the bucket {0} belongs to somebody else, or this caller may not look at it")]
    #[diagnostic(
        code(mlink::store::owner),
        help(
            "Ask for s3:ListBucket on it, or whoever owns it to give the name up: mlink puts no code there."
        )
    )]
    Owner(String),
    #[error("could not describe the bucket {0}")]
    #[diagnostic(code(mlink::store::request))]
    Request(
        String,
        #[source] aws_smithy_types::error::operation::BuildError,
    ),
}

/// The artifacts where CloudFormation can take them from.
pub struct Staged {
    pub bucket: String,
    pub code_keys: BTreeMap<Function, String>,
    pub page: Page,
}

/// The bucket of an account and a region.
pub struct Store<'a> {
    cloud: &'a Cloud,
    s3: aws_sdk_s3::Client,
    bucket: String,
}

impl<'a> Store<'a> {
    pub fn of(cloud: &'a Cloud) -> Store<'a> {
        Store {
            cloud,
            s3: cloud.s3(),
            bucket: plan::artifact_bucket(&cloud.account, &cloud.region),
        }
    }

    /// Puts the zips into the bucket. `in_use` are the keys that the stage's stack has already: they
    /// need no look.
    pub async fn stage(
        &self,
        artifacts: Artifacts,
        in_use: &BTreeSet<String>,
        progress: &Progress,
    ) -> Result<Staged, Error> {
        let Artifacts { zips, page } = artifacts;
        let code_keys = zips.iter().map(|zip| (zip.function, zip.key())).collect();
        let fresh: Vec<Zip> = zips
            .into_iter()
            .filter(|z| !in_use.contains(&z.key()))
            .collect();
        if !fresh.is_empty() {
            let step = progress.step("Upload the functions");
            self.ensure(in_use.is_empty()).await?;
            let keys = try_join_all(fresh.into_iter().map(|zip| self.put(zip))).await?;
            let sent: BTreeSet<String> = keys.into_iter().flatten().collect();
            step.done(match sent.len() {
                0 => "already there".to_owned(),
                count => format!("{count} sent"),
            });
        }
        Ok(Staged {
            bucket: self.bucket.clone(),
            code_keys,
            page,
        })
    }

    /// Makes the bucket where it is missing. Its settings are put again with each first deploy of a
    /// stage, in case an earlier run was ended between making it and setting it up.
    async fn ensure(&self, first_deploy: bool) -> Result<(), Error> {
        let exists = self.exists().await?;
        if !exists {
            self.create().await?;
        }
        if first_deploy || !exists {
            self.set_up().await?;
        }
        Ok(())
    }

    async fn exists(&self) -> Result<bool, Error> {
        let answer = self
            .s3
            .head_bucket()
            .bucket(&self.bucket)
            .expected_bucket_owner(&self.cloud.account)
            .send()
            .await;
        let Err(error) = answer else { return Ok(true) };
        let status = error
            .raw_response()
            .map(|response| response.status().as_u16());
        match (error.as_service_error(), status) {
            (Some(HeadBucketError::NotFound(_)), _) | (_, Some(404)) => Ok(false),
            (_, Some(403)) => Err(Error::Owner(self.bucket.clone())),
            _ => Err(failed(format!("look at the bucket {}", self.bucket))(error).into()),
        }
    }

    async fn create(&self) -> Result<(), Error> {
        // us-east-1 is the one region that must not be named (CreateBucket, API reference).
        let location = (self.cloud.region != "us-east-1").then(|| {
            CreateBucketConfiguration::builder()
                .location_constraint(BucketLocationConstraint::from(self.cloud.region.as_str()))
                .build()
        });
        let give_up = Instant::now() + RELEASE;
        loop {
            let made = self
                .s3
                .create_bucket()
                .bucket(&self.bucket)
                .set_create_bucket_configuration(location.clone())
                .send()
                .await;
            let Err(error) = made else { return Ok(()) };
            let service = error.as_service_error();
            if service.is_some_and(CreateBucketError::is_bucket_already_owned_by_you) {
                // Another deploy was faster.
                return Ok(());
            }
            if service.is_some_and(CreateBucketError::is_bucket_already_exists) {
                return Err(Error::Owner(self.bucket.clone()));
            }
            let released = service.and_then(|error| error.code()) != Some("OperationAborted");
            if released || Instant::now() > give_up {
                return Err(failed(format!("make the bucket {}", self.bucket))(error).into());
            }
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
    }

    async fn set_up(&self) -> Result<(), Error> {
        let doing = || format!("set up the bucket {}", self.bucket);
        let request = |source| Error::Request(self.bucket.clone(), source);
        let private = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .block_public_policy(true)
            .ignore_public_acls(true)
            .restrict_public_buckets(true)
            .build();
        let by_default = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(ServerSideEncryption::Aes256)
            .build()
            .map_err(request)?;
        let encrypted = ServerSideEncryptionConfiguration::builder()
            .rules(
                ServerSideEncryptionRule::builder()
                    .apply_server_side_encryption_by_default(by_default)
                    .build(),
            )
            .build()
            .map_err(request)?;
        let unused = Tag::builder()
            .key(UNUSED_TAG)
            .value("true")
            .build()
            .map_err(request)?;
        let expiry = LifecycleRule::builder()
            .id("unused")
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().tag(unused).build())
            .expiration(LifecycleExpiration::builder().days(UNUSED_DAYS).build())
            .build()
            .map_err(request)?;
        let expiry = BucketLifecycleConfiguration::builder()
            .rules(expiry)
            .build()
            .map_err(request)?;
        let (bucket, owner) = (&self.bucket, &self.cloud.account);
        self.s3
            .put_public_access_block()
            .bucket(bucket)
            .expected_bucket_owner(owner)
            .public_access_block_configuration(private)
            .send()
            .await
            .map_err(failed(doing()))?;
        self.s3
            .put_bucket_encryption()
            .bucket(bucket)
            .expected_bucket_owner(owner)
            .server_side_encryption_configuration(encrypted)
            .send()
            .await
            .map_err(failed(doing()))?;
        self.s3
            .put_bucket_lifecycle_configuration()
            .bucket(bucket)
            .expected_bucket_owner(owner)
            .lifecycle_configuration(expiry)
            .send()
            .await
            .map_err(failed(doing()))?;
        Ok(())
    }

    /// Sends a zip that is not there yet, as unused; one that is there is marked as used again. The
    /// key, when it was sent.
    async fn put(&self, zip: Zip) -> Result<Option<String>, Error> {
        let key = zip.key();
        let head = self
            .s3
            .head_object()
            .bucket(&self.bucket)
            .key(&key)
            .expected_bucket_owner(&self.cloud.account)
            .send()
            .await;
        match head {
            Ok(_) => {
                self.keep(&BTreeSet::from([key])).await?;
                return Ok(None);
            }
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_not_found()) => {}
            Err(error) => {
                return Err(failed(format!("look for {key} in {}", self.bucket))(error).into());
            }
        }
        let timeouts = upload_timeouts(zip.bytes.len() as u64);
        let timeouts = aws_sdk_s3::config::Builder::new().timeout_config(timeouts);
        self.s3
            .put_object()
            .bucket(&self.bucket)
            .key(&key)
            .expected_bucket_owner(&self.cloud.account)
            .content_type("application/zip")
            .tagging(format!("{UNUSED_TAG}=true"))
            .body(ByteStream::from(zip.bytes))
            .customize()
            .config_override(timeouts)
            .send()
            .await
            .map_err(failed(format!("upload {key} to {}", self.bucket)))?;
        Ok(Some(key))
    }

    /// Removes objects at once.
    pub async fn remove(&self, keys: &BTreeSet<String>) -> Result<(), Error> {
        for key in keys {
            self.s3
                .delete_object()
                .bucket(&self.bucket)
                .key(key)
                .expected_bucket_owner(&self.cloud.account)
                .send()
                .await
                .map_err(failed(format!("remove {key} from {}", self.bucket)))?;
        }
        Ok(())
    }

    /// Removes the bucket with everything in it; it need not exist.
    pub async fn remove_bucket(&self) -> Result<(), Error> {
        if !self.exists().await? {
            return Ok(());
        }
        bucket::empty(self.cloud, &self.bucket).await?;
        let removed = self
            .s3
            .delete_bucket()
            .bucket(&self.bucket)
            .expected_bucket_owner(&self.cloud.account)
            .send()
            .await;
        match removed {
            // Where an answer got lost, the SDK asked again for what was done already.
            Err(error)
                if error
                    .raw_response()
                    .is_some_and(|r| r.status().as_u16() == 404) =>
            {
                Ok(())
            }
            removed => {
                removed.map_err(failed(format!("remove the bucket {}", self.bucket)))?;
                Ok(())
            }
        }
    }
}
