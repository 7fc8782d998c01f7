//! What has a name of the stage: where there are no tags to go by, or they do not tell enough.

use aws_sdk_cloudfront::types::{
    CachePolicyType, FunctionStage, OriginRequestPolicyType, ResponseHeadersPolicyType,
};
use aws_smithy_types::DateTime;
use futures_util::FutureExt;
use futures_util::future::join_all;

use super::{Context, Found, Listing, Unseen};
use crate::aws::{Cloud, Error, failed};
use crate::plan::Function;

pub const LOG_GROUP: &str = "AWS::Logs::LogGroup";

/// The roles of the template: the logical id, the inline policy that each has from its first moment to
/// its last, and the function whose log group stands in it.
const ROLES: [(&str, &str, Function); 3] = [
    ("ChallengeRole", "challenge", Function::Challenge),
    ("ApiRole", "api", Function::Api),
    ("MailRole", "mail", Function::Mail),
];

pub async fn listings(
    cloud: &Cloud,
    context: &Context<'_>,
    tags: &[(&str, String)],
) -> Vec<Listing> {
    let kinds = [
        (
            log_groups(cloud, context).boxed(),
            "log groups",
            "logs:DescribeLogGroups",
        ),
        (
            roles(cloud, context, tags).boxed(),
            "roles",
            "iam:ListRoles, iam:GetRolePolicy and iam:ListRoleTags",
        ),
        (
            function(cloud, context).boxed(),
            "CloudFront functions",
            "cloudfront:DescribeFunction",
        ),
        (
            access_controls(cloud, context).boxed(),
            "origin access controls",
            "cloudfront:ListOriginAccessControls",
        ),
        (
            cache_policies(cloud, context).boxed(),
            "cache policies",
            "cloudfront:ListCachePolicies",
        ),
        (
            request_policies(cloud, context).boxed(),
            "origin request policies",
            "cloudfront:ListOriginRequestPolicies",
        ),
        (
            headers_policies(cloud, context).boxed(),
            "response headers policies",
            "cloudfront:ListResponseHeadersPolicies",
        ),
    ];
    let listings = kinds.map(|(listing, what, permissions)| {
        let unseen = move |error| Unseen {
            what,
            permissions,
            error: Box::new(error),
        };
        listing.map(move |listed| listed.map_err(unseen))
    });
    join_all(listings).await
}

fn named(resource_type: &str, id: &str, context: &Context<'_>) -> Found {
    Found {
        resource_type: resource_type.to_owned(),
        id: id.to_owned(),
        arn: None,
        region: context.region.clone(),
        stack_id: None,
        by_name: true,
        made_at: None,
    }
}

/// Whole names: `mlink-dev` is the beginning of `mlink-dev-2`, too.
async fn log_groups(cloud: &Cloud, context: &Context<'_>) -> Result<Vec<Found>, Error> {
    let ours = Function::ALL.map(|function| log_group(function, &context.stack));
    let mut groups = cloud
        .logs()
        .describe_log_groups()
        .log_group_name_prefix(format!("/aws/lambda/{}-", context.stack))
        .into_paginator()
        .items()
        .send();
    let mut all = Vec::new();
    while let Some(group) = groups.next().await {
        let group = group.map_err(failed("list the log groups"))?;
        let name = group.log_group_name.unwrap_or_default();
        if ours.contains(&name) {
            all.push(Found {
                made_at: group.creation_time.map(DateTime::from_millis),
                ..named(LOG_GROUP, &name, context)
            });
        }
    }
    Ok(all)
}

pub fn log_group(function: Function, stack: &str) -> String {
    format!("/aws/lambda/{}", function.name(stack))
}

async fn roles(
    cloud: &Cloud,
    context: &Context<'_>,
    tags: &[(&str, String)],
) -> Result<Vec<Found>, Error> {
    let mut roles = cloud
        .iam()
        .list_roles()
        .max_items(1000)
        .into_paginator()
        .items()
        .send();
    let mut all = Vec::new();
    while let Some(role) = roles.next().await {
        let role = role.map_err(failed("list the roles"))?;
        if let Some(candidate) = Candidate::of(&role.role_name, &context.stack)
            && candidate.is_ours(cloud, context, tags).await?
        {
            all.push(named("AWS::IAM::Role", &role.role_name, context));
        }
    }
    Ok(all)
}

/// A role that has a name of the stack's.
#[derive(Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    role: &'a str,
    policy: &'static str,
    function: Function,
    /// Whether CloudFormation has cut the stack's name to make it fit into IAM's 64 characters.
    is_cut: bool,
}

impl Candidate<'_> {
    /// CloudFormation names a role `<stack>-<logical id>-<something of its own>`.
    pub fn of<'a>(role: &'a str, stack: &str) -> Option<Candidate<'a>> {
        let (logical, policy, function) = ROLES
            .into_iter()
            .find(|(logical, ..)| role.contains(&format!("-{logical}-")))?;
        let (of, own) = role.split_once(&format!("-{logical}-"))?;
        let has_own = !own.is_empty() && own.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (has_own && !of.is_empty() && stack.starts_with(of)).then_some(Candidate {
            role,
            policy,
            function,
            is_cut: of != stack,
        })
    }

    /// Roles are in no region, and this stack may live in another one, under the same name. Whose a role
    /// is stands in its policy: the log group that it may write to.
    pub async fn is_ours(
        &self,
        cloud: &Cloud,
        context: &Context<'_>,
        tags: &[(&str, String)],
    ) -> Result<bool, Error> {
        let policy = cloud
            .iam()
            .get_role_policy()
            .role_name(self.role)
            .policy_name(self.policy)
            .send()
            .await
            .map_err(failed(format!("read the policy of the role {}", self.role)));
        match policy {
            // CloudFormation takes the policies off first; then the role could not be deleted.
            Err(error) if error.aws_code() == Some("NoSuchEntity") => {
                Ok(!self.is_cut && self.has(tags, cloud).await?)
            }
            Err(error) => Err(error),
            Ok(policy) => Ok(self.writes_here(&policy.policy_document, context)),
        }
    }

    /// Whether it has the tags of the stage.
    async fn has(&self, tags: &[(&str, String)], cloud: &Cloud) -> Result<bool, Error> {
        let listed = cloud
            .iam()
            .list_role_tags()
            .role_name(self.role)
            .send()
            .await
            .map_err(failed(format!("read the tags of the role {}", self.role)));
        let listed = match listed {
            // It is just going.
            Err(error) if error.aws_code() == Some("NoSuchEntity") => return Ok(false),
            listed => listed?,
        };
        let has = |key: &str, value: &str| {
            let mut all = listed.tags.iter();
            all.any(|tag| tag.key == key && tag.value == value)
        };
        Ok(tags.iter().all(|(key, value)| has(key, value)))
    }

    /// The document comes percent-encoded.
    ///
    /// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html>
    fn writes_here(&self, document: &str, context: &Context<'_>) -> bool {
        let document = document.replace("%3A", ":").replace("%2F", "/");
        let group = log_group(self.function, &context.stack);
        let Context {
            region, account, ..
        } = context;
        document.contains(&format!(":logs:{region}:{account}:log-group:{group}:"))
    }
}

/// What the template calls everything of CloudFront's that has a name.
fn at_the_edge(context: &Context<'_>) -> String {
    format!("{}-{}", context.stack, context.region)
}

async fn function(cloud: &Cloud, context: &Context<'_>) -> Result<Vec<Found>, Error> {
    let name = at_the_edge(context);
    // Every function has this stage, published or not.
    let described = cloud
        .cloudfront()
        .describe_function()
        .name(&name)
        .stage(FunctionStage::Development)
        .send()
        .await
        .map_err(failed(format!("describe the CloudFront function {name}")));
    match described {
        Ok(_) => Ok(vec![named("AWS::CloudFront::Function", &name, context)]),
        Err(error) if error.aws_code() == Some("NoSuchFunctionExists") => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

async fn access_controls(cloud: &Cloud, context: &Context<'_>) -> Result<Vec<Found>, Error> {
    let name = at_the_edge(context);
    let mut controls = cloud
        .cloudfront()
        .list_origin_access_controls()
        .into_paginator()
        .items()
        .send();
    let mut all = Vec::new();
    while let Some(control) = controls.next().await {
        let control = control.map_err(failed("list the origin access controls"))?;
        if control.name == name {
            let kind = "AWS::CloudFront::OriginAccessControl";
            all.push(named(kind, &control.id, context));
        }
    }
    Ok(all)
}

/// A page of policies: name and id of each, and where the next one begins.
type Page = (Vec<(String, String)>, Option<String>);

/// Those of our name, over all pages: the SDK turns none for these.
async fn policies<F: Future<Output = Result<Page, Error>>>(
    resource_type: &str,
    context: &Context<'_>,
    page: impl Fn(Option<String>) -> F,
) -> Result<Vec<Found>, Error> {
    let name = at_the_edge(context);
    let mut all = Vec::new();
    let mut marker = None;
    loop {
        let (policies, next) = page(marker).await?;
        let ours = policies.iter().filter(|(called, _)| *called == name);
        all.extend(ours.map(|(_, id)| named(resource_type, id, context)));
        marker = next.filter(|next| !next.is_empty());
        if marker.is_none() {
            return Ok(all);
        }
    }
}

async fn cache_policies(cloud: &Cloud, context: &Context<'_>) -> Result<Vec<Found>, Error> {
    policies("AWS::CloudFront::CachePolicy", context, |marker| async {
        let page = cloud
            .cloudfront()
            .list_cache_policies()
            .r#type(CachePolicyType::Custom)
            .set_marker(marker)
            .send()
            .await
            .map_err(failed("list the cache policies"))?;
        let Some(list) = page.cache_policy_list else {
            return Ok((Vec::new(), None));
        };
        let all = list.items.unwrap_or_default().into_iter();
        let all = all.filter_map(|item| {
            let policy = item.cache_policy?;
            Some((policy.cache_policy_config?.name, policy.id))
        });
        Ok((all.collect(), list.next_marker))
    })
    .await
}

async fn request_policies(cloud: &Cloud, context: &Context<'_>) -> Result<Vec<Found>, Error> {
    let kind = "AWS::CloudFront::OriginRequestPolicy";
    policies(kind, context, |marker| async {
        let page = cloud
            .cloudfront()
            .list_origin_request_policies()
            .r#type(OriginRequestPolicyType::Custom)
            .set_marker(marker)
            .send()
            .await
            .map_err(failed("list the origin request policies"))?;
        let Some(list) = page.origin_request_policy_list else {
            return Ok((Vec::new(), None));
        };
        let all = list.items.unwrap_or_default().into_iter();
        let all = all.filter_map(|item| {
            let policy = item.origin_request_policy?;
            Some((policy.origin_request_policy_config?.name, policy.id))
        });
        Ok((all.collect(), list.next_marker))
    })
    .await
}

async fn headers_policies(cloud: &Cloud, context: &Context<'_>) -> Result<Vec<Found>, Error> {
    let kind = "AWS::CloudFront::ResponseHeadersPolicy";
    policies(kind, context, |marker| async {
        let page = cloud
            .cloudfront()
            .list_response_headers_policies()
            .r#type(ResponseHeadersPolicyType::Custom)
            .set_marker(marker)
            .send()
            .await
            .map_err(failed("list the response headers policies"))?;
        let Some(list) = page.response_headers_policy_list else {
            return Ok((Vec::new(), None));
        };
        let all = list.items.unwrap_or_default().into_iter();
        let all = all.filter_map(|item| {
            let policy = item.response_headers_policy?;
            Some((policy.response_headers_policy_config?.name, policy.id))
        });
        Ok((all.collect(), list.next_marker))
    })
    .await
}
