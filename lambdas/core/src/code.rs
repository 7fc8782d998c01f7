use std::fmt;

use crate::secret::random;
use crate::{Label, MacKey, RandomError};

/// What a person types where the link does not get through: eight digits, good for one sign-in of
/// one user.
///
/// There are few enough to try them all, so a code is worth only as much as its guesses are
/// counted, and only a [MAC](Code::mac) of it is stored. Like a [`Secret`](crate::Secret) it is
/// shown nowhere but in the mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(u32);

/// How many codes there are, from 00000000 on.
const CODES: u32 = 100_000_000;
const DIGITS: usize = 8;

impl Code {
    /// Guesses after which a code is dead, over all sign-ins together.
    pub const MOST_GUESSES: u32 = 5;

    /// A new code from the operating system's random source; each is as likely as any other.
    pub fn generate() -> Result<Self, RandomError> {
        uniform(|| random().map(u32::from_ne_bytes)).map(Self)
    }

    /// The code that [`reveal`](Code::reveal) wrote: exactly eight ASCII digits.
    pub fn parse(text: &str) -> Option<Self> {
        let is_code = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| is_code).map(Self)
    }

    /// The code as it stands in a mail: eight digits, the zeros in front included.
    pub fn reveal(&self) -> String {
        format!("{:0DIGITS$}", self.0)
    }

    /// Under which MAC the code of a user is stored.
    pub fn mac(&self, key: &MacKey, sub: &str) -> String {
        key.mac(Label::Code, &self.after(sub))
    }

    /// Whether this is the code of that user that `mac` was stored for. It takes as long either way.
    pub fn has_mac(&self, key: &MacKey, sub: &str, mac: &str) -> bool {
        key.verify(Label::Code, &self.after(sub), mac)
    }

    /// The name of this guess. Asked again, the same attempt with the same code is the same guess;
    /// with another code it is another one, or a single attempt could try them all.
    pub fn guess(&self, key: &MacKey, attempt: &str) -> String {
        key.mac(Label::Guess, &self.after(attempt))
    }

    /// The digits are always as many, so they cannot run into what stands before them.
    fn after(&self, text: &str) -> String {
        format!("{text}/{}", self.reveal())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

/// A number below [`CODES`] from numbers drawn out of all that a `u32` holds. Those beyond the last
/// full round of `CODES` are drawn again: they would make the lower codes likelier.
fn uniform(mut draw: impl FnMut() -> Result<u32, RandomError>) -> Result<u32, RandomError> {
    const FULL_ROUNDS: u32 = u32::MAX / CODES * CODES;
    loop {
        let number = draw()?;
        if number < FULL_ROUNDS {
            return Ok(number % CODES);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::base64url;
    use proptest::prelude::*;

    const SUB: &str = "0c2e1a5e-7f5b-4d6b-8f5e-2f9f3d1f6a10";

    fn key(byte: u8) -> MacKey {
        base64url(&[byte; 32]).parse().unwrap()
    }

    fn drawn(numbers: &[u32]) -> u32 {
        let mut numbers = numbers.iter();
        let code = uniform(|| Ok(*numbers.next().unwrap())).unwrap();
        assert_eq!(numbers.next(), None, "drawn too few");
        code
    }

    #[test]
    fn every_code_is_as_likely_as_any_other() {
        assert_eq!(drawn(&[0]), 0);
        assert_eq!(drawn(&[99_999_999]), 99_999_999);
        assert_eq!(drawn(&[100_000_000]), 0);
        assert_eq!(drawn(&[4_199_999_999]), 99_999_999);
        // 42 rounds are full; the 43rd would end at 94967295.
        assert_eq!(drawn(&[4_200_000_000, u32::MAX, 7]), 7);
    }

    #[test]
    fn codes_differ_and_keep_to_eight_digits() {
        let codes: Vec<String> = (0..100)
            .map(|_| Code::generate().unwrap().reveal())
            .collect();
        assert!(codes.iter().all(|code| code.len() == 8));
        // All alike by chance: once in 10^792.
        assert!(codes.iter().any(|code| *code != codes[0]));
        // None beyond half of them by chance: once in 2^100.
        assert!(codes.iter().any(|code| code.as_str() >= "50000000"));
    }

    #[test]
    fn zeros_in_front_stay() {
        assert_eq!(Code(42).reveal(), "00000042");
        assert_eq!(Code::parse("00000042"), Some(Code(42)));
    }

    #[test]
    fn what_is_not_eight_digits_is_no_code() {
        for wrong in [
            "",
            "1234567",
            "123456789",
            "+1234567",
            "-1234567",
            "1234 567",
            "1234_567",
            "0x123456",
            "１２３４５６７８",
            "١٢٣٤",
            "12345678\n",
        ] {
            assert_eq!(Code::parse(wrong), None, "{wrong:?}");
        }
        assert_eq!(Code::parse(&"1".repeat(1 << 20)), None);
    }

    /// `printf 'code\0<sub>/00000042' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0101…01`
    #[test]
    fn the_mac_is_over_user_and_code() {
        let expected = "261cfd8e9e7d318aaaf847685005e2c00dec60d6d69c7d46d9f1f746eaa0b2ee";
        assert_eq!(Code(42).mac(&key(1), SUB), expected);
    }

    #[test]
    fn a_mac_is_of_one_code_of_one_user_under_one_key() {
        let mac = Code(42).mac(&key(1), SUB);
        assert!(Code(42).has_mac(&key(1), SUB, &mac));
        assert!(!Code(43).has_mac(&key(1), SUB, &mac));
        assert!(!Code(42).has_mac(&key(1), "another", &mac));
        assert!(!Code(42).has_mac(&key(2), SUB, &mac));
        assert!(!Code(42).has_mac(&key(1), SUB, &Code(42).guess(&key(1), SUB)));
    }

    #[test]
    fn a_guess_is_one_code_in_one_attempt() {
        let guess = Code(42).guess(&key(1), "attempt");
        assert_eq!(Code(42).guess(&key(1), "attempt"), guess);
        assert_ne!(Code(43).guess(&key(1), "attempt"), guess);
        assert_ne!(Code(42).guess(&key(1), "another"), guess);
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Code(12_345_678)), "Code(…)");
    }

    proptest! {
        #[test]
        fn a_code_is_read_as_it_is_written(text in "[0-9]{8}") {
            prop_assert_eq!(Code::parse(&text).unwrap().reveal(), text);
        }

        #[test]
        fn what_is_read_is_written_the_same(text in "[0-9+ ]{7,9}|\\PC{0,9}") {
            if let Some(code) = Code::parse(&text) {
                prop_assert_eq!(code.reveal(), text);
            }
        }
    }
}
