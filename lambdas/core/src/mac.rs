use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use thiserror::Error;

use crate::encoding::{bytes32, hex, unhex32};

/// The key is not what the deployment makes.
#[derive(Debug, Error)]
#[error("the MAC key is not 32 bytes in unpadded base64url")]
pub struct MacKeyError;

/// What a MAC is for. Two uses of one text give two unrelated MACs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// The address that a link was issued to.
    Email,
    /// The code of a user.
    Code,
    /// A code that somebody tried.
    Guess,
    /// An address whose mails are counted.
    Throttle,
    /// A caller whose requests are counted, in one hour.
    Caller,
    /// An address that belongs to a test user.
    Test,
    /// An address, as log lines name it: by a MAC that is in no item of the table.
    Log,
}

impl Label {
    fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Code => "code",
            Self::Guess => "guess",
            Self::Throttle => "throttle",
            Self::Caller => "caller",
            Self::Test => "test",
            Self::Log => "log",
        }
    }
}

/// The stage's key for HMAC-SHA-256. It is never in the table, so that a dump of the table can
/// not be searched for an address by trying addresses.
#[derive(Clone)]
pub struct MacKey(Hmac<Sha256>);

/// Reads the 43 characters that stand in a function's environment.
impl FromStr for MacKey {
    type Err = MacKeyError;

    fn from_str(text: &str) -> Result<Self, MacKeyError> {
        let key = bytes32(text).ok_or(MacKeyError)?;
        Hmac::new_from_slice(&key)
            .map(Self)
            .map_err(|_| MacKeyError)
    }
}

impl MacKey {
    /// The MAC of `text` for one use, in lower-case hexadecimal.
    pub fn mac(&self, label: Label, text: &str) -> String {
        hex(&self.over(label, text).finalize().into_bytes())
    }

    /// Whether `mac` is what [`mac`](MacKey::mac) gives. How long it takes tells nothing about
    /// where the two part.
    pub fn verify(&self, label: Label, text: &str, mac: &str) -> bool {
        unhex32(mac).is_some_and(|mac| self.over(label, text).verify_slice(&mac).is_ok())
    }

    fn over(&self, label: Label, text: &str) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        // No label contains a zero byte, so label and text cannot run into each other.
        mac.update(label.as_str().as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        mac
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::base64url;

    fn key(byte: u8) -> MacKey {
        base64url(&[byte; 32]).parse().unwrap()
    }

    /// `printf 'email\0a@b.co' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0101…01`
    #[test]
    fn it_is_hmac_sha256_over_label_and_text() {
        let expected = "bec9a8add91250fa2863e7d2642bf3312eba7433db6f1f70729338aa09f4d20f";
        assert_eq!(key(1).mac(Label::Email, "a@b.co"), expected);
    }

    #[test]
    fn another_key_gives_another_mac() {
        assert_ne!(
            key(1).mac(Label::Email, "a@b.co"),
            key(2).mac(Label::Email, "a@b.co")
        );
    }

    #[test]
    fn another_label_gives_another_mac() {
        let macs = [Label::Email, Label::Code, Label::Guess].map(|label| key(1).mac(label, "a"));
        assert!(macs[0] != macs[1] && macs[1] != macs[2] && macs[2] != macs[0]);
    }

    #[test]
    fn only_the_mac_itself_verifies() {
        let mac = key(1).mac(Label::Email, "a@b.co");
        assert!(key(1).verify(Label::Email, "a@b.co", &mac));
        assert!(!key(1).verify(Label::Code, "a@b.co", &mac));
        assert!(!key(1).verify(Label::Email, "a@b.com", &mac));
        assert!(!key(2).verify(Label::Email, "a@b.co", &mac));
        for wrong in ["", &mac[1..], &mac.to_uppercase(), &format!("{mac}0")] {
            assert!(!key(1).verify(Label::Email, "a@b.co", wrong), "{wrong}");
        }
    }

    #[test]
    fn a_short_or_padded_key_is_refused() {
        for wrong in ["", "AAAA", &format!("{}=", base64url(&[1; 32]))] {
            assert!(wrong.parse::<MacKey>().is_err(), "{wrong:?}");
        }
    }
}
