//! Sessions that end, services that are busy, slow or broken; and, where no sentence is known, what the
//! code alone tells.

use super::{Advice, Known, Told};

pub const TABLE: &[Known] = &[
    Known {
        name: "credentials.expired",
        types: &[],
        says: &[
            "security token included in the request is expired",
            "ExpiredToken",
        ],
        tells: |told| {
            told.means("The session of who deploys ended before the work did.")
                .say("Sign in again, and go on:")
                .run(told.login())
                .run(told.context.again())
        },
    },
    Known {
        name: "credentials.region_off",
        types: &[],
        says: &["security token included in the request is invalid"],
        tells: |told| {
            let region = &told.context.region;
            told.means(format!("AWS does not know these credentials in {region}: the account has not enabled that region, or the keys are deleted."))
                .say("Whether it is enabled, and how to enable it, which takes minutes to hours:")
                .run(told.aws_global(format!("account get-region-opt-status --region-name {region}")))
                .run(told.aws_global(format!("account enable-region --region-name {region}")))
        },
    },
    Known {
        name: "service.throttled",
        types: &[],
        says: &[
            "Rate exceeded",
            "Too Many Requests",
            "TooManyRequestsException",
        ],
        tells: throttled,
    },
    Known {
        name: "policy.invalid",
        types: &[
            "AWS::CloudFront::ResponseHeadersPolicy",
            "AWS::CloudFront::CachePolicy",
            "AWS::CloudFront::OriginRequestPolicy",
        ],
        says: &["Invalid request provided"],
        tells: |told| {
            told.means("CloudFront does not take a value of this policy, and does not say which.")
                .say("Take back what was changed about it in templates/stack.yaml:")
                .run("git diff HEAD -- templates/")
                .run(told.context.again())
        },
    },
    Known {
        name: "value.invalid",
        types: &[],
        says: &["Value '*' at '*' failed to satisfy constraint"],
        tells: |told| {
            told.means(format!(
                "AWS does not take {} for {}.",
                told.part(0),
                told.part(1)
            ))
            .say("Mend it in templates/stack.yaml or in mlink.yaml; then:")
            .run(told.context.again())
        },
    },
    Known {
        name: "ready.not_stable",
        types: &["AWS::CloudFront::Distribution"],
        says: &["did not stabilize"],
        tells: |told| {
            told.means("CloudFront took too long to spread the change over the world.")
                .say("How far it is:")
                .run(told.aws_global("cloudfront list-distributions --query \"DistributionList.Items[].[Id,Comment,Status]\" --output table"))
                .say("When it is Deployed:")
                .run(told.context.again())
        },
    },
    Known {
        name: "ready.timed_out",
        types: &[],
        says: &[
            "did not stabilize",
            "Exceeded attempts to wait",
            "Resource timed out waiting for",
        ],
        tells: timed_out,
    },
    Known {
        name: "service.internal",
        types: &[],
        says: &["Internal Failure", "Internal error"],
        tells: internal,
    },
    Known {
        name: "name.taken",
        types: &[],
        says: &[
            "Resource of type '*' with identifier '*' already exists",
            "* already exists",
        ],
        tells: taken,
    },
    Known {
        name: "limit.other",
        types: &[],
        says: &["Limit exceeded for resource of type '*'"],
        tells: limit,
    },
    // From here on there is only the code.
    Known {
        name: "service.throttled",
        types: &[],
        says: &["Throttling"],
        tells: throttled,
    },
    Known {
        name: "ready.timed_out",
        types: &[],
        says: &["NotStabilized"],
        tells: timed_out,
    },
    Known {
        name: "name.taken",
        types: &[],
        says: &["HandlerErrorCode: AlreadyExists"],
        tells: taken,
    },
    Known {
        name: "limit.other",
        types: &[],
        says: &["LimitExceeded"],
        tells: limit,
    },
    Known {
        name: "permission.unnamed",
        types: &[],
        says: &[
            "HandlerErrorCode: AccessDenied",
            "AccessDenied",
            "Access Denied",
        ],
        tells: unnamed,
    },
    Known {
        name: "service.internal",
        types: &[],
        says: &["InternalFailure", "ServiceInternalError"],
        tells: internal,
    },
];

/// Calls that were refused, newest first.
const DENIED_CALLS: &str = "cloudtrail lookup-events --max-results 50 --query \"Events[?contains(CloudTrailEvent, 'AccessDenied')].[EventTime,EventName]\" --output table";

/// As Service Quotas calls the service of a type.
fn service(resource_type: &str) -> String {
    let service = resource_type.split("::").nth(1).unwrap_or("cloudformation");
    match service {
        "Cognito" => "cognito-idp".to_owned(),
        "ApiGatewayV2" => "apigateway".to_owned(),
        "CloudWatch" => "monitoring".to_owned(),
        other => other.to_ascii_lowercase(),
    }
}

fn throttled(told: &Told<'_>) -> Advice {
    told.again(
        "AWS takes only so many calls at once from one account, and there were more.",
        "After a minute, and not many stages at once:",
    )
}

fn timed_out(told: &Told<'_>) -> Advice {
    told.again("The resource was not ready in the time that CloudFormation gives it; sometimes it is, but may not be looked at.", "Once more:")
                .say("If it ends so again, look for AccessDenied of that time:")
                .run(told.aws(DENIED_CALLS))
}

fn internal(told: &Told<'_>) -> Advice {
    told.again(
        "Something failed inside AWS, which tells no more.",
        "Once more; if it repeats, https://health.aws.amazon.com/health/status may know why:",
    )
}

fn taken(told: &Told<'_>) -> Advice {
    told.means("Something of this name is there already and does not belong to this stack.")
                .say("Remove it if it is left over; otherwise choose another `name` in mlink.yaml or another --stage. Then:")
                .run(told.context.again())
}

fn limit(told: &Told<'_>) -> Advice {
    let service = service(&told.cause.resource_type);
    told.means("The account may have no more of these in this region.")
                .say("Remove what nobody needs, or ask for more:")
                .run(told.aws(format!("service-quotas list-service-quotas --service-code {service} --query \"Quotas[].[QuotaCode,QuotaName,Value]\" --output table")))
}

fn unnamed(told: &Told<'_>) -> Advice {
    told.means("Who deploys may not do this, and AWS does not say which permission is missing.")
                .say("CloudTrail names it some minutes later; allow it to the identity that deploys, and go on:")
                .run(told.aws(DENIED_CALLS))
                .run(told.context.again())
}
