//! Who may not do what, and whose rule that is.

use super::words::{between, quoted, word_after};
use super::{Advice, Known, Told};

pub const TABLE: &[Known] = &[
    Known {
        name: "account.cloudfront_unverified",
        types: &[],
        says: &["account must be verified before you can add new CloudFront resources"],
        tells: |told| {
            told.means(
                "AWS has not released CloudFront for this new account yet; no permission is missing.",
            )
            .say("Open a free case of the kind \"Account and billing\" at https://console.aws.amazon.com/support/home#/ and quote the message. When AWS has answered:")
            .run(told.context.again())
        },
    },
    Known {
        name: "permission.tags",
        types: &[],
        says: &[
            "is not authorized to perform * with Tags. An additional permission \"*\" is required",
        ],
        tells: |told| {
            let action = told.part(1);
            told.means(format!(
                "The stack's tags are put on each of its resources, and who deploys may not do that: {action} is missing."
            ))
            .say(format!("Allow it to the identity that deploys, with this statement in one of its policies, and go on: {}", statement(action, "*")))
            .run(told.context.again())
        },
    },
    Known {
        name: "permission.denied",
        types: &[],
        says: &["is not authorized to perform: *"],
        tells: denied,
    },
    Known {
        name: "permission.bucket_policy",
        types: &["AWS::S3::BucketPolicy"],
        says: &[
            "API: s3:PutBucketPolicy Access Denied",
            "\"Access Denied (Service: S3",
            "Access Denied",
        ],
        tells: |told| {
            told.means("Who deploys may not set the policy of the site's bucket: s3:PutBucketPolicy is missing, or the account forbids it.")
                .say(format!("Allow it to the identity that deploys: {}", statement("s3:PutBucketPolicy", "*")))
                .say("If it is allowed, see what the account blocks:")
                .run(told.aws(format!("s3control get-public-access-block --account-id {}", told.context.account)))
        },
    },
    Known {
        name: "permission.hidden",
        types: &[],
        says: &["Access denied for operation '*'"],
        tells: |told| {
            let subject = told
                .part(0)
                .split(':')
                .rev()
                .find(|part| !part.trim().is_empty());
            let subject = subject.unwrap_or("this type").trim();
            told.means(format!("CloudFront refused to work on the {subject}, and CloudFormation does not say which permission is missing."))
                .say("CloudTrail names the action some minutes later:")
                .run(told.aws_global("cloudtrail lookup-events --lookup-attributes AttributeKey=EventSource,AttributeValue=cloudfront.amazonaws.com --max-results 50 --query \"Events[].CloudTrailEvent\" --output text"))
                .say(format!("Allow cloudfront:Create{subject}, Get…, Update…, Delete… and TagResource to the identity that deploys; then:"))
                .run(told.context.again())
        },
    },
    Known {
        name: "permission.event_source",
        types: &["AWS::Lambda::EventSourceMapping"],
        says: &["did not stabilize"],
        tells: |told| {
            told.means("The queue was tied to the mail function, but could not be looked at afterwards: mostly lambda:GetEventSourceMapping is missing.")
                .say(format!("Allow it to the identity that deploys, and go on: {}", statement("lambda:*EventSourceMapping", "*")))
                .run(told.context.again())
        },
    },
    Known {
        name: "account.service_role",
        types: &[],
        says: &["Role * is invalid or cannot be assumed"],
        tells: |told| {
            told.means("The stack was once deployed with a service role, which is gone or no longer trusts CloudFormation; CloudFormation goes on using it.")
                .say("This tells its ARN; make it again, with trust for cloudformation.amazonaws.com:")
                .run(told.aws(format!("cloudformation describe-stacks --stack-name {} --query \"Stacks[0].RoleARN\" --output text", told.context.stack)))
        },
    },
];

/// A refusal of IAM's, picked apart. <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>
struct Denial<'a> {
    who: Option<&'a str>,
    action: &'a str,
    resource: &'a str,
}

impl<'a> Denial<'a> {
    fn of(text: &'a str) -> Denial<'a> {
        let perform = "is not authorized to perform: ";
        let sentence = text.find(perform).map_or(text, |at| &text[at..]);
        Denial {
            who: between(text, "User: ", " ").filter(|who| who.starts_with("arn:")),
            action: word_after(sentence, perform).unwrap_or("the action"),
            resource: word_after(sentence, "on resource: ").unwrap_or("*"),
        }
    }

    fn meaning(&self, why: &str) -> String {
        let who = self.who.map_or("The identity that deploys", short);
        let on = match self.resource {
            "*" => String::new(),
            resource => format!(" on {resource}"),
        };
        format!("{who} may not do {}{on}: {why}.", self.action)
    }

    /// What an administrator runs to allow it.
    fn grant(&self, told: &Told<'_>) -> Option<String> {
        let document = format!(
            "{{\"Version\":\"2012-10-17\",\"Statement\":[{}]}}",
            statement(self.action, &self.granted(told))
        );
        let (kind, name) = holder(self.who?)?;
        Some(told.aws_global(format!(
            "iam put-{kind}-policy --{kind}-name {} --policy-name {} --policy-document {}",
            quoted(name),
            quoted(&format!("mlink-{}", self.action.replace([':', '*'], "-"))),
            quoted(&document)
        )))
    }

    /// Generated names change with each attempt, and so do the ids of stacks.
    fn granted(&self, told: &Told<'_>) -> String {
        let stack = &told.context.stack;
        if let Some((before, _)) = self.resource.split_once(&format!(":stack/{stack}/")) {
            return format!("{before}:stack/{stack}/*");
        }
        match self.resource.split_once(&format!("/{stack}-")) {
            Some((before, _)) if !stack.is_empty() => format!("{before}/{stack}-*"),
            _ => self.resource.to_owned(),
        }
    }
}

fn denied(told: &Told<'_>) -> Advice {
    let text = told.text();
    let denial = Denial::of(text);
    let has = |words: &str| text.contains(words);
    if has("service control policy") || has("resource control policy") {
        return told
            .means(denial.meaning("the organization forbids it for the whole account, and no policy in the account can allow it"))
            .say(format!("Ask the organization's administrators to allow {}, or choose another `region` (they often forbid some) or account in mlink.yaml. Then:", denial.action))
            .run(told.context.again());
    }
    if has("permissions boundary") {
        let why = match has("explicit deny") {
            true => {
                "a permissions boundary forbids it, often unless the new role carries that boundary itself"
            }
            false => "its permissions boundary does not allow it",
        };
        return told
            .means(denial.meaning(why))
            .say(format!("Ask whoever set the boundary to allow {}, or give `PermissionsBoundary` to the three roles in templates/stack.yaml, or deploy as somebody else with another --profile. Then:", denial.action))
            .run(told.context.again());
    }
    if has("explicit deny") {
        return told
            .means(denial.meaning("a policy forbids it expressly, and no other can allow it"))
            .say("Such a Deny mostly asks for a second factor, for a tag, or for a boundary on each new role: find it, or sign in as it wants:")
            .run(told.login())
            .run(told.context.again());
    }
    let why = match denial.action {
        "iam:PassRole" => "no policy allows it, and so the function cannot be given its role",
        _ => "no policy allows it",
    };
    let advice = told.means(denial.meaning(why));
    match denial.grant(told) {
        Some(command) => advice
            .say("Somebody who may change its permissions allows it:")
            .run(command)
            .run(told.context.again()),
        None => advice
            .say(format!(
                "Add this statement to its permissions: {}",
                statement(denial.action, &denial.granted(told))
            ))
            .run(told.context.again()),
    }
}

/// `{"Effect":"Allow",…}`; a role is handed to Lambda only.
fn statement(action: &str, resource: &str) -> String {
    let condition = match action {
        "iam:PassRole" => {
            ",\"Condition\":{\"StringEquals\":{\"iam:PassedToService\":\"lambda.amazonaws.com\"}}"
        }
        _ => "",
    };
    format!(
        "{{\"Effect\":\"Allow\",\"Action\":\"{action}\",\"Resource\":\"{resource}\"{condition}}}"
    )
}

/// `user/alice` of its ARN.
fn short(arn: &str) -> &str {
    arn.splitn(6, ':').nth(5).unwrap_or(arn)
}

/// Whether it is a user or a role, and its name, as IAM's commands take it. The roles of IAM Identity
/// Center cannot be changed in IAM.
fn holder(arn: &str) -> Option<(&'static str, &str)> {
    let mut parts = short(arn).split('/');
    match parts.next()? {
        "user" => Some(("user", parts.next_back()?)),
        "assumed-role" => {
            let role = parts.next()?;
            (!role.starts_with("AWSReservedSSO_")).then_some(("role", role))
        }
        _ => None,
    }
}
