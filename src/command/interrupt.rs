//! Ctrl-C while a stack operation is under way. The operation belongs to CloudFormation and goes on
//! there, so leaving is not stopping: a person may choose.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::StackStatus;

use crate::stack::{self, Stack};
use crate::terminal::{Ending, Signals, Terminal, Then, choose};

/// Who pressed Ctrl-C waits no longer for a question.
const LOOK: Duration = Duration::from_secs(5);

/// The stack that this command changes, if it does, and whether it has begun to change anything.
#[derive(Default)]
pub struct Interrupts(Mutex<Option<Changing>>, AtomicBool);

#[derive(Clone)]
struct Changing {
    client: Client,
    context: stack::Context<'static>,
    /// By who sits here.
    is_cancelled: bool,
}

impl Interrupts {
    /// From now on something may have been changed.
    pub fn begin(&self) {
        self.1.store(true, Ordering::Relaxed);
    }

    /// What there is to say to who leaves.
    pub fn farewell(&self) -> &'static str {
        match self.1.load(Ordering::Relaxed) {
            true => {
                "interrupted; what AWS has begun goes on there, and running this again takes it up"
            }
            false => "interrupted",
        }
    }

    /// From now on operations on its stack may be under way.
    pub fn attach(&self, client: &Client, context: &stack::Context<'_>) {
        self.begin();
        let changing = Changing {
            client: client.clone(),
            context: context.without_template(),
            is_cancelled: false,
        };
        *self.changing() = Some(changing);
    }

    pub fn detach(&self) {
        *self.changing() = None;
    }

    fn changing(&self) -> MutexGuard<'_, Option<Changing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stack, where its update was cancelled here, and has gone back.
    pub async fn went_back(&self) -> Option<String> {
        let changing = self.changing().clone();
        let changing = changing.filter(|changing| changing.is_cancelled)?;
        let status = changing.status().await?;
        (status == StackStatus::UpdateRollbackComplete).then_some(changing.context.stack)
    }

    /// What is to be done about a signal: whether to leave. Without an operation or somebody to ask
    /// it is to leave, and so it is with a second Ctrl-C.
    pub async fn leaves(&self, ending: Ending, signals: &mut Signals, terminal: &Terminal) -> bool {
        let changing = self.changing().clone();
        let (Some(changing), Ending::Interrupt) = (changing, ending) else {
            return true;
        };
        let status = tokio::select! {
            status = changing.status() => status.filter(stack::in_progress),
            _ = signals.next() => None,
        };
        let Some(status) = status else {
            return true;
        };
        let stack = &changing.context.stack;
        let what = format!("{stack} is {status}, and that goes on in AWS whatever happens here.");
        terminal.pause();
        // There is nothing that a first deploy, or what is rolled back, could go back to.
        let then = choose(&what, status == StackStatus::UpdateInProgress);
        terminal.resume();
        if then == Then::Cancel && changing.cancel(terminal).await {
            *self.changing() = Some(Changing {
                is_cancelled: true,
                ..changing
            });
        }
        then == Then::Leave
    }
}

impl Changing {
    /// None where CloudFormation does not say so in time.
    async fn status(&self) -> Option<StackStatus> {
        let look = Stack::find(&self.client, &self.context.stack);
        let stack = tokio::time::timeout(LOOK, look).await.ok()?.ok()??;
        Some(stack.status)
    }

    /// Whether it will be.
    async fn cancel(&self, terminal: &Terminal) -> bool {
        let progress = terminal.progress();
        match stack::cancel(&self.client, &self.context).await {
            Ok(()) => progress.note(format!("{} goes back to what it was", self.context.stack)),
            // It may just have come to its end.
            Err(error) => {
                progress.warn(with_help(&error));
                return false;
            }
        }
        true
    }
}

/// An error that does not end the command.
fn with_help(error: &stack::Error) -> String {
    match miette::Diagnostic::help(error) {
        Some(help) => format!("{error}\n{help}"),
        None => error.to_string(),
    }
}
