//! Builds the page: `npm ci` when the lock file changed, then Vite.

use std::path::Path;

use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::process::Command;

use super::Error;
use crate::event::{Progress, Step};
use crate::process;
use crate::turn;

const INSTALL_NODE: &str =
    "Install Node.js 20 or newer, which brings npm, from https://nodejs.org.";

/// The built page, in a folder of its own that goes with it: two deploys at once do not meet.
#[derive(Debug)]
pub struct Page {
    folder: TempDir,
}

impl Page {
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    #[cfg(test)]
    pub fn in_folder(folder: TempDir) -> Page {
        Page { folder }
    }
}

pub async fn build(project: &Path, progress: &Progress) -> Result<Page, Error> {
    let step = progress.step("Build the page");
    let frontend = project.join("frontend");
    // Held to the end: `npm ci` removes node_modules, which another deploy may be building from.
    let _turn = turn::take(&frontend.join("package-lock.json")).await?;
    install(&frontend, &step).await?;
    let folder = tempfile::tempdir()?;
    step.progress("vite build");
    let mut command = npm(
        &frontend,
        &["run", "build", "--", "--emptyOutDir", "--outDir"],
    );
    command.arg(folder.path());
    process::run(command, "build the page", INSTALL_NODE, |line| {
        step.progress(line)
    })
    .await?;
    fs_err::tokio::metadata(folder.path().join("index.html")).await?;
    step.done("");
    Ok(Page { folder })
}

/// `npm ci`, when the lock file is not the one of the last install.
async fn install(frontend: &Path, step: &Step) -> Result<(), Error> {
    let lock_file = frontend.join("package-lock.json");
    let lock = hex::encode(Sha256::digest(fs_err::tokio::read(&lock_file).await?));
    // Written when an install ended well, inside what it vouches for.
    let stamp = frontend.join("node_modules/.mlink-lock");
    if fs_err::tokio::read_to_string(&stamp).await.ok() == Some(lock.clone()) {
        return Ok(());
    }
    step.progress("npm ci");
    // The build needs the development dependencies, whatever NODE_ENV says.
    let command = npm(
        frontend,
        &["ci", "--include=dev", "--no-audit", "--no-fund"],
    );
    process::run(
        command,
        "install the page's packages",
        INSTALL_NODE,
        |line| step.progress(line),
    )
    .await?;
    fs_err::tokio::write(&stamp, &lock).await?;
    Ok(())
}

fn npm(frontend: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(arguments).current_dir(frontend);
    command
}
