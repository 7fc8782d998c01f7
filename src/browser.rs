//! Opens a page in the browser, without its address in any process list.

use std::time::Duration;

use mlink_core::{RandomError, Secret};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// How long a browser may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// In bytes; browsers send a tenth of it.
const LONGEST_REQUEST: u64 = 16 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("could not open a browser")]
    Browser(#[source] std::io::Error),
    #[error("could not hand the link to the browser")]
    Listen(#[source] std::io::Error),
    #[error(transparent)]
    Random(#[from] RandomError),
    #[error("the browser did not ask for the link within a minute")]
    Late,
}

/// Opens an address that holds no secret.
pub fn open(url: &str) -> Result<(), Error> {
    open::that_detached(url).map_err(Error::Browser)
}

/// Opens a link. Every user of this machine can read the arguments of every process, so the browser
/// is started with the address of a page on 127.0.0.1 that is good once and leads on to the link.
pub async fn open_secretly(link: &str) -> Result<(), Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.map_err(Error::Listen)?;
    let address = listener.local_addr().map_err(Error::Listen)?;
    let path = format!("/{}", Secret::generate()?.reveal());
    open(&format!("http://{address}{path}"))?;
    timeout(PATIENCE, hand_over(&listener, &path, link))
        .await
        .map_err(|_| Error::Late)?
        .map_err(Error::Listen)
}

/// Answers until somebody has asked for the path.
async fn hand_over(listener: &TcpListener, path: &str, link: &str) -> std::io::Result<()> {
    loop {
        let (connection, _) = listener.accept().await?;
        // A connection that browsers open just in case must not hold up the one that asks.
        if let Ok(Ok(true)) = timeout(Duration::from_secs(2), answer(connection, path, link)).await
        {
            return Ok(());
        }
    }
}

/// Whether it was the path that was asked for.
async fn answer(mut connection: TcpStream, path: &str, link: &str) -> std::io::Result<bool> {
    let mut request = String::new();
    let mut lines = BufReader::new((&mut connection).take(LONGEST_REQUEST));
    lines.read_line(&mut request).await?;
    // The rest of the request is read too: closed too early, the connection would be reset.
    let mut header = String::new();
    while lines.read_line(&mut header).await? > 2 {
        header.clear();
    }
    let asked = request.split(' ').nth(1) == Some(path);
    let head = if asked {
        format!("302 Found\r\nLocation: {link}")
    } else {
        "404 Not Found".to_owned()
    };
    let answer = format!(
        "HTTP/1.1 {head}\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n\
         Content-Length: 0\r\nConnection: close\r\n\r\n"
    );
    connection.write_all(answer.as_bytes()).await?;
    connection.shutdown().await?;
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_link_is_handed_to_whoever_knows_the_path_and_only_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let link = "https://login.acme.example/sign-in#secret";
        let handed = tokio::spawn(async move { hand_over(&listener, "/right", link).await });
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let ask = |path: &str| client.get(format!("http://{address}{path}")).send();
        assert_eq!(ask("/wrong").await.unwrap().status(), 404);
        let answer = ask("/right").await.unwrap();
        assert_eq!(answer.status(), 302);
        assert_eq!(answer.headers()["location"], link);
        handed.await.unwrap().unwrap();
        assert!(ask("/right").await.is_err());
    }
}
