//! Where the local cloud keeps what: the venv in the user's cache, the rest in the user's state.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use rustix::process::Pid;

use super::{Error, Record, parse_pid};

pub struct Folders {
    cache: PathBuf,
    base: PathBuf,
}

impl Folders {
    /// By the XDG base directory specification, on macOS too.
    pub fn of_user() -> Result<Folders, Error> {
        let user = etcetera::base_strategy::Xdg::new()?;
        let state = user.state_dir().unwrap_or_else(|| user.data_dir());
        Ok(Folders {
            cache: user.cache_dir().join("mlink"),
            base: state.join("mlink/local"),
        })
    }

    pub fn exist(&self) -> bool {
        self.base.is_dir()
    }

    /// Makes them all; only the user may look inside.
    pub fn create(&self) -> std::io::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        for folder in [&self.base, &self.state(), &self.objects(), &self.scratch()] {
            fs_err::create_dir_all(folder)?;
        }
        fs_err::set_permissions(&self.base, std::fs::Permissions::from_mode(0o700))
    }

    /// Removes the saved state of a local cloud that does not run.
    pub fn wipe(&self) -> std::io::Result<()> {
        for folder in [self.state(), self.objects(), self.scratch()] {
            match fs_err::remove_dir_all(folder) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// Locked for as long as the process lives.
    pub fn lock(&self) -> PathBuf {
        self.base.join("alive.lock")
    }

    /// Locked by the mlink that is starting it.
    pub fn turn(&self) -> PathBuf {
        self.base.join("start.lock")
    }

    pub fn log(&self) -> PathBuf {
        self.base.join("ministack.log")
    }

    pub fn state(&self) -> PathBuf {
        self.base.join("state")
    }

    pub fn objects(&self) -> PathBuf {
        self.base.join("s3")
    }

    pub fn scratch(&self) -> PathBuf {
        self.base.join("tmp")
    }

    pub fn pid_file(&self) -> PathBuf {
        self.base.join("pid")
    }

    /// Only true while the lock is held.
    pub fn pid(&self) -> Option<Pid> {
        parse_pid(&fs_err::read_to_string(self.pid_file()).ok()?)
    }

    pub fn forget_pid(&self) -> std::io::Result<()> {
        match fs_err::remove_file(self.pid_file()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Only true while the lock is held.
    pub fn record(&self) -> Option<Record> {
        serde_json::from_str(&fs_err::read_to_string(self.record_file()).ok()?).ok()
    }

    pub fn write_record(&self, record: &Record) -> std::io::Result<()> {
        fs_err::write(self.record_file(), serde_json::to_string(record)?)
    }

    pub fn log_tail(&self, lines: usize) -> std::io::Result<String> {
        let log = match fs_err::read(self.log()) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            log => log?,
        };
        let log = String::from_utf8_lossy(&log);
        let all: Vec<&str> = log.lines().collect();
        Ok(all[all.len().saturating_sub(lines)..].join("\n"))
    }

    fn record_file(&self) -> PathBuf {
        self.base.join("record.json")
    }
}
