//! The user pool and its client.

use super::{Advice, Known, Told};

const POOL: &[&str] = &["AWS::Cognito::UserPool"];
const CLIENT: &[&str] = &["AWS::Cognito::UserPoolClient"];

pub const TABLE: &[Known] = &[
    Known {
        name: "user_pool.schema",
        types: POOL,
        says: &["Invalid AttributeDataType input"],
        tells: |told| fixed(told, "attributes (`Schema`)"),
    },
    Known {
        name: "user_pool.schema_immutable",
        types: POOL,
        says: &["Existing schema attributes cannot be modified or deleted"],
        tells: |told| fixed(told, "attributes (`Schema`)"),
    },
    Known {
        name: "user_pool.immutable_property",
        types: POOL,
        says: &["Updates are not allowed for property - *"],
        tells: |told| fixed(told, &format!("`{}`", told.part(0).trim_end_matches('.'))),
    },
    Known {
        name: "user_pool.immutable_alias",
        types: POOL,
        says: &["Updating alias attributes is not allowed"],
        tells: |told| fixed(told, "`AliasAttributes`"),
    },
    Known {
        name: "user_pool.tier",
        types: POOL,
        says: &[
            "features need to be disabled for the * pricing tier configured: * (Service",
            "features need to be disabled for the * pricing tier configured: *",
        ],
        tells: |told| {
            let feature = told.part(1);
            told.means(format!("{feature} is switched on in the pool, and the tier {} does not have it.", told.part(0)))
                .say("Switch it off in Cognito's console, or set `UserPoolTier: PLUS` in templates/stack.yaml, which costs more; then:")
                .run(told.mlink("deploy"))
        },
    },
    Known {
        name: "client.rotation",
        types: CLIENT,
        says: &[
            "ALLOW_REFRESH_TOKEN_AUTH is not a permitted ExplicitAuthFlow when refresh token rotation is enabled",
        ],
        tells: |told| {
            told.means("Refresh tokens are rotated, and Cognito then refuses the older way of renewing a session beside it.")
                .say("Take ALLOW_REFRESH_TOKEN_AUTH out of `ExplicitAuthFlows` in templates/stack.yaml; then:")
                .run(told.mlink("deploy"))
        },
    },
    Known {
        name: "client.no_renewal",
        types: CLIENT,
        says: &["REFRESH_TOKEN_AUTH should always be allowed"],
        tells: |told| {
            told.means("Refresh tokens are not rotated, and without rotation Cognito wants the older way of renewing a session.")
                .say("Put `RefreshTokenRotation` back into templates/stack.yaml; then:")
                .run(told.mlink("deploy"))
        },
    },
    Known {
        name: "user_pool.sender",
        types: POOL,
        says: &["Amazon SES account is in Sandbox"],
        tells: |told| {
            told.means("The sender in the pool's EmailConfiguration is not verified in SES in this region.")
                .say("mlink's pool sends no mail itself: take EmailConfiguration out of templates/stack.yaml, or verify the sender. What is verified:")
                .run(told.aws("sesv2 list-email-identities --query \"EmailIdentities[].[IdentityName,SendingEnabled]\" --output table"))
        },
    },
    Known {
        name: "user_pool.protected",
        types: POOL,
        says: &["user pool cannot be deleted because deletion protection is activated"],
        tells: |told| {
            told.means("The user pool is protected, with all users in it.")
                .say("If they may go, take `protected: true` out of mlink.yaml, deploy that, and destroy:")
                .run(told.mlink("deploy"))
                .run(told.mlink("destroy"))
        },
    },
];

/// What Cognito fixes when a pool is made.
fn fixed(told: &Told<'_>, what: &str) -> Advice {
    told.means(format!(
        "A user pool keeps its {what} for life: Cognito changes nothing of it later."
    ))
    .say("Take the change back in templates/stack.yaml and deploy:")
    .run(told.mlink("deploy"))
    .say("Only a new stage can have it otherwise; what is in this one stays there.")
}
