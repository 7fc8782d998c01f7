//! Events on a terminal: a spinner for what runs, a line for what is done.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::screen::{self, Canvas, Quiet};
use super::{plain, say, wrap};
use crate::event::Event;

/// Between two pictures of a spinner.
const TICK: Duration = Duration::from_millis(100);
/// Pictures in a second, at most.
const HERTZ: u8 = 20;

pub struct Live {
    verbose: bool,
    bars: MultiProgress,
    steps: BTreeMap<u32, Row>,
    resources: BTreeMap<String, Row>,
    /// Since there was a row.
    quiet: Option<Quiet>,
}

struct Row {
    bar: ProgressBar,
    began: Instant,
}

impl Live {
    pub fn new(verbose: bool) -> Live {
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(Canvas::default()), HERTZ);
        Live {
            verbose,
            bars: MultiProgress::with_draw_target(target),
            steps: BTreeMap::new(),
            resources: BTreeMap::new(),
            quiet: None,
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
                let width = wrap::width();
                let card = plain::card(&cause, |text, indent| wrap::wrapped(text, indent, width));
                self.print(&format!("\n{card}\n"));
            }
            Event::Check { name, ok, detail } => {
                let mark = if ok { green("✓") } else { red("✗") };
                self.print(&format!("  {mark} {name} {}", dim(&detail)));
            }
            other => {
                if let Some(line) = plain::line(&other) {
                    self.print(&wrap::wrapped(&line, "", wrap::width()));
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
        let mark = match failed {
            true => red("✗"),
            // It is what it was, and that is no success.
            false if status.ends_with("ROLLBACK_COMPLETE") => dim("•"),
            false => green("✓"),
        };
        let reason = reason
            .filter(|_| failed)
            .map_or_else(String::new, |r| format!("\n      {r}"));
        self.print(&format!(
            "  {mark} {name} {}{reason}",
            dim(&format!("{status} {time}"))
        ));
    }

    pub fn close(&mut self) {
        self.rows().for_each(|row| row.bar.disable_steady_tick());
        self.rows().for_each(|row| row.bar.finish_and_clear());
        self.steps.clear();
        self.resources.clear();
        self.quiet = None;
        let _ = self.bars.clear();
    }

    /// Off the screen, and not forgotten.
    pub fn pause(&self) {
        self.rows().for_each(|row| row.bar.disable_steady_tick());
        let _ = self.bars.clear();
    }

    pub fn resume(&self) {
        self.rows().for_each(|row| row.bar.enable_steady_tick(TICK));
    }

    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.steps.values().chain(self.resources.values())
    }

    fn row(&mut self, template: &str, prefix: &str) -> Row {
        self.quiet.get_or_insert_with(Quiet::begin);
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
        let time = self
            .steps
            .remove(&step)
            .map_or_else(String::new, |row| self.end(&row));
        // Resources that were on their way when the operation ended: nothing more is heard of them.
        if self.steps.is_empty() {
            for row in std::mem::take(&mut self.resources).into_values() {
                self.end(&row);
            }
        }
        time
    }

    /// Takes the row away; its time.
    fn end(&self, row: &Row) -> String {
        row.bar.finish_and_clear();
        self.bars.remove(&row.bar);
        format!("{:.1} s", row.began.elapsed().as_secs_f64())
    }

    fn print(&self, line: &str) {
        self.bars.suspend(|| say(line));
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

fn styled(code: &str, text: &str) -> String {
    if screen::is_coloured() {
        return format!("\x1b[{code}m{text}\x1b[0m");
    }
    text.to_owned()
}
