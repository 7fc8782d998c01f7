//! Which objects no stack uses, marked for the bucket's lifecycle rule to remove.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_s3::types::{Tag, Tagging};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::{Error, Store, UNUSED_TAG};
use crate::aws::failed;
use crate::bucket;

/// Objects looked at at once.
const PARALLEL: usize = 16;

impl Store<'_> {
    /// Every object, and whether it is marked as unused.
    pub async fn marks(&self) -> Result<BTreeMap<String, bool>, Error> {
        let present = bucket::list(self.cloud, &self.bucket).await?;
        let marks: Vec<_> = stream::iter(present.into_keys())
            .map(|key| self.mark(key))
            .buffer_unordered(PARALLEL)
            .try_collect()
            .await?;
        Ok(marks.into_iter().flatten().collect())
    }

    /// None where the object has just gone.
    async fn mark(&self, key: String) -> Result<Option<(String, bool)>, Error> {
        let found = self
            .s3
            .get_object_tagging()
            .bucket(&self.bucket)
            .key(&key)
            .expected_bucket_owner(&self.cloud.account)
            .send()
            .await;
        match found {
            Ok(found) => {
                let unused = found.tag_set().iter().any(|tag| tag.key() == UNUSED_TAG);
                Ok(Some((key, unused)))
            }
            Err(error)
                if error
                    .raw_response()
                    .is_some_and(|r| r.status().as_u16() == 404) =>
            {
                Ok(None)
            }
            Err(error) => {
                Err(failed(format!("look at the tags of {key} in {}", self.bucket))(error).into())
            }
        }
    }

    /// Marks what a stack uses from now on.
    pub async fn keep(&self, keys: &BTreeSet<String>) -> Result<(), Error> {
        for key in keys {
            self.s3
                .delete_object_tagging()
                .bucket(&self.bucket)
                .key(key)
                .expected_bucket_owner(&self.cloud.account)
                .send()
                .await
                .map_err(failed(format!("keep {key} in {}", self.bucket)))?;
        }
        Ok(())
    }

    /// Marks what no stack needs any more, for the bucket's lifecycle rule to remove.
    pub async fn release(&self, keys: &BTreeSet<String>) -> Result<(), Error> {
        for key in keys {
            let unused = Tag::builder()
                .key(UNUSED_TAG)
                .value("true")
                .build()
                .and_then(|tag| Tagging::builder().tag_set(tag).build())
                .map_err(|source| Error::Request(self.bucket.clone(), source))?;
            let tagged = self
                .s3
                .put_object_tagging()
                .bucket(&self.bucket)
                .key(key)
                .expected_bucket_owner(&self.cloud.account)
                .tagging(unused)
                .send()
                .await;
            match tagged {
                // Gone already: so much the better.
                Err(error)
                    if error
                        .raw_response()
                        .is_some_and(|r| r.status().as_u16() == 404) => {}
                tagged => {
                    tagged.map_err(failed(format!("release {key} in {}", self.bucket)))?;
                }
            }
        }
        Ok(())
    }
}
