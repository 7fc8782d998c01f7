//! The two text forms in which this crate writes bytes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|nibble| char::from(DIGITS[usize::from(nibble)]))
        .collect()
}

/// Base64 for URLs (RFC 4648, section 5), without padding.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Exactly 32 bytes from their 43 characters of unpadded base64url; anything else is `None`.
///
/// The decoder refuses stray bits after the last byte, so a value has one spelling only.
pub(crate) fn bytes32(text: &str) -> Option<[u8; 32]> {
    const LENGTH: usize = 43;
    if text.len() != LENGTH {
        return None;
    }
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_lower_case_and_padded() {
        assert_eq!(hex(&[0, 9, 171, 255]), "0009abff");
    }

    #[test]
    fn a_value_has_one_spelling() {
        let canonical = base64url(&[7; 32]);
        assert_eq!(bytes32(&canonical), Some([7; 32]));
        // The last character carries two bits that belong to no byte; 'd' sets one of them.
        let mut stray = canonical.clone();
        assert_eq!(stray.pop(), Some('c'));
        stray.push('d');
        assert_eq!(bytes32(&stray), None);
    }
}
