//! Builds the three functions with cargo, checks and packs them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tokio::process::Command;

use super::{Error, Zip, elf};
use crate::config::{Architecture, Config};
use crate::event::Progress;
use crate::plan::Function;
use crate::process;

const INSTALL_RUST: &str = "Install Rust from https://rustup.rs and run this again.";
const NEWER_GLIBC: &str = "\
This machine's glibc is newer than Lambda's. Install the cross compiler with \
`pip install cargo-zigbuild`; mlink uses it as soon as it is on the PATH.";

/// Where the functions will run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// On this machine, as child processes of the local cloud.
    Host,
    Lambda(Architecture),
}

impl Platform {
    pub fn of(config: &Config) -> Platform {
        if config.is_local() {
            Platform::Host
        } else {
            Platform::Lambda(config.architecture)
        }
    }
}

pub async fn build(
    project: &Path,
    platform: Platform,
    progress: &Progress,
) -> Result<Vec<Zip>, Error> {
    let step = progress.step("Build the functions");
    let command = cargo(project, platform)?;
    let output = process::run(command, "build the functions", INSTALL_RUST, |line| {
        step.progress(line.trim());
    })
    .await?;
    let mut binaries = executables(&output);
    let mut zips = Vec::new();
    for function in Function::ALL {
        let package = function.package();
        let path = binaries.remove(package).ok_or(Error::NoBinary(package))?;
        let binary = fs_err::tokio::read(path).await?;
        check(package, &binary, platform)?;
        zips.push(Zip::pack(function, &binary).map_err(|source| Error::Zip(package, source))?);
    }
    let bytes: usize = zips.iter().map(|zip| zip.bytes.len()).sum();
    step.done(format!(
        "{} functions, {:.1} MB zipped",
        zips.len(),
        bytes as f64 / 1e6
    ));
    Ok(zips)
}

fn check(package: &'static str, binary: &[u8], platform: Platform) -> Result<(), Error> {
    let checked = match platform {
        Platform::Lambda(architecture) => elf::check(binary, architecture),
        // The local cloud runs what this system runs; only Linux has ELF.
        Platform::Host if cfg!(target_os = "linux") => match host() {
            Some(architecture) => elf::check_machine(binary, architecture),
            None => Ok(()),
        },
        Platform::Host => Ok(()),
    };
    checked.map_err(|source| Error::Elf {
        package,
        help: matches!(source, elf::Error::Glibc(_) | elf::Error::Interpreter(_))
            .then(|| NEWER_GLIBC.to_owned()),
        source,
    })
}

/// The architecture of this machine, where it is one of Lambda's.
fn host() -> Option<Architecture> {
    [Architecture::X86_64, Architecture::Arm64]
        .into_iter()
        .find(|architecture| architecture.rust_name() == std::env::consts::ARCH)
}

fn cargo(project: &Path, platform: Platform) -> Result<Command, Error> {
    let mut command = Command::new("cargo");
    command.current_dir(project);
    // Lambda's Linux and processor on another machine, or an older glibc on this one, is a cross build.
    match platform {
        Platform::Lambda(architecture) if which::which("cargo-zigbuild").is_ok() => {
            // glibc 2.34 is Amazon Linux 2023's.
            let target = format!("{}-unknown-linux-gnu.2.34", architecture.rust_name());
            command.args(["zigbuild", "--target", &target]);
        }
        Platform::Lambda(architecture)
            if !cfg!(target_os = "linux") || host() != Some(architecture) =>
        {
            return Err(Error::Cross {
                architecture: architecture.lambda_name(),
                target: format!("{}-unknown-linux-gnu", architecture.rust_name()),
            });
        }
        _ => {
            command.arg("build");
        }
    }
    command.args([
        "--profile",
        "lambda",
        "--locked",
        "--message-format",
        "json-render-diagnostics",
    ]);
    for function in Function::ALL {
        command.args(["--package", function.package()]);
    }
    command.arg("--config").arg(remapped_paths(project));
    // `cargo run -- deploy` tells mlink about mlink's package. Build scripts would take that for their
    // own, and build anew what `mlink deploy` built.
    for (name, _) in std::env::vars_os() {
        let about = name.to_string_lossy();
        if about.starts_with("CARGO_PKG_") || about.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    Ok(command)
}

/// Panic messages hold source paths; without the machine's folders in them, a clone elsewhere builds
/// the same bytes. (RUSTFLAGS from the environment take precedence over this, by cargo's rule.)
fn remapped_paths(project: &Path) -> String {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| etcetera::home_dir().ok().map(|home| home.join(".cargo")));
    let mut flags = vec![format!("--remap-path-prefix={}=/mlink", project.display())];
    if let Some(home) = home {
        flags.push(format!("--remap-path-prefix={}=/cargo", home.display()));
    }
    let quoted: Vec<String> = flags.iter().map(|flag| format!("{flag:?}")).collect();
    format!("build.rustflags=[{}]", quoted.join(","))
}

/// The binaries by package, out of cargo's JSON messages (The Cargo Book, "External tools").
fn executables(messages: &str) -> BTreeMap<String, PathBuf> {
    #[derive(Deserialize)]
    struct Target {
        name: String,
    }
    #[derive(Deserialize)]
    struct Artifact {
        target: Target,
        executable: Option<PathBuf>,
    }
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Artifact>(line).ok())
        .filter_map(|artifact| Some((artifact.target.name, artifact.executable?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binaries_are_found_in_cargos_messages() {
        let messages = r#"
{"reason":"compiler-artifact","target":{"name":"serde"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"mlink-api"},"executable":"/t/lambda/mlink-api"}
not json
{"reason":"build-finished","success":true}
"#;
        let found = executables(messages);
        assert_eq!(
            found,
            BTreeMap::from([("mlink-api".to_owned(), "/t/lambda/mlink-api".into())])
        );
    }

    #[test]
    fn a_wrong_binary_is_refused_with_its_package_and_the_way_out() {
        let platform = Platform::Lambda(Architecture::X86_64);
        let error = check("mlink-api", b"#!/bin/sh", platform).unwrap_err();
        let Error::Elf {
            package, source, ..
        } = error
        else {
            panic!("{error}")
        };
        assert_eq!((package, source), ("mlink-api", elf::Error::NotElf));
    }
}
