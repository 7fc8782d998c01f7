//! A zip that depends on its content alone: one entry, fixed time, fixed mode.

use std::io::{Cursor, Write};

use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::plan::Function;

/// A function's code, ready for Lambda.
pub struct Zip {
    pub function: Function,
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes, in hex.
    pub sha256: String,
}

impl Zip {
    /// Packs a binary as `bootstrap`, the name that provided.al2023 starts.
    pub fn pack(function: Function, binary: &[u8]) -> Result<Zip, zip::result::ZipError> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(9))
            .last_modified_time(DateTime::default())
            .unix_permissions(0o755);
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file("bootstrap", options)?;
        writer.write_all(binary)?;
        let bytes = writer.finish()?.into_inner();
        Ok(Zip {
            function,
            sha256: hex::encode(Sha256::digest(&bytes)),
            bytes,
        })
    }

    /// Where it lies in the artifact bucket: the same content, the same key.
    pub fn key(&self) -> String {
        format!("lambda/{}.zip", self.sha256)
    }

    /// SHA-256 of the zip that lies there, in hex.
    pub fn sha256_of(key: &str) -> Option<&str> {
        key.strip_prefix("lambda/")?.strip_suffix(".zip")
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn the_same_binary_packs_to_the_same_bytes() {
        let binary: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        let (one, two) = (
            Zip::pack(Function::Api, &binary).unwrap(),
            Zip::pack(Function::Api, &binary).unwrap(),
        );
        assert_eq!(one.sha256, two.sha256);
        assert_eq!(one.bytes, two.bytes);
        let other = Zip::pack(Function::Api, &binary[1..]).unwrap();
        assert_ne!(one.key(), other.key());
        assert_eq!(Zip::sha256_of(&one.key()), Some(one.sha256.as_str()));
    }

    #[test]
    fn it_holds_an_executable_bootstrap_with_a_fixed_time() {
        let packed = Zip::pack(Function::Mail, b"binary").unwrap();
        let mut archive = zip::ZipArchive::new(Cursor::new(packed.bytes)).unwrap();
        assert_eq!(archive.len(), 1);
        let mut entry = archive.by_name("bootstrap").unwrap();
        assert_eq!(entry.unix_mode(), Some(0o100_755));
        assert_eq!(entry.last_modified(), Some(DateTime::default()));
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        assert_eq!(content, b"binary");
    }
}
