use std::collections::BTreeSet;

use super::messages::{MESSAGES, Seen};
use super::*;

fn context() -> Context<'static> {
    Context {
        verb: crate::stack::Verb::Deploy,
        stack: "mlink-lewis".to_owned(),
        region: "eu-west-1".to_owned(),
        account: "123456789012".to_owned(),
        flags: " --stage lewis".to_owned(),
        aws_flags: " --profile acme".to_owned(),
        domain: Some((
            "login.acme.example".to_owned(),
            "arn:aws:acm:us-east-1:123456789012:certificate/1".to_owned(),
        )),
        template: None,
    }
}

fn cause(resource_type: &str, reason: &str) -> Cause {
    Cause {
        logical_id: "MailFunction".to_owned(),
        resource_type: resource_type.to_owned(),
        physical_id: None,
        template: None,
        property: None,
        reason: reason.to_owned(),
        known: None,
        meaning: None,
        help: None,
    }
}

fn told(resource_type: &str, reason: &str) -> Option<Advice> {
    advice(&cause(resource_type, reason), &context())
}

fn known(resource_type: &str, reason: &str) -> Option<&'static str> {
    told(resource_type, reason).map(|advice| advice.name)
}

/// What each message is taken for in this form, where that is wrong.
fn mistaken(form: impl Fn(&str) -> String) -> Vec<String> {
    let taken = MESSAGES
        .iter()
        .filter_map(|(seen, kind, expected, message)| {
            let found = known(kind, &form(message));
            let wrong = found != Some(expected);
            wrong.then(|| format!("{seen:?} {expected}, taken for {found:?}: {message}"))
        });
    taken.collect()
}

#[test]
fn every_message_is_known_for_what_it_is() {
    assert_eq!(mistaken(str::to_owned), [""; 0]);
}

#[test]
fn a_message_is_known_in_each_form_that_aws_has_for_it_whatever_the_code_says() {
    let wrapped = |text: &str| {
        format!(
            "Resource handler returned message: \"{text} (Service: X, Status Code: 400, Request ID: 1, \
             Extended Request ID: null) (SDK Attempt Count: 1)\" (RequestToken: 2, HandlerErrorCode: \
             GeneralServiceException)"
        )
    };
    assert_eq!(mistaken(wrapped), [""; 0]);
    let old = |text: &str| {
        format!("{text} (Service: X; Status Code: 400; Error Code: Y; Request ID: 1; Proxy: null)")
    };
    assert_eq!(mistaken(old), [""; 0]);
    for code in [
        "Throttling",
        "AccessDenied",
        "NotStabilized",
        "ServiceInternalError",
        "AlreadyExists",
        "ServiceLimitExceeded",
    ] {
        let mut wrong =
            mistaken(|text| format!("{text} (RequestToken: 1, HandlerErrorCode: {code})"));
        // Where there is no sentence to know, the code is all there is.
        wrong.retain(|wrong| !wrong.contains("permission.unnamed"));
        assert_eq!(wrong, [""; 0], "{code}");
    }
    let nested = |text: &str| wrapped(&format!("Encountered an error. {}", wrapped(text)));
    assert_eq!(mistaken(nested), [""; 0]);
}

#[test]
fn every_known_failure_has_a_message_and_most_were_seen_in_the_wild() {
    let names: BTreeSet<&str> = TABLES
        .iter()
        .copied()
        .flatten()
        .map(|known| known.name)
        .collect();
    let shown: BTreeSet<&str> = MESSAGES.iter().map(|(_, _, name, _)| *name).collect();
    assert_eq!(names, shown);
    let real = MESSAGES.iter().filter(|(seen, ..)| *seen == Seen::Event);
    let real: BTreeSet<&str> = real.map(|(_, _, name, _)| *name).collect();
    assert!(real.len() >= 40, "{}", real.len());
}

#[test]
fn without_a_sentence_that_is_known_the_code_tells() {
    for (code, expected) in [
        ("Throttling", "service.throttled"),
        ("AccessDenied", "permission.unnamed"),
        ("NotStabilized", "ready.timed_out"),
        ("ServiceInternalError", "service.internal"),
        ("AlreadyExists", "name.taken"),
        ("ServiceLimitExceeded", "limit.other"),
    ] {
        let reason = format!("Something new (RequestToken: 1, HandlerErrorCode: {code})");
        assert_eq!(known("AWS::SQS::Queue", &reason), Some(expected));
    }
}

#[test]
fn an_unknown_reason_has_no_advice() {
    for reason in [
        "",
        "The moon is in the wrong house (Service: Sqs, Status Code: 400)",
        "Resource handler returned message: \"Invalid parameter\" (HandlerErrorCode: InvalidRequest)",
    ] {
        assert_eq!(known("AWS::SQS::Queue", reason), None, "{reason}");
    }
}

#[test]
fn a_denial_names_who_may_not_do_what_and_whose_rule_that_is() {
    for (part, who, action, resource, why) in [
        (
            "user/BUUser",
            "user/BUUserForDevSecOpsPiaaS",
            "iam:PassRole",
            "role/BURoleForPositivoMercantil",
            "the function cannot be given its role",
        ),
        (
            "DescribeScalingActivities",
            "assumed-role/dev-logcollector",
            "autoscaling:DescribeScalingActivities",
            "",
            "no policy allows it",
        ),
        (
            "junca-chain",
            "assumed-role/JuncaChain",
            "cloudfront:GetFunction",
            "function/junca-chain-docs-routes-123456789012",
            "no policy allows it",
        ),
        (
            "dcx-environment",
            "assumed-role/cdk-hnb659fds",
            "iam:CreateRole",
            "role/dcx-environment-fw7u9n8k",
            "its permissions boundary does not allow it",
        ),
        (
            "ore88ore",
            "techlead",
            "iam:CreateRole",
            "role/cdk-yyyyy",
            "a permissions boundary forbids it",
        ),
        (
            "WAF-IaC",
            "assumed-role/WAF-IaC",
            "s3:PutBucketPublicAccessBlock",
            "arn:aws:s3:::cdk-hnb659fds-assets-123456789012-us-east-1:",
            "the organization forbids it",
        ),
        (
            "Cloudmapper",
            "assumed-role/Engineer",
            "iam:CreateRole",
            "CloudmapperauditorStack",
            "forbids it expressly",
        ),
        (
            "CreateChangeSet",
            "developer",
            "cloudformation:CreateChangeSet",
            "stack/CDKToolkit/*",
            "no policy allows it",
        ),
        (
            "AliceLeyou",
            "user/AliceLeyou",
            "cloudformation:DescribeStacks",
            "stack/CDKToolkit/*",
            "forbids it expressly",
        ),
    ] {
        let (_, kind, _, message) = MESSAGES
            .iter()
            .find(|(_, _, name, message)| *name == "permission.denied" && message.contains(part))
            .unwrap();
        let meaning = told(kind, message).unwrap().meaning;
        for expected in [who, action, resource, why] {
            assert!(meaning.contains(expected), "{expected}: {meaning}");
        }
    }
}

#[test]
fn every_command_can_be_run_as_it_is_printed() {
    for (_, kind, name, message) in MESSAGES {
        let advice = told(kind, message).unwrap();
        assert!(
            !advice.meaning.is_empty() && !advice.help.is_empty(),
            "{name}"
        );
        for command in advice
            .help
            .lines()
            .filter_map(|line| line.strip_prefix("  "))
        {
            let aws = ["aws ", "id=$(aws ", "etag=$(aws "];
            let whole = if command.starts_with("aws sso login") {
                command.ends_with(" --profile acme")
            } else if aws.iter().any(|start| command.starts_with(start)) {
                command.contains(" --region ") && command.contains(" --profile acme")
            } else if command.starts_with("mlink ") {
                command.contains(" --stage lewis")
            } else {
                command.starts_with("git ")
            };
            assert!(whole, "{name}: {command}");
            let holes = ["  ", "NAME", " ARN", "STAGE ", "``", "''"];
            assert!(
                !holes.iter().any(|hole| command.contains(hole)),
                "{name}: {command}"
            );
        }
    }
}

#[test]
fn what_is_said_of_every_message() {
    let said = MESSAGES.iter().map(|(_, kind, name, message)| {
        let advice = told(kind, message).unwrap();
        format!("# {name}\n{}\n{}\n", advice.meaning, advice.help)
    });
    insta::assert_snapshot!(said.collect::<Vec<_>>().join("\n"));
}

#[test]
fn what_others_named_is_quoted_in_every_command() {
    for (kind, reason) in [
        (
            "AWS::Logs::LogGroup",
            "Resource of type 'X' with identifier 'a`id`$(id)' already exists.",
        ),
        (
            "AWS::SES::ConfigurationSet",
            "Configuration set <a`id`$(id)> already exists.",
        ),
        (
            "AWS::Lambda::Function",
            "have permission to GetObject for a`id`$id/x",
        ),
        (
            "AWS::IAM::Role",
            "User: arn:aws:iam::1:user/a`id`$(id) is not authorized to perform: a:B`id`",
        ),
        ("", "a already exists in stack b`id`$id"),
        (
            "",
            "Export a:b`id`$(id) cannot be deleted as it is in use by c",
        ),
    ] {
        let help = told(kind, reason).unwrap().help;
        for command in help.lines().filter(|line| line.starts_with("  ")) {
            let bare: String = command.split('\'').step_by(2).collect();
            assert!(!bare.contains('`') && !bare.contains('$'), "{command}");
        }
    }
}
