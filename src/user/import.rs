//! Brings the users of a file into a pool.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::operation::admin_get_user::AdminGetUserOutput;
use aws_sdk_cognitoidentityprovider::types::{AttributeType, MessageActionType};
use futures_util::stream::{self, StreamExt};
use mlink_core::Email;
use serde::Serialize;

use super::roster::{Group, Member, Roster};
use super::{Error, address, disable, enable};
use crate::aws::failed;
use crate::event::Step;
use crate::link::MailFunction;

/// Users under way at once. Cognito takes 25 to 50 such calls a second; more would only be throttled.
const PARALLEL: usize = 4;

/// What became of a user of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Added,
    /// The user was there, and was brought to what the file says.
    Updated,
    Unchanged,
}

/// A user of the file, and what became of them.
#[derive(Debug)]
pub struct Imported {
    pub email: String,
    pub outcome: Result<Outcome, Error>,
}

/// Where users are brought to.
pub struct Pool<'a> {
    pub cognito: &'a Client,
    pub id: &'a str,
    pub mail: &'a MailFunction,
}

impl Pool<'_> {
    /// Adds who is missing, and brings who is there to what the file says. What the file does not say
    /// stays: other attributes, other groups, other users. Each user fails alone.
    pub async fn import(&self, roster: &Roster, step: &Step) -> Result<Vec<Imported>, Error> {
        for group in &roster.groups {
            self.make_group(group).await?;
        }
        let mut seen = BTreeSet::new();
        let tasks = roster.users.iter().map(|member| {
            let twice = !seen.insert(member.email().to_lowercase());
            async move {
                let email = member.email().to_owned();
                let outcome = match twice {
                    true => Err(Error::Twice(email.clone())),
                    false => self.bring(member).await,
                };
                Imported { email, outcome }
            }
        });
        let tasks: Vec<_> = tasks.collect();
        let mut running = stream::iter(tasks).buffered(PARALLEL);
        let mut imported = Vec::new();
        while let Some(user) = running.next().await {
            imported.push(user);
            step.progress(format!(
                "{} of {} users",
                imported.len(),
                roster.users.len()
            ));
        }
        Ok(imported)
    }

    async fn make_group(&self, group: &Group) -> Result<(), Error> {
        let made = self
            .cognito
            .create_group()
            .user_pool_id(self.id)
            .group_name(&group.name)
            .set_description(group.description.clone())
            .set_precedence(group.precedence)
            .send()
            .await;
        match made {
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|e| e.is_group_exists_exception()) =>
            {
                Ok(())
            }
            made => {
                made.map_err(failed(format!("make the group {}", group.name)))?;
                Ok(())
            }
        }
    }

    async fn bring(&self, member: &Member) -> Result<Outcome, Error> {
        let email = address(member.email())?;
        let Some(found) = self.look_up(&email).await? else {
            let username = self.add(&email, member).await?;
            self.join(&email, &username, member, &BTreeSet::new())
                .await?;
            self.switch(&email, member, true).await?;
            return Ok(Outcome::Added);
        };
        let groups = self.groups_of(&email, &found.username).await?;
        let updated = self.update(&email, member, &found).await?;
        let joined = self.join(&email, &found.username, member, &groups).await?;
        let switched = self.switch(&email, member, found.enabled).await?;
        Ok(match updated || joined || switched {
            true => Outcome::Updated,
            false => Outcome::Unchanged,
        })
    }

    async fn look_up(&self, email: &Email) -> Result<Option<AdminGetUserOutput>, Error> {
        let request = self.cognito.admin_get_user().user_pool_id(self.id);
        match request.username(email.as_str()).send().await {
            Ok(found) => Ok(Some(found)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|e| e.is_user_not_found_exception()) =>
            {
                Ok(None)
            }
            Err(error) => Err(failed(format!("find the user {}", email.as_str()))(error).into()),
        }
    }

    /// Adds the user with all attributes; Cognito mails nothing. The username it chose.
    async fn add(&self, email: &Email, member: &Member) -> Result<String, Error> {
        let mut request = self
            .cognito
            .admin_create_user()
            .user_pool_id(self.id)
            .username(email.as_str())
            .message_action(MessageActionType::Suppress);
        for (name, value) in wanted(email, member) {
            let attribute = AttributeType::builder().name(name).value(value);
            request = request.user_attributes(attribute.build()?);
        }
        let added = request.send().await;
        let added = added.map_err(failed(format!("add the user {}", email.as_str())))?;
        let username = added.user.and_then(|user| user.username);
        Ok(username.unwrap_or_else(|| email.as_str().to_owned()))
    }

    /// Writes the attributes that are not as the file says, but for the address, which the user was
    /// found by. False when all are.
    async fn update(
        &self,
        email: &Email,
        member: &Member,
        found: &AdminGetUserOutput,
    ) -> Result<bool, Error> {
        let present: BTreeMap<&str, Option<&str>> = found
            .user_attributes()
            .iter()
            .map(|attribute| (attribute.name(), attribute.value()))
            .collect();
        let differing: Result<Vec<AttributeType>, _> = wanted(email, member)
            .into_iter()
            .filter(|(name, value)| *name != "email" && present.get(name) != Some(&Some(value)))
            .map(|(name, value)| AttributeType::builder().name(name).value(value).build())
            .collect();
        let differing = differing?;
        if differing.is_empty() {
            return Ok(false);
        }
        self.cognito
            .admin_update_user_attributes()
            .user_pool_id(self.id)
            .username(&found.username)
            .set_user_attributes(Some(differing))
            .send()
            .await
            .map_err(failed(format!("update the user {}", email.as_str())))?;
        Ok(true)
    }

    async fn groups_of(&self, email: &Email, username: &str) -> Result<BTreeSet<String>, Error> {
        let request = self.cognito.admin_list_groups_for_user();
        let request = request.user_pool_id(self.id).username(username);
        let mut pages = request.into_paginator().items().send();
        let mut groups = BTreeSet::new();
        while let Some(group) = pages.next().await {
            let doing = || format!("list the groups of {}", email.as_str());
            groups.extend(group.map_err(failed(doing()))?.group_name);
        }
        Ok(groups)
    }

    /// Puts the user into the groups of the file. False when they are in all of them.
    async fn join(
        &self,
        email: &Email,
        username: &str,
        member: &Member,
        present: &BTreeSet<String>,
    ) -> Result<bool, Error> {
        let mut joined = false;
        for group in member
            .groups
            .iter()
            .filter(|group| !present.contains(*group))
        {
            self.cognito
                .admin_add_user_to_group()
                .user_pool_id(self.id)
                .username(username)
                .group_name(group)
                .send()
                .await
                .map_err(failed(format!(
                    "put {} into the group {group}",
                    email.as_str()
                )))?;
            joined = true;
        }
        Ok(joined)
    }

    /// Enables or disables the user, as the file says. False when that is so already.
    async fn switch(&self, email: &Email, member: &Member, enabled: bool) -> Result<bool, Error> {
        match (enabled, member.enabled) {
            (true, false) => disable(self.cognito, self.id, self.mail, email).await?,
            (false, true) => enable(self.cognito, self.id, email).await?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// The attributes of the file, with the address in the one spelling.
fn wanted<'a>(email: &'a Email, member: &'a Member) -> BTreeMap<&'a str, &'a str> {
    let attributes = member.attributes.iter();
    let mut wanted: BTreeMap<&str, &str> = attributes
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    wanted.insert("email", email.as_str());
    wanted
}
