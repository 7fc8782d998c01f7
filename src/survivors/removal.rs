//! The command that removes a resource.

use super::Context;
use crate::event::Survivor;
use crate::plan;

pub fn survivor(
    resource_type: String,
    id: String,
    region: &str,
    context: &Context<'_>,
) -> Survivor {
    let aws = |arguments: String| context.aws_in(region, arguments);
    let command = command(&resource_type, &id, aws);
    Survivor {
        resource_type,
        id,
        command,
    }
}

/// Whole, for a shell. `aws` makes a command of arguments.
fn command(resource_type: &str, id: &str, aws: impl Fn(String) -> String) -> String {
    let quoted = quoted(id);
    let id = quoted.as_str();
    let edge = |kind: &str| {
        let tag = aws(format!(
            "cloudfront get-{kind} --id {id} --query ETag --output text"
        ));
        aws(format!(
            "cloudfront delete-{kind} --id {id} --if-match \"$({tag})\""
        ))
    };
    match resource_type {
        "AWS::ApiGatewayV2::Api" => aws(format!("apigatewayv2 delete-api --api-id {id}")),
        "AWS::CloudFront::CachePolicy" => edge("cache-policy"),
        "AWS::CloudFront::Distribution" => distribution(id, &aws),
        "AWS::CloudFront::Function" => {
            let describe = format!("cloudfront describe-function --name {id} --stage DEVELOPMENT");
            let tag = aws(format!("{describe} --query ETag --output text"));
            aws(format!(
                "cloudfront delete-function --name {id} --if-match \"$({tag})\""
            ))
        }
        "AWS::CloudFront::OriginAccessControl" => edge("origin-access-control"),
        "AWS::CloudFront::OriginRequestPolicy" => edge("origin-request-policy"),
        "AWS::CloudFront::ResponseHeadersPolicy" => edge("response-headers-policy"),
        "AWS::CloudWatch::Alarm" => aws(format!("cloudwatch delete-alarms --alarm-names {id}")),
        "AWS::Cognito::UserPool" => {
            aws(format!("cognito-idp delete-user-pool --user-pool-id {id}"))
        }
        "AWS::DynamoDB::Table" => aws(format!("dynamodb delete-table --table-name {id}")),
        "AWS::IAM::Role" => role(id, &aws),
        "AWS::Lambda::EventSourceMapping" => {
            aws(format!("lambda delete-event-source-mapping --uuid {id}"))
        }
        "AWS::Lambda::Function" => aws(format!("lambda delete-function --function-name {id}")),
        "AWS::Logs::LogGroup" => aws(format!("logs delete-log-group --log-group-name {id}")),
        "AWS::S3::Bucket" => bucket(id, &aws),
        "AWS::SES::ConfigurationSet" => aws(format!(
            "sesv2 delete-configuration-set --configuration-set-name {id}"
        )),
        "AWS::SES::EmailIdentity" => {
            aws(format!("sesv2 delete-email-identity --email-identity {id}"))
        }
        "AWS::SNS::Topic" => aws(format!("sns delete-topic --topic-arn {id}")),
        "AWS::SQS::Queue" => queue(id, &aws),
        kind if kind.starts_with("AWS::") => aws(format!(
            "cloudcontrol delete-resource --type-name {kind} --identifier {id}"
        )),
        // mlink makes nothing of the kind: whoever gave it these tags knows what it is.
        _ => aws(format!(
            "resourcegroupstaggingapi untag-resources --resource-arn-list {id} --tag-keys {} {}",
            plan::NAME_TAG,
            plan::STAGE_TAG
        )),
    }
}

/// For a shell, where it needs to be.
fn quoted(id: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@+=".contains(c);
    if id.chars().all(plain) {
        return id.to_owned();
    }
    format!("'{}'", id.replace('\'', r"'\''"))
}

/// Only a role without policies can be deleted.
fn role(name: &str, aws: impl Fn(String) -> String) -> String {
    let policies = aws(format!(
        "iam list-role-policies --role-name {name} --query 'PolicyNames[]' --output text"
    ));
    let policy = aws(format!(
        "iam delete-role-policy --role-name {name} --policy-name \"$policy\""
    ));
    let role = aws(format!("iam delete-role --role-name {name}"));
    format!("for policy in $({policies}); do {policy}; done; {role}")
}

/// A queue is known by its URL or by its name.
fn queue(id: &str, aws: impl Fn(String) -> String) -> String {
    let url = match id.starts_with("http") {
        true => id.to_owned(),
        false => {
            let query = "--query QueueUrl --output text";
            let url = aws(format!("sqs get-queue-url --queue-name {id} {query}"));
            format!("\"$({url})\"")
        }
    };
    aws(format!("sqs delete-queue --queue-url {url}"))
}

/// Only a bucket without versions and markers can be deleted. So many of them at once still fit into an
/// argument.
fn bucket(name: &str, aws: impl Fn(String) -> String) -> String {
    let listed = aws(format!(
        "s3api list-object-versions --bucket {name} --max-items 100 --output json \
         --query '{{Objects: [Versions, DeleteMarkers][].{{Key: Key, VersionId: VersionId}}}}'"
    ));
    let is_full = aws(format!(
        "s3api list-object-versions --bucket {name} --max-items 1 --output text \
         --query '[Versions, DeleteMarkers][].Key'"
    ));
    // The call succeeds even where no key does.
    let refused = aws(format!(
        "s3api delete-objects --bucket {name} --delete \"$({listed})\" \
         --query 'Errors[0].Message' --output text"
    ));
    let removed = aws(format!("s3api delete-bucket --bucket {name}"));
    format!(
        "while [ -n \"$({is_full})\" ]; do [ \"$({refused})\" = None ] || break; done; {removed}"
    )
}

/// Only a distribution that is switched off everywhere can be deleted.
fn distribution(id: &str, aws: impl Fn(String) -> String) -> String {
    let tag = aws(format!(
        "cloudfront get-distribution --id {id} --query ETag --output text"
    ));
    let config = aws(format!(
        "cloudfront get-distribution-config --id {id} --query DistributionConfig --output json"
    ));
    // Of all that can be enabled, only the distribution itself stands this far to the left.
    let off = "sed 's/^    \"Enabled\": true/    \"Enabled\": false/'";
    let switch = aws(format!(
        "cloudfront update-distribution --id {id} --if-match \"$({tag})\" \
         --distribution-config \"$({config} | {off})\""
    ));
    let wait = aws(format!("cloudfront wait distribution-deployed --id {id}"));
    let delete = aws(format!(
        "cloudfront delete-distribution --id {id} --if-match \"$({tag})\""
    ));
    format!("{switch} && {wait} && {delete}")
}
