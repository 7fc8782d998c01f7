//! The life of a stack as a test tells it, over what the local cloud knows of it.

use std::collections::{BTreeMap, VecDeque};

use crate::cloudformation::STACK;
use crate::members::{members, with_members};
use crate::picture::texts;
use crate::query::done;

/// Stands for every resource that is not named.
pub const OTHERS: &str = "*";

/// What is seen at one look at the stack's events.
#[derive(Clone, Copy, Debug)]
pub enum Look {
    /// Logical id, status and reason.
    Event(&'static str, &'static str, &'static str),
    /// Nothing new, until the test lets it go on.
    Held,
    /// No answer.
    Met(Trouble),
}

/// What becomes of a call in place of its answer.
#[derive(Clone, Copy, Debug)]
pub enum Trouble {
    Throttled,
    /// CloudFormation itself fails.
    Broken,
    /// It is carried out, and the connection ends before the answer.
    Lost,
    /// It is refused with this code and these words.
    Refused(&'static str, &'static str),
}

/// A change as it is told.
pub struct Tale {
    /// The call that begins it.
    pub on: &'static str,
    /// Whether the local cloud carries it out meanwhile.
    pub is_true: bool,
    pub looks: VecDeque<Look>,
}

/// What CloudFormation has against every change set.
#[derive(Clone, Copy)]
pub struct Refused {
    pub reason: &'static str,
    /// Logical id, type and words, of each thing that its validation found.
    pub findings: &'static [(&'static str, &'static str, &'static str)],
}

#[derive(Default)]
pub struct Life {
    /// The coming tales, in their order.
    pub tales: VecDeque<Tale>,
    pub looks: VecDeque<Look>,
    /// The events so far, the oldest first: of the present tale, and of those before it.
    told: Vec<String>,
    before: Vec<String>,
    /// How many of the local cloud's own events are hidden by them or in them.
    hidden: usize,
    is_telling: bool,
    /// The stack's status by the tale; the local cloud's own where there is none.
    pub status: Option<&'static str>,
    /// Those of its resources.
    pub resources: BTreeMap<&'static str, &'static str>,
    pub token: String,
    /// The stack's.
    pub id: String,
    count: usize,
    pub troubles: VecDeque<(&'static str, Trouble)>,
    pub page: Option<usize>,
    pub change_sets: Vec<&'static str>,
    pub is_a_strangers: bool,
    pub is_protected: bool,
    pub refused: Option<Refused>,
    pub calls: Vec<String>,
}

impl Life {
    /// From now on it is as these looks tell; the local cloud has `own` events, the newest first.
    pub fn begins(&mut self, looks: VecDeque<Look>, own: &[String]) {
        self.before = self.history(own);
        self.before.reverse();
        self.told.clear();
        self.hidden = own.len();
        self.looks = looks;
        self.is_telling = true;
        self.tells();
    }

    /// It is another stack.
    pub fn is_born(&mut self, id: String) {
        self.id = id;
        self.before.clear();
        self.told.clear();
        self.hidden = 0;
        self.is_telling = false;
        self.status = None;
        self.resources.clear();
    }

    /// The local cloud has deleted it as well, and has these events, the newest first. What it says of
    /// resources stands in the history where nobody who follows the tale comes upon it.
    pub fn ends(&mut self, own: &[String]) {
        let newer = &own[..own.len() - self.hidden];
        let stack = format!("<PhysicalResourceId>{}<", self.id);
        let of_resources = newer.iter().rev().filter(|event| !event.contains(&stack));
        let last = self.before.len().saturating_sub(1);
        let of_resources: Vec<String> = of_resources.cloned().collect();
        self.before.splice(last..last, of_resources);
        self.hidden = own.len();
        self.status = None;
    }

    /// What becomes of this call.
    pub fn trouble(&mut self, action: &str) -> Option<Trouble> {
        if let (Some(Look::Met(trouble)), "DescribeStackEvents") = (self.looks.front(), action) {
            let trouble = *trouble;
            self.looks.pop_front();
            return Some(trouble);
        }
        let at = self.troubles.iter().position(|(on, _)| *on == action)?;
        self.troubles.remove(at).map(|(_, trouble)| trouble)
    }

    /// The events, the newest first.
    pub fn history(&mut self, own: &[String]) -> Vec<String> {
        if self.is_telling && self.looks.is_empty() {
            self.is_telling = false;
            self.hidden = own.len();
        }
        let newer = match self.is_telling {
            true => &[],
            false => &own[..own.len() - self.hidden],
        };
        let told = self.told.iter().rev().chain(self.before.iter().rev());
        newer.iter().chain(told).cloned().collect()
    }

    /// Comes to the next event.
    pub fn tells(&mut self) {
        let Some(Look::Event(logical, status, reason)) = self.looks.front().copied() else {
            return;
        };
        self.looks.pop_front();
        self.count += 1;
        let (physical, kind) = if logical == STACK {
            self.status = Some(status);
            (self.id.as_str(), "AWS::CloudFormation::Stack")
        } else {
            self.resources.insert(logical, status);
            (logical, kind(logical))
        };
        self.told.push(format!(
            "<member><EventId>tale-{}</EventId><StackId>{}</StackId><StackName>{STACK}</StackName>\
             <LogicalResourceId>{logical}</LogicalResourceId>\
             <PhysicalResourceId>{physical}</PhysicalResourceId><ResourceType>{kind}</ResourceType>\
             <ResourceStatus>{status}</ResourceStatus>\
             <ResourceStatusReason>{reason}</ResourceStatusReason>\
             <ClientRequestToken>{}</ClientRequestToken></member>",
            self.count, self.id, self.token
        ));
    }

    /// What the local cloud says, as the tale has it.
    pub fn retold(&self, list: &str, body: String) -> String {
        let mut all = members(&body, list);
        for one in &mut all {
            match list {
                "Stacks" if one.contains(&format!("<StackName>{STACK}<")) => self.retell(one),
                "StackResourceSummaries" => {
                    let logical = texts(one, "LogicalResourceId").concat();
                    let told = self.resources.get(logical.as_str());
                    let told = told.or_else(|| self.resources.get(OTHERS));
                    replace(one, "ResourceStatus", told.copied());
                }
                _ => {}
            }
        }
        if list == "Summaries" {
            let theirs = self.change_sets.iter();
            all.extend(
                theirs
                    .map(|name| format!("<member><ChangeSetName>{name}</ChangeSetName></member>")),
            );
        }
        with_members(&body, list, &all)
    }

    fn retell(&self, stack: &mut String) {
        replace(stack, "StackStatus", self.status);
        if self.is_a_strangers {
            *stack = stack.replace("<Key>mlink:", "<Key>other:");
        }
        if self.is_protected {
            let on = "<EnableTerminationProtection>true</EnableTerminationProtection></member>";
            let body = stack.strip_suffix("</member>").unwrap();
            let body = body.replace(
                "<EnableTerminationProtection>false</EnableTerminationProtection>",
                "",
            );
            *stack = body + on;
        }
    }

    /// The answers about a change set that CloudFormation refuses.
    pub fn answer_refused(&self, action: &str) -> Option<String> {
        let refused = self.refused?;
        let arn = "arn:aws:cloudformation:eu-west-1:000000000000:changeSet/mlink-1/2";
        let result = match action {
            "CreateChangeSet" => format!("<Id>{arn}</Id><StackId>{}</StackId>", self.id),
            "DescribeChangeSet" => format!(
                "<ChangeSetId>{arn}</ChangeSetId><Status>FAILED</Status><Changes></Changes>\
                 <StatusReason>{}</StatusReason>",
                refused.reason
            ),
            "DescribeEvents" => {
                let found = refused.findings.iter().map(|(logical, kind, words)| {
                    format!(
                        "<member><EventType>VALIDATION_ERROR</EventType>\
                         <LogicalResourceId>{logical}</LogicalResourceId>\
                         <ResourceType>{kind}</ResourceType>\
                         <ValidationFailureMode>FAIL</ValidationFailureMode>\
                         <ValidationStatusReason>{words}</ValidationStatusReason></member>"
                    )
                });
                let found: String = found.collect();
                format!("<OperationEvents>{found}</OperationEvents>")
            }
            _ => String::new(),
        };
        Some(done(action, &result))
    }
}

fn kind(logical: &str) -> &'static str {
    match logical {
        "SiteBucket" => "AWS::S3::Bucket",
        "MailQueue" => "AWS::SQS::Queue",
        "UserPool" => "AWS::Cognito::UserPool",
        "UserPoolClient" => "AWS::Cognito::UserPoolClient",
        _ => "AWS::Lambda::Function",
    }
}

fn replace(xml: &mut String, tag: &str, value: Option<&str>) {
    if let (Some(value), Some(old)) = (value, texts(xml, tag).first()) {
        let (old, new) = (format!("<{tag}>{old}<"), format!("<{tag}>{value}<"));
        *xml = xml.replace(&old, &new);
    }
}
