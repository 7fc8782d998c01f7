//! The published page: compared with the bucket, uploaded in a safe order, invalidated, pruned.

mod files;
mod invalidation;
#[cfg(test)]
mod tests;
mod upload;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use crate::artifact::Page;
use crate::aws::{self, Cloud};
use crate::bucket;
use crate::event::Progress;
use crate::stack::Stack;
use files::{File, Files, INDEX, Rank};
use invalidation::Invalidation;
use upload::Upload;

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
    #[error("could not read {0} of the built page")]
    #[diagnostic(code(mlink::site::read))]
    Body(
        String,
        #[source] aws_smithy_types::byte_stream::error::Error,
    ),
    #[error("{0} in the built page is a symbolic link out of its folder")]
    #[diagnostic(
        code(mlink::site::link),
        help("Put the file itself there: what is published is what is in the folder.")
    )]
    Outside(String),
    #[error("the name of {0} in the built page is not UTF-8")]
    #[diagnostic(
        code(mlink::site::name),
        help("Rename it: the names of objects in S3 are UTF-8.")
    )]
    Name(String),
    #[error("the built page has no index.html")]
    #[diagnostic(code(mlink::site::index))]
    NoIndex,
    #[error("another deploy of this stage has published its page meanwhile")]
    #[diagnostic(
        code(mlink::site::overtaken),
        help("Its page is the one that is served. To have this one, run this again.")
    )]
    Overtaken,
    #[error("could not word a request to {0}")]
    #[diagnostic(code(mlink::site::request))]
    Request(
        &'static str,
        #[source] aws_smithy_types::error::operation::BuildError,
    ),
}

/// What the bucket lacks, and what it has too much of.
#[derive(Debug, PartialEq, Eq)]
struct Difference<'a> {
    uploads: Vec<&'a File>,
    stale: Vec<String>,
}

/// The page as it is in the bucket. What it no longer needs is still there: see [`Published::prune`].
#[derive(Debug)]
pub struct Published {
    /// What `config.json` says, the page's fingerprint with it.
    pub configuration: Value,
    /// MD5 of `index.html`, in hex.
    pub index_md5: String,
    bucket: String,
    stale: Vec<String>,
    /// None when there was nothing to change.
    invalidation: Option<Invalidation>,
}

/// Publishes the page with the configuration made of the stack's outputs. Ended at any moment, it leaves
/// a page that is whole: the old one until the new index is there, then the new one. Of two deploys that
/// publish at once one is refused: see [`Upload`].
pub async fn publish(
    cloud: &Cloud,
    stack: &Stack,
    page: &Page,
    local_port: Option<u16>,
    progress: &Progress,
) -> Result<Published, Error> {
    let step = progress.step("Publish the page");
    let bucket = stack.output("SiteBucket")?;
    let Site {
        files,
        configuration,
        index_md5,
    } = Site::of(cloud, stack, page, local_port).await?;
    let present = bucket::list(cloud, bucket).await?;
    let Difference { uploads, stale } = difference(&files, &present);
    Upload::to(cloud, bucket, &present)
        .all(&uploads, &step)
        .await?;
    if !uploads.is_empty() {
        // Another deploy may have been pruning, or may have put its configuration to the same index.
        let present = bucket::list(cloud, bucket).await?;
        let again = difference(&files, &present).uploads;
        Upload::to(cloud, bucket, &present).mend(&again).await?;
    }
    let invalidation = if uploads.is_empty() && stale.is_empty() {
        step.done("up to date");
        None
    } else {
        let begun = Invalidation::begin(cloud, stack.output("DistributionId")?).await?;
        step.done(format!("{} sent", uploads.len()));
        Some(begun)
    };
    Ok(Published {
        configuration,
        index_md5,
        bucket: bucket.to_owned(),
        stale,
        invalidation,
    })
}

/// What a deploy would do to the page, by the names of its files.
#[derive(Debug, Serialize)]
pub struct Pending {
    pub uploads: Vec<String>,
    pub removals: Vec<String>,
}

impl Pending {
    pub fn is_empty(&self) -> bool {
        self.uploads.is_empty() && self.removals.is_empty()
    }
}

/// Compares the page with what is published, and changes nothing.
pub async fn pending(
    cloud: &Cloud,
    stack: &Stack,
    page: &Page,
    local_port: Option<u16>,
) -> Result<Pending, Error> {
    let site = Site::of(cloud, stack, page, local_port).await?;
    let present = bucket::list(cloud, stack.output("SiteBucket")?).await?;
    let Difference { uploads, stale } = difference(&site.files, &present);
    Ok(Pending {
        uploads: uploads.iter().map(|file| file.key.clone()).collect(),
        removals: stale,
    })
}

/// The page as it should be.
struct Site {
    files: Vec<File>,
    configuration: Value,
    index_md5: String,
}

impl Site {
    async fn of(
        cloud: &Cloud,
        stack: &Stack,
        page: &Page,
        local_port: Option<u16>,
    ) -> Result<Site, Error> {
        let Files {
            all: mut files,
            fingerprint,
        } = read(page.folder()).await?;
        let configuration = configuration(cloud, stack, local_port, &fingerprint)?;
        let index = files.iter().find(|file| file.rank == Rank::Index);
        let index_md5 = index.ok_or(Error::NoIndex)?.md5.clone();
        let text = format!("{configuration:#}\n");
        files.push(File::configuration(text.into_bytes()));
        Ok(Site {
            files,
            configuration,
            index_md5,
        })
    }
}

impl Published {
    /// A page that was there before.
    #[cfg(test)]
    pub fn earlier(configuration: Value, index_md5: &str) -> Published {
        Published {
            configuration,
            index_md5: index_md5.to_owned(),
            bucket: String::new(),
            stale: Vec::new(),
            invalidation: None,
        }
    }

    /// Whether the site is another than before.
    pub fn changed(&self) -> bool {
        self.invalidation.is_some()
    }

    /// Whether no other page was published since.
    async fn is_served(&self, cloud: &Cloud) -> Result<bool, Error> {
        let index = bucket::etag(cloud, &self.bucket, INDEX).await?;
        Ok(index.as_ref() == Some(&self.index_md5))
    }

    /// Removes the files that only the old index names, as soon as it is no longer served anywhere.
    pub async fn prune(self, cloud: &Cloud, progress: &Progress) -> Result<(), Error> {
        let count = self.stale.len();
        let Some(invalidation) = self.invalidation.as_ref().filter(|_| count > 0) else {
            return Ok(());
        };
        let step = progress.step("Remove the old page's files");
        if !invalidation.ends(cloud, &step).await? {
            step.done("left for the next deploy");
            progress.warn(format!(
                "CloudFront has not ended the invalidation {} in time: the old page's files ({count}) \
                 stay where they are, and go with the next deploy",
                invalidation.id
            ));
            return Ok(());
        }
        // Another deploy that has published since may need what this one does not.
        if !self.is_served(cloud).await? {
            return Err(Error::Overtaken);
        }
        let stale = self.stale.iter().map(|key| (key.clone(), None));
        bucket::delete(cloud, &self.bucket, stale.collect()).await?;
        if !self.is_served(cloud).await? {
            // It came just then, and found in place what is gone now.
            let stale = self.stale.iter().map(String::as_str).collect();
            bucket::undelete(cloud, &self.bucket, &stale).await?;
            return Err(Error::Overtaken);
        }
        step.done(format!("{count} removed"));
        Ok(())
    }
}

/// Elsewhere than where everything else waits its turn: digests of a large page take seconds.
async fn read(folder: &Path) -> Result<Files, Error> {
    let folder = folder.to_owned();
    let read = tokio::task::spawn_blocking(move || files::read(&folder)).await;
    read.map_err(std::io::Error::from)?
}

/// What `config.json` says, which the page fetches at its start.
fn configuration(
    cloud: &Cloud,
    stack: &Stack,
    local_port: Option<u16>,
    fingerprint: &str,
) -> Result<Value, Error> {
    // The page calls Cognito from the browser: as localhost, which its content security policy names.
    let cognito = local_port.map(|port| format!("http://localhost:{port}/"));
    let pause = stack.parameters.get("MailPauseSeconds");
    let pause: Option<u32> = pause.and_then(|pause| pause.parse().ok());
    Ok(json!({
        "region": cloud.region,
        "userPoolId": stack.output("UserPoolId")?,
        "userPoolClientId": stack.output("UserPoolClientId")?,
        "apiPath": "/api",
        "cognitoEndpoint": cognito,
        "mail": !stack.sender().is_empty(),
        "product": stack.parameters.get("Product"),
        "mailPauseSeconds": pause,
        "fingerprint": fingerprint,
    }))
}

/// `present` maps the keys in the bucket to their ETags. That is the MD5 of an object put in one part, as
/// all are here; of one that somebody put in several parts it is something else, so it is sent again.
fn difference<'a>(files: &'a [File], present: &BTreeMap<String, String>) -> Difference<'a> {
    let wanted: BTreeSet<&str> = files.iter().map(|file| file.key.as_str()).collect();
    let stale = present.keys().filter(|key| !wanted.contains(key.as_str()));
    let stale = stale.cloned().collect();
    let is_there = |file: &&File| present.get(&file.key) == Some(&file.md5);
    let uploads = files.iter().filter(|file| !is_there(file)).collect();
    Difference { uploads, stale }
}
