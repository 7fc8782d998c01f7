//! CloudFront's edges let go of what they keep of the site.

use std::time::Duration;

use aws_sdk_cloudfront::types::{InvalidationBatch, Paths};
use tokio::time::Instant;

use super::Error;
use crate::aws::{Cloud, failed};
use crate::event::Step;

/// How long to wait for all edges. It takes seconds, and now and then some minutes.
const PATIENCE: Duration = Duration::from_secs(180);
const PAUSE: Duration = Duration::from_secs(2);

/// An invalidation of the whole site.
#[derive(Debug)]
pub struct Invalidation {
    pub id: String,
    distribution: String,
}

impl Invalidation {
    pub async fn begin(cloud: &Cloud, distribution: &str) -> Result<Invalidation, Error> {
        let doing = || format!("invalidate the distribution {distribution}");
        let begun = cloud
            .cloudfront()
            .create_invalidation()
            .distribution_id(distribution)
            .invalidation_batch(everything()?)
            .send()
            .await
            .map_err(failed(doing()))?;
        let id = begun.invalidation.map(|invalidation| invalidation.id);
        Ok(Invalidation {
            id: id.unwrap_or_default(),
            distribution: distribution.to_owned(),
        })
    }

    /// Waits for it; false when it takes too long.
    pub async fn ends(&self, cloud: &Cloud, step: &Step) -> Result<bool, Error> {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let status = self.status(cloud).await?;
            if status == "Completed" {
                return Ok(true);
            }
            if Instant::now() > give_up {
                return Ok(false);
            }
            step.progress(format!("invalidation {}: {status}", self.id));
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn status(&self, cloud: &Cloud) -> Result<String, Error> {
        let found = cloud
            .cloudfront()
            .get_invalidation()
            .distribution_id(&self.distribution)
            .id(&self.id)
            .send()
            .await
            .map_err(failed(format!("look at the invalidation {}", self.id)))?;
        let status = found.invalidation.map(|invalidation| invalidation.status);
        Ok(status.unwrap_or_default())
    }
}

fn everything() -> Result<InvalidationBatch, Error> {
    let request = |source| Error::Request("CloudFront", source);
    let paths = Paths::builder().quantity(1).items("/*").build();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let reference = format!("mlink-{}", now.map(|t| t.as_nanos()).unwrap_or_default());
    InvalidationBatch::builder()
        .paths(paths.map_err(request)?)
        .caller_reference(reference)
        .build()
        .map_err(request)
}
