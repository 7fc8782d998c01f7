use aws_sdk_cloudformation::operation::describe_stacks::DescribeStacksOutput;
use aws_sdk_cloudformation::types::Tag;
use aws_smithy_mocks::{RuleMode, mock, mock_client};

use super::*;

fn described(name: &str, status: &str, tag: &str) -> Described {
    Described::builder()
        .stack_name(name)
        .creation_time(DateTime::from_secs(0))
        .stack_status(StackStatus::from(status))
        .tags(Tag::builder().key(tag).value("mlink").build())
        .build()
}

#[tokio::test]
async fn every_stack_of_mlinks_is_found_over_all_pages() {
    let pages = mock!(Client::describe_stacks)
        .sequence()
        .output(|| {
            DescribeStacksOutput::builder()
                .stacks(described("mlink-one", "UPDATE_COMPLETE", plan::NAME_TAG))
                .stacks(described("another", "UPDATE_COMPLETE", "team"))
                .next_token("more")
                .build()
        })
        .output(|| {
            DescribeStacksOutput::builder()
                .stacks(described("mlink-two", "ROLLBACK_COMPLETE", plan::NAME_TAG))
                .stacks(described("mlink-old", "DELETE_COMPLETE", plan::NAME_TAG))
                .build()
        })
        .build();
    let client = mock_client!(aws_sdk_cloudformation, RuleMode::Sequential, [&pages]);
    let found = Stack::all(&client).await.unwrap();
    let names: Vec<&str> = found.iter().map(|stack| stack.name.as_str()).collect();
    assert_eq!(names, ["mlink-one", "mlink-two"]);
}
