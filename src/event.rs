//! What happened, never how it looks. The domain reports through [`Progress`]; `terminal` renders.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

/// Everything a person or a script can be told while a command runs.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    StepStarted {
        step: u32,
        title: String,
    },
    /// The latest line of a running step.
    StepProgress {
        step: u32,
        detail: String,
    },
    StepFinished {
        step: u32,
        title: String,
        detail: String,
    },
    StepFailed {
        step: u32,
        title: String,
    },
    /// One line of a proposed change set.
    Change {
        action: String,
        logical_id: String,
        resource_type: String,
        /// CloudFormation's word: `True`, `False`, `Conditional`; empty where it does not apply.
        replacement: String,
    },
    /// One stack event.
    Resource {
        logical_id: String,
        resource_type: String,
        status: String,
        reason: Option<String>,
        /// Its reason comes next, and whole, in an [`Event::Cause`].
        #[serde(skip)]
        is_cause: bool,
    },
    /// One thing that the proof after a deploy looked at.
    Check {
        name: String,
        ok: bool,
        detail: String,
    },
    /// Something of a stage that is still there after its end. A person is told of all of them at once.
    Survivor(Survivor),
    /// The first failure of an operation on the stack, which goes on to its end.
    Cause(Box<Cause>),
    /// One attempt of one AWS API call; shown with `--verbose`.
    AwsCall {
        service: String,
        operation: String,
        attempt: u32,
        ok: bool,
        milliseconds: u64,
    },
    Note {
        text: String,
    },
    Warning {
        text: String,
    },
    Error {
        code: Option<String>,
        message: String,
        causes: Vec<String>,
        help: Option<String>,
    },
}

/// A resource that a destroyed stage has left.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Survivor {
    /// CloudFormation's word for what it is; the service, of what mlink never makes.
    #[serde(rename = "type")]
    pub resource_type: String,
    pub id: String,
    /// What removes it.
    pub command: String,
}

/// Two lines: what it is, and under it what removes it.
impl std::fmt::Display for Survivor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Survivor {
            resource_type,
            id,
            command,
        } = self;
        write!(f, "  {resource_type} {id}\n    {command}")
    }
}

/// Why an operation on the stack failed: a resource, AWS's words, and what they mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    pub logical_id: String,
    pub resource_type: String,
    /// None while there is none.
    pub physical_id: Option<String>,
    /// Where the template makes the resource: `templates/stack.yaml:123`.
    pub template: Option<String>,
    /// The property that was refused, as `/Properties/VisibilityTimeout`.
    pub property: Option<String>,
    /// AWS's own words, whole.
    pub reason: String,
    /// Name of the known failure, such as `name.log_group`.
    pub known: Option<&'static str>,
    /// One plain sentence; none for a failure that mlink does not know.
    pub meaning: Option<String>,
    /// Sentences, and commands on lines of their own that begin with two blanks.
    pub help: Option<String>,
}

impl Cause {
    /// The resource and where it is made, in a line.
    pub fn place(&self) -> String {
        let physical = self.physical_id.iter().map(|id| format!(", {id}"));
        let kind = Some(&self.resource_type).filter(|kind| !kind.is_empty());
        let kind = kind.map(|kind| format!(" ({kind}{})", physical.collect::<String>()));
        let template = self.template.iter().map(|line| format!(", {line}"));
        let property = self.property.iter().map(|path| format!(", at {path}"));
        format!(
            "{}{}{}{}",
            self.logical_id,
            kind.unwrap_or_default(),
            template.collect::<String>(),
            property.collect::<String>()
        )
    }
}

/// All but the help, which stands apart wherever a failure is shown.
impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = self.place();
        if !place.is_empty() {
            writeln!(f, "{place}\n")?;
        }
        if let Some(meaning) = &self.meaning {
            writeln!(f, "{meaning}\n")?;
        }
        write!(f, "AWS says: {}", self.reason)
    }
}

type Sink = Box<dyn FnMut(Event) + Send>;

/// The way events take from the domain to the one renderer. Cheap to clone.
#[derive(Clone)]
pub struct Progress {
    sink: Arc<Mutex<Sink>>,
    steps: Arc<AtomicU32>,
    left: Arc<AtomicBool>,
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Progress")
    }
}

impl Progress {
    pub fn new(sink: impl FnMut(Event) + Send + 'static) -> Progress {
        Progress {
            sink: Arc::new(Mutex::new(Box::new(sink))),
            steps: Arc::default(),
            left: Arc::default(),
        }
    }

    /// Events go nowhere.
    pub fn silent() -> Progress {
        Progress::new(|_| {})
    }

    pub fn send(&self, event: Event) {
        // A renderer that panicked must not take the deploy down with it.
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        sink(event);
    }

    pub fn note(&self, text: impl Into<String>) {
        self.send(Event::Note { text: text.into() });
    }

    pub fn warn(&self, text: impl Into<String>) {
        self.send(Event::Warning { text: text.into() });
    }

    /// Steps that are under way count no longer as failed when they are dropped: what AWS has begun goes
    /// on there, and nobody here knows how it ends.
    pub fn leave(&self) {
        self.left.store(true, Ordering::Relaxed);
    }

    /// Begins a step; it counts as failed when it is dropped before [`Step::done`].
    pub fn step(&self, title: impl Into<String>) -> Step {
        let step = Step {
            progress: self.clone(),
            id: self.steps.fetch_add(1, Ordering::Relaxed),
            title: title.into(),
            finished: false,
        };
        self.send(Event::StepStarted {
            step: step.id,
            title: step.title.clone(),
        });
        step
    }
}

/// A piece of work that a person waits for.
pub struct Step {
    progress: Progress,
    id: u32,
    title: String,
    finished: bool,
}

impl Step {
    pub fn progress(&self, detail: impl Into<String>) {
        self.progress.send(Event::StepProgress {
            step: self.id,
            detail: detail.into(),
        });
    }

    pub fn done(mut self, detail: impl Into<String>) {
        self.finished = true;
        self.progress.send(Event::StepFinished {
            step: self.id,
            title: self.title.clone(),
            detail: detail.into(),
        });
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if !self.finished && !self.progress.left.load(Ordering::Relaxed) {
            self.progress.send(Event::StepFailed {
                step: self.id,
                title: self.title.clone(),
            });
        }
    }
}
