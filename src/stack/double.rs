//! CloudFormation in a test: one stack, whose operations end as the test says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::operation::continue_update_rollback::ContinueUpdateRollbackOutput;
use aws_sdk_cloudformation::operation::delete_change_set::DeleteChangeSetOutput;
use aws_sdk_cloudformation::operation::delete_stack::DeleteStackOutput;
use aws_sdk_cloudformation::operation::describe_stack_events::DescribeStackEventsOutput;
use aws_sdk_cloudformation::operation::describe_stacks::DescribeStacksOutput;
use aws_sdk_cloudformation::operation::execute_change_set::ExecuteChangeSetError;
use aws_sdk_cloudformation::operation::execute_change_set::ExecuteChangeSetOutput;
use aws_sdk_cloudformation::operation::list_change_sets::ListChangeSetsOutput;
use aws_sdk_cloudformation::operation::list_stack_resources::ListStackResourcesOutput;
use aws_sdk_cloudformation::types::error::InvalidChangeSetStatusException;
use aws_sdk_cloudformation::types::{
    ChangeSetSummary, ResourceStatus, Stack as Described, StackEvent, StackResourceSummary,
    StackStatus, Tag,
};
use aws_smithy_mocks::{MockResponse, Rule, RuleMode, mock, mock_client};
use aws_smithy_types::DateTime;

use crate::plan::{NAME_TAG, STAGE_TAG};

pub const ID: &str = "arn:aws:cloudformation:eu-west-1:123456789012:stack/mlink-dev/1";

/// The stack and what was done to it. Clones are the same one.
#[derive(Clone, Default)]
pub struct Double(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    status: String,
    stage: String,
    changed_at: i64,
    resources: Vec<(&'static str, &'static str, &'static str)>,
    change_sets: Vec<&'static str>,
    /// How the coming operations end.
    ends: VecDeque<&'static str>,
    /// After how many looks at its events the operation under way ends, and how.
    reaches: Option<(u32, &'static str)>,
    events: Vec<StackEvent>,
    calls: Vec<String>,
    /// The answer to ExecuteChangeSet gets lost: its repetition is refused.
    loses_answers: bool,
}

impl Double {
    pub fn new(status: &str) -> Double {
        let double = Double::default();
        double.with(|state| {
            state.stage = "dev".to_owned();
            state.goes(status, None);
        });
        double
    }

    /// The statuses in which the coming operations end, in their order.
    pub fn ending(self, ends: &[&'static str]) -> Double {
        self.with(|state| state.ends = ends.iter().copied().collect());
        self
    }

    /// The status that the operation under way ends in, some looks later.
    pub fn reaching(self, end: &'static str) -> Double {
        self.with(|state| state.reaches = Some((3, end)));
        self
    }

    /// Logical id, type, status; each has its logical id as its physical one.
    pub fn holding(self, resources: &[(&'static str, &'static str, &'static str)]) -> Double {
        self.with(|state| state.resources = resources.to_vec());
        self
    }

    pub fn with_change_sets(self, names: &[&'static str]) -> Double {
        self.with(|state| state.change_sets = names.to_vec());
        self
    }

    pub fn of_stage(self, stage: &str) -> Double {
        self.with(|state| state.stage = stage.to_owned());
        self
    }

    pub fn losing_answers(self) -> Double {
        self.with(|state| state.loses_answers = true);
        self
    }

    /// Somebody else updates the stack, to the end.
    pub fn is_updated_elsewhere(&self) {
        self.with(|state| state.goes("UPDATE_COMPLETE", Some("elsewhere")));
    }

    /// What was done to it, with what it was done with.
    pub fn calls(&self) -> Vec<String> {
        self.with(|state| state.calls.clone())
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap())
    }

    pub fn client(&self) -> Client {
        let rules = [
            self.describe_stacks(),
            self.events(),
            self.resources(),
            self.change_sets(),
            self.delete(),
            self.continue_rollback(),
            self.execute(),
            self.discard(),
        ];
        let rules: Vec<&Rule> = rules.iter().collect();
        mock_client!(aws_sdk_cloudformation, RuleMode::MatchAny, rules.as_slice())
    }

    fn describe_stacks(&self) -> Rule {
        let double = self.clone();
        mock!(Client::describe_stacks).then_compute_output(move |_| {
            let stack = double.with(|state| state.described());
            DescribeStacksOutput::builder().stacks(stack).build()
        })
    }

    fn events(&self) -> Rule {
        let double = self.clone();
        mock!(Client::describe_stack_events).then_compute_output(move |_| {
            let newest_first = double.with(|state| {
                state.is_looked_at();
                state.events.iter().rev().cloned().collect()
            });
            DescribeStackEventsOutput::builder()
                .set_stack_events(Some(newest_first))
                .build()
        })
    }

    fn resources(&self) -> Rule {
        let double = self.clone();
        mock!(Client::list_stack_resources).then_compute_output(move |_| {
            let all = double.with(|state| state.resources.clone());
            let all = all.into_iter().map(|(logical, kind, status)| {
                StackResourceSummary::builder()
                    .logical_resource_id(logical)
                    .physical_resource_id(logical)
                    .resource_type(kind)
                    .resource_status(ResourceStatus::from(status))
                    .last_updated_timestamp(DateTime::from_secs(0))
                    .build()
            });
            ListStackResourcesOutput::builder()
                .set_stack_resource_summaries(Some(all.collect()))
                .build()
        })
    }

    fn change_sets(&self) -> Rule {
        let double = self.clone();
        mock!(Client::list_change_sets).then_compute_output(move |_| {
            let names = double.with(|state| state.change_sets.clone());
            let all = names.into_iter().map(|name| {
                let summary = ChangeSetSummary::builder().change_set_name(name);
                summary.build()
            });
            ListChangeSetsOutput::builder()
                .set_summaries(Some(all.collect()))
                .build()
        })
    }

    fn delete(&self) -> Rule {
        let double = self.clone();
        mock!(Client::delete_stack).then_compute_output(move |input| {
            double.runs("delete", input.retain_resources(), None);
            DeleteStackOutput::builder().build()
        })
    }

    fn continue_rollback(&self) -> Rule {
        let double = self.clone();
        mock!(Client::continue_update_rollback).then_compute_output(move |input| {
            double.runs("continue rollback", input.resources_to_skip(), None);
            ContinueUpdateRollbackOutput::builder().build()
        })
    }

    fn execute(&self) -> Rule {
        let double = self.clone();
        mock!(Client::execute_change_set).then_compute_response(move |input| {
            let token = input.client_request_token().unwrap_or_default().to_owned();
            double.runs("execute", &[], Some(&token));
            if double.with(|state| state.loses_answers) {
                let refused = InvalidChangeSetStatusException::builder().build();
                let refused = ExecuteChangeSetError::InvalidChangeSetStatusException(refused);
                return MockResponse::Error(refused);
            }
            MockResponse::Output(ExecuteChangeSetOutput::builder().build())
        })
    }

    fn discard(&self) -> Rule {
        let double = self.clone();
        mock!(Client::delete_change_set).then_compute_output(move |_| {
            double.with(|state| state.calls.push("discard".to_owned()));
            DeleteChangeSetOutput::builder().build()
        })
    }

    /// Notes an operation, and lets it end as the test says.
    fn runs(&self, operation: &str, resources: &[String], token: Option<&str>) {
        self.with(|state| {
            let call = format!("{operation} {}", resources.join(" "));
            state.calls.push(call.trim_end().to_owned());
            if let Some(end) = state.ends.pop_front() {
                state.goes(end, token);
            }
        });
    }
}

impl State {
    fn is_looked_at(&mut self) {
        match self.reaches.take() {
            Some((0, end)) => self.goes(end, None),
            Some((looks, end)) => self.reaches = Some((looks - 1, end)),
            None => {}
        }
    }

    fn goes(&mut self, status: &str, token: Option<&str>) {
        status.clone_into(&mut self.status);
        self.changed_at += 1;
        let event = StackEvent::builder()
            .event_id(format!("e{}", self.events.len()))
            .logical_resource_id("mlink-dev")
            .physical_resource_id(ID)
            .resource_type("AWS::CloudFormation::Stack")
            .resource_status(ResourceStatus::from(status))
            .set_client_request_token(token.map(str::to_owned));
        self.events.push(event.build());
    }

    fn described(&self) -> Described {
        let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
        Described::builder()
            .stack_name("mlink-dev")
            .stack_id(ID)
            .creation_time(DateTime::from_secs(0))
            .last_updated_time(DateTime::from_secs(self.changed_at))
            .stack_status(StackStatus::from(self.status.as_str()))
            .tags(tag(NAME_TAG, "mlink"))
            .tags(tag(STAGE_TAG, &self.stage))
            .build()
    }
}
