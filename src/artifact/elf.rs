//! Reads a Linux binary's headers, to know before the upload whether Lambda could start it.
//!
//! Amazon Linux 2023 has glibc 2.34 (AWS, "Amazon Linux 2023 release notes"); a binary that was
//! linked against a newer one fails at its first invocation, with an error that no deploy shows.

use object::Endianness;
use object::elf;
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader};

use crate::config::Architecture;

/// The newest glibc symbol version on Amazon Linux 2023.
const GLIBC: (u32, u32) = (2, 34);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("it is no 64-bit little-endian Linux (ELF) binary")]
    NotElf,
    #[error("it was built for {found}, not for {}", .wanted.lambda_name())]
    Machine { found: String, wanted: Architecture },
    #[error("it asks for the interpreter {0}, which Amazon Linux 2023 does not have")]
    Interpreter(String),
    #[error("it needs {0}; Amazon Linux 2023 has glibc 2.34")]
    Glibc(String),
}

/// Refuses a binary that this machine's processor could not run.
pub fn check_machine(binary: &[u8], wanted: Architecture) -> Result<(), Error> {
    parse(binary, wanted).map(|_| ())
}

/// Refuses a binary that could not start on Lambda's provided.al2023.
pub fn check(binary: &[u8], wanted: Architecture) -> Result<(), Error> {
    let file = parse(binary, wanted)?;
    let endian = file.endian();
    for header in file.elf_program_headers() {
        let interpreter = header
            .interpreter(endian, binary)
            .map_err(|_| Error::NotElf)?;
        let Some(interpreter) = interpreter else {
            continue;
        };
        let interpreter = String::from_utf8_lossy(interpreter);
        if interpreter != loader(wanted) {
            return Err(Error::Interpreter(interpreter.into_owned()));
        }
    }
    for version in needed_versions(&file).map_err(|_| Error::NotElf)? {
        if let Some(number) = version.strip_prefix("GLIBC_")
            && newer(number)
        {
            return Err(Error::Glibc(version));
        }
    }
    Ok(())
}

fn parse(binary: &[u8], wanted: Architecture) -> Result<ElfFile64<'_>, Error> {
    let file = ElfFile64::<Endianness>::parse(binary).map_err(|_| Error::NotElf)?;
    if file.endian() != Endianness::Little {
        return Err(Error::NotElf);
    }
    let machine = file.elf_header().e_machine(file.endian());
    let expected = match wanted {
        Architecture::X86_64 => elf::EM_X86_64,
        Architecture::Arm64 => elf::EM_AARCH64,
    };
    if machine != expected {
        let found = match machine {
            elf::EM_X86_64 => "x86_64".to_owned(),
            elf::EM_AARCH64 => "arm64".to_owned(),
            other => format!("another machine ({other:?})"),
        };
        return Err(Error::Machine { found, wanted });
    }
    Ok(file)
}

/// Where Amazon Linux 2023 has its dynamic loader.
fn loader(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86_64 => "/lib64/ld-linux-x86-64.so.2",
        Architecture::Arm64 => "/lib/ld-linux-aarch64.so.1",
    }
}

/// The versions in `.gnu.version_r`: `GLIBC_2.17`, `GCC_3.0` and so on. A static binary has none.
fn needed_versions(file: &ElfFile64<'_>) -> object::Result<Vec<String>> {
    let (endian, data) = (file.endian(), file.data());
    let sections = file.elf_section_table();
    let Some((mut needs, strings)) = sections.gnu_verneed(endian, data)? else {
        return Ok(Vec::new());
    };
    let strings = sections.strings(endian, data, strings)?;
    let mut versions = Vec::new();
    while let Some((_, mut entries)) = needs.next()? {
        while let Some(entry) = entries.next()? {
            let name = entry.name(endian, strings)?;
            versions.push(String::from_utf8_lossy(name).into_owned());
        }
    }
    Ok(versions)
}

/// Whether `2.36` or `2.4.1` is above what Amazon Linux has. What is no number (`PRIVATE`) is.
fn newer(version: &str) -> bool {
    let mut parts = version.split('.').map(str::parse::<u32>);
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) > GLIBC,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own_binary() -> Vec<u8> {
        std::fs::read(std::env::current_exe().unwrap()).unwrap()
    }

    fn host() -> Architecture {
        match std::env::consts::ARCH {
            "aarch64" => Architecture::Arm64,
            _ => Architecture::X86_64,
        }
    }

    fn other() -> Architecture {
        match host() {
            Architecture::Arm64 => Architecture::X86_64,
            Architecture::X86_64 => Architecture::Arm64,
        }
    }

    /// The binary with one text in it replaced by another of the same length.
    fn patched(from: &[u8], to: &[u8]) -> Vec<u8> {
        assert_eq!(from.len(), to.len());
        let mut binary = own_binary();
        let places: Vec<usize> = (0..binary.len() - from.len())
            .filter(|&at| binary[at..].starts_with(from))
            .collect();
        assert!(!places.is_empty());
        for at in places {
            binary[at..at + from.len()].copy_from_slice(to);
        }
        binary
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_test_passes_for_its_own_machine_and_for_no_other() {
        let binary = own_binary();
        assert_eq!(check_machine(&binary, host()), Ok(()));
        let error = check(&binary, other()).unwrap_err();
        assert!(matches!(error, Error::Machine { .. }), "{error}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn an_interpreter_that_lambda_lacks_is_refused() {
        let binary = patched(
            loader(host()).as_bytes(),
            &loader(host()).replace("lib", "nix").into_bytes(),
        );
        let error = check(&binary, host()).unwrap_err();
        assert!(matches!(error, Error::Interpreter(_)), "{error}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_newer_glibc_is_refused() {
        let binary = patched(b"GLIBC_2.17\0", b"GLIBC_2.39\0");
        assert_eq!(
            check(&binary, host()),
            Err(Error::Glibc("GLIBC_2.39".to_owned()))
        );
    }

    #[test]
    fn versions_compare_as_numbers() {
        for fine in ["2.2.5", "2.34", "2.4", "1.99"] {
            assert!(!newer(fine), "{fine}");
        }
        for above in ["2.35", "2.100", "3.0", "PRIVATE", ""] {
            assert!(newer(above), "{above}");
        }
    }

    #[test]
    fn what_is_no_binary_is_refused_without_a_panic() {
        let whole = own_binary();
        for bytes in [&b""[..], b"#!/bin/sh\n", b"\x7fELF", &whole[..200]] {
            assert_eq!(check(bytes, host()).unwrap_err(), Error::NotElf);
        }
    }
}
