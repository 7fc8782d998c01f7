//! What became of everything that a stack ever made, the replaced things too.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{ResourceStatus, StackEvent};
use aws_smithy_types::DateTime;

use super::Error;
use super::events::Bookmark;

/// What the last event of a resource says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// CloudFormation has deleted it, and began so then.
    Gone(Option<DateTime>),
    /// CloudFormation has passed it over: it is there, and in no stack.
    Kept,
}

/// Fates by type and physical id.
#[derive(Debug, Default)]
pub struct Past(BTreeMap<(String, String), Fate>);

impl Past {
    /// By the stack's id: the events of a deleted stack can be read for 90 days. Of one that is not known
    /// any more there are none.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html>
    pub async fn of(client: &Client, stack_id: &str) -> Result<Past, Error> {
        match Bookmark::default().advance(client, stack_id).await {
            Ok(history) => Ok(Past::told(&history)),
            Err(Error::Aws(error))
                if error.aws_code() == Some("ValidationError")
                    && error.message().contains("does not exist") =>
            {
                Ok(Past::default())
            }
            Err(error) => Err(error),
        }
    }

    /// By its events, oldest first.
    fn told(history: &[StackEvent]) -> Past {
        let mut past = BTreeMap::new();
        let mut deletions = BTreeMap::new();
        for event in history {
            let (Some(kind), Some(id)) = (event.resource_type(), event.physical_resource_id())
            else {
                continue;
            };
            let key = (kind.to_owned(), id.to_owned());
            match event.resource_status() {
                Some(ResourceStatus::DeleteInProgress) => {
                    deletions.insert(key, event.timestamp);
                    continue;
                }
                Some(ResourceStatus::DeleteComplete) => {
                    let began = deletions.remove(&key).flatten();
                    past.insert(key, Fate::Gone(began))
                }
                Some(ResourceStatus::DeleteSkipped) => past.insert(key, Fate::Kept),
                // It was made again, under the same name.
                _ => past.remove(&key),
            };
        }
        Past(past)
    }

    /// What became of a resource of this type of which CloudFormation may have known these ids; and the id
    /// by which it did.
    pub fn fate(&self, kind: &str, is: impl Fn(&str) -> bool) -> Option<(Fate, &str)> {
        let mut all = self.0.iter();
        let found = all.find(|((of, id), _)| of == kind && is(id));
        found.map(|((_, id), fate)| (*fate, id.as_str()))
    }

    /// Type and physical id of what is in no stack any more.
    pub fn kept(&self) -> impl Iterator<Item = (&str, &str)> {
        let kept = self.0.iter().filter(|(_, fate)| **fate == Fate::Kept);
        kept.map(|((kind, id), _)| (kind.as_str(), id.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::operation::describe_stack_events::DescribeStackEventsError;
    use aws_sdk_cloudformation::operation::describe_stack_events::DescribeStackEventsOutput;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};
    use aws_smithy_types::error::ErrorMetadata;

    use super::super::events::tests::{STACK, event};
    use super::*;

    #[tokio::test]
    async fn the_last_event_of_a_resource_tells_what_became_of_it() {
        let history = mock!(Client::describe_stack_events).then_output(|| {
            let newest_first = [
                event(8, "mlink-dev", "DELETE_COMPLETE", None),
                event(7, "Table", "DELETE_SKIPPED", None),
                event(6, "Queue", "DELETE_COMPLETE", None),
                event(5, "Group", "CREATE_COMPLETE", None),
                event(4, "Group", "DELETE_COMPLETE", None),
                event(3, "OldPool", "DELETE_COMPLETE", None),
                event(2, "Queue", "CREATE_COMPLETE", None),
                event(1, "mlink-dev", "CREATE_IN_PROGRESS", None),
            ];
            DescribeStackEventsOutput::builder()
                .set_stack_events(Some(newest_first.to_vec()))
                .build()
        });
        let client = mock_client!(aws_sdk_cloudformation, RuleMode::Sequential, [&history]);
        let past = Past::of(&client, STACK).await.unwrap();
        let kept: Vec<_> = past.kept().collect();
        assert_eq!(kept, [("AWS::Test::Thing", "Table")]);
        let fate = |id: &str| past.fate("AWS::Test::Thing", |known| known == id);
        assert_eq!(fate("Queue"), Some((Fate::Gone(None), "Queue")));
        assert_eq!(fate("OldPool"), Some((Fate::Gone(None), "OldPool")));
        assert_eq!(fate("Group"), None);
        assert_eq!(past.fate("AWS::Other::Thing", |_| true), None);
    }

    #[tokio::test]
    async fn a_stack_that_is_forgotten_tells_nothing() {
        let unknown = mock!(Client::describe_stack_events).then_error(|| {
            let error = ErrorMetadata::builder().code("ValidationError");
            let error = error.message("Stack [mlink-dev] does not exist").build();
            DescribeStackEventsError::generic(error)
        });
        let client = mock_client!(aws_sdk_cloudformation, RuleMode::Sequential, [&unknown]);
        let past = Past::of(&client, STACK).await.unwrap();
        assert_eq!(past.kept().count(), 0);
    }
}
