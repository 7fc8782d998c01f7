//! Which stage an operation on a stack is about: what the words about a failure are made of.

use std::fmt::Display;

use crate::template::Template;

/// What mlink was told to do: what is run again after a failure.
#[derive(Clone, Copy, Debug, Default)]
pub enum Verb {
    #[default]
    Deploy,
    Destroy,
}

/// A stage as commands on it name it.
#[derive(Clone, Debug, Default)]
pub struct Context<'a> {
    pub verb: Verb,
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
    /// The one that is sent or was; none where it is not known.
    pub template: Option<&'a Template>,
}

impl Context<'_> {
    /// The same command once more.
    pub fn again(&self) -> String {
        match self.verb {
            Verb::Deploy => self.mlink("deploy"),
            Verb::Destroy => self.mlink("destroy"),
        }
    }

    /// For who outlives the template.
    pub fn without_template(&self) -> Context<'static> {
        Context {
            verb: self.verb,
            stack: self.stack.clone(),
            region: self.region.clone(),
            account: self.account.clone(),
            flags: self.flags.clone(),
            aws_flags: self.aws_flags.clone(),
            domain: self.domain.clone(),
            template: None,
        }
    }

    /// For a destroy of a stack that this template made, if that is known.
    pub fn of_destroy<'t>(&self, template: Option<&'t Template>) -> Context<'t> {
        Context {
            verb: Verb::Destroy,
            template,
            ..self.without_template()
        }
    }

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
