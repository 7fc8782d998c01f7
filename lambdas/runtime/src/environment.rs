use std::env;
use std::error::Error;
use std::str::FromStr;

use thiserror::Error;

/// A variable that the template should have set. It never shows the value: some are secrets.
#[derive(Debug, Error)]
pub enum EnvironmentError {
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    #[error("the environment variable {name} cannot be used: {source}")]
    Unusable {
        name: &'static str,
        source: Box<dyn Error + Send + Sync>,
    },
}

/// A variable that must be there and filled.
pub fn required(name: &'static str) -> Result<String, EnvironmentError> {
    match env::var(name) {
        Ok(value) if !value.is_empty() => Ok(value),
        _ => Err(EnvironmentError::Missing(name)),
    }
}

/// A variable that may be empty or missing, which mean the same.
pub fn optional(name: &'static str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// A variable that must be there and mean something.
pub fn parsed<T>(name: &'static str) -> Result<T, EnvironmentError>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    parse(name, &required(name)?)
}

/// A variable that must mean something if it is filled.
pub fn parsed_if_set<T>(name: &'static str) -> Result<Option<T>, EnvironmentError>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    optional(name).map(|text| parse(name, &text)).transpose()
}

fn parse<T>(name: &'static str, text: &str) -> Result<T, EnvironmentError>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    text.parse()
        .map_err(|error: T::Err| EnvironmentError::Unusable {
            name,
            source: error.into(),
        })
}
