//! What resources with data in them hold: what would be lost with them.

use std::fmt;

use crate::aws::{Cloud, Error, failed};
use crate::stack::Endangered;

/// Users of a pool and items of a table, as AWS counts them: users at once, items every six hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    pub users: u64,
    pub items: u64,
}

impl Holdings {
    pub fn total(self) -> u64 {
        self.users + self.items
    }

    pub async fn of(cloud: &Cloud, endangered: &[Endangered]) -> Result<Holdings, Error> {
        let mut holdings = Holdings::default();
        for resource in endangered {
            let id = &resource.physical_id;
            match resource.resource_type.as_str() {
                "AWS::Cognito::UserPool" => holdings.users += users(cloud, id).await?,
                _ => holdings.items += items(cloud, id).await?,
            }
        }
        Ok(holdings)
    }
}

impl fmt::Display for Holdings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = |count| if count == 1 { "" } else { "s" };
        let Holdings { users, items } = self;
        write!(f, "{users} user{} and {items} item{}", s(*users), s(*items))
    }
}

async fn users(cloud: &Cloud, pool: &str) -> Result<u64, Error> {
    let described = cloud
        .cognito()
        .describe_user_pool()
        .user_pool_id(pool)
        .send()
        .await
        .map_err(failed(format!("count the users of {pool}")))?;
    let users = described
        .user_pool
        .map(|pool| pool.estimated_number_of_users);
    Ok(users
        .and_then(|users| users.try_into().ok())
        .unwrap_or_default())
}

async fn items(cloud: &Cloud, table: &str) -> Result<u64, Error> {
    let described = cloud
        .dynamodb()
        .describe_table()
        .table_name(table)
        .send()
        .await
        .map_err(failed(format!("count the items of {table}")))?;
    let items = described.table.and_then(|table| table.item_count);
    Ok(items
        .and_then(|items| items.try_into().ok())
        .unwrap_or_default())
}
