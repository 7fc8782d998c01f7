use aws_types::SdkConfig;
use mlink_core::{Email, Label, MacKey, Sender};
use mlink_runtime::{EnvironmentError, optional, parsed, parsed_if_set, required};

use crate::clients;
use crate::codes::Codes;
use crate::directory::Directory;
use crate::letter::Stationery;
use crate::lifetime::Lifetime;
use crate::link_table::LinkTable;
use crate::links::Links;
use crate::markers::Markers;
use crate::outstanding::Outstanding;
use crate::post::Post;
use crate::test_marks::TestMarks;
use crate::throttle::Throttle;

/// What the worker and the operations do their work with.
pub struct Services {
    pub directory: Directory,
    pub links: Links,
    pub codes: Codes,
    pub outstanding: Outstanding,
    pub throttle: Throttle,
    pub markers: Markers,
    pub test_marks: TestMarks,
    /// Whether the stage allows test users.
    pub test_users: bool,
    pub stationery: Stationery,
    /// Missing where the stage has no sender; then no mail is sent.
    pub post: Option<Post>,
    /// How long a link is good unless somebody chose another lifetime for it.
    pub lifetime: Lifetime,
    pub key: MacKey,
}

impl Services {
    pub fn from_environment(sdk: &SdkConfig) -> Result<Self, EnvironmentError> {
        let table = LinkTable::new(clients::dynamodb(sdk), required("LINK_TABLE")?);
        let key: MacKey = parsed("MAC_KEY")?;
        let reply_to: Option<Sender> = parsed_if_set("REPLY_TO")?;
        let post = parsed_if_set("EMAIL_FROM")?.map(|sender| {
            let set = optional("CONFIGURATION_SET");
            Post::new(clients::ses(sdk), &sender, reply_to.as_ref(), set)
        });
        Ok(Self {
            directory: Directory::new(clients::cognito(sdk), required("USER_POOL_ID")?),
            links: Links::new(table.clone(), key.clone()),
            codes: Codes::new(table.clone(), key.clone()),
            outstanding: Outstanding::new(table.clone(), parsed("LINKS_OUTSTANDING")?),
            throttle: Throttle::new(
                table.clone(),
                key.clone(),
                parsed("MAIL_PAUSE_SECONDS")?,
                parsed("MAILS_PER_HOUR")?,
            ),
            markers: Markers::new(table.clone()),
            test_marks: TestMarks::new(table.clone(), key.clone()),
            test_users: parsed("TEST_USERS")?,
            stationery: Stationery {
                site_url: required("SITE_URL")?,
                product: required("PRODUCT")?,
                brand: required("BRAND")?,
                subject: required("SUBJECT")?,
                reply_to,
            },
            post,
            lifetime: parsed("LINK_LIFETIME_SECONDS")?,
            key,
        })
    }

    /// An address as log lines name it.
    pub fn log_name(&self, email: &Email) -> String {
        self.key.mac(Label::Log, email.as_str())
    }
}
