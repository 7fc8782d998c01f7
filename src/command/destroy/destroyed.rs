//! What a destroy did, for a person and for a script.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::command::Error;
use crate::event::Survivor;
use crate::stack::Context;
use crate::survivors::{self, Look};

/// What a destroy did.
#[derive(Debug, Default, Serialize)]
pub struct Destroyed {
    pub stage: String,
    pub stack: String,
    /// False when there was nothing to destroy.
    pub existed: bool,
    /// What is left in spite of it: nothing, or this is no result.
    pub left: Vec<Survivor>,
    /// What CloudFormation kept, because the template or a person said so.
    pub kept: Vec<Survivor>,
    /// What could not be looked at afterwards.
    pub unseen: Vec<&'static str>,
    /// The file that `--keep-users` keeps them in.
    pub users: Option<PathBuf>,
}

impl Destroyed {
    /// That the stack is gone.
    fn fact(&self) -> String {
        match self.existed {
            true => format!("{} is destroyed", self.stack),
            false => format!("{} does not exist", self.stack),
        }
    }

    /// The result, unless something is left.
    pub fn with(self, look: Look, context: &Context<'_>) -> Result<Destroyed, Error> {
        if !look.left.is_empty() {
            let destroy = context.mlink("destroy");
            return Err(survivors::Error::left(self.fact(), &look, &destroy).into());
        }
        Ok(Destroyed {
            left: look.left,
            kept: look.kept,
            unseen: look.unseen,
            ..self
        })
    }
}

impl fmt::Display for Destroyed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(users) = &self.users {
            writeln!(f, "Its users are in {}.", users.display())?;
        }
        f.write_str(&self.fact())?;
        if !self.existed {
            f.write_str(": nothing to destroy")?;
        }
        f.write_str(". Looked for its tags and its names: 0 left")?;
        if self.unseen.is_empty() {
            f.write_str(".")?;
        } else {
            let unseen = self.unseen.join(", ");
            write!(
                f,
                " of what could be looked at.\nCould not be looked at: {unseen}."
            )?;
        }
        if !self.kept.is_empty() {
            f.write_str("\nKept on purpose:")?;
        }
        self.kept.iter().try_for_each(|kept| write!(f, "\n{kept}"))
    }
}
