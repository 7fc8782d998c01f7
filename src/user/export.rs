//! All users of a pool, as a file can keep them.

use std::collections::BTreeMap;

use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::types::{AttributeType, UserType};

use super::roster::{Group, Member, Roster};
use super::{Error, value_of};
use crate::aws::failed;

/// Everything of the pool's users that another pool can take: attributes, groups, whether they are
/// enabled. Passwords there are none; links and sessions stay behind.
pub async fn export(cognito: &Client, pool: &str) -> Result<Roster, Error> {
    let groups = groups(cognito, pool).await?;
    let mut memberships: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for group in &groups {
        for username in usernames(cognito, pool, &group.name).await? {
            memberships
                .entry(username)
                .or_default()
                .push(group.name.clone());
        }
    }
    let mut pages = cognito
        .list_users()
        .user_pool_id(pool)
        .into_paginator()
        .items()
        .send();
    let mut users = Vec::new();
    while let Some(user) = pages.next().await {
        let user = user.map_err(failed("list the users"))?;
        let groups = memberships.remove(user.username().unwrap_or_default());
        users.push(member(&user, groups.unwrap_or_default()));
    }
    Ok(Roster::new(groups, users))
}

fn member(user: &UserType, groups: Vec<String>) -> Member {
    let attributes = user.attributes();
    Member {
        sub: value_of(attributes, "sub"),
        attributes: attributes.iter().filter_map(kept).collect(),
        groups,
        enabled: user.enabled,
    }
}

/// What can be written to another pool: not what Cognito alone writes.
fn kept(attribute: &AttributeType) -> Option<(String, String)> {
    let name = attribute.name();
    if matches!(name, "sub" | "identities") || name.starts_with("cognito:") {
        return None;
    }
    Some((name.to_owned(), attribute.value()?.to_owned()))
}

async fn groups(cognito: &Client, pool: &str) -> Result<Vec<Group>, Error> {
    let request = cognito.list_groups().user_pool_id(pool);
    let mut pages = request.into_paginator().items().send();
    let mut groups = Vec::new();
    while let Some(group) = pages.next().await {
        let group = group.map_err(failed("list the groups"))?;
        groups.push(Group {
            name: group.group_name.unwrap_or_default(),
            description: group.description,
            precedence: group.precedence,
        });
    }
    groups.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(groups)
}

async fn usernames(cognito: &Client, pool: &str, group: &str) -> Result<Vec<String>, Error> {
    let request = cognito.list_users_in_group().user_pool_id(pool);
    let mut pages = request.group_name(group).into_paginator().items().send();
    let mut usernames = Vec::new();
    while let Some(user) = pages.next().await {
        let user = user.map_err(failed(format!("list the users of the group {group}")))?;
        usernames.extend(user.username);
    }
    Ok(usernames)
}
