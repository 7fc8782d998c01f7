//! `mlink drift`: what was changed by hand.

use std::fmt;

use serde::Serialize;

use super::{Error, Exit, Place, existing};
use crate::config::Config;
use crate::stack::{self, ResourceDifference};
use crate::terminal::Terminal;

/// What differs from the template that was deployed.
#[derive(Debug, Serialize)]
struct Drift {
    stack: String,
    /// `before` is what the template says, `after` what is there.
    resources: Vec<ResourceDifference>,
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.resources.is_empty() {
            return write!(f, "{} is as it was deployed.", self.stack);
        }
        write!(f, "{} was changed by hand:", self.stack)?;
        for resource in &self.resources {
            write!(f, "\n  {resource}")?;
        }
        Ok(())
    }
}

pub async fn run(config: Config, terminal: &Terminal) -> Result<Exit, Error> {
    let place = Place::reach(&config, terminal).await?;
    let stack = existing(&place.cloud, &config).await?;
    let client = place.cloud.cloudformation();
    let resources = stack::drift(&client, &stack, terminal.progress()).await?;
    let differs = !resources.is_empty();
    terminal.result(&Drift {
        stack: stack.name,
        resources,
    })?;
    Ok(if differs { Exit::Different } else { Exit::Done })
}
