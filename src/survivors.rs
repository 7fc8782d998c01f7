//! The look after a destroy: what still carries the stage's tags or its names, and what removes it.
//!
//! | what | found by |
//! |---|---|
//! | user pool, table, queues, functions, buckets, topic, API and its stage, distribution, alarms, log groups, event source, configuration set | the stage's tags, by GetResources; CloudFront's in us-east-1 |
//! | log groups | their names as well: one that was made again has no tags |
//! | roles | their names, `<stack>-<logical id>-…`: GetResources lists no roles, and CloudFormation gives them no tag that tells their stack |
//! | CloudFront's function, access control and policies | their name, `<stack>-<region>`: most cannot have tags |
//! | clients of the pool, permissions, policies, filters, subscriptions, routes, … | not by themselves: they go with what they belong to |
//!
//! <https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html>
//! <https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/277>

mod arn;
mod names;
mod removal;
mod tags;
#[cfg(test)]
mod tests;
mod verdict;

use std::collections::BTreeMap;

use aws_smithy_types::DateTime;
use futures_util::future::{join, try_join};

use crate::aws::{self, Cloud};
use crate::event::{Progress, Survivor};
use crate::stack::{self, Context, Past, Stack};
use verdict::{Sorted, Stacks};

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    #[error("{what}, but {count} of it {are} left")]
    #[diagnostic(code(mlink::destroy::left))]
    Left {
        /// That the stack is gone.
        what: String,
        /// `1 resource`.
        count: String,
        are: &'static str,
        #[help]
        help: String,
    },
}

impl Error {
    /// What is there in spite of everything, and what was kept besides.
    pub fn left(what: String, look: &Look, destroy: &str) -> Error {
        let lines = |all: &[Survivor]| all.iter().map(|one| format!("\n{one}")).collect::<String>();
        let kept = match look.kept.is_empty() {
            true => String::new(),
            false => format!("\nKept on purpose:{}", lines(&look.kept)),
        };
        Error::Left {
            what,
            count: counted(look.left.len()),
            are: if look.left.len() == 1 { "is" } else { "are" },
            help: format!(
                "Below each stands the command that removes it. `{destroy}` looks again; what is gone \
                 AWS may list by its tags for another hour.{}{kept}",
                lines(&look.left)
            ),
        }
    }
}

pub fn counted(resources: usize) -> String {
    let s = if resources == 1 { "" } else { "s" };
    format!("{resources} resource{s}")
}

/// What is there after a destroy.
#[derive(Debug, Default)]
pub struct Look {
    /// What should not be.
    pub left: Vec<Survivor>,
    /// What CloudFormation kept, because the template or a person said so.
    pub kept: Vec<Survivor>,
    /// What could not be looked at.
    pub unseen: Vec<&'static str>,
}

/// What a listing shows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    resource_type: String,
    /// As the command that removes it takes it.
    id: String,
    arn: Option<String>,
    region: String,
    /// From its tag.
    stack_id: Option<String>,
    /// Whether its name says whose it is, and no tag.
    by_name: bool,
    /// Where the listing tells.
    made_at: Option<DateTime>,
}

/// A kind of thing that a listing would show, and why it does not.
#[derive(Debug)]
struct Unseen {
    what: &'static str,
    /// The actions that IAM has to allow for it.
    permissions: &'static str,
    error: Box<aws::Error>,
}

type Listing = Result<Vec<Found>, Unseen>;

/// Looks for what carries the stage's tags or its names. `deleted` is the id of the stack that was
/// deleted just now, if one was.
pub async fn look(
    cloud: &Cloud,
    context: &Context<'_>,
    tags: &[(&str, String)],
    deleted: Option<&str>,
    progress: &Progress,
) -> Result<Look, stack::Error> {
    let step = progress.step("Look for what is left");
    let client = cloud.cloudformation();
    let past = async {
        match deleted {
            Some(id) => Past::of(&client, id).await.map(Some),
            None => Ok(None),
        }
    };
    let listings = async { Ok(listings(cloud, context, tags).await) };
    let (past, listings) = try_join(past, listings).await?;
    let mut unseen = Vec::new();
    let mut found = Vec::new();
    for listing in listings {
        match listing {
            Ok(more) => found.extend(more),
            Err(failed) => {
                progress.warn(failed.warning());
                unseen.push(failed.what);
            }
        }
    }
    let stacks = Stacks::of(cloud, past.zip(deleted), &found).await?;
    let Sorted { mut left, kept } = stacks.sort(found);
    spare_the_new(&client, context, &mut left, progress).await?;
    let mut there = Vec::new();
    for found in left {
        if found.is_there(cloud).await {
            there.push(found);
        }
    }
    let left = there;
    let here = &context.region;
    let kept = kept
        .into_iter()
        .map(|(kind, id)| removal::survivor(kind, id, here, context));
    // Several listings may show the same.
    let left: BTreeMap<_, _> = left
        .into_iter()
        .map(|found| ((found.resource_type, found.id), found.region))
        .collect();
    let left = left
        .into_iter()
        .map(|((kind, id), region)| removal::survivor(kind, id, &region, context));
    let look = Look {
        left: left.collect(),
        kept: kept.collect(),
        unseen,
    };
    match (look.left.is_empty(), look.unseen.is_empty()) {
        (true, true) => step.done("0 left"),
        (true, false) => step.done("0 left of what could be looked at"),
        (false, _) => drop(step),
    }
    Ok(look)
}

/// All at once: each is a call or two.
async fn listings(cloud: &Cloud, context: &Context<'_>, tags: &[(&str, String)]) -> Vec<Listing> {
    let (by_tag, by_name) = join(
        tags::listings(cloud, context, tags),
        names::listings(cloud, context, tags),
    )
    .await;
    by_tag.into_iter().chain(by_name).collect()
}

impl Unseen {
    fn warning(&self) -> String {
        let denied = self.error.aws_code().is_some_and(|code| {
            // Each service has its own word for it.
            code.contains("Denied") || code.contains("NotAuthorized")
        });
        let way_out = match denied {
            true => format!("; permission for {} lets mlink look", self.permissions),
            false => String::new(),
        };
        format!(
            "{}. So it is not known whether {} are left{way_out}",
            self.error, self.what
        )
    }
}

/// Somebody may have deployed the stage again meanwhile: what has its names is in use.
async fn spare_the_new(
    client: &aws_sdk_cloudformation::Client,
    context: &Context<'_>,
    left: &mut Vec<Found>,
    progress: &Progress,
) -> Result<(), stack::Error> {
    if left.iter().any(|found| found.by_name)
        && Stack::find(client, &context.stack).await?.is_some()
    {
        left.retain(|found| !found.by_name);
        progress.warn(format!(
            "{} was made again meanwhile: what has its names counts as the new one's",
            context.stack
        ));
    }
    Ok(())
}
