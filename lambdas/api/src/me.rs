use serde_json::{Value, json};

use crate::request::Request;
use crate::response::Response;

/// Who is signed in, from the claims of the ID token. The authorizer has verified signature, issuer,
/// audience and expiry, but it lets an access token pass as well, which says nothing about a person.
pub fn me(request: &Request) -> Response {
    let claim = |name| request.claims()?.get(name)?.as_str();
    match (claim("token_use"), claim("sub"), claim("email")) {
        (Some("id"), Some(sub), Some(email)) => {
            let body: Value = json!({ "sub": sub, "email": email, "name": claim("name") });
            Response::json(200, body)
        }
        _ => Response::problem(401, "Unauthorized", "an ID token of this site is needed"),
    }
}
