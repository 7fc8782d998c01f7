use std::fmt;

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::encoding::{base64url, bytes32, hex};

/// The operating system gave no random bytes.
#[derive(Debug, Error)]
#[error("the operating system gave no random bytes")]
pub struct RandomError(#[source] getrandom::Error);

/// What a sign-in link carries: 32 random bytes, good for one sign-in of one user.
///
/// Whoever holds it (and knows the address) is in, so it is shown nowhere but in the mail:
/// its `Debug` hides it, it has no `Display`, and only its [hash](Secret::hash) is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    /// A new secret from the operating system's random source.
    pub fn generate() -> Result<Self, RandomError> {
        random().map(Self)
    }

    /// The secret that [`reveal`](Secret::reveal) wrote; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        bytes32(text).map(Self)
    }

    /// The secret as it stands in a link: 43 characters of base64url.
    pub fn reveal(&self) -> String {
        base64url(&self.0)
    }

    /// SHA-256 in lower-case hexadecimal, under which the link is stored.
    ///
    /// A plain hash will do: nobody can guess 256 random bits. (An address, which can be
    /// guessed, goes through [`MacKey`](crate::MacKey) instead.)
    pub fn hash(&self) -> String {
        hex(&Sha256::digest(self.0))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The random name of one challenge round, known to Cognito and the functions only.
///
/// Cognito asks `challenge` up to three times about one answer. The attempt tells such a retry,
/// which must get the same verdict, from a second sign-in with the same link, which must not.
#[derive(Clone, PartialEq, Eq)]
pub struct Attempt(String);

impl Attempt {
    /// What it is called among the private challenge parameters.
    pub const PARAMETER: &'static str = "attempt";

    pub fn generate() -> Result<Self, RandomError> {
        Ok(Self(base64url(&random::<32>()?)))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N], RandomError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(RandomError)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ() {
        assert_ne!(Secret::generate().unwrap(), Secret::generate().unwrap());
    }

    #[test]
    fn a_revealed_secret_parses_to_itself() {
        let secret = Secret::generate().unwrap();
        assert_eq!(secret.reveal().len(), 43);
        assert_eq!(Secret::parse(&secret.reveal()), Some(secret));
    }

    #[test]
    fn the_hash_is_sha256_of_the_bytes() {
        let zeros = Secret([0; 32]);
        let expected = "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";
        assert_eq!(zeros.hash(), expected);
    }

    #[test]
    fn debug_shows_nothing() {
        let secret = Secret::generate().unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }
}
