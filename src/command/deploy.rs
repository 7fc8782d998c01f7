//! `mlink deploy`: build, propose, apply, publish, prove.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::OnceLock;
use std::time::Instant;

use aws_sdk_cloudformation::Client;
use serde::Serialize;

use super::info::Info;
use super::interrupt::Interrupts;
use super::{Error, Place, context, guard};
use crate::artifact::{Artifacts, Platform};
use crate::aws::Cloud;
use crate::browser;
use crate::cli::{self, Global};
use crate::config::{Config, Mode};
use crate::event::Progress;
use crate::plan::{self, Inputs, Path};
use crate::proof::{self, Subject, Verified};
use crate::readiness;
use crate::site;
use crate::stack::{self, Stack};
use crate::store::{Staged, Store};
use crate::template::Template;
use crate::terminal::{Refused, Terminal, confirm};

/// What a deploy did.
#[derive(Debug, Serialize)]
struct Deployed {
    #[serde(flatten)]
    info: Info,
    changed: bool,
    path: Path,
    /// None with `--no-verify`.
    verified: Option<Verified>,
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
        if let Some(Verified { passed, of, .. }) = &self.verified {
            writeln!(f, "  Verified    {passed}/{of}")?;
        }
        write!(f, "  Next        {}", self.next)
    }
}

pub async fn run(
    arguments: &cli::Deploy,
    global: &Global,
    config: Config,
    terminal: &Terminal,
    interrupts: &Interrupts,
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
    let context = context(&config, &place, Some(&template));
    let refused = OnceLock::new();
    let consent = |question: &str| {
        let agreed = confirm(global, question, config.stage.as_str());
        agreed.map_err(|refusal| refused.set(refusal)).is_ok()
    };
    let tags = plan::tags(&config);
    interrupts.attach(&client, &context);
    let ready = stack::ready(&client, &context, &tags, &consent, progress).await;
    if let Some(interrupted @ Refused::Interrupted(_)) = refused.into_inner() {
        return Err(interrupted.into());
    }
    let existing = ready?;
    let in_use = existing.as_ref().map(Stack::code_keys).unwrap_or_default();
    let store = Store::of(cloud);
    let staged = store.stage(artifacts, &in_use, progress).await?;
    let deploy = Deploy {
        arguments,
        global,
        config: &config,
        place: &place,
        template: &template,
        context: &context,
        staged: &staged,
        is_first: existing.is_none(),
        progress,
    };
    let (mut stack, mut path) = deploy.apply(existing.as_ref()).await?;
    if existing.is_none() && config.protected {
        // Protection comes second: see `plan::parameters`.
        (stack, _) = deploy.apply(Some(&stack)).await?;
    }
    interrupts.detach();
    // Also where nothing had to be applied: an earlier run may have been ended while it waited.
    if deploy.mode() == Mode::Express {
        readiness::wait(cloud, &stack, progress).await?;
    }
    if config.protected {
        stack.protect(&client, progress).await?;
    }
    let (published, info, ()) = tokio::try_join!(
        async {
            Ok(site::publish(cloud, &stack, &staged.page, place.local_port(), progress).await?)
        },
        Info::of(&stack, cloud, &config, progress),
        mark(cloud, &stack),
    )?;
    if path == Path::Nothing && published.changed() {
        path = Path::Site;
    }
    if info.mail.is_trouble() {
        progress.warn(format!("mail: {}", info.mail.detail));
    }
    let verified = if arguments.no_verify {
        None
    } else {
        let subject = Subject {
            cloud,
            stack: &stack,
            template: &template,
            code_keys: &staged.code_keys,
            published: &published,
            mail: &info.mail,
            local_endpoint: place.local_endpoint.as_deref(),
            flags: &config.flags(),
        };
        Some(proof::prove(&subject, progress).await?)
    };
    // Last: while the new page is not proved, the old one may still be served somewhere.
    published.prune(cloud, progress).await?;
    let url = stack.output("SiteUrl")?.to_owned();
    terminal.result(&Deployed {
        info,
        changed: path != Path::Nothing,
        path,
        verified,
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

/// Everything that the stack is brought up to date from.
struct Deploy<'a> {
    arguments: &'a cli::Deploy,
    global: &'a Global,
    config: &'a Config,
    place: &'a Place,
    template: &'a Template,
    context: &'a stack::Context<'a>,
    staged: &'a Staged,
    /// Whether there was no stack before: there is nothing then that a change could harm.
    is_first: bool,
    progress: &'a Progress,
}

impl Deploy<'_> {
    fn mode(&self) -> Mode {
        self.arguments.mode.unwrap_or(self.config.mode)
    }

    /// Brings the stack to what the plan asks for, by the cheapest path.
    async fn apply(&self, existing: Option<&Stack>) -> Result<(Stack, Path), Error> {
        let parameters = self.parameters(existing)?;
        let path = plan::path(&parameters, existing.map(|stack| &stack.parameters));
        if let (Path::Nothing, Some(stack)) = (path, existing) {
            return Ok((stack.clone(), path));
        }
        let client = self.place.cloud.cloudformation();
        let (context, tags) = (self.context, plan::tags(self.config));
        // The page can be published while old resources go; the stack cannot be changed meanwhile.
        let settled = match existing {
            Some(stack) if stack::in_progress(&stack.status) => {
                stack::resting(&client, context, &tags, self.progress).await?
            }
            existing => existing.cloned(),
        };
        let settled = settled.as_ref();
        let request = stack::Request {
            context,
            existing: settled,
            template: self.template,
            parameters: &parameters,
            tags: &tags,
            mode: self.mode(),
        };
        let proposal = stack::propose(&client, &request, self.progress).await?;
        match (proposal, settled) {
            (Some(proposal), _) => {
                let proposal = self.agree(proposal, &client).await?;
                let stack = self.execute(proposal, settled, &client).await?;
                Ok((stack, path))
            }
            (None, Some(stack)) => Ok((stack.clone(), Path::Nothing)),
            (None, None) => Err(stack::Error::Empty(context.stack.clone()).into()),
        }
    }

    /// Applies what was agreed to. A stage that is protected no longer loses its termination protection
    /// first: a run that is ended in between finds it still protected, and takes it off again.
    async fn execute(
        &self,
        proposal: stack::Proposal,
        existing: Option<&Stack>,
        client: &Client,
    ) -> Result<Stack, Error> {
        let protected = existing.filter(|stack| stack.is_protected() && !self.config.protected);
        if let Some(stack) = protected {
            proposal.is_fresh(client).await?;
            stack.clone().unprotect(client, self.progress).await?;
        }
        let applied = proposal.apply(client, self.context, self.progress).await;
        if let (Err(_), Some(stack)) = (&applied, protected)
            && let Some(mut now) = Stack::find(client, &stack.id).await?
            && now.is_protected()
        {
            // It is what it was, or somebody else has protected it anew.
            now.protect(client, self.progress).await?;
        }
        Ok(applied?)
    }

    fn parameters(&self, existing: Option<&Stack>) -> Result<plan::Parameters, Error> {
        let Deploy { place, staged, .. } = self;
        let inputs = Inputs {
            artifact_bucket: &staged.bucket,
            code_keys: staged.code_keys.clone(),
            template_fingerprint: &self.template.fingerprint,
            deployed_by: &place.cloud.caller,
            local_port: place.local_port(),
            existing: existing.map(|stack| &stack.parameters),
        };
        let random = || mlink_core::Secret::generate().map(|secret| secret.reveal());
        Ok(plan::parameters(self.config, &inputs, random)?)
    }

    /// What nobody agrees to leaves nothing behind.
    async fn agree(
        &self,
        proposal: stack::Proposal,
        client: &Client,
    ) -> Result<stack::Proposal, Error> {
        if self.is_first {
            return Ok(proposal);
        }
        let Deploy {
            arguments,
            global,
            config,
            place,
            ..
        } = self;
        let agreed = guard::agree(&proposal, arguments, global, config, place).await;
        match agreed {
            Ok(()) => Ok(proposal),
            Err(error) => {
                proposal.withdraw(client).await?;
                Err(error)
            }
        }
    }
}

/// Marks the code that no stack uses, and takes the mark from what this one does. All of it is looked at
/// and not only what this deploy sent and replaced: an earlier one may have been ended before it came
/// to this. The marks are read before the stacks: what another deploy has let its stack use by then is
/// seen there; what it is about to use it unmarks itself, when it comes to this.
async fn mark(cloud: &Cloud, stack: &Stack) -> Result<(), Error> {
    let store = Store::of(cloud);
    let used = stack.code_keys();
    let marks = store.marks().await?;
    let all = |unused: bool| -> BTreeSet<String> {
        let marked = marks.iter().filter(|(_, mark)| **mark == unused);
        marked.map(|(key, _)| key.clone()).collect()
    };
    store.keep(&(&all(true) & &used)).await?;
    let mut unused = &all(false) - &used;
    if unused.is_empty() {
        return Ok(());
    }
    for other in Stack::all(&cloud.cloudformation()).await? {
        unused = &unused - &other.code_keys();
    }
    Ok(store.release(&unused).await?)
}
