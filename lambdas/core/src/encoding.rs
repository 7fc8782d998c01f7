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

/// The 32 bytes that [`hex`] wrote; anything else is `None`.
pub(crate) fn unhex32(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(bytes)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
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
    fn hex_is_read_as_it_is_written() {
        let bytes: [u8; 32] = std::array::from_fn(|place| place as u8 * 8 + 1);
        assert_eq!(unhex32(&hex(&bytes)), Some(bytes));
        for wrong in ["", "00", &"0".repeat(63), &"G".repeat(64), &"é".repeat(32)] {
            assert_eq!(unhex32(wrong), None, "{wrong}");
        }
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
