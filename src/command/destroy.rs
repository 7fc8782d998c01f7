//! `mlink destroy`: empty, delete, and say what is left.

mod destroyed;

use std::path::Path;

use super::interrupt::Interrupts;
use super::user::export;
use super::{Error, Place, context, template_of};
use crate::aws::Cloud;
use crate::cli::{self, Global};
use crate::config::Config;
use crate::event::{Event, Progress};
use crate::stack::{self, Stack};
use crate::store::Store;
use crate::terminal::{Terminal, confirm};
use crate::{bucket, plan, survivors};
use destroyed::Destroyed;

pub async fn run(
    arguments: &cli::Destroy,
    global: &Global,
    config: Config,
    terminal: &Terminal,
    interrupts: &Interrupts,
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
    let tags = plan::tags(&config);
    let mut destroyed = Destroyed {
        stage: config.stage.to_string(),
        stack: name.clone(),
        ..Destroyed::default()
    };
    let stack = Stack::find(&client, &name).await?;
    if let Some(stack) = &stack {
        check(stack, &tags, &context)?;
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
        interrupts.attach(&client, &context);
        if arguments.keep_users {
            destroyed.users = Some(export::keep(&cloud, stack, Path::new(""), progress).await?);
        }
        let template = template_of(&config, stack);
        let context = context.of_destroy(template.as_ref());
        // What is under way in the stack ends first; it may be its deletion.
        if let Some(stack) = stack::resting(&client, &context, &tags, progress).await? {
            check(&stack, &tags, &context)?;
            remove(&cloud, &stack, &context, global, progress).await?;
        }
    }
    remove_artifacts(&cloud, stack.as_ref(), progress).await?;
    let deleted = stack.as_ref().map(|stack| stack.id.as_str());
    let look = survivors::look(&cloud, &context, &tags, deleted, progress).await?;
    for left in &look.left {
        progress.send(Event::Survivor(left.clone()));
    }
    terminal.result(&destroyed.with(look, &context)?)?;
    Ok(())
}

/// Removes the code that no other stage runs; with the last stage the bucket. An earlier run may have been
/// ended between the stack and this.
async fn remove_artifacts(
    cloud: &Cloud,
    stack: Option<&Stack>,
    progress: &Progress,
) -> Result<(), Error> {
    let store = Store::of(cloud);
    let others = Stack::all(&cloud.cloudformation()).await?;
    let Some(stack) = stack else {
        if others.is_empty() {
            store.remove_bucket().await?;
        }
        return Ok(());
    };
    let step = progress.step("Remove the artifacts");
    if others.is_empty() {
        store.remove_bucket().await?;
        step.done("with their bucket: this was the last stage");
        return Ok(());
    }
    let mut unused = stack.code_keys();
    for other in &others {
        unused = &unused - &other.code_keys();
    }
    store.remove(&unused).await?;
    step.done(format!("{} objects", unused.len()));
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
fn check(
    stack: &Stack,
    tags: &[(&str, String)],
    context: &stack::Context<'_>,
) -> Result<(), Error> {
    stack.check_owner(tags)?;
    let name = &stack.name;
    if stack.is_protected() {
        return Err(Error::Guard(
            format!("the stack {name} was deployed as protected"),
            "Deploy it once without `protected: true`; then it can be destroyed.".to_owned(),
        ));
    }
    if stack.termination_protected {
        let off = format!(
            "cloudformation update-termination-protection --no-enable-termination-protection \
             --stack-name {name}"
        );
        return Err(Error::Guard(
            format!("the stack {name} has termination protection"),
            format!(
                "This takes it off:\n  {}",
                context.aws_in(&context.region, off)
            ),
        ));
    }
    Ok(())
}
