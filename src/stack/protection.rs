//! Termination protection: CloudFormation refuses to delete the stack, whoever asks. Only the switch of
//! the stack itself tells, so that it is set beside the change sets.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-protect-stacks.html>

use aws_sdk_cloudformation::Client;

use super::{Error, Stack};
use crate::aws::failed;
use crate::event::Progress;

impl Stack {
    /// Whether the stage was protected when it was deployed last.
    pub fn is_protected(&self) -> bool {
        self.parameters
            .get("Protected")
            .is_some_and(|protected| protected == "true")
    }

    /// Puts the protection on, where it is not.
    pub async fn protect(&mut self, client: &Client, progress: &Progress) -> Result<(), Error> {
        if !self.termination_protected {
            self.set_protection(client, true).await?;
            progress.note(format!("{} has termination protection now", self.name));
        }
        Ok(())
    }

    /// Takes it off the stack of a stage that was protected. One that somebody put on by hand stays.
    pub async fn unprotect(&mut self, client: &Client, progress: &Progress) -> Result<(), Error> {
        if self.termination_protected && self.is_protected() {
            self.set_protection(client, false).await?;
            progress.note(format!("{} has no termination protection now", self.name));
        }
        Ok(())
    }

    async fn set_protection(&mut self, client: &Client, on: bool) -> Result<(), Error> {
        let doing = if on { "put" } else { "take" };
        let place = if on { "on" } else { "off" };
        let doing = format!("{doing} the termination protection {place} {}", self.name);
        client
            .update_termination_protection()
            .stack_name(&self.id)
            .enable_termination_protection(on)
            .send()
            .await
            .map_err(failed(doing))?;
        self.termination_protected = on;
        Ok(())
    }
}
