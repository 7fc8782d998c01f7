//! Names that are taken.

use super::words::{between, quoted};
use super::{Advice, Known, Told};

const LOG_GROUP: &[&str] = &["AWS::Logs::LogGroup"];
const FUNCTION: &[&str] = &["AWS::Lambda::Function"];

pub const TABLE: &[Known] = &[
    Known {
        name: "name.in_another_stack",
        types: &[],
        says: &["* already exists in stack *"],
        tells: |told| {
            let owner = told.part(1);
            let name = owner.split('/').nth(1).unwrap_or(owner);
            told.means(format!("The stack {name} owns something of this name."))
                .say("Remove that stack if nobody needs it, or choose another `name` in mlink.yaml or another --stage. Never delete the resource by hand: its stack would be left broken. What else is in it:")
                .run(told.aws(format!("cloudformation list-stack-resources --stack-name {}", quoted(owner))))
        },
    },
    Known {
        name: "name.export",
        types: &[],
        says: &["Export with name * is already exported by stack *"],
        tells: |told| {
            told.means(format!(
                "The stack {} exports the name {} already, and a region has each name once.",
                told.part(1).trim_end_matches('.'),
                told.part(0)
            ))
            .say("Rename that export in templates/stack.yaml, or take it out; then:")
            .run(told.mlink("deploy"))
        },
    },
    Known {
        name: "name.log_group",
        types: LOG_GROUP,
        says: &["already exists"],
        tells: |told| {
            let ours = || format!("/aws/lambda/{}", own(told, "Logs"));
            let name = identifier(told).unwrap_or_else(ours);
            told.means("A log group of this name is left over, from an earlier stack or from a function that wrote a line after its stack was gone, or it is another stack's.")
                .say("If its lines may go:")
                .run(told.aws(format!("logs delete-log-group --log-group-name {}", quoted(&name))))
                .run(told.mlink("deploy"))
                .say("Otherwise choose another `name` in mlink.yaml or another --stage.")
        },
    },
    Known {
        name: "name.function",
        types: FUNCTION,
        says: &[
            "function:* already exists",
            "function already exists",
            "already exists",
        ],
        tells: |told| {
            let name = match told.part(0) {
                "" => identifier(told).unwrap_or_else(|| own(told, "Function")),
                name => name.to_owned(),
            };
            told.means(
                "A function of this name is there already and does not belong to this stack.",
            )
            .say("If this shows none, deploy once more (CloudFormation asked twice):")
            .run(told.aws(format!(
                "lambda get-function --function-name {}",
                quoted(&name)
            )))
            .say("If it is yours and nobody needs it:")
            .run(told.aws(format!(
                "lambda delete-function --function-name {}",
                quoted(&name)
            )))
            .run(told.mlink("deploy"))
            .say("Otherwise choose another `name` in mlink.yaml or another --stage.")
        },
    },
    Known {
        name: "name.role",
        types: &["AWS::IAM::Role"],
        says: &[
            "Role with name * already exists",
            "with identifier '*' already exists",
            "* already exists",
        ],
        tells: |told| {
            told.means("The account has a role of this name. The template names no role, so it was changed to.")
                .say("Take `RoleName` out of templates/stack.yaml, so that each stage makes its own; then:")
                .run(told.mlink("deploy"))
        },
    },
    Known {
        name: "name.origin_access_control",
        types: &["AWS::CloudFront::OriginAccessControl"],
        says: &["already exists"],
        tells: |told| {
            leftover(
                told,
                "an origin access control",
                "origin-access-control",
                "list-origin-access-controls --query \"OriginAccessControlList.Items[?Name=='NAME'].Id\"",
            )
        },
    },
    Known {
        name: "name.cloudfront_function",
        types: &["AWS::CloudFront::Function"],
        says: &["already exists"],
        tells: |told| {
            let name = shared(told);
            told.means("A CloudFront function of this name is left over from an earlier stack, or is another stack's.")
                .say("If nobody uses it:")
                .run(format!("etag=$({})", told.aws_global(format!("cloudfront describe-function --name {name} --query ETag --output text"))))
                .run(told.aws_global(format!("cloudfront delete-function --name {name} --if-match \"$etag\"")))
                .run(told.mlink("deploy"))
        },
    },
    Known {
        name: "name.origin_request_policy",
        types: &["AWS::CloudFront::OriginRequestPolicy"],
        says: &["with the same name", "already exists", INTERNAL],
        tells: |told| {
            leftover(
                told,
                "an origin request policy",
                "origin-request-policy",
                "list-origin-request-policies --type custom --query \"OriginRequestPolicyList.Items[?OriginRequestPolicy.OriginRequestPolicyConfig.Name=='NAME'].OriginRequestPolicy.Id\"",
            )
        },
    },
    Known {
        name: "name.cache_policy",
        types: &["AWS::CloudFront::CachePolicy"],
        says: &["with the same name", "already exists", INTERNAL],
        tells: |told| {
            leftover(
                told,
                "a cache policy",
                "cache-policy",
                "list-cache-policies --type custom --query \"CachePolicyList.Items[?CachePolicy.CachePolicyConfig.Name=='NAME'].CachePolicy.Id\"",
            )
        },
    },
    Known {
        name: "name.response_headers_policy",
        types: &["AWS::CloudFront::ResponseHeadersPolicy"],
        says: &["with the same name", "already exists", INTERNAL],
        tells: |told| {
            leftover(
                told,
                "a response headers policy",
                "response-headers-policy",
                "list-response-headers-policies --type custom --query \"ResponseHeadersPolicyList.Items[?ResponseHeadersPolicy.ResponseHeadersPolicyConfig.Name=='NAME'].ResponseHeadersPolicy.Id\"",
            )
        },
    },
    Known {
        name: "name.ses_configuration_set",
        types: &["AWS::SES::ConfigurationSet"],
        says: &[
            "Configuration set <*> already exists",
            "identifier '*' already exists",
        ],
        tells: |told| {
            let name = told.part(0);
            told.means(format!(
                "SES has a configuration set {name} in this region already."
            ))
            .say("If no other sender uses it:")
            .run(told.aws(format!(
                "sesv2 delete-configuration-set --configuration-set-name {}",
                quoted(name)
            )))
            .run(told.mlink("deploy"))
        },
    },
    Known {
        name: "name.ses_identity",
        types: &["AWS::SES::EmailIdentity"],
        says: &["identifier '*' already exists"],
        tells: |told| {
            let name = told.part(0);
            told.means(format!("SES knows the identity {name} in this region already."))
                .say("mlink makes none on AWS: take it out of templates/stack.yaml, and keep the one that is there. How it stands:")
                .run(told.aws(format!("sesv2 get-email-identity --email-identity {}", quoted(name))))
        },
    },
    Known {
        name: "bucket.busy",
        types: &[],
        says: &["conflicting conditional operation is currently in progress"],
        tells: |told| {
            told.again(
                "S3 was busy with the same bucket at that moment.",
                "It passes:",
            )
        },
    },
    Known {
        name: "queue.deleted_recently",
        types: &[],
        says: &["must wait 60 seconds after deleting a queue"],
        tells: |told| {
            told.again(
                "SQS keeps the name of a deleted queue for 60 seconds.",
                "After a minute:",
            )
        },
    },
];

/// What CloudFront's policies also say for a name that is taken.
const INTERNAL: &str = "Internal error reported from downstream service";

/// The name in `with identifier '…' already exists`, which may be JSON, or before `already exists`.
fn identifier(told: &Told<'_>) -> Option<String> {
    let Some(found) = between(told.text(), "with identifier '", "' already exists") else {
        let (name, _) = told.text().split_once(" already exists")?;
        return (!name.contains(' ')).then(|| name.to_owned());
    };
    let found = found.trim_end_matches(['"', '}', '\\']);
    found.rsplit('"').next().map(str::to_owned)
}

/// What the template calls the function that a resource such as `MailFunction` or `MailLogs` is of.
fn own(told: &Told<'_>, suffix: &str) -> String {
    let logical = told.cause.logical_id.as_str();
    let function = logical.strip_suffix(suffix).unwrap_or(logical);
    format!("{}-{}", told.context.stack, function.to_ascii_lowercase())
}

/// What the template calls what CloudFront wants a name for: unique in the account, not the region.
fn shared(told: &Told<'_>) -> String {
    format!("{}-{}", told.context.stack, told.context.region)
}

/// What is removed by an id and an ETag that both have to be looked up.
fn leftover(told: &Told<'_>, what: &str, noun: &str, list: &str) -> Advice {
    let name = shared(told);
    let list = list.replace("NAME", &name);
    let why = match told.text().contains(INTERNAL) {
        true => "CloudFront refused it and does not say why; mostly the name is taken:",
        false => "The name is taken:",
    };
    told.means(format!(
        "{why} {what} called {name} is left over from an earlier stack, or is another stack's."
    ))
    .say("If it is there and nobody uses it:")
    .run(format!(
        "id=$({})",
        told.aws_global(format!("cloudfront {list} --output text"))
    ))
    .run(format!(
        "etag=$({})",
        told.aws_global(format!(
            "cloudfront get-{noun} --id \"$id\" --query ETag --output text"
        ))
    ))
    .run(told.aws_global(format!(
        "cloudfront delete-{noun} --id \"$id\" --if-match \"$etag\""
    )))
    .run(told.mlink("deploy"))
}
