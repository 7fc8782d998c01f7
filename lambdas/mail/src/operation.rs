use serde::Deserialize;

/// What an administrator asks by invoking the function. IAM says who may.
#[derive(Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
pub enum Operation {
    /// Everything that the table holds of a user goes, the links that are out included.
    ForgetUser { sub: String },
}
