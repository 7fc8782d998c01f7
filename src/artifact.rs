//! What a deploy ships: the functions' zips and the page, built side by side.

pub mod elf;
mod frontend;
mod lambda;
mod zip;

use std::path::Path;

pub use frontend::Page;
pub use lambda::Platform;
pub use zip::Zip;

use crate::event::Progress;

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Process(#[from] crate::process::Error),
    #[error("could not read what was built")]
    #[diagnostic(code(mlink::artifact::read))]
    Read(#[from] std::io::Error),
    #[error("{package} would not run on Lambda")]
    #[diagnostic(code(mlink::artifact::elf))]
    Elf {
        package: &'static str,
        source: elf::Error,
        #[help]
        help: Option<String>,
    },
    #[error("cargo built no binary for {0}")]
    #[diagnostic(code(mlink::artifact::binary))]
    NoBinary(&'static str),
    #[error("could not build the Lambdas for {architecture} on this machine")]
    #[diagnostic(
        code(mlink::artifact::cross),
        help(
            "Install the cross compiler and the target's library, and run this again: \
             `pip install cargo-zigbuild`, `rustup target add {target}`."
        )
    )]
    Cross {
        architecture: &'static str,
        target: String,
    },
    #[error("could not pack {0}")]
    #[diagnostic(code(mlink::artifact::zip))]
    Zip(&'static str, #[source] ::zip::result::ZipError),
}

/// Everything built and checked, nothing sent yet.
pub struct Artifacts {
    pub zips: Vec<Zip>,
    pub page: Page,
}

impl Artifacts {
    pub async fn build(
        project: &Path,
        platform: Platform,
        progress: &Progress,
    ) -> Result<Artifacts, Error> {
        let (zips, page) = tokio::try_join!(
            lambda::build(project, platform, progress),
            frontend::build(project, progress),
        )?;
        Ok(Artifacts { zips, page })
    }
}
