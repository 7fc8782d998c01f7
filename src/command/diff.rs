//! `mlink diff` and `mlink deploy --dry-run`: what a deploy would change.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use similar::TextDiff;

use super::{Error, Exit, Place, context};
use crate::artifact::{Artifacts, Platform};
use crate::config::Config;
use crate::plan::{self, Inputs, Path};
use crate::site::{self, Pending};
use crate::stack::{self, ResourceDifference, Stack};
use crate::template::Template;
use crate::terminal::Terminal;

/// What a deploy would change.
#[derive(Debug, Serialize)]
struct Difference {
    stack: String,
    path: Path,
    resources: Vec<ResourceDifference>,
    /// The template's difference as a unified diff; empty where there is none.
    template: String,
    /// The page's files; none before the first deploy.
    page: Option<Pending>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path == Path::Nothing {
            return write!(f, "{} is as a deploy would make it.", self.stack);
        }
        write!(f, "{}: {}", self.stack, self.path.reason())?;
        for resource in &self.resources {
            write!(f, "\n  {resource}")?;
        }
        for (what, files) in self
            .page
            .iter()
            .flat_map(|page| [("publish", &page.uploads), ("remove", &page.removals)])
        {
            for file in files {
                write!(f, "\n  {what} {file}")?;
            }
        }
        if !self.template.is_empty() {
            write!(f, "\n\n{}", self.template.trim_end())?;
        }
        Ok(())
    }
}

/// Makes the change set that a deploy would execute, shows it and takes it away again. Nothing is sent
/// to the artifact bucket and nothing in the stack is touched.
pub async fn run(config: Config, terminal: &Terminal) -> Result<Exit, Error> {
    let progress = terminal.progress();
    let project = config.project()?;
    let template = Template::load(&project, config.is_local())?;
    let (place, artifacts) = tokio::try_join!(Place::reach(&config, terminal), async {
        Ok(Artifacts::build(&project, Platform::of(&config), progress).await?)
    })?;
    let client = place.cloud.cloudformation();
    let (name, tags) = (plan::stack_name(&config), plan::tags(&config));
    let existing = Stack::find(&client, &name).await?;
    let existing = existing.filter(|stack| !stack.is_empty());
    if let Some(stack) = &existing {
        stack.check_owner(&tags)?;
        stack.check_rest(&config.flags())?;
    }
    let code_keys: BTreeMap<_, _> = artifacts
        .zips
        .iter()
        .map(|zip| (zip.function, zip.key()))
        .collect();
    let parameters = plan::parameters(
        &config,
        &Inputs {
            artifact_bucket: &plan::artifact_bucket(&place.cloud.account, &place.cloud.region),
            code_keys,
            template_fingerprint: &template.fingerprint,
            deployed_by: &place.cloud.caller,
            local_port: place.local_port(),
            existing: existing.as_ref().map(|stack| &stack.parameters),
        },
        || mlink_core::Secret::generate().map(|secret| secret.reveal()),
    )?;
    let mut difference = Difference {
        path: plan::path(
            &parameters,
            existing.as_ref().map(|stack| &stack.parameters),
        ),
        stack: name.clone(),
        resources: Vec::new(),
        template: String::new(),
        page: None,
    };
    if difference.path != Path::Nothing {
        let request = stack::Request {
            context: &context(&config, &place, Some(&template)),
            existing: existing.as_ref(),
            template: &template,
            parameters: &parameters,
            tags: &tags,
            mode: config.mode,
        };
        let proposal = stack::propose(&client, &request, &crate::event::Progress::silent()).await?;
        if let Some(proposal) = proposal {
            difference.resources = proposal.differences();
            proposal.withdraw(&client).await?;
        }
    }
    if let Some(stack) = &existing {
        let deployed = stack::template_of(&client, stack).await?;
        difference.template = unified(&deployed, &template.body);
        let page = site::pending(&place.cloud, stack, &artifacts.page, place.local_port()).await?;
        if difference.path == Path::Nothing && !page.is_empty() {
            difference.path = Path::Site;
        }
        difference.page = Some(page);
    }
    terminal.result(&difference)?;
    Ok(match difference.path {
        Path::Nothing => Exit::Done,
        _ => Exit::Different,
    })
}

fn unified(deployed: &str, proposed: &str) -> String {
    let diff = TextDiff::from_lines(deployed, proposed);
    let mut unified = diff.unified_diff();
    unified.header("deployed", "proposed").to_string()
}
