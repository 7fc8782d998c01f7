//! Installs ministack into a venv of mlink's own.

use std::path::PathBuf;

use tokio::process::Command;

use super::Error;
use super::folders::Folders;
use crate::event::Progress;
use crate::process;
use crate::turn;

/// The release that mlink was tested with.
const VERSION: &str = "1.5.33";

/// Without `cryptography` ministack signs its tokens with a dummy key.
const CRYPTOGRAPHY: &str = "cryptography>=43";

/// Newest first; a plain `python3` may be too old where a newer one stands beside it.
const PYTHONS: [&str; 7] = [
    "python3",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
    "python",
];

/// The venv's Python, after an install if that is missing or was cut short.
pub async fn ensure(folders: &Folders, progress: &Progress) -> Result<PathBuf, Error> {
    let venv = &folders.cache().join(format!("ministack-{VERSION}"));
    let python = venv.join("bin/python");
    // The cache may be shared by more than one state folder: one installs, the others wait.
    fs_err::create_dir_all(folders.cache())?;
    let _turn = turn::take(&folders.cache().join("install.lock")).await?;
    // Written last, so an install that was interrupted is done again from the start.
    let stamp = venv.join("installed");
    let requirements = [format!("ministack=={VERSION}"), CRYPTOGRAPHY.to_owned()];
    let wanted = requirements.join("\n");
    if fs_err::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) && python.exists()
    {
        return Ok(python);
    }
    let step = progress.step("Install the local cloud");
    let base = find_python().await?;
    if venv.exists() {
        fs_err::tokio::remove_dir_all(venv).await?;
    }
    fs_err::tokio::create_dir_all(venv).await?;
    let mut make = Command::new(base);
    make.args(["-m", "venv"]).arg(venv);
    run(make, |line| step.progress(line)).await?;
    let mut pip = Command::new(&python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
    ]);
    pip.args(requirements);
    step.progress("pip install ministack");
    run(pip, |line| step.progress(line)).await?;
    fs_err::tokio::write(&stamp, wanted).await?;
    step.done(venv.display().to_string());
    Ok(python)
}

async fn run(command: Command, on_line: impl FnMut(&str)) -> Result<String, Error> {
    process::run(command, "install ministack", "", on_line)
        .await
        .map_err(Error::Install)
}

/// The first Python that is new enough for ministack.
async fn find_python() -> Result<PathBuf, Error> {
    for name in PYTHONS {
        let Ok(path) = which::which(name) else {
            continue;
        };
        let mut version = Command::new(&path);
        version.args(["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]);
        if process::run(version, "ask Python for its version", "", |_| {})
            .await
            .is_ok()
        {
            return Ok(path);
        }
    }
    Err(Error::NoPython)
}
