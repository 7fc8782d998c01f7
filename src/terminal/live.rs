//! Events on a terminal: a spinner for what runs, a line for what is done.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::{plain, wrap};
use crate::event::Event;

/// Between two pictures of a spinner.
const TICK: Duration = Duration::from_millis(100);

pub struct Live {
    verbose: bool,
    bars: MultiProgress,
    steps: BTreeMap<u32, Row>,
    resources: BTreeMap<String, Row>,
}

struct Row {
    bar: ProgressBar,
    began: Instant,
}

impl Live {
    pub fn new(verbose: bool) -> Live {
        Live {
            verbose,
            bars: MultiProgress::new(),
            steps: BTreeMap::new(),
            resources: BTreeMap::new(),
        }
    }

    pub fn show(&mut self, event: Event) {
        match event {
            Event::StepStarted { step, title } => {
                let row = self.row("{spinner} {prefix} {wide_msg:.dim}", &title);
                self.steps.insert(step, row);
            }
            Event::StepProgress { step, detail } => {
                if self.verbose {
                    self.print(&format!("    {detail}"));
                }
                if let Some(row) = self.steps.get(&step) {
                    row.bar.set_message(detail);
                }
            }
            Event::StepFinished {
                step,
                title,
                detail,
            } => {
                let time = self.remove_step(step);
                self.print(&format!(
                    "{} {title} {}",
                    green("✓"),
                    dim(&format!("{detail} {time}"))
                ));
            }
            Event::StepFailed { step, title } => {
                let time = self.remove_step(step);
                self.print(&format!("{} {title} {}", red("✗"), dim(&time)));
            }
            Event::Resource {
                ref logical_id,
                ref resource_type,
                ref status,
                ref reason,
                is_cause,
            } => {
                let reason = reason.as_deref().filter(|_| !is_cause);
                self.resource(logical_id, resource_type, status, reason);
            }
            Event::Cause(cause) => {
                let card = plain::card(&cause, wrap::wrapped);
                self.print(&format!("\n{card}\n\n"));
            }
            Event::Check { name, ok, detail } => {
                let mark = if ok { green("✓") } else { red("✗") };
                self.print(&format!("  {mark} {name} {}", dim(&detail)));
            }
            other => {
                if let Some(line) = plain::line(&other) {
                    self.print(&line);
                }
            }
        }
    }

    /// One row a resource: it spins with its state and time, and ends as a line.
    fn resource(&mut self, logical: &str, kind: &str, status: &str, reason: Option<&str>) {
        let name = format!("{logical} {}", dim(kind));
        if status.ends_with("_IN_PROGRESS") {
            if !self.resources.contains_key(logical) {
                let row = self.row("  {spinner} {prefix} {wide_msg:.dim}", &name);
                self.resources.insert(logical.to_owned(), row);
            }
            if let Some(row) = self.resources.get(logical) {
                row.bar.set_message(status.to_owned());
            }
            return;
        }
        let time = self
            .resources
            .remove(logical)
            .map_or_else(String::new, |row| self.end(&row));
        let failed = status.ends_with("_FAILED");
        let mark = if failed { red("✗") } else { green("✓") };
        let reason = reason
            .filter(|_| failed)
            .map_or_else(String::new, |r| format!("\n      {r}"));
        self.print(&format!(
            "  {mark} {name} {}{reason}",
            dim(&format!("{status} {time}"))
        ));
    }

    pub fn close(&mut self) {
        self.steps.clear();
        self.resources.clear();
        // Without a terminal to clear there is nothing on it.
        let _ = self.bars.clear();
    }

    fn row(&self, template: &str, prefix: &str) -> Row {
        let style = ProgressStyle::with_template(template);
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = self.bars.add(ProgressBar::new_spinner().with_style(style));
        bar.set_prefix(prefix.to_owned());
        bar.enable_steady_tick(TICK);
        Row {
            bar,
            began: Instant::now(),
        }
    }

    fn remove_step(&mut self, step: u32) -> String {
        self.steps
            .remove(&step)
            .map_or_else(String::new, |row| self.end(&row))
    }

    /// Takes the row away; its time.
    fn end(&self, row: &Row) -> String {
        row.bar.finish_and_clear();
        self.bars.remove(&row.bar);
        format!("{:.1} s", row.began.elapsed().as_secs_f64())
    }

    fn print(&self, line: &str) {
        // A terminal that went away takes no more lines.
        let _ = self.bars.println(line);
    }
}

fn green(text: &str) -> String {
    styled("32", text)
}

fn red(text: &str) -> String {
    styled("31", text)
}

fn dim(text: &str) -> String {
    styled("2", text)
}

/// Plain where the user asked for no colour (no-color.org).
fn styled(code: &str, text: &str) -> String {
    if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        return text.to_owned();
    }
    format!("\x1b[{code}m{text}\x1b[0m")
}
