//! Stands before a cloud and has the last word on what its CloudFormation says.

use http_body_util::BodyExt;

use crate::server::{Server, response};
use crate::wire::pass_on;

/// `change` takes an action and the answer to it, and gives another answer, or none.
pub async fn before<F>(cloud: &str, change: F) -> Server
where
    F: Fn(&str, &str) -> Option<String> + Clone + Send + Sync + 'static,
{
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let cloud = cloud.to_owned();
    Server::start(move |request| {
        let (client, cloud, change) = (client.clone(), cloud.clone(), change.clone());
        async move {
            let asked = String::from_utf8_lossy(request.body()).into_owned();
            let answer = pass_on(&client, &cloud, request).await?;
            let Some(action) = asked.strip_prefix("Action=") else {
                return Ok(answer);
            };
            let (head, body) = answer.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let said = String::from_utf8_lossy(&body);
            Ok(match change(action.split('&').next().unwrap(), &said) {
                Some(other) => response(200, other),
                None => response(head.status.as_u16(), body),
            })
        }
    })
    .await
}
