use subtle::ConstantTimeEq;

use crate::request::Request;

/// The header by which CloudFront shows that a request came through it.
const HEADER: &str = "x-mlink-origin";

/// What only CloudFront and this function know. The API's own address is public, and whoever
/// calls it there goes past everything that CloudFront does.
pub struct OriginSecret(String);

impl OriginSecret {
    pub fn new(secret: String) -> Self {
        Self(secret)
    }

    /// Takes the same time whatever the caller guessed, so that no guess comes closer.
    pub fn is_shown_by(&self, request: &Request) -> bool {
        let shown = request.header(HEADER).unwrap_or_default();
        self.0.as_bytes().ct_eq(shown.as_bytes()).into()
    }
}
