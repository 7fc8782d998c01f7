use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::names::Candidate;
use super::*;
use crate::aws::double::{Answer, Double};
use crate::event::Event;
use crate::plan::Function;

const JSON: &str = "application/x-amz-json-1.1";
const XML: &str = "text/xml";
const STACK: &str = "arn:aws:cloudformation:eu-west-1:123456789012:stack/mlink-dev/1";

fn context() -> Context<'static> {
    Context {
        stack: "mlink-dev".to_owned(),
        region: "eu-west-1".to_owned(),
        account: "123456789012".to_owned(),
        flags: " --stage dev".to_owned(),
        aws_flags: " --profile acme".to_owned(),
        ..Context::default()
    }
}

/// What an account shows of a stage whose stack is gone.
#[derive(Clone, Debug, Default)]
struct Account {
    /// Pages of the tag index: ARN, and the stack that it is tagged with.
    tagged: Vec<Vec<(&'static str, &'static str)>>,
    /// Type, physical id and last status in the events of [`STACK`].
    events: Vec<(&'static str, &'static str, &'static str)>,
    log_groups: Vec<&'static str>,
    /// In milliseconds after the events.
    log_groups_made: i64,
    roles: Vec<&'static str>,
    role_tags: &'static [(&'static str, &'static str)],
    /// The policy of each role; none at all if empty.
    policy: &'static str,
    /// Calls whose line or body has this are denied.
    denied: &'static str,
    /// A stack that exists.
    standing: &'static str,
}

impl Account {
    fn answer(&self, line: &str, body: &str) -> Answer {
        let asked = format!("{line} {body}");
        let xml = |text: String| (200, XML, text);
        if !self.denied.is_empty() && asked.contains(self.denied) {
            let error = "<Error><Code>AccessDenied</Code><Message>You may not</Message></Error>";
            return match line.contains("Service.") || line.contains("_20") {
                true => (400, JSON, denial()),
                false => (403, XML, format!("<ErrorResponse>{error}</ErrorResponse>")),
            };
        }
        if line.ends_with("GetResources") {
            return (200, JSON, self.index(body));
        }
        if line.ends_with("DescribeTable") {
            return match body.contains("forgotten") {
                false => (200, JSON, "{}".to_owned()),
                true => {
                    let gone = r#"{"__type": "ResourceNotFoundException", "message": "no"}"#;
                    (400, JSON, gone.to_owned())
                }
            };
        }
        if line.ends_with("DescribeLogGroups") {
            let groups = self.log_groups.iter();
            let groups: Vec<_> = groups
                .map(|name| {
                    let made = 1_767_225_600_000 + self.log_groups_made;
                    serde_json::json!({"logGroupName": name, "creationTime": made})
                })
                .collect();
            let text = serde_json::json!({"logGroups": groups}).to_string();
            return (200, JSON, text);
        }
        if body.contains("Action=ListRoles") {
            let roles = self.roles.iter().map(|name| {
                format!(
                    "<member><Path>/</Path><RoleName>{name}</RoleName><RoleId>R</RoleId>\
                     <Arn>a</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate></member>"
                )
            });
            let roles: String = roles.collect();
            return xml(format!(
                "<ListRolesResponse><ListRolesResult><Roles>{roles}</Roles></ListRolesResult>\
                 </ListRolesResponse>"
            ));
        }
        if body.contains("Action=GetRolePolicy") {
            return self.role_policy();
        }
        if body.contains("Action=ListRoleTags") {
            let tags = self.role_tags.iter().map(|(key, value)| {
                format!("<member><Key>{key}</Key><Value>{value}</Value></member>")
            });
            let tags: String = tags.collect();
            return xml(format!(
                "<ListRoleTagsResponse><ListRoleTagsResult><Tags>{tags}</Tags>\
                 </ListRoleTagsResult></ListRoleTagsResponse>"
            ));
        }
        if body.contains("Action=DescribeStackEvents") {
            return xml(self.history());
        }
        if body.contains("Action=DescribeStacks") {
            return self.stacks(body);
        }
        if line.contains("/function/") {
            let error = "<Error><Code>NoSuchFunctionExists</Code><Message>no</Message></Error>";
            return (404, XML, format!("<ErrorResponse>{error}</ErrorResponse>"));
        }
        // CloudFront's listings: an element that is named after the path.
        let path = line.split(['/', '?']).nth(2).unwrap_or_default();
        let list = match path {
            "origin-access-control" => "OriginAccessControlList",
            "cache-policy" => "CachePolicyList",
            "origin-request-policy" => "OriginRequestPolicyList",
            _ => "ResponseHeadersPolicyList",
        };
        xml(format!(
            "<{list}><MaxItems>100</MaxItems><Quantity>0</Quantity></{list}>"
        ))
    }

    fn index(&self, body: &str) -> String {
        let asked: serde_json::Value = serde_json::from_str(body).unwrap();
        if asked["ResourceTypeFilters"][0] == "cloudfront" {
            return r#"{"ResourceTagMappingList": []}"#.to_owned();
        }
        let at = asked["PaginationToken"].as_str().unwrap_or("0");
        let at: usize = at.parse().unwrap();
        let none = Vec::new();
        let page = self.tagged.get(at).unwrap_or(&none);
        let page: Vec<_> = page
            .iter()
            .map(|(arn, stack)| {
                let mut tags = vec![serde_json::json!({"Key": "mlink:stage", "Value": "dev"})];
                if !stack.is_empty() {
                    let key = "aws:cloudformation:stack-id";
                    tags.push(serde_json::json!({"Key": key, "Value": stack}));
                }
                serde_json::json!({"ResourceARN": arn, "Tags": tags})
            })
            .collect();
        let next = match at + 1 < self.tagged.len() {
            true => (at + 1).to_string(),
            false => String::new(),
        };
        serde_json::json!({"ResourceTagMappingList": page, "PaginationToken": next}).to_string()
    }

    fn role_policy(&self) -> Answer {
        if self.policy.is_empty() {
            let error = "<Error><Code>NoSuchEntity</Code><Message>no</Message></Error>";
            return (404, XML, format!("<ErrorResponse>{error}</ErrorResponse>"));
        }
        let policy = self.policy.replace(':', "%3A").replace('/', "%2F");
        let text = format!(
            "<GetRolePolicyResponse><GetRolePolicyResult><RoleName>r</RoleName><PolicyName>p\
             </PolicyName><PolicyDocument>{policy}</PolicyDocument></GetRolePolicyResult>\
             </GetRolePolicyResponse>"
        );
        (200, XML, text)
    }

    fn history(&self) -> String {
        let newest_first = self.events.iter().rev().map(|(kind, id, status)| {
            format!(
                "<member><StackId>s</StackId><EventId>{id}</EventId><StackName>n</StackName>\
                 <Timestamp>2026-01-01T00:00:00Z</Timestamp><ResourceType>{kind}</ResourceType>\
                 <PhysicalResourceId>{id}</PhysicalResourceId>\
                 <ResourceStatus>{status}</ResourceStatus></member>"
            )
        });
        let events: String = newest_first.collect();
        format!(
            "<DescribeStackEventsResponse><DescribeStackEventsResult><StackEvents>{events}\
             </StackEvents></DescribeStackEventsResult></DescribeStackEventsResponse>"
        )
    }

    fn stacks(&self, body: &str) -> Answer {
        let asked = body.replace("%3A", ":").replace("%2F", "/");
        if self.standing.is_empty() || !asked.contains(&format!("StackName={}", self.standing)) {
            let error = "<Error><Code>ValidationError</Code><Message>Stack does not exist</Message>\
                         </Error>";
            return (400, XML, format!("<ErrorResponse>{error}</ErrorResponse>"));
        }
        let text = "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>n\
                    </StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>\
                    <StackStatus>CREATE_COMPLETE</StackStatus></member></Stacks>\
                    </DescribeStacksResult></DescribeStacksResponse>";
        (200, XML, text.to_owned())
    }
}

fn denial() -> String {
    r#"{"__type": "AccessDeniedException", "message": "You may not"}"#.to_owned()
}

/// The look, and the warnings on the way.
fn tags() -> [(&'static str, String); 2] {
    [
        ("mlink:name", "mlink".to_owned()),
        ("mlink:stage", "dev".to_owned()),
    ]
}

async fn looked(account: &Account, deleted: Option<&str>) -> (Look, Vec<String>) {
    let account = account.clone();
    let double = Double::new(move |line, body| account.answer(line, body));
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let sink = warnings.clone();
    let progress = Progress::new(move |event| {
        if let Event::Warning { text } = event {
            sink.lock().unwrap().push(text);
        }
    });
    let tags = tags();
    let look = look(&double.cloud(), &context(), &tags, deleted, &progress)
        .await
        .unwrap();
    assert!(double.asked.most_at_once() >= 9, "one after another");
    let warnings = warnings.lock().unwrap().clone();
    (look, warnings)
}

fn ids(survivors: &[Survivor]) -> Vec<&str> {
    survivors.iter().map(|one| one.id.as_str()).collect()
}

#[test]
fn an_arn_is_known_by_what_cloudformation_and_its_service_call_it() {
    let shown = [
        "arn:aws:s3:::mlink-dev-sitebucket-1",
        "arn:aws:sqs:eu-west-1:123456789012:mlink-dev-MailQueue-1",
        "arn:aws:sns:eu-west-1:123456789012:mlink-dev-AlarmTopic-1",
        "arn:aws:dynamodb:eu-west-1:123456789012:table/mlink-dev-LinkTable-1",
        "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_AbC",
        "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:mlink-dev-ErrorAlarm-1",
        "arn:aws:lambda:eu-west-1:123456789012:function:mlink-dev-api",
        "arn:aws:lambda:eu-west-1:123456789012:event-source-mapping:0f-1",
        "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/mlink-dev-api:*",
        "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/mlink-dev-api",
        "arn:aws:cloudfront::123456789012:distribution/E1",
        "arn:aws:cloudfront::123456789012:function/mlink-dev-eu-west-1",
        "arn:aws:apigateway:eu-west-1::/apis/a1b2",
        "arn:aws:apigateway:eu-west-1::/apis/a1b2/stages/$default",
        "arn:aws:ses:eu-west-1:123456789012:configuration-set/MailConfiguration-1",
        "arn:aws:ses:eu-west-1:123456789012:identity/login@acme.example",
        "arn:aws:iam::123456789012:role/path/mlink-dev-ApiRole-1",
        "arn:aws:kinesis:eu-west-1:123456789012:stream/mine",
    ]
    .map(|arn| {
        let (kind, id) = arn::resource(arn);
        let context = context();
        let survivor = removal::survivor(kind.to_owned(), id.to_owned(), "eu-west-1", &context);
        format!("{arn}\n{survivor}")
    });
    insta::assert_snapshot!(shown.join("\n\n"));
}

#[test]
fn what_has_no_arn_in_the_index_has_its_command_too() {
    let shown = [
        ("AWS::CloudFront::OriginAccessControl", "E2"),
        ("AWS::CloudFront::CachePolicy", "658327ea"),
        ("AWS::CloudFront::OriginRequestPolicy", "658327eb"),
        ("AWS::CloudFront::ResponseHeadersPolicy", "658327ec"),
        (
            "AWS::SQS::Queue",
            "https://sqs.eu-west-1.amazonaws.com/123456789012/mails",
        ),
        ("AWS::Cognito::UserPoolClient", "a client's"),
    ]
    .map(|(kind, id)| {
        let (kind, id) = (kind.to_owned(), id.to_owned());
        removal::survivor(kind, id, "eu-west-1", &context()).to_string()
    });
    insta::assert_snapshot!(shown.join("\n"));
}

/// How each type of the template is found, or with what it goes.
#[test]
fn nothing_that_the_template_makes_is_overlooked() {
    let tagged = [
        "ApiGatewayV2::Api",
        "ApiGatewayV2::Stage",
        "CloudFront::Distribution",
        "CloudWatch::Alarm",
        "Cognito::UserPool",
        "DynamoDB::Table",
        "Lambda::EventSourceMapping",
        "Lambda::Function",
        "Logs::LogGroup",
        "S3::Bucket",
        "SES::ConfigurationSet",
        "SES::EmailIdentity",
        "SNS::Topic",
        "SQS::Queue",
    ];
    let named = [
        "CloudFront::CachePolicy",
        "CloudFront::Function",
        "CloudFront::OriginAccessControl",
        "CloudFront::OriginRequestPolicy",
        "CloudFront::ResponseHeadersPolicy",
        "IAM::Role",
    ];
    let parts = [
        "ApiGatewayV2::Authorizer",
        "ApiGatewayV2::Integration",
        "ApiGatewayV2::Route",
        "Cognito::UserPoolClient",
        "IAM::Policy",
        "Lambda::Permission",
        "Logs::MetricFilter",
        "S3::BucketPolicy",
        "SNS::Subscription",
        "SNS::TopicPolicy",
    ];
    let known: BTreeSet<&str> = tagged.into_iter().chain(named).chain(parts).collect();
    let made: BTreeSet<String> = template().into_iter().map(|(_, kind)| kind).collect();
    let made: BTreeSet<&str> = made.iter().map(String::as_str).collect();
    assert_eq!(made, known);
}

/// Logical id and type of every resource, with those of the local cloud.
fn template() -> Vec<(String, String)> {
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut found = Vec::new();
    for name in ["stack.yaml", "local.yaml"] {
        let text = fs_err::read_to_string(templates.join(name)).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for pair in lines.windows(2) {
            if let Some(kind) = pair[1].strip_prefix("    Type: AWS::") {
                let logical = pair[0].trim().trim_end_matches(':');
                found.push((logical.to_owned(), kind.trim().to_owned()));
            }
        }
    }
    found
}

#[test]
fn the_names_are_the_template_s() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/stack.yaml");
    let text = fs_err::read_to_string(path).unwrap();
    for function in Function::ALL {
        let name = names::log_group(function, "${AWS::StackName}");
        assert!(
            text.contains(&format!("LogGroupName: !Sub {name}\n")),
            "{name}"
        );
    }
    let edge = "Name: !Sub ${AWS::StackName}-${AWS::Region}\n";
    assert_eq!(text.matches(edge).count(), 5);
    let made = template();
    let roles = made.iter().filter(|(_, kind)| kind == "IAM::Role");
    let roles: Vec<&String> = roles.map(|(logical, _)| logical).collect();
    assert_eq!(roles.len(), 3);
    for role in roles {
        let name = format!("mlink-dev-{role}-1A2B");
        assert!(Candidate::of(&name, "mlink-dev").is_some(), "{name}");
    }
}

#[test]
fn a_role_of_a_neighbour_is_no_candidate() {
    let is = |role: &str| Candidate::of(role, "mlink-dev").is_some();
    assert!(is("mlink-dev-ApiRole-9ZYCY8mCI8VR"));
    for other in [
        "mlink-dev-2-ApiRole-9ZYCY8mCI8VR",
        "mlink-devil-ApiRole-9ZYCY8mCI8VR",
        "mlink-dev-ApiRole-",
        "mlink-dev-ApiRole-mine-to-keep",
        "mlink-dev-OtherRole-9ZYCY8mCI8VR",
        "-ApiRole-9ZYCY8mCI8VR",
        "mlink-dev-challenge",
    ] {
        assert!(!is(other), "{other}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_nothing_there_is_nothing_left() {
    for deleted in [None, Some(STACK)] {
        let (look, warnings) = looked(&Account::default(), deleted).await;
        assert!(look.left.is_empty() && look.kept.is_empty() && look.unseen.is_empty());
        assert_eq!(warnings, [""; 0]);
    }
}

/// A stack's things, in the index and in its events.
fn destroyed() -> Account {
    Account {
        tagged: vec![
            vec![
                (STACK, ""),
                ("arn:aws:s3:::site", STACK),
                ("arn:aws:sqs:eu-west-1:123456789012:mails", STACK),
                ("arn:aws:sns:eu-west-1:123456789012:topic", STACK),
            ],
            vec![
                (
                    "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Old",
                    STACK,
                ),
                (
                    "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/mlink-dev-api:*",
                    STACK,
                ),
                (
                    "arn:aws:apigateway:eu-west-1::/apis/a1/stages/$default",
                    STACK,
                ),
                ("arn:aws:dynamodb:eu-west-1:123456789012:table/links", STACK),
            ],
        ],
        events: vec![
            ("AWS::Cognito::UserPool", "eu-west-1_Old", "DELETE_COMPLETE"),
            ("AWS::S3::Bucket", "site", "DELETE_COMPLETE"),
            (
                "AWS::SQS::Queue",
                "https://sqs.eu-west-1.amazonaws.com/123456789012/mails",
                "DELETE_COMPLETE",
            ),
            (
                "AWS::SNS::Topic",
                "arn:aws:sns:eu-west-1:123456789012:topic",
                "DELETE_COMPLETE",
            ),
            (
                "AWS::Logs::LogGroup",
                "/aws/lambda/mlink-dev-api",
                "DELETE_IN_PROGRESS",
            ),
            (
                "AWS::Logs::LogGroup",
                "/aws/lambda/mlink-dev-api",
                "DELETE_COMPLETE",
            ),
            ("AWS::ApiGatewayV2::Api", "a1", "DELETE_COMPLETE"),
            ("AWS::DynamoDB::Table", "links", "DELETE_SKIPPED"),
            ("AWS::IAM::Role", "mlink-dev-ApiRole-1", "DELETE_COMPLETE"),
        ],
        roles: vec!["mlink-dev-ApiRole-1"],
        ..Account::default()
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_listings_still_show_of_what_is_gone_is_not_left() {
    // By the stack that was deleted just now, or long ago.
    for deleted in [Some(STACK), None] {
        let (look, warnings) = looked(&destroyed(), deleted).await;
        assert_eq!(ids(&look.left), [""; 0]);
        assert_eq!(ids(&look.kept), ["links"]);
        assert_eq!(warnings, [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_deleted_is_left_over_all_pages() {
    let mut account = destroyed();
    account.role_tags = &[("mlink:name", "mlink"), ("mlink:stage", "dev")];
    account.events.clear();
    account.log_groups = vec!["/aws/lambda/mlink-dev-2-api", "/aws/lambda/mlink-dev-mail"];
    let (look, _) = looked(&account, Some(STACK)).await;
    let error = Error::left("mlink-dev is destroyed".to_owned(), &look, "mlink destroy");
    insta::assert_snapshot!(crate::terminal::shown(&error));
}

#[tokio::test(start_paused = true)]
async fn a_log_group_that_was_made_again_is_left() {
    let mut account = destroyed();
    account.log_groups = vec!["/aws/lambda/mlink-dev-api"];
    let (look, _) = looked(&account, Some(STACK)).await;
    assert_eq!(ids(&look.left), ["/aws/lambda/mlink-dev-api"]);
    // One that is older than its deletion is only listed for a while.
    account.log_groups_made = -1;
    let (look, _) = looked(&account, Some(STACK)).await;
    assert_eq!(ids(&look.left), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_is_in_another_stack_or_in_another_region_is_not_ours_to_report() {
    let other = "arn:aws:cloudformation:eu-west-1:123456789012:stack/other/2";
    let abroad = "arn:aws:cloudformation:us-west-2:123456789012:stack/mlink-dev/3";
    let account = Account {
        tagged: vec![vec![
            ("arn:aws:s3:::others", other),
            ("arn:aws:cloudfront::123456789012:distribution/E9", abroad),
        ]],
        roles: vec!["mlink-dev-ApiRole-1", "mlink-dev-MailRole-1"],
        policy: "arn:aws:logs:us-west-2:123456789012:log-group:/aws/lambda/mlink-dev-api:*",
        standing: other,
        ..Account::default()
    };
    let (look, _) = looked(&account, Some(STACK)).await;
    assert_eq!(ids(&look.left), [""; 0]);
    // That the stack is gone since makes a difference.
    let account = Account {
        standing: "",
        policy: "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/mlink-dev-api:*",
        ..account
    };
    let (look, _) = looked(&account, Some(STACK)).await;
    assert_eq!(ids(&look.left), ["mlink-dev-ApiRole-1", "others"]);
}

#[tokio::test(start_paused = true)]
async fn a_role_whose_name_was_cut_is_ours_only_by_its_policy() {
    let stack = "a-name-of-twenty-let-a-stage-of-twenty-le";
    let cut = "a-name-of-twenty-let-a-stage-of-twent-ChallengeRole-1A2B3C4D5E6F";
    let candidate = Candidate::of(cut, stack).unwrap();
    let mut context = context();
    context.stack = stack.to_owned();
    for (policy, ours) in [
        ("", false),
        (
            "log-group:/aws/lambda/a-name-of-twenty-let-a-stage-of-twenty-la-challenge:*",
            false,
        ),
        (
            "log-group:/aws/lambda/a-name-of-twenty-let-a-stage-of-twenty-le-challenge:*",
            true,
        ),
    ] {
        let policy = match policy {
            "" => String::new(),
            policy => format!("arn:aws:logs:eu-west-1:123456789012:{policy}"),
        };
        let account = Account {
            policy: policy.leak(),
            ..Account::default()
        };
        let double = Double::new(move |line, body| account.answer(line, body));
        let is_ours = candidate.is_ours(&double.cloud(), &context, &tags()).await;
        assert_eq!(is_ours.unwrap(), ours);
    }
}

/// Its policies go first when CloudFormation deletes a role.
#[tokio::test(start_paused = true)]
async fn a_role_without_its_policy_is_ours_only_by_its_tags() {
    let mut account = Account {
        roles: vec!["mlink-dev-ApiRole-1A2B3C4D5E6F"],
        ..Account::default()
    };
    let (look, _) = looked(&account, None).await;
    assert_eq!(ids(&look.left), [""; 0]);
    account.role_tags = &[("mlink:name", "mlink"), ("mlink:stage", "dev-2")];
    let (look, _) = looked(&account, None).await;
    assert_eq!(ids(&look.left), [""; 0]);
    account.role_tags = &[("mlink:name", "mlink"), ("mlink:stage", "dev")];
    let (look, _) = looked(&account, None).await;
    assert_eq!(ids(&look.left), account.roles);
}

#[tokio::test(start_paused = true)]
async fn the_names_of_a_stage_that_was_made_again_meanwhile_are_its_own() {
    let account = Account {
        log_groups: vec!["/aws/lambda/mlink-dev-api"],
        standing: "mlink-dev",
        ..Account::default()
    };
    let (look, warnings) = looked(&account, Some(STACK)).await;
    assert_eq!(ids(&look.left), [""; 0]);
    insta::assert_snapshot!(warnings.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_is_denied_is_told_with_the_permission_for_it() {
    let mut told = Vec::new();
    for denied in [
        "GetResources",
        "DescribeLogGroups",
        "ListRoles",
        "/function/",
        "origin-access-control",
        "cache-policy",
        "origin-request-policy",
        "response-headers-policy",
    ] {
        let account = Account {
            denied,
            ..Account::default()
        };
        let (look, warnings) = looked(&account, Some(STACK)).await;
        assert_eq!(look.unseen.len(), warnings.len());
        assert!(!warnings.is_empty(), "{denied}");
        told.extend(warnings);
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn a_table_of_a_stack_that_nobody_remembers_is_asked_for() {
    let account = Account {
        tagged: vec![vec![
            ("arn:aws:dynamodb:eu-west-1:123456789012:table/links", STACK),
            (
                "arn:aws:dynamodb:eu-west-1:123456789012:table/forgotten",
                STACK,
            ),
        ]],
        ..Account::default()
    };
    let (look, _) = looked(&account, None).await;
    assert_eq!(ids(&look.left), ["links"]);
}
