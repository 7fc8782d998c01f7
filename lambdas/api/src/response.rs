use serde::Serialize;
use serde_json::{Value, json};

/// An answer in the shape that an HTTP API passes on (payload format 2.0). None is ever cached:
/// some say who is signed in, and the others are about this one request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    pub status_code: u16,
    pub headers: Headers,
    pub body: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Headers {
    pub content_type: &'static str,
    pub cache_control: &'static str,
    pub x_content_type_options: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<String>,
}

impl Response {
    pub fn json(status_code: u16, body: impl ToString) -> Self {
        Self::new(status_code, "application/json", body.to_string())
    }

    /// An error as RFC 9457 has it. The detail is for a person.
    pub fn problem(status: u16, title: &str, detail: &str) -> Self {
        let body: Value = json!({ "title": title, "status": status, "detail": detail });
        Self::new(status, "application/problem+json", body.to_string())
    }

    /// The same, with the number of seconds after which it is worth asking again.
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.headers.retry_after = Some(seconds.to_string());
        self
    }

    fn new(status_code: u16, content_type: &'static str, body: String) -> Self {
        let headers = Headers {
            content_type,
            cache_control: "no-store",
            x_content_type_options: "nosniff",
            retry_after: None,
        };
        Self {
            status_code,
            headers,
            body,
        }
    }
}
