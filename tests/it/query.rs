//! CloudFormation's query protocol: what a form asks for, and the XML that answers it.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, Response};

use crate::server::response;

/// A call that changes the stack, as a person would name it; none for one that only looks.
pub fn change(action: &str, rest: &str) -> Option<String> {
    let what = match action {
        "DeleteStack" => Some(("keeping", "RetainResources")),
        "ContinueUpdateRollback" => Some(("skipping", "ResourcesToSkip")),
        "ExecuteChangeSet" | "CancelUpdateStack" => None,
        _ => return None,
    };
    let resources = what.map(|(how, list)| {
        let list = format!("{list}.member.");
        let of = rest.split('&').filter(|field| field.starts_with(&list));
        let names = of.filter_map(|field| field.split_once('='));
        let names: Vec<&str> = names.map(|(_, name)| name).collect();
        (how, names.join(" "))
    });
    Some(match resources {
        Some((how, names)) if !names.is_empty() => format!("{action} {how} {names}"),
        _ => action.to_owned(),
    })
}

pub fn field(rest: &str, name: &str) -> Option<String> {
    let mut fields = rest.split('&').filter_map(|field| field.split_once('='));
    let (_, value) = fields.find(|(key, _)| *key == name)?;
    Some(value.to_owned())
}

/// The pages are made here: the local cloud is asked for all.
pub fn first_page(request: Request<Bytes>) -> Request<Bytes> {
    let (mut head, body) = request.into_parts();
    head.headers.remove("content-length");
    let body = String::from_utf8_lossy(&body).into_owned();
    let fields = body.split('&');
    let kept: Vec<&str> = fields
        .filter(|field| !field.starts_with("NextToken=page-"))
        .collect();
    Request::from_parts(head, Bytes::from(kept.join("&")))
}

pub fn done(action: &str, result: &str) -> String {
    format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>")
}

pub fn refusal(status: u16, code: &str, message: &str) -> Response<Full<Bytes>> {
    let error = format!("<Code>{code}</Code><Message>{message}</Message>");
    let error = format!("<ErrorResponse><Error><Type>Sender</Type>{error}</Error></ErrorResponse>");
    response(status, error)
}
