//! One of the real functions as a child process, behind a Lambda Runtime API of the test's own.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, Response};
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};

use crate::server::{Server, response};

/// What a function says in the end: its result, or its error (`errorType`, `errorMessage`).
pub type Outcome = Result<Value, Value>;

/// An event, and who waits for what comes of it.
type Invocation = (Value, oneshot::Sender<Outcome>);

pub struct Function {
    events: mpsc::UnboundedSender<Invocation>,
    log: PathBuf,
    _runtime: Server,
    /// Killed when it is dropped.
    _child: Child,
}

impl Function {
    /// Starts the binary that the last deploy to a local cloud built, with this environment and no
    /// other. All that it writes goes to the new file `log`.
    pub async fn start(
        name: &str,
        environment: &BTreeMap<String, String>,
        log: PathBuf,
    ) -> Function {
        let lines = File::create_new(&log).unwrap();
        let (events, waiting) = mpsc::unbounded_channel();
        let runtime = Runtime {
            waiting: Arc::new(tokio::sync::Mutex::new(waiting)),
            running: Arc::default(),
            timeout: Duration::from_secs(30),
        };
        let server = Server::start(move |request| runtime.clone().answer(request)).await;
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let child = Command::new(target.join("lambda").join(format!("mlink-{name}")))
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", server.address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}"))
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "test")
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(lines.try_clone().unwrap())
            .stderr(lines)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Function {
            events,
            log,
            _runtime: server,
            _child: child,
        }
    }

    /// Hands it one event. Several at once wait for one another, as Lambda has it.
    pub async fn invoke(&self, event: Value) -> Outcome {
        let (answer, answered) = oneshot::channel();
        self.events.send((event, answer)).unwrap();
        let patience = Duration::from_secs(60);
        let answered = tokio::time::timeout(patience, answered).await;
        answered
            .expect("the function did not answer")
            .expect("the function ended")
    }

    /// Every line that it wrote so far.
    pub fn lines(&self) -> Vec<String> {
        let log = std::fs::read_to_string(&self.log).unwrap();
        log.lines().map(str::to_owned).collect()
    }
}

#[derive(Clone)]
struct Runtime {
    waiting: Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>>,
    running: Arc<Mutex<HashMap<String, oneshot::Sender<Outcome>>>>,
    timeout: Duration,
}

impl Runtime {
    async fn answer(self, request: Request<Bytes>) -> io::Result<Response<Full<Bytes>>> {
        let path = request.uri().path().to_owned();
        let path = path.split("/runtime/").nth(1).unwrap_or_default();
        let said = || serde_json::from_slice::<Value>(request.body()).unwrap_or_default();
        match path.split('/').collect::<Vec<_>>()[..] {
            ["invocation", "next"] => self.next().await,
            ["invocation", id, "response"] => Ok(self.settle(id, Ok(said()))),
            ["invocation", id, "error"] => Ok(self.settle(id, Err(said()))),
            _ => Err(io::Error::other(format!("{path}: {}", said()))),
        }
    }

    async fn next(self) -> io::Result<Response<Full<Bytes>>> {
        let next = self.waiting.lock().await.recv().await;
        let (event, answer) = next.ok_or(io::ErrorKind::ConnectionAborted)?;
        let mut running = self.running.lock().unwrap();
        let id = format!("00000000-0000-4000-8000-{:012}", running.len());
        running.insert(id.clone(), answer);
        let deadline = SystemTime::now() + self.timeout;
        let deadline = deadline.duration_since(UNIX_EPOCH).unwrap().as_millis();
        let mut next = response(200, event.to_string());
        for (name, value) in [
            ("lambda-runtime-aws-request-id", id),
            ("lambda-runtime-deadline-ms", deadline.to_string()),
            ("lambda-runtime-invoked-function-arn", "arn:aws:x".into()),
        ] {
            next.headers_mut().insert(name, value.parse().unwrap());
        }
        Ok(next)
    }

    fn settle(&self, id: &str, outcome: Outcome) -> Response<Full<Bytes>> {
        let (done, _) = oneshot::channel();
        // Its place stays taken, so that no two invocations have one name.
        let answer = self.running.lock().unwrap().insert(id.to_owned(), done);
        // Whoever asked may have gone.
        let _ = answer.unwrap().send(outcome);
        response(202, "")
    }
}
