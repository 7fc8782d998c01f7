//! Which stage an operation on a stack is about: what the words about a failure are made of.

use std::fmt::Display;

use crate::template::Template;

/// A stage as commands on it name it.
#[derive(Clone, Debug, Default)]
pub struct Context<'a> {
    /// The stack's name.
    pub stack: String,
    pub region: String,
    /// Twelve digits.
    pub account: String,
    /// What follows `mlink deploy` to mean this stage, as in ` --stage lewis`.
    pub flags: String,
    /// What every `aws` command needs besides the region, as in ` --profile acme`.
    pub aws_flags: String,
    /// The host name of the site, and its certificate, where it has its own.
    pub domain: Option<(String, String)>,
    /// None for a command that sends no template.
    pub template: Option<&'a Template>,
}

impl Context<'_> {
    /// `mlink VERB` for this stage.
    pub fn mlink(&self, verb: &str) -> String {
        format!("mlink {verb}{}", self.flags)
    }

    /// `aws …` in this account.
    pub fn aws_in(&self, region: &str, arguments: impl Display) -> String {
        format!("aws {arguments} --region {region}{}", self.aws_flags)
    }

    /// Where the template makes a resource, or says a property of it.
    pub fn line(&self, logical_id: &str, property: &str) -> Option<String> {
        self.template?.line(logical_id, property)
    }
}
