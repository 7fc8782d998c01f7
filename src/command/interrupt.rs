//! Ctrl-C while a stack operation is under way. The operation belongs to CloudFormation and goes on
//! there, so leaving is not stopping: a person may choose.

use std::sync::{Mutex, PoisonError};

use aws_sdk_cloudformation::Client;

use crate::stack;
use crate::terminal::{Terminal, Then, choose};

/// The stack operation that this command follows, if it does.
#[derive(Default)]
pub struct Interrupts(Mutex<Option<Operation>>);

#[derive(Clone)]
struct Operation {
    client: Client,
    stack: String,
    /// An update goes back to what was there; there is nothing that a first deploy could go back to.
    is_update: bool,
}

impl Interrupts {
    /// From now on there is an operation.
    pub fn attach(&self, client: &Client, stack: &str, is_update: bool) {
        let operation = Operation {
            client: client.clone(),
            stack: stack.to_owned(),
            is_update,
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(operation);
    }

    pub fn detach(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// What is to be done about a Ctrl-C: whether to leave. Without an operation or somebody to ask
    /// it is to leave, and so it is with a second Ctrl-C.
    pub async fn leaves(&self, terminal: &Terminal) -> bool {
        let operation = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let Some(operation) = operation else {
            return true;
        };
        terminal.close();
        let what = format!(
            "The change of {} goes on in AWS, whatever happens here",
            operation.stack
        );
        match choose(&what, operation.is_update) {
            Then::Leave => true,
            Then::Follow => false,
            Then::Cancel => {
                let progress = terminal.progress();
                match stack::cancel(&operation.client, &operation.stack).await {
                    Ok(()) => {
                        progress.note(format!("{} goes back to what it was", operation.stack))
                    }
                    // It may just have come to its end.
                    Err(error) => progress.warn(error.to_string()),
                }
                false
            }
        }
    }
}
