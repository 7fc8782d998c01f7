use super::super::double::Double;
use super::*;
use crate::plan::{NAME_TAG, STAGE_TAG};

const POOL: &str = "AWS::Cognito::UserPool";
const QUEUE: &str = "AWS::SQS::Queue";

async fn ready_with(double: &Double, agrees: bool) -> Result<Option<Stack>, Error> {
    let tags = [
        (NAME_TAG, "mlink".to_owned()),
        (STAGE_TAG, "dev".to_owned()),
    ];
    let consent = |_: &str| agrees;
    let progress = Progress::silent();
    let context = Context {
        stack: "mlink-dev".to_owned(),
        region: "eu-west-1".to_owned(),
        flags: " --stage dev".to_owned(),
        ..Context::default()
    };
    ready(&double.client(), &context, &tags, &consent, &progress).await
}

/// The status that a deploy starts from; none for a first deploy.
async fn starts_from(double: &Double) -> Option<String> {
    let stack = ready_with(double, false).await.unwrap();
    stack.map(|stack| stack.status.to_string())
}

/// Why a deploy does not start, with the way out.
async fn refusal(double: &Double) -> String {
    let error = ready_with(double, false).await.unwrap_err();
    let help = miette::Diagnostic::help(&error).map(|help| help.to_string());
    format!("{error}\n{}", help.unwrap_or_default())
}

#[test]
fn every_known_status_has_a_way_on() {
    for status in StackStatus::values() {
        let expected = match *status {
            "REVIEW_IN_PROGRESS" => Way::Create,
            "CREATE_COMPLETE"
            | "UPDATE_COMPLETE"
            | "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
            | "UPDATE_FAILED"
            | "UPDATE_ROLLBACK_COMPLETE"
            | "IMPORT_COMPLETE"
            | "IMPORT_ROLLBACK_COMPLETE" => Way::Update,
            "ROLLBACK_COMPLETE" | "CREATE_FAILED" | "ROLLBACK_FAILED" => Way::Remake,
            "UPDATE_ROLLBACK_FAILED" => Way::ContinueRollback,
            "DELETE_FAILED" => Way::FinishDeletion,
            running if running.ends_with("_IN_PROGRESS") => Way::Wait,
            _ => Way::Blocked,
        };
        assert_eq!(way(&StackStatus::from(*status)), expected, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stack_in_order_is_updated() {
    for status in [
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_FAILED",
        "UPDATE_ROLLBACK_COMPLETE",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
    ] {
        let double = Double::new(status);
        assert_eq!(starts_from(&double).await.as_deref(), Some(status));
        assert!(double.calls().is_empty(), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_stack_of_ours_is_created_in() {
    let double = Double::new("REVIEW_IN_PROGRESS").with_change_sets(&["mlink-1", "mlink-2"]);
    assert_eq!(starts_from(&double).await, None);
    assert!(double.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_empty_stack_with_a_strangers_change_set_is_left_alone() {
    let double = Double::new("REVIEW_IN_PROGRESS").with_change_sets(&["mlink-1", "import-db"]);
    insta::assert_snapshot!(refusal(&double).await);
    assert!(double.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_was_begun_before_is_followed_to_its_end() {
    for (running, end) in [
        ("CREATE_IN_PROGRESS", "CREATE_COMPLETE"),
        ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
        (
            "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
            "UPDATE_ROLLBACK_COMPLETE",
        ),
        ("IMPORT_IN_PROGRESS", "IMPORT_COMPLETE"),
        ("IMPORT_ROLLBACK_IN_PROGRESS", "IMPORT_ROLLBACK_COMPLETE"),
    ] {
        let double = Double::new(running).reaching(end);
        assert_eq!(starts_from(&double).await.as_deref(), Some(end));
    }
    for (running, end) in [
        ("DELETE_IN_PROGRESS", "DELETE_COMPLETE"),
        ("ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"),
    ] {
        let double = Double::new(running)
            .reaching(end)
            .ending(&["DELETE_COMPLETE"]);
        assert_eq!(starts_from(&double).await, None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_first_deploy_is_removed_and_made_again() {
    for status in ["ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED"] {
        let double = Double::new(status)
            .holding(&[
                ("UserPool", POOL, "DELETE_COMPLETE"),
                ("Queue", QUEUE, "CREATE_COMPLETE"),
            ])
            .ending(&["DELETE_COMPLETE"]);
        assert_eq!(starts_from(&double).await, None, "{status}");
        assert_eq!(double.calls(), ["delete"], "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_first_deploy_that_may_hold_users_is_not_removed_in_passing() {
    let double = Double::new("ROLLBACK_FAILED").holding(&[("UserPool", POOL, "CREATE_COMPLETE")]);
    insta::assert_snapshot!(refusal(&double).await);
    assert!(double.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_failed_rollback_is_continued() {
    let double = Double::new("UPDATE_ROLLBACK_FAILED").ending(&["UPDATE_ROLLBACK_COMPLETE"]);
    let end = starts_from(&double).await;
    assert_eq!(end.as_deref(), Some("UPDATE_ROLLBACK_COMPLETE"));
    assert_eq!(double.calls(), ["continue rollback"]);
}

/// A rollback that only comes through without one resource.
fn stuck() -> Double {
    Double::new("UPDATE_ROLLBACK_FAILED")
        .holding(&[
            ("Queue", QUEUE, "UPDATE_FAILED"),
            ("Other", QUEUE, "UPDATE_COMPLETE"),
        ])
        .ending(&["UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE"])
}

#[tokio::test(start_paused = true)]
async fn what_a_rollback_cannot_restore_is_skipped_with_consent() {
    let double = stuck();
    let stack = ready_with(&double, true).await.unwrap().unwrap();
    assert_eq!(stack.status, StackStatus::UpdateRollbackComplete);
    let expected = ["continue rollback", "continue rollback Queue"];
    assert_eq!(double.calls(), expected);
}

#[tokio::test(start_paused = true)]
async fn what_a_rollback_cannot_restore_is_not_skipped_without_consent() {
    let double = stuck();
    insta::assert_snapshot!(refusal(&double).await);
    assert_eq!(double.calls(), ["continue rollback"]);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_did_not_come_through_is_for_destroy_to_finish() {
    let double = Double::new("DELETE_FAILED");
    insta::assert_snapshot!(refusal(&double).await);
    assert!(double.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_state_without_a_way_on_is_named() {
    let double = Double::new("IMPORT_ROLLBACK_FAILED");
    insta::assert_snapshot!(refusal(&double).await);
    assert!(double.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_stranger_of_the_same_name_is_left_alone() {
    for status in [
        "UPDATE_COMPLETE",
        "ROLLBACK_COMPLETE",
        "UPDATE_ROLLBACK_FAILED",
        "DELETE_FAILED",
    ] {
        let double = Double::new(status).of_stage("another");
        let error = ready_with(&double, true).await.unwrap_err();
        assert!(matches!(error, Error::Foreign(_)), "{error}");
        assert!(double.calls().is_empty(), "{status}");
    }
}
