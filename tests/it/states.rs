//! Every row of docs/stack-states.md, by the binary that is shipped: a test is named after its row.

use crate::cloudformation::{Look, OTHERS, STACK};
use crate::deployed::{DENIED, Stage, settings};
use crate::picture;
use crate::scene::{DEPLOY, DESTROY};

use Look::Event;

const DELETED: &str = "DELETE_COMPLETE";
const NOTHING: [&str; 0] = [];

/// A rollback's list of what failed.
const LISTED: &str = "The following resource(s) failed to update: [MailQueue].";

#[tokio::test(flavor = "multi_thread")]
async fn no_stack() {
    let stage = Stage::bare().await;
    insta::assert_snapshot!("nothing_to_destroy", stage.succeeds(DESTROY).await);
    assert_eq!(stage.aws.calls(), NOTHING);
    assert_eq!(stage.deploys().await, ["ExecuteChangeSet"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn review_in_progress_with_mlinks_change_sets_or_none() {
    let stage = Stage::bare().await;
    stage.is_in_review("mlink-1").await;
    assert_eq!(stage.is_destroyed().await, ["DeleteStack"]);
    stage.is_in_review("mlink-1").await;
    assert_eq!(stage.deploys().await, ["ExecuteChangeSet"]);
}

/// The stranger's stands on the second page.
#[tokio::test(flavor = "multi_thread")]
async fn review_in_progress_with_somebody_elses_change_set() {
    let stage = Stage::bare().await;
    stage.is_in_review("mlink-1").await;
    stage.aws.holds(&["import-db"]);
    stage.aws.in_pages_of(1);
    let deploy = stage.refuses(DEPLOY).await;
    insta::assert_snapshot!("a_strangers_change_set", deploy);
    assert_eq!(stage.refuses(DESTROY).await, deploy);
    assert_eq!(picture::held(&stage.endpoint).await["stacks"], [STACK]);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_progress() {
    let stage = Stage::new().await;
    for (running, end) in [
        ("CREATE_IN_PROGRESS", "CREATE_COMPLETE"),
        ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"),
        ("IMPORT_IN_PROGRESS", "IMPORT_COMPLETE"),
        ("IMPORT_ROLLBACK_IN_PROGRESS", "IMPORT_ROLLBACK_COMPLETE"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
        (
            "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
            "UPDATE_ROLLBACK_COMPLETE",
        ),
    ] {
        let (past, rest) = ([Event(STACK, running, "")], [Event(STACK, end, "")]);
        stage.aws.is_under_way(&past, &rest).await;
        assert_eq!(stage.deploys().await, NOTHING, "{running}");
    }
    let past = [Event(STACK, "UPDATE_IN_PROGRESS", "User Initiated")];
    let rest = [Event(STACK, "UPDATE_COMPLETE", "")];
    stage.aws.is_under_way(&past, &rest).await;
    assert_eq!(stage.updates("10m").await, ["ExecuteChangeSet"]);
    stage.aws.is_under_way(&past, &rest).await;
    assert_eq!(stage.is_destroyed().await, ["DeleteStack"]);
}

/// A first deploy that is being taken back ends where the next can only begin anew.
#[tokio::test(flavor = "multi_thread")]
async fn in_progress_of_a_first_deploy_that_fails() {
    let stage = Stage::new().await;
    let past = [
        Event(STACK, "CREATE_IN_PROGRESS", "User Initiated"),
        Event("MailQueue", "CREATE_COMPLETE", ""),
        Event("MailFunction", "CREATE_FAILED", DENIED),
        Event(STACK, "ROLLBACK_IN_PROGRESS", ""),
    ];
    let rest = [
        Event("UserPool", DELETED, ""),
        Event("LinkTable", DELETED, ""),
        Event(STACK, "ROLLBACK_COMPLETE", ""),
    ];
    stage.aws.is_under_way(&past, &rest).await;
    let done = stage.deploys().await;
    assert_eq!(done, ["DeleteStack", "ExecuteChangeSet"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn complete() {
    let stage = Stage::new().await;
    for (status, lifetime) in [
        ("CREATE_COMPLETE", "10m"),
        ("UPDATE_COMPLETE", "11m"),
        ("IMPORT_COMPLETE", "12m"),
    ] {
        stage.aws.is(status, &[]);
        assert_eq!(stage.updates(lifetime).await, ["ExecuteChangeSet"]);
    }
    stage.aws.is("IMPORT_COMPLETE", &[]);
    insta::assert_snapshot!("unconfirmed", stage.refuses("destroy").await);
    assert_eq!(stage.is_destroyed().await, ["DeleteStack"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rolled_back() {
    let stage = Stage::new().await;
    for (status, lifetime) in [
        ("UPDATE_ROLLBACK_COMPLETE", "10m"),
        ("IMPORT_ROLLBACK_COMPLETE", "11m"),
    ] {
        stage.aws.is(status, &[]);
        assert_eq!(stage.updates(lifetime).await, ["ExecuteChangeSet"]);
    }
    stage.aws.is("UPDATE_ROLLBACK_COMPLETE", &[]);
    assert_eq!(stage.is_destroyed().await, ["DeleteStack"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn cleaning_up() {
    let stage = Stage::new().await;
    let past = [
        Event(STACK, "UPDATE_IN_PROGRESS", "User Initiated"),
        Event(STACK, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""),
    ];
    // It is never done with, and nobody waits for it.
    stage.aws.is_under_way(&past, &[Look::Held]).await;
    let page = "<!doctype html><title>two</title>";
    stage.toy.write("frontend/public/index.html", page);
    assert_eq!(stage.deploys().await, NOTHING);
    let now = picture::of_stack(&stage.endpoint, STACK).await;
    assert!(now["page"].contains(&format!("index.html: {page}")));

    let rest = [Event(STACK, "UPDATE_COMPLETE", "")];
    stage.aws.is_under_way(&past, &rest).await;
    let waits = "Wait for mlink-dev, which is UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: done";
    stage.toy.write("mlink.yaml", &settings("10m"));
    let said = stage.succeeds(DEPLOY).await;
    assert!(said.contains(waits), "{said}");
    stage.aws.is_under_way(&past, &rest).await;
    let said = stage.succeeds(DESTROY).await;
    assert!(said.contains(waits), "{said}");
    assert_eq!(stage.aws.calls(), ["ExecuteChangeSet", "DeleteStack"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rollback_complete() {
    let stage = Stage::new().await;
    stage.aws.is("ROLLBACK_COMPLETE", &[(OTHERS, DELETED)]);
    stage.aws.calls();
    let said = stage.succeeds(DEPLOY).await;
    assert_eq!(stage.aws.calls(), ["DeleteStack", "ExecuteChangeSet"]);
    let (note, _) = said.split_once("Delete the stack").unwrap();
    insta::assert_snapshot!("a_failed_first_deploy", note);
    stage.aws.is("ROLLBACK_COMPLETE", &[(OTHERS, DELETED)]);
    assert_eq!(stage.is_destroyed().await, ["DeleteStack"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn create_or_rollback_failed_without_pool_and_table() {
    let stage = Stage::new().await;
    let gone = [("UserPool", DELETED), ("LinkTable", DELETED)];
    for status in ["CREATE_FAILED", "ROLLBACK_FAILED"] {
        stage.aws.is(status, &gone);
        let done = stage.deploys().await;
        assert_eq!(done, ["DeleteStack", "ExecuteChangeSet"], "{status}");
    }
    stage.aws.is("ROLLBACK_FAILED", &gone);
    assert_eq!(stage.is_destroyed().await, ["DeleteStack"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn create_or_rollback_failed_with_pool_or_table() {
    let stage = Stage::new().await;
    let pool = [("UserPool", "DELETE_FAILED"), ("LinkTable", DELETED)];
    for status in ["CREATE_FAILED", "ROLLBACK_FAILED"] {
        stage.aws.is(status, &pool);
        insta::assert_snapshot!(format!("data_in_{status}"), stage.refuses(DEPLOY).await);
        stage.refuses("destroy").await;
    }
    assert_eq!(stage.is_destroyed().await, ["DeleteStack"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn update_failed() {
    let stage = Stage::new().await;
    stage.aws.is("UPDATE_FAILED", &[]);
    assert_eq!(stage.updates("10m").await, ["ExecuteChangeSet"]);
    stage.aws.is("UPDATE_FAILED", &[]);
    assert_eq!(stage.is_destroyed().await, ["DeleteStack"]);
}

/// A rollback that does not come through as long as the queue is in it.
const STUCK: [Look; 3] = [
    Event(STACK, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated"),
    Event(
        "MailQueue",
        "UPDATE_FAILED",
        "Resource handler returned message: \"The moon is in the wrong house\" (RequestToken: 7d2e, \
         HandlerErrorCode: GeneralServiceException)",
    ),
    Event(STACK, "UPDATE_ROLLBACK_FAILED", LISTED),
];
const UNSTUCK: [Look; 2] = [
    Event(STACK, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated"),
    Event(STACK, "UPDATE_ROLLBACK_COMPLETE", ""),
];

#[tokio::test(flavor = "multi_thread")]
async fn update_rollback_failed() {
    let stage = Stage::new().await;
    let failed = || stage.aws.is("UPDATE_ROLLBACK_FAILED", &[]);
    let is_continued = |looks: &[Look]| stage.aws.tells("ContinueUpdateRollback", false, looks);
    failed();
    is_continued(&UNSTUCK);
    let done = stage.updates("10m").await;
    assert_eq!(done, ["ContinueUpdateRollback", "ExecuteChangeSet"]);

    failed();
    is_continued(&STUCK);
    let (code, said) = stage.run(DEPLOY).await;
    assert_eq!(code, Some(3), "{said}");
    insta::assert_snapshot!("a_rollback_that_is_stuck", said);
    assert_eq!(stage.aws.calls(), ["ContinueUpdateRollback"]);

    is_continued(&STUCK);
    is_continued(&UNSTUCK);
    let said = stage.succeeds(&format!("{DEPLOY} --yes")).await;
    insta::assert_snapshot!("a_rollback_without_what_is_stuck", said);
    let skipping = "ContinueUpdateRollback skipping MailQueue";
    assert_eq!(stage.aws.calls(), ["ContinueUpdateRollback", skipping]);

    failed();
    assert_eq!(stage.is_destroyed().await, ["DeleteStack"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn delete_in_progress() {
    let stage = Stage::new().await;
    let past = [
        Event(STACK, "DELETE_IN_PROGRESS", "User Initiated"),
        Event("MailQueue", "DELETE_IN_PROGRESS", ""),
    ];
    let rest = [Event("MailQueue", DELETED, ""), Event(STACK, DELETED, "")];
    stage.aws.is_under_way(&past, &rest).await;
    assert_eq!(stage.deploys().await, ["ExecuteChangeSet"]);
    stage.aws.is_under_way(&past, &rest).await;
    assert_eq!(stage.is_destroyed().await, NOTHING);
}

const IN_USE: &str = "Resource handler returned message: \"The moon is in the wrong house\" \
     (RequestToken: 9c41, HandlerErrorCode: GeneralServiceException)";
const UNDELETED: [Look; 3] = [
    Event(STACK, "DELETE_IN_PROGRESS", "User Initiated"),
    Event("MailQueue", "DELETE_FAILED", IN_USE),
    Event(
        STACK,
        "DELETE_FAILED",
        "The following resource(s) failed to delete: [MailQueue].",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn delete_failed() {
    let stage = Stage::new().await;
    stage.aws.is("DELETE_FAILED", &[]);
    insta::assert_snapshot!("half_destroyed", stage.refuses(DEPLOY).await);
    stage.refuses("destroy").await;
    for _ in 0..2 {
        stage.aws.tells("DeleteStack", false, &UNDELETED);
    }
    let kept = [
        Event(STACK, "DELETE_IN_PROGRESS", "User Initiated"),
        Event("MailQueue", "DELETE_SKIPPED", ""),
        Event(STACK, DELETED, ""),
    ];
    stage.aws.tells("DeleteStack", false, &kept);
    let said = stage.succeeds(DESTROY).await;
    let keeping = "DeleteStack keeping MailQueue";
    assert_eq!(stage.aws.calls(), ["DeleteStack", "DeleteStack", keeping]);
    insta::assert_snapshot!("what_will_not_go", said);
}

#[tokio::test(flavor = "multi_thread")]
async fn import_rollback_failed_or_unknown() {
    let stage = Stage::new().await;
    for status in ["IMPORT_ROLLBACK_FAILED", "MOON_IS_FULL"] {
        stage.aws.is(status, &[]);
        insta::assert_snapshot!(format!("no_way_on_{status}"), stage.refuses(DEPLOY).await);
    }
    assert_eq!(stage.is_destroyed().await, ["DeleteStack"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_mlinks_tags() {
    let stage = Stage::new().await;
    stage.aws.is_a_strangers();
    for status in ["UPDATE_COMPLETE", "ROLLBACK_COMPLETE", "DELETE_FAILED"] {
        stage.aws.is(status, &[]);
        let deploy = stage.refuses(DEPLOY).await;
        assert_eq!(stage.refuses(DESTROY).await, deploy);
        insta::assert_snapshot!("a_strangers_stack", deploy);
    }
}
