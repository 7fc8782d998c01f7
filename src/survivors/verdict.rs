//! Whether what was found is left: the events of the stack that made it tell.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_smithy_types::DateTime;
use futures_util::future::try_join_all;

use super::{Found, arn, names};
use crate::aws::Cloud;
use crate::stack::{self, Fate, Past, Stack};

/// The stacks that have made what was found.
pub struct Stacks {
    region: String,
    /// None for a stack that exists.
    stacks: BTreeMap<String, Option<Past>>,
    deleted: Option<String>,
}

/// What is there, in two heaps.
pub struct Sorted {
    pub left: Vec<Found>,
    /// By type and id.
    pub kept: BTreeSet<(String, String)>,
}

enum Verdict {
    /// It is in a stack, or of a stage in another region.
    NotOurs,
    Gone,
    /// The id that CloudFormation knew it by.
    Kept(String),
    Left,
}

impl Stacks {
    pub async fn of(
        cloud: &Cloud,
        deleted: Option<(Past, &str)>,
        found: &[Found],
    ) -> Result<Stacks, stack::Error> {
        let client = cloud.cloudformation();
        let ids: BTreeSet<&str> = found.iter().filter_map(|f| f.stack_id.as_deref()).collect();
        let known = deleted.as_ref().map(|(_, id)| *id);
        let others = ids
            .into_iter()
            .filter(|id| Some(*id) != known && arn::region(id) == cloud.region);
        let others = others.map(|id| {
            let client = &client;
            async move {
                let past = match Stack::find(client, id).await? {
                    Some(_) => None,
                    None => Some(Past::of(client, id).await?),
                };
                Ok::<_, stack::Error>((id.to_owned(), past))
            }
        });
        let mut stacks: BTreeMap<_, _> = try_join_all(others).await?.into_iter().collect();
        let id = known.map(str::to_owned);
        stacks.extend(deleted.map(|(past, id)| (id.to_owned(), Some(past))));
        Ok(Stacks {
            region: cloud.region.clone(),
            stacks,
            deleted: id,
        })
    }

    /// What of all that was found is left, and what was kept on purpose.
    pub fn sort(&self, found: Vec<Found>) -> Sorted {
        let mut sorted = Sorted {
            left: Vec::new(),
            kept: self.kept(),
        };
        for found in found {
            match self.judge(&found) {
                Verdict::NotOurs | Verdict::Gone => {}
                Verdict::Kept(id) => {
                    sorted.kept.insert((found.resource_type, id));
                }
                Verdict::Left => sorted.left.push(found),
            }
        }
        sorted
    }

    /// What the stack that was deleted just now has kept, by type and id.
    fn kept(&self) -> BTreeSet<(String, String)> {
        let deleted = self.deleted.as_ref().and_then(|id| self.stacks.get(id));
        let kept = deleted.into_iter().flatten().flat_map(Past::kept);
        kept.map(|(kind, id)| (kind.to_owned(), id.to_owned()))
            .collect()
    }

    /// The listings show for a while, seen up to an hour, what is gone: the events of its stack tell. Only
    /// a log group that is younger than the deletion is there; it was made again.
    ///
    /// <https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html>
    /// ("tagged or previously tagged")
    fn judge(&self, found: &Found) -> Verdict {
        let fate = match found.stack_id.as_ref() {
            Some(id) if arn::region(id) != self.region => return Verdict::NotOurs,
            Some(id) => match self.stacks.get(id) {
                Some(None) => return Verdict::NotOurs,
                Some(Some(past)) => found.fate(past),
                None => None,
            },
            None => {
                let pasts = self.stacks.values().flatten();
                pasts.filter_map(|past| found.fate(past)).next()
            }
        };
        match fate {
            Some((Fate::Kept, id)) => Verdict::Kept(id.to_owned()),
            Some((Fate::Gone(began), _)) if !found.was_made_again(began) => Verdict::Gone,
            _ => Verdict::Left,
        }
    }
}

impl Found {
    fn fate<'a>(&self, past: &'a Past) -> Option<(Fate, &'a str)> {
        // CloudFormation knows a queue by its URL, a topic by its ARN.
        let in_url = format!("/{}", self.id);
        past.fate(&self.resource_type, |known| {
            known == self.id || Some(known) == self.arn.as_deref() || known.ends_with(&in_url)
        })
    }

    /// Of a table that no stack's events explain: whether it is there, for that can be asked without a right
    /// to what is in it. Where it cannot be told, it is.
    pub async fn is_there(&self, cloud: &Cloud) -> bool {
        if self.resource_type != "AWS::DynamoDB::Table" {
            return true;
        }
        let tables = cloud.dynamodb();
        let described = tables.describe_table().table_name(&self.id).send().await;
        let is_gone = |error: &DescribeTableError| error.is_resource_not_found_exception();
        !matches!(described, Err(error) if error.as_service_error().is_some_and(is_gone))
    }

    /// Whether it is another than the one whose deletion began then.
    fn was_made_again(&self, deletion: Option<DateTime>) -> bool {
        let is_younger = self.made_at.zip(deletion).map(|(made, gone)| made >= gone);
        self.by_name && self.resource_type == names::LOG_GROUP && is_younger.unwrap_or(true)
    }
}
