use aws_sdk_cloudformation::operation::create_change_set::{
    CreateChangeSetError, CreateChangeSetOutput,
};
use aws_sdk_cloudformation::operation::delete_change_set::DeleteChangeSetOutput;
use aws_sdk_cloudformation::operation::delete_stack::DeleteStackOutput;
use aws_sdk_cloudformation::operation::describe_events::{
    DescribeEventsError, DescribeEventsOutput,
};
use aws_sdk_cloudformation::operation::describe_stacks::DescribeStacksOutput;
use aws_sdk_cloudformation::operation::list_change_sets::ListChangeSetsOutput;
use aws_sdk_cloudformation::types::Stack as Described;
use aws_sdk_cloudformation::types::error::AlreadyExistsException;
use aws_sdk_cloudformation::types::{EventType, HookFailureMode, OperationEvent};
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;

use std::sync::{Arc, Mutex};

use super::super::double::{Double, ID};
use super::*;

fn created() -> Rule {
    mock!(Client::create_change_set)
        .match_requests(|input| {
            let how = input.deployment_config().unwrap();
            how.mode() == Some(&DeploymentConfigMode::Express)
                && how.disable_rollback() == Some(false)
        })
        .then_output(|| CreateChangeSetOutput::builder().stack_id(ID).build())
}

fn described(status: ChangeSetStatus, reason: &str) -> DescribeChangeSetOutput {
    DescribeChangeSetOutput::builder()
        .status(status)
        .status_reason(reason)
        .build()
}

fn change(logical: &str) -> Change {
    let resource = ResourceChange::builder()
        .action(ChangeAction::Add)
        .logical_resource_id(logical)
        .resource_type("AWS::SQS::Queue")
        .build();
    Change::builder().resource_change(resource).build()
}

async fn proposed(client: &Client, progress: &Progress) -> Result<Option<Proposal>, Error> {
    let template = Template {
        body: "Resources: {}".to_owned(),
        fingerprint: "f".to_owned(),
        sources: vec![(
            "templates/stack.yaml",
            "Resources:\n  MailQueue:\n    Properties:\n      VisibilityTimeout: soon\n".to_owned(),
        )],
    };
    let context = Context {
        stack: "mlink-dev".to_owned(),
        region: "eu-west-1".to_owned(),
        flags: " --stage dev".to_owned(),
        template: Some(&template),
        ..Context::default()
    };
    let request = Request {
        context: &context,
        existing: None,
        template: &template,
        parameters: &Parameters::new(),
        tags: &[],
        mode: Mode::Express,
    };
    propose(client, &request, progress).await
}

#[tokio::test(start_paused = true)]
async fn one_whose_making_was_not_heard_of_is_taken_up() {
    let created = mock!(Client::create_change_set).then_error(|| {
        CreateChangeSetError::AlreadyExistsException(AlreadyExistsException::builder().build())
    });
    let look = mock!(Client::describe_change_set)
        .then_output(|| described(ChangeSetStatus::CreateComplete, ""));
    let client = mock_client!(
        aws_sdk_cloudformation,
        RuleMode::Sequential,
        [&created, &look]
    );
    let made = proposed(&client, &Progress::silent()).await.unwrap();
    assert!(made.is_some());
}

#[tokio::test(start_paused = true)]
async fn it_waits_until_the_change_set_is_made_and_reads_every_page() {
    let created = created();
    let looks = mock!(Client::describe_change_set)
        .sequence()
        .output(|| described(ChangeSetStatus::CreatePending, ""))
        .output(|| described(ChangeSetStatus::CreateInProgress, ""))
        .output(|| {
            DescribeChangeSetOutput::builder()
                .status(ChangeSetStatus::CreateComplete)
                .changes(change("Queue"))
                .next_token("more")
                .build()
        })
        .output(|| {
            DescribeChangeSetOutput::builder()
                .status(ChangeSetStatus::CreateComplete)
                .changes(change("DeadLetterQueue"))
                .build()
        })
        .build();
    let client = mock_client!(
        aws_sdk_cloudformation,
        RuleMode::Sequential,
        [&created, &looks]
    );
    let shown = Arc::new(Mutex::new(Vec::new()));
    let sink = shown.clone();
    let progress = Progress::new(move |event| {
        if let Event::Change {
            action, logical_id, ..
        } = event
        {
            sink.lock().unwrap().push(format!("{action} {logical_id}"));
        }
    });
    assert!(proposed(&client, &progress).await.unwrap().is_some());
    assert_eq!(*shown.lock().unwrap(), ["Add Queue", "Add DeadLetterQueue"]);
    assert_eq!(looks.num_calls(), 4);
}

#[tokio::test(start_paused = true)]
async fn no_changes_is_a_success_and_leaves_no_change_set() {
    for reason in [
        "The submitted information didn't contain changes. Submit different information to \
             create a change set.",
        "No updates are to be performed.",
    ] {
        let created = created();
        let look = mock!(Client::describe_change_set)
            .then_output(move || described(ChangeSetStatus::Failed, reason));
        let discarded = mock!(Client::delete_change_set)
            .then_output(|| DeleteChangeSetOutput::builder().build());
        let client = mock_client!(
            aws_sdk_cloudformation,
            RuleMode::Sequential,
            [&created, &look, &discarded]
        );
        assert!(
            proposed(&client, &Progress::silent())
                .await
                .unwrap()
                .is_none()
        );
        assert_eq!(discarded.num_calls(), 1);
    }
}

/// The error of a change set that CloudFormation refuses with this reason, finding these.
async fn refused(reason: &'static str, found: Rule) -> Error {
    let created = mock!(Client::create_change_set).then_output(|| {
        CreateChangeSetOutput::builder()
            .stack_id(ID)
            .id(ARN)
            .build()
    });
    let look = mock!(Client::describe_change_set)
        .then_output(|| described(ChangeSetStatus::Failed, reason));
    let discarded =
        mock!(Client::delete_change_set).then_output(|| DeleteChangeSetOutput::builder().build());
    let others =
        mock!(Client::list_change_sets).then_output(|| ListChangeSetsOutput::builder().build());
    let empty = mock!(Client::describe_stacks).then_output(|| {
        let stack = Described::builder().stack_status(StackStatus::ReviewInProgress);
        DescribeStacksOutput::builder()
            .stacks(stack.build())
            .build()
    });
    let placeholder =
        mock!(Client::delete_stack).then_output(|| DeleteStackOutput::builder().build());
    let client = mock_client!(
        aws_sdk_cloudformation,
        RuleMode::MatchAny,
        [
            &created,
            &look,
            &found,
            &discarded,
            &others,
            &empty,
            &placeholder
        ]
    );
    let Err(error) = proposed(&client, &Progress::silent()).await else {
        panic!("not refused")
    };
    assert_eq!((discarded.num_calls(), placeholder.num_calls()), (1, 1));
    error
}

/// Findings are only told to who asks for them by the ARN.
fn found(pages: Vec<DescribeEventsOutput>) -> Rule {
    let mut rule = mock!(Client::describe_events)
        .match_requests(|request| request.change_set_name() == Some(ARN))
        .sequence();
    for page in pages {
        rule = rule.output(move || page.clone());
    }
    rule.build()
}

const ARN: &str = "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/mlink-1/2";
const VALIDATED: &str = "The following hook(s)/validation failed: \
        [AWS::EarlyValidation::PropertyValidation]. To troubleshoot Early Validation errors, use the \
        DescribeEvents API for detailed failure information.";

fn finding(logical: &str, kind: &str, path: &str, reason: &str) -> OperationEvent {
    OperationEvent::builder()
        .event_type(EventType::ValidationError)
        .logical_resource_id(logical)
        .resource_type(kind)
        .validation_path(path)
        .validation_failure_mode(HookFailureMode::Fail)
        .validation_status_reason(reason)
        .build()
}

fn findings(events: Vec<OperationEvent>, next: Option<&str>) -> DescribeEventsOutput {
    DescribeEventsOutput::builder()
        .set_operation_events(Some(events))
        .set_next_token(next.map(str::to_owned))
        .build()
}

#[tokio::test(start_paused = true)]
async fn a_refused_change_set_shows_what_was_found_on_every_page_and_leaves_nothing() {
    let warning = OperationEvent::builder()
        .logical_resource_id("SiteBucket")
        .validation_failure_mode(HookFailureMode::Warn)
        .validation_status_reason("The bucket 'b' is not empty.")
        .build();
    let path = "/Resources/MailQueue/Properties/VisibilityTimeout";
    let pages = vec![
        findings(vec![warning], Some("more")),
        findings(
            vec![finding(
                "MailQueue",
                "AWS::SQS::Queue",
                path,
                "expected type: Integer, found: String",
            )],
            Some("yet more"),
        ),
        findings(
            vec![finding(
                "MailFunction",
                "AWS::Lambda::Function",
                "",
                "Resource of type 'AWS::Lambda::Function' with identifier 'mlink-dev-mail' already exists.",
            )],
            None,
        ),
    ];
    let error = refused(VALIDATED, found(pages)).await;
    insta::assert_snapshot!(crate::terminal::shown(&error));
}

#[tokio::test(start_paused = true)]
async fn a_change_set_that_is_refused_for_another_reason_shows_it_raw() {
    let error = refused("Nobody knows why.", found(Vec::new())).await;
    insta::assert_snapshot!(crate::terminal::shown(&error));
}

#[tokio::test(start_paused = true)]
async fn findings_that_may_not_be_read_swallow_nothing_and_leave_nothing() {
    let denied = mock!(Client::describe_events).then_error(|| {
        let denied = ErrorMetadata::builder().code("AccessDenied").message(
            "User: arn:aws:iam::123456789012:user/alice is not authorized to perform: \
                 cloudformation:DescribeEvents on resource: arn:aws:cloudformation:eu-west-1:\
                 123456789012:stack/mlink-dev/* because no identity-based policy allows the \
                 cloudformation:DescribeEvents action",
        );
        DescribeEventsError::generic(denied.build())
    });
    let error = refused(VALIDATED, denied).await;
    insta::assert_snapshot!(crate::terminal::shown(&error));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_refused_for_a_known_reason_is_explained_too() {
    let call = |code: &'static str, message: &'static str| {
        mock!(Client::create_change_set).then_error(move || {
            let refused = ErrorMetadata::builder().code(code).message(message);
            CreateChangeSetError::generic(refused.build())
        })
    };
    let known = call(
        "ValidationError",
        "Template format error: Unrecognized resource types: [AWS::SES::ConfigurationSet]",
    );
    let unknown = call(
        "ValidationError",
        "Template error: the moon is in the wrong house",
    );
    let errors = [known, unknown].map(async |rule| {
        let client = mock_client!(aws_sdk_cloudformation, RuleMode::MatchAny, [&rule]);
        let Err(error) = proposed(&client, &Progress::silent()).await else {
            panic!("not refused")
        };
        crate::terminal::shown(&error)
    });
    let [known, unknown] = errors;
    insta::assert_snapshot!(format!("{}\n\n{}", known.await, unknown.await));
}

/// A change set against the stack as it is now.
async fn proposal(double: &Double) -> Proposal {
    let stack = Stack::find(&double.client(), "mlink-dev").await.unwrap();
    Proposal {
        stack_name: "mlink-dev".to_owned(),
        stack_id: ID.to_owned(),
        change_set: "mlink-1".to_owned(),
        basis: stack.unwrap().changed_at,
        changes: Vec::new(),
    }
}

async fn applied(proposal: Proposal, double: &Double) -> Result<Stack, Error> {
    let progress = Progress::silent();
    let context = Context::default();
    proposal.apply(&double.client(), &context, &progress).await
}

#[tokio::test(start_paused = true)]
async fn a_change_set_is_executed_and_followed_to_its_end() {
    let double = Double::new("UPDATE_COMPLETE").ending(&["UPDATE_COMPLETE"]);
    let stack = applied(proposal(&double).await, &double).await.unwrap();
    assert_eq!(stack.status, StackStatus::UpdateComplete);
    assert_eq!(double.calls(), ["execute"]);
}

#[tokio::test(start_paused = true)]
async fn a_change_set_for_a_stack_that_has_since_changed_is_thrown_away() {
    let double = Double::new("UPDATE_COMPLETE");
    let proposal = proposal(&double).await;
    double.is_updated_elsewhere();
    let error = applied(proposal, &double).await.unwrap_err();
    assert!(matches!(error, Error::Overtaken(_)), "{error}");
    assert_eq!(double.calls(), ["discard"]);
}

#[tokio::test(start_paused = true)]
async fn an_execution_whose_answer_was_lost_is_followed_all_the_same() {
    let double = Double::new("UPDATE_COMPLETE")
        .ending(&["UPDATE_COMPLETE"])
        .losing_answers();
    applied(proposal(&double).await, &double).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_execution_that_was_refused_is_no_success() {
    // Refused, and no operation with our token has begun.
    let double = Double::new("UPDATE_COMPLETE").losing_answers();
    let error = applied(proposal(&double).await, &double).await.unwrap_err();
    assert!(matches!(error, Error::Overtaken(_)), "{error}");
}

#[test]
fn a_pool_or_table_that_goes_is_in_danger() {
    let change = |kind: &str, action, replacement| {
        ResourceChange::builder()
            .logical_resource_id("It")
            .physical_resource_id("it-1")
            .resource_type(kind)
            .action(action)
            .replacement(replacement)
            .build()
    };
    let (pool, table) = ("AWS::Cognito::UserPool", "AWS::DynamoDB::Table");
    for (kind, action, replacement, endangered) in [
        (pool, ChangeAction::Modify, Replacement::False, false),
        (pool, ChangeAction::Modify, Replacement::True, true),
        (table, ChangeAction::Modify, Replacement::Conditional, true),
        (table, ChangeAction::Remove, Replacement::False, true),
        (pool, ChangeAction::Add, Replacement::False, false),
        (
            "AWS::SQS::Queue",
            ChangeAction::Remove,
            Replacement::True,
            false,
        ),
    ] {
        let found = Endangered::by(&change(kind, action.clone(), replacement.clone()));
        assert_eq!(found.is_some(), endangered, "{kind} {action} {replacement}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_stack_goes_with_its_change_set_and_one_that_is_no_longer_empty_stays() {
    for (status, calls) in [
        ("REVIEW_IN_PROGRESS", vec!["discard", "delete"]),
        ("CREATE_IN_PROGRESS", vec!["discard"]),
        ("CREATE_COMPLETE", vec!["discard"]),
    ] {
        let double = Double::new(status);
        let first = Proposal {
            basis: None,
            ..proposal(&double).await
        };
        first.withdraw(&double.client()).await.unwrap();
        assert_eq!(double.calls(), calls, "{status}");
    }
}
