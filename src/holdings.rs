//! What resources with data in them hold: what would be lost with them.

use std::fmt;

use crate::aws::{Cloud, Error, failed};
use crate::stack::Endangered;

/// Users of a pool and items of a table, as AWS counts them; none where no such resource is among them.
///
/// Of users it has "a number estimating the size of the user pool", and items it counts "approximately
/// every six hours". Counting them one by one would be truer, and of no more use: links come and go, and
/// the next run has to find the number that this one told.
/// <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserPoolType.html>
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    pub users: Option<u64>,
    pub items: Option<u64>,
}

impl Holdings {
    pub fn total(self) -> u64 {
        self.users.unwrap_or_default() + self.items.unwrap_or_default()
    }

    pub async fn of(cloud: &Cloud, endangered: &[Endangered]) -> Result<Holdings, Error> {
        let mut holdings = Holdings::default();
        for resource in endangered {
            let id = &resource.physical_id;
            match resource.resource_type.as_str() {
                "AWS::Cognito::UserPool" => {
                    *holdings.users.get_or_insert_default() += users(cloud, id).await?;
                }
                _ => *holdings.items.get_or_insert_default() += items(cloud, id).await?,
            }
        }
        Ok(holdings)
    }
}

impl fmt::Display for Holdings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = |count| if count == 1 { "" } else { "s" };
        let users = self.users.map(|n| format!("about {n} user{}", s(n)));
        let items = self.items.map(|n| {
            let counted = "AWS counts items every six hours";
            format!("{n} item{} ({counted})", s(n))
        });
        let both: Vec<String> = users.into_iter().chain(items).collect();
        f.write_str(&both.join(" and "))
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
