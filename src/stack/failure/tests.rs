use std::path::Path;

use proptest::prelude::*;

use super::super::events::tests::{STACK, event};
use super::super::known::messages::MESSAGES;
use super::*;
use crate::template::Template;

fn stack(status: &str) -> Stack {
    Stack {
        name: "mlink-dev".to_owned(),
        id: STACK.to_owned(),
        changed_at: None,
        status: StackStatus::from(status),
        outputs: Default::default(),
        parameters: Default::default(),
        termination_protected: false,
        tags: Default::default(),
    }
}

fn context() -> Context<'static> {
    Context {
        stack: "mlink-dev".to_owned(),
        region: "eu-west-1".to_owned(),
        account: "123456789012".to_owned(),
        flags: " --stage dev".to_owned(),
        ..Context::default()
    }
}

/// The resource that is named as the first cause.
fn blamed(events: &[StackEvent]) -> Option<String> {
    let failure = Failure::explain(&stack("ROLLBACK_COMPLETE"), events, &context());
    failure.cause.map(|cause| cause.logical_id)
}

const CANCELLED: Option<&str> = Some("Resource creation cancelled");
const DENIED: Option<&str> = Some("Access to sqs:CreateQueue is denied");

#[test]
fn what_was_cancelled_because_of_the_cause_is_none_though_it_comes_first() {
    let events = [
        event(1, "mlink-dev", "CREATE_IN_PROGRESS", Some("User Initiated")),
        event(2, "Table", "CREATE_FAILED", CANCELLED),
        event(
            3,
            "Pool",
            "UPDATE_FAILED",
            Some("Resource update cancelled"),
        ),
        event(4, "Queue", "CREATE_FAILED", DENIED),
    ];
    assert_eq!(blamed(&events).as_deref(), Some("Queue"));
}

#[test]
fn the_earliest_cause_wins_though_later_ones_are_louder() {
    let listed =
        "The following resource(s) failed to create: [Queue, Pool]. Rollback requested by user.";
    let loud = "Resource handler returned message: \"User: x is not authorized\" (HandlerErrorCode: AccessDenied)";
    let events = [
        event(1, "Queue", "CREATE_FAILED", DENIED),
        event(2, "Pool", "CREATE_FAILED", Some(loud)),
        event(3, "mlink-dev", "ROLLBACK_IN_PROGRESS", Some(listed)),
        event(4, "Table", "DELETE_FAILED", Some(loud)),
    ];
    assert_eq!(blamed(&events).as_deref(), Some("Queue"));
}

#[test]
fn echoes_alone_are_no_cause() {
    let events = [
        event(1, "Table", "CREATE_FAILED", CANCELLED),
        event(
            2,
            "mlink-dev",
            "UPDATE_ROLLBACK_IN_PROGRESS",
            Some("The following resource(s) failed to update: [DocsDistribution]. "),
        ),
        event(
            3,
            "mlink-dev",
            "DELETE_FAILED",
            Some("The following resource(s) failed to delete: [AdminPageS3, StatusPageS3]."),
        ),
        event(
            4,
            "mlink-dev",
            "ROLLBACK_IN_PROGRESS",
            Some("Rollback requested by user."),
        ),
    ];
    assert_eq!(blamed(&events), None);
}

#[test]
fn a_reason_that_only_speaks_of_cancelling_is_a_cause() {
    let reason = Some("The transaction was cancelled by DynamoDB");
    let events = [event(1, "Table", "CREATE_FAILED", reason)];
    assert_eq!(blamed(&events).as_deref(), Some("Table"));
}

#[test]
fn a_failure_of_the_stack_itself_is_a_cause_too() {
    let taken =
        "Export with name site is already exported by stack other. Rollback requested by user.";
    for (status, reason) in [
        ("CREATE_FAILED", "The role cannot be assumed"),
        ("ROLLBACK_IN_PROGRESS", taken),
    ] {
        let events = [
            event(1, "mlink-dev", status, Some(reason)),
            event(2, "mlink-dev", "ROLLBACK_COMPLETE", None),
        ];
        assert_eq!(blamed(&events).as_deref(), Some("mlink-dev"), "{status}");
    }
}

#[test]
fn a_failure_without_a_reason_says_so() {
    let events = [event(1, "Queue", "CREATE_FAILED", None)];
    let failure = Failure::explain(&stack("ROLLBACK_COMPLETE"), &events, &context());
    assert!(failure.to_string().contains("gave no reason"), "{failure}");
}

#[test]
fn a_hook_says_what_it_wants_in_an_earlier_event() {
    let hook = StackEvent::builder()
        .logical_resource_id("SiteBucket")
        .hook_type("Acme::Buckets")
        .hook_status_reason("Buckets want a lock.")
        .build();
    let reason = Some("The following hook(s) failed: [Acme::Buckets]");
    let events = [hook, event(2, "SiteBucket", "CREATE_FAILED", reason)];
    let failure = Failure::explain(&stack("ROLLBACK_COMPLETE"), &events, &context());
    let cause = failure.cause.unwrap();
    assert!(cause.reason.contains("Buckets want a lock."), "{cause}");
    assert_eq!(cause.known, Some("stack.hook"));
}

/// A whole failure as a person sees it, from the event of one resource.
fn report(status: &str, logical: &str, kind: &str, physical: &str, reason: &str) -> String {
    let failed = StackEvent::builder()
        .event_id("e2")
        .logical_resource_id(logical)
        .physical_resource_id(physical)
        .resource_type(kind)
        .resource_status("CREATE_FAILED".into())
        .resource_status_reason(reason)
        .build();
    let events = [event(1, "Table", "CREATE_FAILED", CANCELLED), failed];
    // Of a template of its own, so that no change of the real one changes what is expected.
    let template = Template {
        body: String::new(),
        fingerprint: String::new(),
        sources: vec![(
            "templates/stack.yaml",
            format!("Resources:\n\n  {logical}:\n    Type: {kind}\n"),
        )],
    };
    let domain = "login.acme.example".to_owned();
    let certificate = "arn:aws:acm:eu-west-1:123456789012:certificate/1".to_owned();
    let context = Context {
        domain: Some((domain, certificate)),
        template: Some(&template),
        ..context()
    };
    crate::terminal::shown(&Failure::explain(&stack(status), &events, &context))
}

#[test]
fn a_log_group_that_is_left_over_is_shown_with_the_way_to_remove_it() {
    insta::assert_snapshot!(report(
        "ROLLBACK_COMPLETE",
        "MailLogs",
        "AWS::Logs::LogGroup",
        "/aws/lambda/mlink-dev-mail",
        "Resource handler returned message: \"Resource of type 'AWS::Logs::LogGroup' with identifier '{\"/properties/LogGroupName\":\"/aws/lambda/mlink-dev-mail\"}' already exists.\" (RequestToken: 258db5a1-23c6-5e4b-4d23-7a469fc2de96, HandlerErrorCode: AlreadyExists)",
    ));
}

#[test]
fn a_missing_permission_is_shown_with_the_command_that_grants_it() {
    insta::assert_snapshot!(report(
        "ROLLBACK_COMPLETE",
        "ApiFunction",
        "AWS::Lambda::Function",
        "",
        "Resource handler returned message: \"User: arn:aws:iam::123456789012:user/alice is not authorized to perform: iam:PassRole on resource: arn:aws:iam::123456789012:role/mlink-dev-ApiRole-1ABC because no identity-based policy allows the iam:PassRole action (Service: Lambda, Status Code: 403, Request ID: 6c6c7a82-53e7-473b-80d9-65bcb93dd0ce) (SDK Attempt Count: 1)\" (RequestToken: 856023d3-027b-0258-50db-c577b618fdf8, HandlerErrorCode: AccessDenied)",
    ));
}

#[test]
fn a_denial_by_the_organization_is_shown_as_one_that_nobody_here_can_lift() {
    insta::assert_snapshot!(report(
        "UPDATE_ROLLBACK_COMPLETE",
        "SiteBucket",
        "AWS::S3::Bucket",
        "mlink-dev-sitebucket-1",
        "Resource handler returned message: \"User: arn:aws:sts::123456789012:assumed-role/deployer/i-04a2 is not authorized to perform: s3:PutBucketPublicAccessBlock on resource: \"arn:aws:s3:::mlink-dev-sitebucket-1\" with an explicit deny in a service control policy (Service: S3, Status Code: 403, Request ID: SGQ4V852GWG9FPXS, Extended Request ID: FPGd) (SDK Attempt Count: 1)\" (RequestToken: ee28b13b-c9aa-ebfd-fc76-18b403069cdc, HandlerErrorCode: GeneralServiceException)",
    ));
}

#[test]
fn a_certificate_in_the_wrong_region_is_shown_with_the_way_to_another() {
    insta::assert_snapshot!(report(
        "UPDATE_ROLLBACK_COMPLETE",
        "Distribution",
        "AWS::CloudFront::Distribution",
        "E2QWRUHAPOMQZL",
        "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a valid certificate chain. (Service: AmazonCloudFront; Status Code: 400; Error Code: InvalidViewerCertificate; Request ID: 118a47d5-6e62-43ec-9ef8-74f18170b8a1)",
    ));
}

#[test]
fn a_full_bucket_is_shown_as_what_a_second_destroy_empties() {
    insta::assert_snapshot!(report(
        "DELETE_FAILED",
        "SiteBucket",
        "AWS::S3::Bucket",
        "mlink-dev-sitebucket-1",
        "The bucket you tried to delete is not empty (Service: Amazon S3; Status Code: 409; Error Code: BucketNotEmpty; Request ID: 13B5WKE8TCT9VS8K; Proxy: null)",
    ));
}

#[test]
fn a_policy_that_is_left_over_is_shown_with_commands_that_run_as_they_stand() {
    insta::assert_snapshot!(report(
        "ROLLBACK_COMPLETE",
        "ApiCachePolicy",
        "AWS::CloudFront::CachePolicy",
        "",
        "Internal error reported from downstream service during operation 'AWS::CloudFront::CachePolicy'.",
    ));
}

#[test]
fn an_unknown_cause_is_shown_raw() {
    insta::assert_snapshot!(report(
        "ROLLBACK_COMPLETE",
        "MailQueue",
        "AWS::SQS::Queue",
        "",
        "Resource handler returned message: \"The moon is in the wrong house (Service: Sqs, Status Code: 400)\" (HandlerErrorCode: GeneralServiceException)",
    ));
}

#[test]
fn a_way_back_that_failed_names_both_causes() {
    let missing = "Resource handler returned message: \"Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist. (Service: Lambda, Status Code: 400, Request ID: ad9bb8d6)\" (HandlerErrorCode: InvalidRequest)";
    let events = [
        event(1, "Queue", "UPDATE_FAILED", DENIED),
        event(
            2,
            "mlink-dev",
            "UPDATE_ROLLBACK_IN_PROGRESS",
            Some("The following resource(s) failed to update: [Queue]. "),
        ),
        StackEvent::builder()
            .logical_resource_id("ApiFunction")
            .resource_type("AWS::Lambda::Function")
            .resource_status("UPDATE_FAILED".into())
            .resource_status_reason(missing)
            .build(),
        event(
            4,
            "mlink-dev",
            "UPDATE_ROLLBACK_FAILED",
            Some("The following resource(s) failed to update: [ApiFunction]. "),
        ),
    ];
    let failure = Failure::explain(&stack("UPDATE_ROLLBACK_FAILED"), &events, &context());
    insta::assert_snapshot!(crate::terminal::shown(&failure));
}

#[test]
fn the_line_is_that_of_the_template_that_was_sent() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let template = Template::load(project, false).unwrap();
    let context = Context {
        template: Some(&template),
        ..context()
    };
    let events = [event(1, "MailQueue", "CREATE_FAILED", DENIED)];
    let failure = Failure::explain(&stack("ROLLBACK_COMPLETE"), &events, &context);
    let cause = failure.cause.unwrap();
    assert_eq!(cause.template, template.line("MailQueue", ""));
    assert!(cause.template.is_some());
}

/// As they stand in the report of a deploy or, where something will not go, of a destroy.
#[test]
fn every_failure_that_is_known() {
    let resources = MESSAGES.iter().filter(|(_, kind, ..)| !kind.is_empty());
    let cards = resources.map(|(_, kind, name, message)| {
        let logical = match *kind {
            "AWS::Lambda::Function" => "MailFunction",
            "AWS::Logs::LogGroup" => "MailLogs",
            kind => kind.rsplit("::").next().unwrap(),
        };
        let status = match *name {
            "function.replicated" | "user_pool.protected" => "DELETE_FAILED",
            name if name.starts_with("delete.") => "DELETE_FAILED",
            _ => "ROLLBACK_COMPLETE",
        };
        format!("# {name}\n{}", report(status, logical, kind, "", message))
    });
    insta::assert_snapshot!(cards.collect::<Vec<_>>().join("\n\n"));
}

/// Arbitrary words, and words that begin like those that are known.
fn reason() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        any::<String>(),
        Just("is not authorized to perform: ".to_owned()),
        Just(" on resource: \"".to_owned()),
        Just("User: arn:aws:iam::1:user/".to_owned()),
        Just("with identifier '".to_owned()),
        Just("' already exists".to_owned()),
        Just("S3 Error Code: PermanentRedirect".to_owned()),
        Just("have permission to GetObject for ".to_owned()),
        Just("Access denied for operation '".to_owned()),
        Just("Export ".to_owned()),
        Just("ü→".to_owned()),
    ];
    proptest::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_reason_is_swallowed_and_none_makes_it_panic(
        reason in reason(),
        kind in prop_oneof![
            any::<String>(),
            Just("AWS::Logs::LogGroup".to_owned()),
            Just("AWS::Lambda::Function".to_owned()),
            Just("AWS::CloudFront::Distribution".to_owned()),
            Just("AWS::SES::ConfigurationSet".to_owned()),
        ],
    ) {
        let event = StackEvent::builder()
            .logical_resource_id("It")
            .resource_type(kind)
            .resource_status("CREATE_FAILED".into())
            .resource_status_reason(&reason)
            .build();
        let card = cause(&event, &[], &context()).to_string();
        prop_assert!(card.contains(&reason));
        let _ = crate::terminal::shown(&Failure::explain(&stack("ROLLBACK_COMPLETE"), &[event], &context()));
    }
}
