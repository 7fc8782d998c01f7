//! A person at a terminal: what they type, and what is on their screen.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::Command;
use std::sync::{Arc, Mutex};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use vt100::Parser;

use crate::world::wait_for;

/// The key that interrupts.
pub const CTRL_C: &str = "\x03";
pub const ENTER: &str = "\r";
pub const DOWN: &str = "\x1b[B";
pub const ESCAPE: &str = "\x1b";

/// The bits of a terminal's local modes by which it shows what is typed: the same on all systems.
const ECHO: u64 = 0x8;

pub struct Tty {
    // None when the window is closed.
    master: Option<Box<dyn MasterPty + Send>>,
    keys: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    screen: Arc<Mutex<Screen>>,
}

struct Screen {
    parser: Parser,
    /// All that was ever written to it.
    said: Vec<u8>,
    /// Nobody writes to it any more.
    is_closed: bool,
    /// Nobody looks at it any more.
    is_left: bool,
}

impl Tty {
    /// Runs it in a window of so many rows and columns.
    pub fn run(command: &Command, rows: u16, columns: u16) -> Tty {
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(builder(command)).unwrap();
        let number = |n| NonZeroU16::new(n).unwrap();
        let screen = Arc::new(Mutex::new(Screen {
            parser: Parser::new(number(rows), number(columns), 0),
            said: Vec::new(),
            is_closed: false,
            is_left: false,
        }));
        let reader = pair.master.try_clone_reader().unwrap();
        let shown = screen.clone();
        std::thread::spawn(move || shows(reader, &shown));
        let keys = Some(pair.master.take_writer().unwrap());
        Tty {
            master: Some(pair.master),
            keys,
            child,
            screen,
        }
    }

    /// Types it, as soon as the screen shows `after`.
    pub async fn types(&mut self, after: &str, keys: &str) {
        self.shows(after).await;
        let writer = self.keys.as_mut().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Waits until it is on the screen.
    pub async fn shows(&self, text: &str) {
        self.wait(text, |screen| crate::tty::text(screen).contains(text))
            .await;
    }

    /// Waits until the screen is as it is to be.
    pub async fn wait(&self, what: &str, is_so: impl Fn(&vt100::Screen) -> bool) {
        let is_shown = || async {
            let screen = self.screen.lock().unwrap();
            if is_so(screen.parser.screen()) {
                return Some(true);
            }
            screen.is_closed.then_some(false)
        };
        let is_shown = tokio::select! {
            shown = wait_for(is_shown) => shown,
            () = tokio::time::sleep(std::time::Duration::from_secs(50)) => false,
        };
        assert!(is_shown, "{what} is not shown:\n{}", self.text());
    }

    /// What is on the screen now.
    pub fn text(&self) -> String {
        let screen = self.screen.lock().unwrap();
        text(screen.parser.screen())
    }

    /// All that was ever written to the screen, with what moves its cursor.
    pub fn said(&self) -> String {
        let screen = self.screen.lock().unwrap();
        String::from_utf8_lossy(&screen.said).into_owned()
    }

    /// The exit code, once it has ended and everything is on the screen, and the screen.
    pub async fn ends(&mut self) -> (u32, String) {
        let code = self.code().await;
        wait_for(|| async { self.screen.lock().unwrap().is_closed.then_some(()) }).await;
        (code, self.text())
    }

    /// The exit code, once it has ended.
    pub async fn code(&mut self) -> u32 {
        let child = Mutex::new(&mut self.child);
        let ended = || async { child.lock().unwrap().try_wait().unwrap() };
        wait_for(ended).await.exit_code()
    }

    /// Sends it a signal: to it alone, as the system does.
    pub fn signal(&self, name: &str) {
        let pid = self.child.process_id().unwrap().to_string();
        let kill = Command::new("kill").args([name, &pid]).status();
        assert!(kill.unwrap().success());
    }

    /// Whether a shell could go on here: it shows what is typed, and where.
    pub fn is_in_order(&self) -> bool {
        let modes = self.master.as_ref().unwrap().get_termios().unwrap();
        let echoes = u64::from(modes.local_flags.bits()) & ECHO != 0;
        let screen = self.screen.lock().unwrap();
        let screen = screen.parser.screen();
        echoes && !screen.hide_cursor() && !screen.bracketed_paste()
    }

    /// Closes the window in which something moves.
    pub fn close(&mut self) {
        self.screen.lock().unwrap().is_left = true;
        self.keys = None;
        self.master = None;
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// Row by row, as a person reads it.
pub fn text(screen: &vt100::Screen) -> String {
    let (_, columns) = screen.size();
    let rows = screen.rows(0, columns.get());
    let rows: Vec<String> = rows.map(|row| row.trim_end().to_owned()).collect();
    rows.join("\n").trim_end().to_owned()
}

fn builder(command: &Command) -> CommandBuilder {
    let mut builder = CommandBuilder::new(command.get_program());
    builder.args(command.get_args());
    builder.env("TERM", "xterm-256color");
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => builder.env(name, value),
            None => builder.env_remove(name),
        }
    }
    if let Some(folder) = command.get_current_dir() {
        builder.cwd(folder);
    }
    builder
}

/// Until nobody can write to it any more, or nobody looks.
fn shows(mut reader: Box<dyn Read + Send>, screen: &Mutex<Screen>) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = reader.read(&mut bytes) {
        let mut screen = screen.lock().unwrap();
        screen.parser.process(&bytes[..count]);
        screen.said.extend(&bytes[..count]);
        if screen.is_left {
            return;
        }
    }
    screen.lock().unwrap().is_closed = true;
}
