//! `mlink destroy`: empty, delete, and say what is left.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::user::export;
use super::{Error, Place, context};
use crate::aws::Cloud;
use crate::cli::{self, Global};
use crate::config::Config;
use crate::event::Progress;
use crate::stack::{self, Stack};
use crate::store::Store;
use crate::terminal::{Terminal, confirm};
use crate::{bucket, plan};

/// What a destroy did.
#[derive(Debug, Serialize)]
struct Destroyed {
    stage: String,
    stack: String,
    /// False when there was nothing to destroy.
    existed: bool,
    /// What CloudFormation kept, as `type physical-id`.
    left: Vec<String>,
    /// The file that `--keep-users` keeps them in.
    users: Option<PathBuf>,
}

impl fmt::Display for Destroyed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.existed {
            return write!(f, "{} does not exist: nothing to destroy.", self.stack);
        }
        if let Some(users) = &self.users {
            writeln!(f, "Its users are in {}.", users.display())?;
        }
        if self.left.is_empty() {
            return write!(
                f,
                "{} is destroyed. Nothing of the stack is left.",
                self.stack
            );
        }
        write!(
            f,
            "{} is destroyed. Kept, as the template says:",
            self.stack
        )?;
        self.left
            .iter()
            .try_for_each(|left| write!(f, "\n  {left}"))
    }
}

pub async fn run(
    arguments: &cli::Destroy,
    global: &Global,
    config: Config,
    terminal: &Terminal,
) -> Result<(), Error> {
    let progress = terminal.progress();
    if config.protected {
        return Err(Error::Guard(
            format!("the stage {} is protected", config.stage),
            "Take `protected: true` out of mlink.yaml and deploy; then it can be destroyed."
                .to_owned(),
        ));
    }
    let place = Place::reach(&config, terminal).await?;
    let context = context(&config, &place, None);
    let cloud = place.cloud;
    let client = cloud.cloudformation();
    let name = plan::stack_name(&config);
    let mut destroyed = Destroyed {
        stage: config.stage.to_string(),
        stack: name.clone(),
        existed: false,
        left: Vec::new(),
        users: None,
    };
    let store = Store::of(&cloud);
    let Some(stack) = Stack::find(&client, &name).await? else {
        // An earlier run may have been ended between the stack and the artifacts.
        if Stack::all(&client).await?.is_empty() {
            store.remove_bucket().await?;
        }
        terminal.result(&destroyed)?;
        return Ok(());
    };
    let tags = plan::tags(&config);
    check(&stack, &tags)?;
    if stack.is_empty() {
        // Nothing tells whose an empty stack is but the change sets in it.
        stack::only_ours(&client, &name).await?;
    }
    let place = format!("in {} of account {}", cloud.region, cloud.account);
    let what = format!(
        "This removes the stage {} {place}, with all its users",
        config.stage
    );
    confirm(global, &what, config.stage.as_str())?;
    destroyed.existed = true;
    if arguments.keep_users {
        destroyed.users = Some(export::keep(&cloud, &stack, Path::new(""), progress).await?);
    }
    // What is under way in the stack ends first; it may be its deletion.
    if let Some(stack) = stack::settled(&client, &context, &tags, progress).await? {
        check(&stack, &tags)?;
        remove(&cloud, &stack, &context, global, progress).await?;
    }
    destroyed.left = stack::kept(&client, &stack.id).await?;
    let step = progress.step("Remove the artifacts");
    let others = Stack::all(&client).await?;
    if others.is_empty() {
        store.remove_bucket().await?;
        step.done("with their bucket: this was the last stage");
    } else {
        let mut unused = stack.code_keys();
        for other in &others {
            unused = &unused - &other.code_keys();
        }
        store.remove(&unused).await?;
        step.done(format!("{} objects", unused.len()));
    }
    terminal.result(&destroyed)?;
    Ok(())
}

/// Deletes the stack, and once more where something was in the way: who uses the page while it goes
/// may have put a file back into a bucket. What will not go then is left behind only with consent.
async fn remove(
    cloud: &Cloud,
    stack: &Stack,
    context: &stack::Context<'_>,
    global: &Global,
    progress: &Progress,
) -> Result<(), Error> {
    let client = cloud.cloudformation();
    for is_last in [false, true] {
        empty_buckets(cloud, stack, progress).await?;
        if stack::remove(&client, stack, &[], context, progress)
            .await?
            .is_none()
        {
            return Ok(());
        }
        if !is_last {
            progress.note("Not everything went. Once more, in case a bucket was filled meanwhile.");
        }
    }
    let stuck = stack::undeletable(&client, stack).await?;
    let what = format!(
        "{} cannot be deleted. Leaving these resources behind, in the account but in no stack, \
         would finish it",
        stuck.join(", ")
    );
    confirm(global, &what, &stack.name)?;
    match stack::remove(&client, stack, &stuck, context, progress).await? {
        None => Ok(()),
        Some(failure) => Err(stack::Error::Failed(Box::new(failure)).into()),
    }
}

async fn empty_buckets(cloud: &Cloud, stack: &Stack, progress: &Progress) -> Result<(), Error> {
    let step = progress.step("Empty the buckets");
    for name in stack::buckets(&cloud.cloudformation(), stack).await? {
        step.progress(&name);
        bucket::empty(cloud, &name).await?;
    }
    step.done("");
    Ok(())
}

/// Refuses before anything is touched what CloudFormation would refuse after the page is gone.
fn check(stack: &Stack, tags: &[(&str, String)]) -> Result<(), Error> {
    stack.check_owner(tags)?;
    let name = &stack.name;
    if stack
        .parameters
        .get("Protected")
        .is_some_and(|protected| protected == "true")
    {
        return Err(Error::Guard(
            format!("the stack {name} was deployed as protected"),
            "Deploy it once without `protected: true`; then it can be destroyed.".to_owned(),
        ));
    }
    if stack.termination_protected {
        return Err(Error::Guard(
            format!("the stack {name} has termination protection"),
            format!(
                "`aws cloudformation update-termination-protection --no-enable-termination-protection \
                 --stack-name {name}` takes it off."
            ),
        ));
    }
    Ok(())
}
