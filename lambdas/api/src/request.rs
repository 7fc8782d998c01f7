use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// A request as an HTTP API hands it over (payload format 2.0), read leniently: whatever is missing
/// or of another type is absent.
///
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
pub struct Request(Value);

impl Request {
    pub fn new(event: Value) -> Self {
        Self(event)
    }

    /// Method and path of the matched route. The route and not the path as sent: the authorizer
    /// hangs on the route, so what answers for it can rely on the claims.
    pub fn route(&self) -> Option<&str> {
        self.0.get("routeKey")?.as_str()
    }

    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let headers = self.0.get("headers")?.as_object()?;
        let found = |(key, _): &(&String, &Value)| key.eq_ignore_ascii_case(name);
        headers.iter().find(found)?.1.as_str()
    }

    /// The claims of the token, which the authorizer has verified.
    pub fn claims(&self) -> Option<&Map<String, Value>> {
        let claims = self.0.pointer("/requestContext/authorizer/jwt/claims");
        claims?.as_object()
    }

    /// The body, if it is no longer than `limit` bytes.
    pub fn body(&self, limit: usize) -> Option<Cow<'_, [u8]>> {
        let text = self.0.get("body").and_then(Value::as_str).unwrap_or("");
        let encoded = self.0.get("isBase64Encoded").and_then(Value::as_bool);
        if encoded != Some(true) {
            return (text.len() <= limit).then(|| text.as_bytes().into());
        }
        if text.len() > limit.div_ceil(3) * 4 {
            return None;
        }
        let body = STANDARD.decode(text).ok()?;
        (body.len() <= limit).then(|| body.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn body_of(event: Value) -> Option<Vec<u8>> {
        Request::new(event).body(4).map(Cow::into_owned)
    }

    #[test]
    fn a_body_is_measured_as_it_was_sent() {
        let base64 = |body: &str| json!({ "body": STANDARD.encode(body), "isBase64Encoded": true });
        assert_eq!(body_of(json!({ "body": "abcd" })), Some(b"abcd".to_vec()));
        assert_eq!(body_of(json!({ "body": "abcde" })), None);
        assert_eq!(body_of(base64("abcd")), Some(b"abcd".to_vec()));
        assert_eq!(body_of(base64("abcde")), None);
        assert_eq!(body_of(base64(&"a".repeat(1 << 20))), None);
        let mangled = json!({ "body": "?", "isBase64Encoded": true });
        assert_eq!(body_of(mangled), None);
    }

    #[test]
    fn no_body_is_an_empty_one() {
        assert_eq!(body_of(json!({})), Some(vec![]));
        assert_eq!(body_of(json!({ "body": null })), Some(vec![]));
    }

    #[test]
    fn a_header_is_found_in_any_case() {
        let request = Request::new(json!({ "headers": { "Content-Type": "text/plain" } }));
        assert_eq!(request.header("content-type"), Some("text/plain"));
        assert_eq!(request.header("content"), None);
    }

    #[test]
    fn what_is_missing_is_absent() {
        for event in [
            json!(null),
            json!({}),
            json!({ "headers": null, "requestContext": null }),
        ] {
            let request = Request::new(event);
            assert_eq!(request.route(), None);
            assert_eq!(request.header("x"), None);
            assert!(request.claims().is_none());
        }
    }
}
