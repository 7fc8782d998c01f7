use std::convert::Infallible;

use lambda_runtime::LambdaEvent;
use serde_json::Value;

use crate::login::Login;
use crate::me::me;
use crate::origin::OriginSecret;
use crate::request::Request;
use crate::response::Response;

pub struct Api {
    login: Login,
    origin: OriginSecret,
}

impl Api {
    pub fn new(login: Login, origin: OriginSecret) -> Self {
        Self { login, origin }
    }

    /// Every request gets an answer: what goes wrong is an answer too.
    pub async fn answer(&self, event: LambdaEvent<Value>) -> Result<Response, Infallible> {
        let request = Request::new(event.payload);
        if !self.origin.is_shown_by(&request) {
            let detail = "this address answers through the site only";
            return Ok(Response::problem(403, "Forbidden", detail));
        }
        Ok(match request.route() {
            Some("POST /api/login") => {
                let request_id = &event.context.request_id;
                self.login.answer(&request, request_id).await
            }
            Some("GET /api/me") => me(&request),
            _ => Response::problem(404, "Not found", "there is nothing at this address"),
        })
    }
}

#[cfg(test)]
#[path = "api_tests.rs"]
mod tests;
