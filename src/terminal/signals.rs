//! The signals that end a command.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::prompt::is_interactive;

/// Whether a signal came while a question was open, and took it back: the command then ends as it does
/// without an answer.
static TOOK_A_QUESTION_BACK: AtomicBool = AtomicBool::new(false);

/// Who wants an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// A person, by Ctrl-C.
    Interrupt,
    /// The system, or the terminal that is closed: nobody is there to be asked.
    Terminate,
}

/// Hears every signal that comes after it was made.
pub struct Signals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
    /// Only at a terminal: `nohup` starts commands that are to outlive theirs.
    hangup: Option<Signal>,
}

impl Signals {
    pub fn new() -> Signals {
        let hear = |kind| signal(kind).ok();
        Signals {
            interrupt: hear(SignalKind::interrupt()),
            terminate: hear(SignalKind::terminate()),
            hangup: is_interactive()
                .then(|| hear(SignalKind::hangup()))
                .flatten(),
        }
    }

    pub async fn next(&mut self) -> Ending {
        tokio::select! {
            () = heard(&mut self.interrupt) => Ending::Interrupt,
            () = heard(&mut self.terminate) => Ending::Terminate,
            () = heard(&mut self.hangup) => Ending::Terminate,
        }
    }

    /// The same, without those that only took a question back.
    pub async fn next_of_command(&mut self) -> Ending {
        loop {
            let ending = self.next().await;
            if !TOOK_A_QUESTION_BACK.swap(false, Ordering::Relaxed) {
                return ending;
            }
        }
    }
}

/// The signal that was heard last was for the question.
pub fn take_back() {
    TOOK_A_QUESTION_BACK.store(true, Ordering::Relaxed);
}

/// For ever, where it cannot be heard.
async fn heard(signal: &mut Option<Signal>) {
    if let Some(signal) = signal
        && signal.recv().await.is_some()
    {
        return;
    }
    std::future::pending().await
}
