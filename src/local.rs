//! The local cloud: ministack in a venv of mlink's own, running in the background on loopback.
//!
//! Whether it runs is told by a file lock that the process holds for as long as it lives (it has the
//! locked file as its standard input). So no death of either side, however sudden, leaves a record
//! that lies, and the pid that it wrote down is never somebody else's.

mod folders;
mod install;
mod mail;

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::aws::LOCAL_REGION;
use crate::event::Progress;
use crate::turn;
use folders::Folders;
pub use mail::{Mail, mails};

/// How long to wait for it to answer, and to end. It needs well under a second for either.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(30);

/// After so long without an answer a running process counts as hanging.
const HANGING: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    #[error("could not use the local cloud's folder")]
    #[diagnostic(code(mlink::local::folder))]
    Folder(#[from] std::io::Error),
    #[error("there is no home directory to keep the local cloud in")]
    #[diagnostic(
        code(mlink::local::home),
        help("Set HOME, or XDG_STATE_HOME and XDG_CACHE_HOME.")
    )]
    NoHome(#[from] etcetera::HomeDirError),
    #[error("the local cloud needs Python 3.10 or newer, and there is none on the PATH")]
    #[diagnostic(
        code(mlink::local::python),
        help(
            "Install it (`apt install python3 python3-venv`, `brew install python`) and run this again."
        )
    )]
    NoPython,
    #[error("could not install the local cloud")]
    #[diagnostic(
        code(mlink::local::install),
        help(
            "It needs the network once, to reach PyPI; on Debian and Ubuntu also the package python3-venv."
        )
    )]
    Install(#[source] crate::process::Error),
    #[error("the local cloud did not start; the end of its log:\n\n{0}\n")]
    #[diagnostic(code(mlink::local::start))]
    Start(String),
    #[error("the local cloud (process {pid}) {what}")]
    #[diagnostic(
        code(mlink::local::stuck),
        help(
            "`mlink local logs` shows what it says. `kill -9 {pid}` ends it; what it held since its last stop is lost then."
        )
    )]
    Stuck { pid: String, what: &'static str },
    #[error("the local cloud does not run")]
    #[diagnostic(code(mlink::local::stopped), help("`mlink local start` starts it."))]
    NotRunning,
    #[error("the local cloud at {endpoint} {what}")]
    #[diagnostic(
        code(mlink::local::answer),
        help("Is that the address of a ministack?")
    )]
    Answer {
        endpoint: String,
        what: String,
        #[source]
        source: Option<reqwest::Error>,
    },
}

/// A local cloud that answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LocalCloud {
    /// Without a slash at the end: `http://127.0.0.1:4566`.
    pub endpoint: String,
    /// None when somebody else runs it.
    pub pid: Option<u32>,
    pub version: String,
}

/// What is known of the running process beside its pid.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    port: u16,
}

/// The local cloud, started if need be and installed at the first use.
pub async fn ensure(progress: &Progress) -> Result<LocalCloud, Error> {
    let folders = Folders::of_user()?;
    folders.create()?;
    // One mlink at a time starts it; the others wait and find it running.
    let _turn = turn::take(&folders.turn()).await?;
    let give_up = Instant::now() + PATIENCE;
    let lock = loop {
        match turn::try_take(&folders.lock())? {
            Some(lock) => break lock,
            None => {
                if let Some(running) = running(&folders).await? {
                    return Ok(running);
                }
            }
        }
        if Instant::now() > give_up {
            return Err(stuck(&folders, "runs but does not answer"));
        }
        tokio::time::sleep(PAUSE).await;
    };
    // From here on the lock is held and the last pid is nobody's.
    folders.forget_pid()?;
    let python = install::ensure(&folders, progress).await?;
    let step = progress.step("Start the local cloud");
    let port = free_port(folders.record().map(|record: Record| record.port))?;
    folders.write_record(&Record { port })?;
    let mut child = spawn(&folders, &python, port, lock)?;
    let endpoint = format!("http://127.0.0.1:{port}");
    let version = wait_for_health(&endpoint, &mut child, &folders).await?;
    step.done(format!("{endpoint}, ministack {version}"));
    Ok(LocalCloud {
        endpoint,
        pid: Some(child.id()),
        version,
    })
}

/// The user's local cloud, if it runs and answers. One that is just being started does not run yet.
pub async fn status() -> Result<Option<LocalCloud>, Error> {
    let folders = Folders::of_user()?;
    if !folders.exist() {
        return Ok(None);
    }
    let give_up = Instant::now() + HANGING;
    loop {
        if turn::try_take(&folders.lock())?.is_some() {
            return Ok(None);
        }
        if let Some(running) = running(&folders).await? {
            return Ok(Some(running));
        }
        if turn::try_take(&folders.turn())?.is_none() {
            return Ok(None);
        }
        if Instant::now() > give_up {
            return Err(stuck(&folders, "runs but does not answer"));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// A local cloud that somebody else runs.
pub async fn at(endpoint: &str) -> Result<LocalCloud, Error> {
    let version = health(endpoint).await.map_err(|source| Error::Answer {
        endpoint: endpoint.to_owned(),
        what: "does not answer".to_owned(),
        source: Some(source),
    })?;
    Ok(LocalCloud {
        endpoint: endpoint.to_owned(),
        pid: None,
        version,
    })
}

/// Stops the user's local cloud and waits until it has saved its state. False when none ran.
pub async fn stop() -> Result<bool, Error> {
    let folders = Folders::of_user()?;
    if !folders.exist() || turn::try_take(&folders.lock())?.is_some() {
        return Ok(false);
    }
    // Another mlink may be starting it right now: the turn comes when it has a pid.
    let _turn = turn::take(&folders.turn()).await?;
    let Some(pid) = folders.pid() else {
        return match turn::try_take(&folders.lock())? {
            Some(_) => Ok(false),
            None => Err(stuck(&folders, "does not stop")),
        };
    };
    // It saves its state on SIGTERM only.
    match kill_process(pid, Signal::TERM) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => {}
        Err(error) => return Err(std::io::Error::from(error).into()),
    }
    let give_up = Instant::now() + PATIENCE;
    while turn::try_take(&folders.lock())?.is_none() {
        if Instant::now() > give_up {
            return Err(stuck(&folders, "does not stop"));
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(true)
}

/// Wipes what the local cloud holds, running or not.
pub async fn reset(endpoint: Option<&str>) -> Result<(), Error> {
    let endpoint = match endpoint {
        Some(endpoint) => Some(endpoint.to_owned()),
        None => status().await?.map(|running| running.endpoint),
    };
    let Some(endpoint) = endpoint else {
        let folders = Folders::of_user()?;
        folders.create()?;
        // Nobody may start it, and it may not hang, while its folders go.
        let _turn = turn::take(&folders.turn()).await?;
        let lock = turn::try_take(&folders.lock())?;
        lock.ok_or_else(|| stuck(&folders, "runs but does not answer"))?;
        return Ok(folders.wipe()?);
    };
    let answer = client()
        .post(format!("{endpoint}/_ministack/reset"))
        .send()
        .await;
    answer
        .and_then(reqwest::Response::error_for_status)
        .map_err(|source| Error::Answer {
            endpoint,
            what: "refuses to be reset".to_owned(),
            source: Some(source),
        })?;
    Ok(())
}

/// The last lines of the log.
pub fn log(lines: usize) -> Result<String, Error> {
    Ok(Folders::of_user()?.log_tail(lines)?)
}

fn stuck(folders: &Folders, what: &'static str) -> Error {
    let pid = folders.pid().map(|pid| pid.to_string());
    Error::Stuck {
        pid: pid.unwrap_or_else(|| "unknown".to_owned()),
        what,
    }
}

async fn running(folders: &Folders) -> Result<Option<LocalCloud>, Error> {
    let Some(Record { port }) = folders.record() else {
        return Ok(None);
    };
    let endpoint = format!("http://127.0.0.1:{port}");
    let version = health(&endpoint).await.ok();
    Ok(version.map(|version| LocalCloud {
        pid: folders
            .pid()
            .and_then(|pid| u32::try_from(pid.as_raw_nonzero().get()).ok()),
        endpoint,
        version,
    }))
}

fn spawn(
    folders: &Folders,
    python: &std::path::Path,
    port: u16,
    lock: File,
) -> Result<Child, Error> {
    let log = fs_err::File::create(folders.log())?;
    // The shell writes down the pid that ministack then has: nothing can come between.
    let child = Command::new("/bin/sh")
        .args(["-c", r#"echo $$ > "$0" && exec "$@""#])
        .arg(folders.pid_file())
        .arg(python)
        .args(["-m", "ministack"])
        // The functions inherit all of this environment: no credentials of the user's, and an
        // endpoint, without which they would call AWS itself.
        .env_clear()
        .envs(
            ["PATH", "HOME", "LANG"]
                .iter()
                .filter_map(|n| Some((n, std::env::var_os(n)?))),
        )
        .env("GATEWAY_PORT", port.to_string())
        .env("BIND_HOST", "127.0.0.1")
        .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
        .env("AUTH", "true")
        // Where it finds a bucket on the disk that it had not saved the state of: after a sudden end.
        .env("MINISTACK_REGION", LOCAL_REGION)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        // Both would listen on every interface.
        .env("IOT_MTLS_ENABLED", "0")
        .env("SFTP_ENABLED", "0")
        .env("PERSIST_STATE", "1")
        .env("STATE_DIR", folders.state())
        .env("S3_PERSIST", "1")
        .env("S3_DATA_DIR", folders.objects())
        .env("TMPDIR", folders.scratch())
        .current_dir(folders.scratch())
        .stdin(Stdio::from(lock))
        .stdout(Stdio::from(log.file().try_clone()?))
        .stderr(Stdio::from(log.into_file()))
        // Ctrl-C in the terminal is meant for mlink.
        .process_group(0)
        .spawn()?;
    Ok(child)
}

async fn wait_for_health(
    endpoint: &str,
    child: &mut Child,
    folders: &Folders,
) -> Result<String, Error> {
    let give_up = Instant::now() + PATIENCE;
    loop {
        if let Ok(version) = health(endpoint).await {
            return Ok(version);
        }
        if child.try_wait()?.is_some() || Instant::now() > give_up {
            return Err(Error::Start(folders.log_tail(20)?));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The version of the ministack that answers.
async fn health(endpoint: &str) -> Result<String, reqwest::Error> {
    #[derive(Deserialize)]
    struct Health {
        version: String,
    }
    let answer = client()
        .get(format!("{endpoint}/_ministack/health"))
        .send()
        .await?;
    let health: Health = answer.error_for_status()?.json().await?;
    Ok(health.version)
}

fn client() -> reqwest::Client {
    // Only a broken TLS set-up makes the builder fail, and this client has none.
    reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap_or_default()
}

/// The port of the last time, so that pages stay where they were; else any that is free.
fn free_port(last: Option<u16>) -> Result<u16, std::io::Error> {
    let bound = last
        .and_then(|port| std::net::TcpListener::bind(("127.0.0.1", port)).ok())
        .map_or_else(|| std::net::TcpListener::bind(("127.0.0.1", 0)), Ok)?;
    Ok(bound.local_addr()?.port())
}

/// A pid out of the file that the process wrote.
fn parse_pid(text: &str) -> Option<Pid> {
    Pid::from_raw(text.trim().parse().ok()?)
}

/// The port of an endpoint.
pub fn port(endpoint: &str) -> u16 {
    let url = reqwest::Url::parse(endpoint).ok();
    url.and_then(|url| url.port_or_known_default())
        .unwrap_or(80)
}
