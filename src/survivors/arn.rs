//! What an ARN of the tag index is to CloudFormation.

/// The resource type of what an ARN names, and the id that its service takes for it. The service and
/// the whole ARN, where mlink makes nothing of the kind.
pub fn resource(arn: &str) -> (&str, &str) {
    let mut parts = arn.splitn(6, ':').skip(2);
    let service = parts.next().unwrap_or_default();
    let resource = parts.nth(2).unwrap_or_default();
    let after = |prefix: &str| resource.strip_prefix(prefix);
    let found = match service {
        "s3" => Some(("AWS::S3::Bucket", resource)),
        "sqs" => Some(("AWS::SQS::Queue", resource)),
        "sns" => Some(("AWS::SNS::Topic", arn)),
        "dynamodb" => after("table/").map(|id| ("AWS::DynamoDB::Table", id)),
        "cognito-idp" => after("userpool/").map(|id| ("AWS::Cognito::UserPool", id)),
        "cloudwatch" => after("alarm:").map(|id| ("AWS::CloudWatch::Alarm", id)),
        "lambda" => after("function:")
            .map(|id| ("AWS::Lambda::Function", id))
            .or(after("event-source-mapping:").map(|id| ("AWS::Lambda::EventSourceMapping", id))),
        "logs" => after("log-group:").map(|id| {
            let id = id.strip_suffix(":*").unwrap_or(id);
            ("AWS::Logs::LogGroup", id)
        }),
        "cloudfront" => after("distribution/")
            .map(|id| ("AWS::CloudFront::Distribution", id))
            .or(after("function/").map(|id| ("AWS::CloudFront::Function", id))),
        // An API's stage goes with it.
        "apigateway" => after("/apis/").map(|id| {
            let id = id.split('/').next().unwrap_or(id);
            ("AWS::ApiGatewayV2::Api", id)
        }),
        "ses" => after("configuration-set/")
            .map(|id| ("AWS::SES::ConfigurationSet", id))
            .or(after("identity/").map(|id| ("AWS::SES::EmailIdentity", id))),
        "iam" => after("role/").map(|path| {
            let id = path.rsplit('/').next().unwrap_or(path);
            ("AWS::IAM::Role", id)
        }),
        _ => None,
    };
    found.unwrap_or((service, arn))
}

/// Empty for what is in none.
pub fn region(arn: &str) -> &str {
    arn.split(':').nth(3).unwrap_or_default()
}

/// Whether it is a stack. Stacks are found by their name.
pub fn is_stack(arn: &str) -> bool {
    arn.split(':').nth(2) == Some("cloudformation")
}
