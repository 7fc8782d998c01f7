//! One CloudFormation stack: what it is now, and what happens to it.

mod change_set;
mod context;
mod destroy;
mod difference;
#[cfg(test)]
mod double;
mod drift;
mod events;
mod failure;
mod known;
mod past;
mod protection;
mod recover;
mod refusal;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{Stack as Described, StackStatus};
use aws_smithy_types::DateTime;

use crate::aws::{self, failed};
use crate::plan;
pub use change_set::{Endangered, Proposal, Request, only_ours, propose};
pub use context::{Context, Verb};
pub use destroy::{buckets, remove, undeletable};
pub use difference::{ResourceDifference, template_of};
pub use drift::drift;
pub use failure::Failure;
pub use past::{Fate, Past};
pub use recover::{cancel, ready, resting};
pub use refusal::{Refusal, refused};

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Aws(#[from] aws::Error),
    #[error("the stack {0} does not exist")]
    #[diagnostic(code(mlink::stack::missing))]
    Missing(String, #[help] String),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Refused(#[from] Box<Refusal>),
    #[error("a first deploy of {0} would make nothing")]
    #[diagnostic(
        code(mlink::stack::empty),
        help("templates/stack.yaml has no resource that its conditions let be made.")
    )]
    Empty(String),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Failed(#[from] Box<Failure>),
    #[error("the stack {name} is {status}: {what}")]
    #[diagnostic(code(mlink::stack::state))]
    State {
        name: String,
        status: StackStatus,
        what: &'static str,
        #[help]
        help: String,
    },
    #[error("the stack {0} is not mlink's stack of this stage")]
    #[diagnostic(
        code(mlink::stack::foreign),
        help(
            "It lacks the tags that mlink gives its stacks. Choose another `name` in mlink.yaml, or another --stage."
        )
    )]
    Foreign(String),
    #[error("{0} is an empty stack in which somebody else has the change set {1}")]
    #[diagnostic(
        code(mlink::stack::review),
        help(
            "mlink does not touch it. Execute or delete that change set first, or choose another `name` or --stage."
        )
    )]
    ForeignChangeSet(String, String),
    #[error("{0} was changed by somebody else while this deploy was being prepared")]
    #[diagnostic(
        code(mlink::stack::overtaken),
        help(
            "Nothing of this deploy was applied. Run it again: it starts from what is there now."
        )
    )]
    Overtaken(String),
    #[error("the stack has no output {0}")]
    #[diagnostic(
        code(mlink::stack::output),
        help("Was it made by an older mlink? The next deploy of this stage brings it up to date.")
    )]
    Output(&'static str),
}

/// A stack as DescribeStacks shows it.
#[derive(Clone, Debug)]
pub struct Stack {
    pub name: String,
    pub id: String,
    pub status: StackStatus,
    /// When an operation on it began last.
    pub changed_at: Option<DateTime>,
    pub outputs: BTreeMap<String, String>,
    /// Values of NoEcho parameters are asterisks.
    pub parameters: BTreeMap<String, String>,
    /// DeleteStack is refused.
    pub termination_protected: bool,
    tags: BTreeMap<String, String>,
}

impl Stack {
    /// The stack of this name, or none.
    pub async fn find(client: &Client, name: &str) -> Result<Option<Stack>, Error> {
        let answer = client.describe_stacks().stack_name(name).send().await;
        let described = match answer {
            Ok(answer) => answer.stacks.unwrap_or_default(),
            Err(error) => {
                let error = failed(format!("describe the stack {name}"))(error);
                // There is no code of its own for it.
                let missing = error.aws_code() == Some("ValidationError")
                    && error.message().contains("does not exist");
                return if missing { Ok(None) } else { Err(error.into()) };
            }
        };
        Ok(described
            .into_iter()
            .map(Stack::from)
            .find(|stack| stack.exists()))
    }

    /// Every mlink stack in this account and region.
    pub async fn all(client: &Client) -> Result<Vec<Stack>, Error> {
        let mut pages = client.describe_stacks().into_paginator().send();
        let mut stacks = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed("list the stacks"))?;
            stacks.extend(page.stacks.unwrap_or_default().into_iter().map(Stack::from));
        }
        let mut ours = Vec::new();
        for stack in stacks.into_iter().filter(Stack::exists) {
            // An empty stack in review may show no tags.
            if stack.tags.contains_key(plan::NAME_TAG)
                || stack.is_empty() && change_set::has_ours(client, &stack.id).await?
            {
                ours.push(stack);
            }
        }
        Ok(ours)
    }

    /// Refuses a stack that only happens to have the name: it is not ours to change.
    pub fn check_owner(&self, tags: &[(&str, String)]) -> Result<(), Error> {
        // An empty stack in review has had no change set executed, and may show no tags.
        let ours = tags
            .iter()
            .all(|(key, value)| self.tags.get(*key) == Some(value));
        if ours || self.status == StackStatus::ReviewInProgress {
            return Ok(());
        }
        Err(Error::Foreign(self.name.clone()))
    }

    /// Whether there is nothing in it yet but change sets.
    pub fn is_empty(&self) -> bool {
        self.status == StackStatus::ReviewInProgress
    }

    /// Refuses a stack in which something is under way; `flags` mean its stage to mlink.
    pub fn check_rest(&self, flags: &str) -> Result<(), Error> {
        if !in_progress(&self.status) {
            return Ok(());
        }
        Err(Error::State {
            name: self.name.clone(),
            status: self.status.clone(),
            what: "an operation is under way in it",
            help: format!(
                "Wait, and run this again; or follow it to its end, and deploy:\n  mlink deploy{flags}"
            ),
        })
    }

    pub fn output(&self, name: &'static str) -> Result<&str, Error> {
        self.outputs
            .get(name)
            .map(String::as_str)
            .ok_or(Error::Output(name))
    }

    /// Whom its mail comes from; empty where none is sent.
    pub fn sender(&self) -> &str {
        self.parameters.get("EmailFrom").map_or("", String::as_str)
    }

    /// Whether anybody's sign-in may be given away for a demonstration.
    pub fn allows_test_users(&self) -> bool {
        self.parameters
            .get("TestUsers")
            .is_some_and(|allowed| allowed == "true")
    }

    /// The keys of its code in the artifact bucket.
    pub fn code_keys(&self) -> BTreeSet<String> {
        plan::Function::ALL
            .iter()
            .filter_map(|function| self.parameters.get(function.parameter()).cloned())
            .collect()
    }

    fn exists(&self) -> bool {
        self.status != StackStatus::DeleteComplete
    }
}

impl From<Described> for Stack {
    fn from(stack: Described) -> Stack {
        let pairs = |pairs: Vec<(Option<String>, Option<String>)>| {
            pairs
                .into_iter()
                .filter_map(|(key, value)| Some((key?, value?)))
                .collect()
        };
        let outputs = stack.outputs.unwrap_or_default();
        let parameters = stack.parameters.unwrap_or_default();
        let tags = stack.tags.unwrap_or_default();
        Stack {
            name: stack.stack_name.unwrap_or_default(),
            id: stack.stack_id.unwrap_or_default(),
            changed_at: stack.last_updated_time.or(stack.creation_time),
            status: stack.stack_status.unwrap_or(StackStatus::from("UNKNOWN")),
            outputs: pairs(
                outputs
                    .into_iter()
                    .map(|o| (o.output_key, o.output_value))
                    .collect(),
            ),
            parameters: pairs(
                parameters
                    .into_iter()
                    .map(|p| (p.parameter_key, p.parameter_value))
                    .collect(),
            ),
            termination_protected: stack.enable_termination_protection.unwrap_or_default(),
            tags: pairs(tags.into_iter().map(|t| (t.key, t.value)).collect()),
        }
    }
}

/// Whether an operation on the stack is under way.
pub fn in_progress(status: &StackStatus) -> bool {
    status.as_str().ends_with("_IN_PROGRESS") && *status != StackStatus::ReviewInProgress
}

/// What the names of mlink's change sets and the tokens of its operations begin with.
const OURS: &str = "mlink-";

/// A name that no other change set of the stack has, and a token that no other operation on it has: by it
/// CloudFormation knows a call that is made again, and mlink what mlink began.
fn token() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    // A clock before 1970 still leaves the process id.
    let nanoseconds = now.map(|time| time.as_nanos()).unwrap_or_default();
    format!("{OURS}{nanoseconds:x}-{:x}", std::process::id())
}

fn is_ours(name: &str) -> bool {
    name.starts_with(OURS)
}
