//! What an account may have no more of.

use super::{Advice, Known, Told};

pub const TABLE: &[Known] = &[
    Known {
        name: "limit.cache_policies",
        types: &[],
        says: &[
            "Account's Cache Policies limit reached",
            "resource of type 'AWS::CloudFront::CachePolicy'. Reason:",
        ],
        tells: |told| {
            cloudfront(
                told,
                "cache policies",
                Some(
                    "list-cache-policies --type custom --query \"CachePolicyList.Items[].CachePolicy.CachePolicyConfig.Name\"",
                ),
            )
        },
    },
    Known {
        name: "limit.response_headers_policies",
        types: &[],
        says: &[
            "Account's Response Headers Policies limit reached",
            "Limit exceeded for resource of type 'AWS::CloudFront::ResponseHeadersPolicy'",
        ],
        tells: |told| {
            cloudfront(
                told,
                "response headers policies",
                Some(
                    "list-response-headers-policies --type custom --query \"ResponseHeadersPolicyList.Items[].ResponseHeadersPolicy.ResponseHeadersPolicyConfig.Name\"",
                ),
            )
        },
    },
    Known {
        name: "limit.origin_request_policies",
        types: &[],
        says: &[
            "Account's Origin Request Policies limit reached",
            "Limit exceeded for resource of type 'AWS::CloudFront::OriginRequestPolicy'",
        ],
        tells: |told| {
            cloudfront(
                told,
                "origin request policies",
                Some(
                    "list-origin-request-policies --type custom --query \"OriginRequestPolicyList.Items[].OriginRequestPolicy.OriginRequestPolicyConfig.Name\"",
                ),
            )
        },
    },
    Known {
        name: "limit.distributions",
        types: &["AWS::CloudFront::Distribution"],
        says: &["Limit exceeded for resource of type 'AWS::CloudFront::Distribution'"],
        tells: |told| {
            cloudfront(
                told,
                "distributions, or of what belongs to one: AWS's words say which",
                None,
            )
        },
    },
    Known {
        name: "limit.iam",
        types: &[],
        says: &["Cannot exceed quota for *: *"],
        tells: |told| {
            let (quota, most) = (told.part(0), told.part(1));
            let advice = told.means(format!(
                "The account has reached IAM's quota {quota}, which is {most}."
            ));
            if quota == "RolesPerAccount" {
                return advice
                    .say("Delete roles that nobody uses, or ask for more:")
                    .run(told.aws_global("service-quotas request-service-quota-increase --service-code iam --quota-code L-FE177D64 --desired-value 2000"));
            }
            advice.say("Ask for more; the codes of IAM's quotas:").run(told.aws_global("service-quotas list-service-quotas --service-code iam --query \"Quotas[].[QuotaCode,QuotaName,Value]\" --output table"))
        },
    },
    Known {
        name: "limit.concurrency",
        types: &["AWS::Lambda::Function"],
        says: &["ReservedConcurrentExecutions for function decreases account's"],
        tells: |told| {
            told.means("The account has too little concurrency left to reserve any for a function, as new accounts do.")
                .say("Take ReservedConcurrentExecutions out of templates/stack.yaml. What there is, and how to ask for more:")
                .run(told.aws("lambda get-account-settings --query AccountLimit"))
                .run(told.aws("service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000"))
        },
    },
    Known {
        name: "limit.stacks",
        types: &[],
        says: &[
            "Limit for stack has been exceeded",
            "Limit for stacks has been exceeded",
        ],
        tells: |told| {
            told.means("The region has as many stacks as the account may have; empty and failed ones count.")
                .say("Delete some of these, or ask for more:")
                .run(told.aws("cloudformation list-stacks --stack-status-filter REVIEW_IN_PROGRESS ROLLBACK_COMPLETE DELETE_FAILED --query \"StackSummaries[].[StackName,StackStatus]\" --output table"))
                .run(told.aws("service-quotas list-service-quotas --service-code cloudformation --query \"Quotas[].[QuotaCode,QuotaName,Value]\" --output table"))
        },
    },
    Known {
        name: "limit.unzipped",
        types: &["AWS::Lambda::Function"],
        says: &["Unzipped size must be smaller than * bytes"],
        tells: |told| {
            told.means(format!("The function's code has more than {} bytes unpacked, which Lambda does not take. mlink's have a few million.", told.part(0)))
                .say("Look at what was added to the crate in `lambdas/`; then:")
                .run(told.mlink("deploy"))
        },
    },
    Known {
        name: "limit.logs",
        types: &["AWS::Logs::LogGroup", "AWS::Logs::MetricFilter"],
        says: &["resource limit exceeded", "LimitExceededException"],
        tells: |told| {
            told.means("CloudWatch Logs has no room for another log group or metric filter in this region.")
                .say("Delete log groups that nobody reads, or ask for more:")
                .run(told.aws("service-quotas list-service-quotas --service-code logs --query \"Quotas[].[QuotaCode,QuotaName,Value]\" --output table"))
        },
    },
];

fn cloudfront(told: &Told<'_>, what: &str, list: Option<&str>) -> Advice {
    let advice = told.means(format!("The account may have no more CloudFront {what}."));
    let advice = match list {
        Some(list) => advice
            .say("Each stage has one. Those that there are:")
            .run(told.aws_global(format!("cloudfront {list} --output text"))),
        None => advice,
    };
    advice
        .say("Destroy a stage that nobody needs (`mlink destroy --stage` with its name), or ask for more:")
        .run(told.aws_global("service-quotas list-service-quotas --service-code cloudfront --query \"Quotas[].[QuotaCode,QuotaName,Value]\" --output table"))
}
