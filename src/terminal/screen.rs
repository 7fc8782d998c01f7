//! The terminal that stderr is: how wide, of which kind, and in which modes.

use std::io::{self, IsTerminal, Write, stderr, stdin};
use std::sync::{Mutex, PoisonError};

use indicatif::TermLike;
use rustix::process::getpgrp;
use rustix::termios::{
    LocalModes, OptionalActions, Termios, Winsize, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr,
};

/// Columns; none where it is no terminal, or one that does not know.
pub fn columns() -> Option<usize> {
    size().map(|size| usize::from(size.ws_col))
}

fn size() -> Option<Winsize> {
    let size = tcgetwinsize(stderr()).ok()?;
    (size.ws_col > 0 && size.ws_row > 0).then_some(size)
}

/// Whether it can only take one line after the other, as an editor's shell does.
pub fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term == "dumb")
}

/// No colour where the user asked for none (no-color.org).
pub fn is_coloured() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    stderr().is_terminal() && !is_dumb() && !refused
}

/// The modes of the keyboard, to go back to from a question that was not answered.
#[derive(Clone)]
pub struct Modes(Termios);

impl Modes {
    /// None without a keyboard.
    pub fn now() -> Option<Modes> {
        tcgetattr(stdin()).ok().map(Modes)
    }

    pub fn set(&self) {
        // The system stops who sets them in the background.
        if tcgetpgrp(stdin()).is_ok_and(|group| group == getpgrp()) {
            // A terminal that went away has none.
            let _ = tcsetattr(stdin(), OptionalActions::Now, &self.0);
        }
    }
}

/// As long as it lives, what is typed is not shown: the `^C` that the terminal writes would push what
/// moves on the screen a row down, and leave a part of it there for good.
pub struct Quiet(Option<Modes>);

impl Quiet {
    pub fn begin() -> Quiet {
        let found = Modes::now();
        if let Some(mut quiet) = found.clone() {
            quiet.0.local_modes.remove(LocalModes::ECHO);
            quiet.set();
        }
        Quiet(found)
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        if let Some(found) = &self.0 {
            found.set();
        }
    }
}

/// What moves is drawn on this. A terminal that went away takes nothing more, and that is no failure: the
/// drawing library panics at one.
#[derive(Debug, Default)]
pub struct Canvas(Mutex<String>);

impl Canvas {
    fn add(&self, text: &str) -> io::Result<()> {
        let mut drawn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drawn.push_str(text);
        Ok(())
    }

    fn go(&self, count: usize, direction: char) -> io::Result<()> {
        match count {
            0 => Ok(()),
            count => self.add(&format!("\x1b[{count}{direction}")),
        }
    }
}

impl TermLike for Canvas {
    fn width(&self) -> u16 {
        size().map_or(80, |size| size.ws_col)
    }

    fn height(&self) -> u16 {
        size().map_or(24, |size| size.ws_row)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.go(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.go(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.go(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.go(n, 'D')
    }

    fn write_line(&self, s: &str) -> io::Result<()> {
        self.add(&format!("{s}\n"))
    }

    fn write_str(&self, s: &str) -> io::Result<()> {
        self.add(s)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.add("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        let mut drawn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = stderr().write_all(drawn.as_bytes());
        drawn.clear();
        Ok(())
    }
}
