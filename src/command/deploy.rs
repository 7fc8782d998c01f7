//! `mlink deploy`: build, propose, apply, publish.

use std::fmt;
use std::time::Instant;

use serde::Serialize;

use super::info::Info;
use super::{Error, Place};
use crate::artifact::{Artifacts, Platform};
use crate::aws::Cloud;
use crate::browser;
use crate::cli;
use crate::config::Config;
use crate::event::Progress;
use crate::plan::{self, Inputs, Path};
use crate::site;
use crate::stack::{self, Stack};
use crate::store::{Staged, Store};
use crate::template::Template;
use crate::terminal::Terminal;

/// What a deploy did.
#[derive(Debug, Serialize)]
struct Deployed {
    #[serde(flatten)]
    info: Info,
    changed: bool,
    path: Path,
    seconds: f64,
    #[serde(skip)]
    next: String,
}

impl fmt::Display for Deployed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = if self.changed {
            "deployed"
        } else {
            "is up to date"
        };
        writeln!(
            f,
            "\n{} {done} in {:.1} s: {}\n",
            self.info.stack,
            self.seconds,
            self.path.reason()
        )?;
        let url = self
            .info
            .outputs
            .get("SiteUrl")
            .map(String::as_str)
            .unwrap_or_default();
        writeln!(f, "  Page        {url}")?;
        writeln!(f, "  Mail        {}", self.info.mail.detail)?;
        writeln!(f, "  Test users  {}", self.info.test_users())?;
        write!(f, "  Next        {}", self.next)
    }
}

pub async fn run(
    arguments: &cli::Deploy,
    config: Config,
    terminal: &Terminal,
) -> Result<(), Error> {
    let began = Instant::now();
    let progress = terminal.progress();
    let project = config.project()?;
    let template = Template::load(&project, config.is_local())?;
    // The build needs nothing from the cloud, and the cloud nothing from the build.
    let (place, artifacts) = tokio::try_join!(Place::reach(&config, terminal), async {
        Ok(Artifacts::build(&project, Platform::of(&config), progress).await?)
    })?;
    let cloud = &place.cloud;
    let client = cloud.cloudformation();
    let name = plan::stack_name(&config);
    let existing = stack::ready(&client, &name, &plan::tags(&config), progress).await?;
    let in_use = existing.as_ref().map(Stack::code_keys).unwrap_or_default();
    let store = Store::of(cloud);
    let staged = store.stage(artifacts, &in_use, progress).await?;
    let (mut stack, mut path) = apply(
        &config,
        &place,
        &template,
        &staged,
        existing.as_ref(),
        progress,
    )
    .await?;
    if existing.is_none() && config.protected {
        // Protection comes second: see `plan::parameters`.
        (stack, _) = apply(&config, &place, &template, &staged, Some(&stack), progress).await?;
    }
    store.keep(&staged.sent).await?;
    let published =
        site::publish(cloud, &stack, &staged.page, place.local_port(), progress).await?;
    if path == Path::Nothing && published {
        path = Path::Site;
    }
    release(cloud, &stack, in_use).await?;
    let info = Info::of(&stack, cloud, &config, progress).await?;
    if info.mail.is_trouble() {
        progress.warn(format!("mail: {}", info.mail.detail));
    }
    let url = stack.output("SiteUrl")?.to_owned();
    terminal.result(&Deployed {
        info,
        changed: path != Path::Nothing,
        path,
        seconds: (began.elapsed().as_secs_f64() * 10.0).round() / 10.0,
        next: format!("mlink user add you@example.com{}", config.flags()),
    })?;
    if arguments.open
        && let Err(error) = browser::open(&url)
    {
        // The deploy is done; a machine without a browser does not undo it.
        progress.warn(error.to_string());
    }
    Ok(())
}

/// Brings the stack to what the plan asks for, by the cheapest path.
async fn apply(
    config: &Config,
    place: &Place,
    template: &Template,
    staged: &Staged,
    existing: Option<&Stack>,
    progress: &Progress,
) -> Result<(Stack, Path), Error> {
    let parameters = plan::parameters(
        config,
        &Inputs {
            artifact_bucket: &staged.bucket,
            code_keys: staged.code_keys.clone(),
            template_fingerprint: &template.fingerprint,
            deployed_by: &place.cloud.caller,
            local_port: place.local_port(),
            existing: existing.map(|stack| &stack.parameters),
        },
        || mlink_core::Secret::generate().map(|secret| secret.reveal()),
    )?;
    let path = plan::path(&parameters, existing.map(|stack| &stack.parameters));
    let client = place.cloud.cloudformation();
    let name = plan::stack_name(config);
    if let (Path::Nothing, Some(stack)) = (path, existing) {
        return Ok((stack.clone(), path));
    }
    let tags = plan::tags(config);
    let proposal = stack::propose(
        &client,
        &name,
        existing,
        template,
        &parameters,
        &tags,
        progress,
    )
    .await?;
    match (proposal, existing) {
        (Some(proposal), _) => Ok((proposal.apply(&client, progress).await?, path)),
        (None, Some(stack)) => Ok((stack.clone(), Path::Nothing)),
        (None, None) => {
            Err(stack::Error::Refused("a first deploy that would make nothing".to_owned()).into())
        }
    }
}

/// Lets go of the code that this deploy replaced, unless another stage runs it.
async fn release(
    cloud: &Cloud,
    stack: &Stack,
    before: std::collections::BTreeSet<String>,
) -> Result<(), Error> {
    let mut unused = &before - &stack.code_keys();
    if unused.is_empty() {
        return Ok(());
    }
    for other in Stack::all(&cloud.cloudformation()).await? {
        unused = &unused - &other.code_keys();
    }
    Ok(Store::of(cloud).release(&unused).await?)
}
