//! What a person sees while CloudFormation takes its time, fails, and takes things back.

use std::process::Stdio;

use crate::cloudformation::{Look, STACK, Trouble};
use crate::deployed::{DENIED, Stage, settings};
use crate::picture;
use crate::scene::{DEPLOY, DESTROY};

use Look::{Event, Held, Met};

const NOT_EMPTY: &str = "Resource handler returned message: \"The bucket you tried to delete is not \
     empty (Service: S3, Status Code: 409, Request ID: 4HW8)\" (RequestToken: 9c41, \
     HandlerErrorCode: GeneralServiceException)";

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_fails_is_followed_through_its_rollback_and_tells_the_first_cause() {
    let stage = Stage::new().await;
    let before = picture::of_stack(&stage.endpoint, STACK).await;
    stage.toy.write("mlink.yaml", &settings("10m"));
    let looks = [
        Event(STACK, "UPDATE_IN_PROGRESS", "User Initiated"),
        Event("MailFunction", "UPDATE_IN_PROGRESS", ""),
        Event("UserPoolClient", "UPDATE_IN_PROGRESS", ""),
        Event("MailFunction", "UPDATE_FAILED", DENIED),
        Event(
            "UserPoolClient",
            "UPDATE_FAILED",
            "Resource update cancelled",
        ),
        Event(
            STACK,
            "UPDATE_ROLLBACK_IN_PROGRESS",
            "The following resource(s) failed to update: [MailFunction, UserPoolClient].",
        ),
        Event("MailFunction", "UPDATE_COMPLETE", ""),
        Event("UserPoolClient", "UPDATE_COMPLETE", ""),
        Event(STACK, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", ""),
        Event(STACK, "UPDATE_ROLLBACK_COMPLETE", ""),
    ];
    stage.aws.tells("ExecuteChangeSet", false, &looks);
    let (code, said) = stage.run(DEPLOY).await;
    assert_eq!(code, Some(1));
    insta::assert_snapshot!("a_failed_update", said);

    // It runs as before, and goes on from there.
    let now = picture::of_stack(&stage.endpoint, STACK).await;
    assert_eq!(now["page"], before["page"]);
    assert_eq!(stage.run(DEPLOY).await.0, Some(0));
    let now = picture::of_stack(&stage.endpoint, STACK).await;
    let lifetime = "LinkLifetimeSeconds = 600".to_owned();
    assert!(now["parameters"].contains(&lifetime), "{now:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_filled_again_is_emptied_again_and_everything_goes() {
    let stage = Stage::new().await;
    let looks = [
        Event(STACK, "DELETE_IN_PROGRESS", "User Initiated"),
        Event("MailQueue", "DELETE_IN_PROGRESS", ""),
        Event("MailQueue", "DELETE_COMPLETE", ""),
        Event("SiteBucket", "DELETE_IN_PROGRESS", ""),
        Event("SiteBucket", "DELETE_FAILED", NOT_EMPTY),
        Event(
            STACK,
            "DELETE_FAILED",
            "The following resource(s) failed to delete: [SiteBucket].",
        ),
    ];
    stage.aws.tells("DeleteStack", false, &looks);
    let (code, said) = stage.run(DESTROY).await;
    assert_eq!(code, Some(0), "{said}");
    // From the second deletion on it is the local cloud's own tale.
    let ends = said.find("  DELETE_IN_PROGRESS   MeRoute");
    let tail = said.rfind("  DELETE_COMPLETE").unwrap();
    let shown = format!(
        "{}  [...]\n{}",
        &said[..ends.unwrap_or(tail)],
        &said[tail..]
    );
    insta::assert_snapshot!("a_bucket_that_filled_again", shown);
    assert!(picture::held(&stage.endpoint).await["stacks"].is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_a_long_update_is_told_so_and_the_next_run_follows_it_to_its_end() {
    let stage = Stage::new().await;
    stage.toy.write("mlink.yaml", &settings("10m"));
    let looks = [
        Event(STACK, "UPDATE_IN_PROGRESS", "User Initiated"),
        Event("MailFunction", "UPDATE_IN_PROGRESS", ""),
        Held,
        Event("MailFunction", "UPDATE_COMPLETE", ""),
        Event(STACK, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""),
        Event(STACK, "UPDATE_COMPLETE", ""),
    ];
    stage.aws.tells("ExecuteChangeSet", true, &looks);
    let mut command = stage.command(DEPLOY);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let deploy = command.stderr(Stdio::piped()).spawn().unwrap();
    stage.aws.held().await;
    let pid = deploy.id().unwrap().to_string();
    let mut kill = std::process::Command::new("kill");
    assert!(kill.args(["-INT", &pid]).status().unwrap().success());
    let left = deploy.wait_with_output().await.unwrap();
    stage.aws.forget();
    assert_eq!(left.status.code(), Some(130));
    assert!(left.stdout.is_empty());
    insta::assert_snapshot!("leaving_an_update", stage.seen(left.stderr));

    let next = async {
        let next = stage.run(DEPLOY).await;
        assert_eq!(next.0, Some(0), "{}", next.1);
        next.1
    };
    let go_on = async {
        // The next run has looked too.
        stage.aws.held().await;
        stage.aws.let_go();
    };
    let (said, ()) = tokio::join!(next, go_on);
    insta::assert_snapshot!("following_an_update", said);
    let now = picture::of_stack(&stage.endpoint, STACK).await;
    let lifetime = "LinkLifetimeSeconds = 600".to_owned();
    assert!(now["parameters"].contains(&lifetime), "{now:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_late_to_a_failure_is_told_of_it_at_once() {
    let stage = Stage::new().await;
    let past = [
        Event(STACK, "UPDATE_IN_PROGRESS", "User Initiated"),
        Event("ApiFunction", "UPDATE_IN_PROGRESS", ""),
        Event("MailFunction", "UPDATE_IN_PROGRESS", ""),
        Event("UserPoolClient", "UPDATE_IN_PROGRESS", ""),
        Event("ApiFunction", "UPDATE_COMPLETE", ""),
        Event("MailFunction", "UPDATE_FAILED", DENIED),
        Event(
            STACK,
            "UPDATE_ROLLBACK_IN_PROGRESS",
            "The following resource(s) failed to update: [MailFunction].",
        ),
    ];
    let rest = [
        Event("MailFunction", "UPDATE_COMPLETE", ""),
        Event(STACK, "UPDATE_ROLLBACK_COMPLETE", ""),
    ];
    stage.aws.in_pages_of(2);
    stage.aws.is_under_way(&past, &rest).await;
    insta::assert_snapshot!("coming_late", stage.succeeds(DEPLOY).await);
    assert_eq!(stage.aws.calls(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_is_failing_is_explained_and_taken_up_again() {
    let stage = Stage::new().await;
    let past = [
        Event(STACK, "DELETE_IN_PROGRESS", "User Initiated"),
        Event("MailQueue", "DELETE_COMPLETE", ""),
        Event("SiteBucket", "DELETE_FAILED", NOT_EMPTY),
    ];
    let rest = [Event(
        STACK,
        "DELETE_FAILED",
        "The following resource(s) failed to delete: [SiteBucket].",
    )];
    stage.aws.is_under_way(&past, &rest).await;
    stage.aws.calls();
    let said = stage.succeeds(DESTROY).await;
    assert_eq!(stage.aws.calls(), ["DeleteStack"]);
    let (late, _) = said.split_once("Empty the buckets").unwrap();
    insta::assert_snapshot!("coming_late_to_a_deletion", late);
}

/// Hundreds of events over hundreds of looks, some of which nobody answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_update_is_followed_to_its_end_whatever_happens_between_the_looks() {
    let stage = Stage::new().await;
    stage.toy.write("mlink.yaml", &settings("10m"));
    let mut looks = vec![Event(STACK, "UPDATE_IN_PROGRESS", "User Initiated")];
    for round in 0..200 {
        looks.push(Event("MailFunction", "UPDATE_IN_PROGRESS", ""));
        if round % 50 == 10 {
            looks.extend([Met(Trouble::Broken), Met(Trouble::Lost)]);
        }
    }
    looks.push(Met(Trouble::Throttled));
    looks.push(Event(STACK, "UPDATE_COMPLETE", ""));
    stage.aws.tells("ExecuteChangeSet", true, &looks);
    // Its answer is lost: asked again, CloudFormation has it under way already.
    stage.aws.meets("ExecuteChangeSet", &[Trouble::Lost]);
    let said = stage.succeeds(DEPLOY).await;
    assert_eq!(
        said.matches("UPDATE_IN_PROGRESS   MailFunction").count(),
        200
    );
    let now = picture::of_stack(&stage.endpoint, STACK).await;
    let lifetime = "LinkLifetimeSeconds = 600".to_owned();
    assert!(now["parameters"].contains(&lifetime), "{now:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_is_read_over_all_its_pages() {
    let stage = Stage::bare().await;
    stage.aws.in_pages_of(3);
    let said = stage.succeeds(DEPLOY).await;
    let now = picture::of_stack(&stage.endpoint, STACK).await;
    for resource in &now["resources"] {
        let logical = resource.split(' ').next().unwrap();
        assert!(said.contains(&format!("  add     {logical} ")), "{said}");
        assert!(
            said.contains(&format!("  CREATE_COMPLETE      {logical} ")),
            "{said}"
        );
    }
    assert_eq!(stage.is_destroyed().await, ["DeleteStack"]);
    assert!(picture::held(&stage.endpoint).await["buckets"].is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_refused_names_what_was_found_and_leaves_the_stage_alone() {
    let stage = Stage::new().await;
    stage.aws.calls();
    stage.toy.write("mlink.yaml", &settings("10m"));
    stage.aws.refuses_changes(
        "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. To \
         troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure \
         information.",
        &[
            (
                "MailQueue",
                "AWS::SQS::Queue",
                "expected type: Integer, found: String",
            ),
            (
                "SiteBucket",
                "AWS::S3::Bucket",
                "The bucket name is not valid.",
            ),
        ],
    );
    let (code, said) = stage.run(DEPLOY).await;
    assert_eq!(code, Some(1));
    insta::assert_snapshot!("a_refused_change", said);
    assert_eq!(stage.aws.calls(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_refused_is_explained_with_the_command_that_helps() {
    let stage = Stage::new().await;
    let denied = Trouble::Refused(
        "AccessDenied",
        "User: arn:aws:iam::000000000000:user/alice is not authorized to perform: \
         cloudformation:DeleteStack on resource: arn:aws:cloudformation:eu-west-1:000000000000:\
         stack/mlink-dev/* because no identity-based policy allows the cloudformation:DeleteStack \
         action",
    );
    stage.aws.meets("DeleteStack", &[denied]);
    let (code, said) = stage.run(DESTROY).await;
    assert_eq!(code, Some(1));
    insta::assert_snapshot!("a_refused_deletion", said);
    // Once it is allowed it goes on where that stopped.
    assert_eq!(stage.is_destroyed().await, ["DeleteStack"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_with_termination_protection_is_not_destroyed() {
    let stage = Stage::new().await;
    stage.aws.is_protected();
    insta::assert_snapshot!("termination_protection", stage.refuses(DESTROY).await);
}
