//! Child processes: both pipes are drained while waiting, so that a talkative build never blocks on
//! a full pipe, and the tail of the output is kept for the error.

use std::collections::VecDeque;
use std::io::IsTerminal;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;

/// How long a signal may take to be heard.
const MOMENT: Duration = Duration::from_millis(300);

/// Lines of output that an error shows.
const TAIL: usize = 40;

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    #[error("could not {doing}: `{program}` is not installed, or not on the PATH")]
    #[diagnostic(code(mlink::process::missing))]
    Missing {
        doing: String,
        program: String,
        #[help]
        help: String,
    },
    #[error("could not {doing}: `{program}` could not be run")]
    #[diagnostic(code(mlink::process::run))]
    Run {
        doing: String,
        program: String,
        #[source]
        source: std::io::Error,
    },
    #[error("could not {doing}: `{command}` ended with {status}; its last lines:\n\n{tail}\n")]
    #[diagnostic(code(mlink::process::failed))]
    Failed {
        doing: String,
        command: String,
        status: std::process::ExitStatus,
        tail: String,
    },
}

/// Runs `command` to its end. `on_line` sees each line of stderr as it comes; the whole of stdout is
/// returned. `doing` and `install` word the errors: "build the Lambdas", "Install Rust from …".
pub async fn run(
    mut command: Command,
    doing: &str,
    install: &str,
    on_line: impl FnMut(&str),
) -> Result<String, Error> {
    let program = command
        .as_std()
        .get_program()
        .to_string_lossy()
        .into_owned();
    let failed_to_run = |source: std::io::Error| {
        if source.kind() == std::io::ErrorKind::NotFound {
            return Error::Missing {
                doing: doing.to_owned(),
                program: program.clone(),
                help: install.to_owned(),
            };
        }
        Error::Run {
            doing: doing.to_owned(),
            program: program.clone(),
            source,
        }
    };
    // At a terminal it stays in mlink's group: git may ask there for a password, and Ctrl-C reaches all.
    let is_apart = !std::io::stdin().is_terminal();
    if is_apart {
        command.process_group(0);
    }
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed_to_run)?;
    let mut family = Family(child.id().filter(|_| is_apart));
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let mut output = String::new();
    let mut tail = VecDeque::new();
    let mut on_line = on_line;
    let (read_out, read_err, status) = tokio::join!(
        lines(stdout, |line| {
            output.push_str(line);
            output.push('\n');
        }),
        lines(stderr, |line| {
            on_line(line);
            if tail.len() == TAIL {
                tail.pop_front();
            }
            tail.push_back(line.to_owned());
        }),
        child.wait(),
    );
    family.0 = None;
    read_out.map_err(failed_to_run)?;
    read_err.map_err(failed_to_run)?;
    let status = status.map_err(failed_to_run)?;
    if status.success() {
        return Ok(output);
    }
    if !is_apart {
        // A Ctrl-C that ended it reaches mlink as well, and is no failure: who hears it waits no longer.
        tokio::time::sleep(MOMENT).await;
    }
    // Some tools (vite, tsc) explain themselves on stdout; cargo puts its JSON messages there.
    let said = output.lines().filter(|line| !line.starts_with('{'));
    let from_out: Vec<&str> = said.rev().take(TAIL - tail.len()).collect();
    let shown = from_out
        .into_iter()
        .rev()
        .chain(tail.iter().map(String::as_str));
    Err(Error::Failed {
        doing: doing.to_owned(),
        command: shown_command(&command),
        status,
        tail: shown
            .map(|line| format!("  {line}"))
            .collect::<Vec<_>>()
            .join("\n"),
    })
}

/// A process and those that it started, which end with the wait for them. They are a group of their own:
/// whoever ends mlink alone means them too, and knows nothing of them.
struct Family(Option<u32>);

impl Drop for Family {
    fn drop(&mut self) {
        let group = self.0.and_then(|id| Pid::from_raw(id.try_into().ok()?));
        if let Some(group) = group {
            // Who has ended needs no end.
            let _ = kill_process_group(group, Signal::TERM);
        }
    }
}

async fn lines(
    pipe: Option<impl AsyncRead + Unpin>,
    mut each: impl FnMut(&str),
) -> std::io::Result<()> {
    let Some(pipe) = pipe else { return Ok(()) };
    let mut reader = BufReader::new(pipe);
    let mut line = Vec::new();
    loop {
        line.clear();
        // By bytes: a child may print what is not UTF-8.
        if reader.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        each(String::from_utf8_lossy(&line).trim_end());
    }
}

fn shown_command(command: &Command) -> String {
    let command = command.as_std();
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|part| part.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn a_child_that_floods_both_pipes_ends() {
        let script = "i=0; while [ $i -lt 20000 ]; do echo out$i; echo err$i >&2; i=$((i+1)); done";
        let mut seen = 0;
        let output = run(shell(script), "flood", "", |_| seen += 1)
            .await
            .unwrap();
        assert_eq!(output.lines().count(), 20_000);
        assert_eq!(seen, 20_000);
    }

    #[tokio::test]
    async fn a_failure_shows_the_command_and_the_tail_of_both_pipes() {
        let error = run(
            shell("echo said; echo '{}'; seq 1 30 >&2; exit 7"),
            "try",
            "",
            |_| {},
        )
        .await
        .unwrap_err()
        .to_string();
        assert!(error.contains("could not try"), "{error}");
        assert!(error.contains("exit status: 7"), "{error}");
        assert!(error.contains("  said\n  1\n"), "{error}");
        assert!(error.contains("  30\n"), "{error}");
    }

    #[tokio::test]
    async fn a_missing_program_is_named_with_the_way_out() {
        let error = run(
            Command::new("no-such-program"),
            "try",
            "Install it.",
            |_| {},
        )
        .await
        .unwrap_err();
        assert!(matches!(error, Error::Missing { ref help, .. } if help == "Install it."));
    }
}
