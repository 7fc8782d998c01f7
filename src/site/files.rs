//! The files of the built page, with how each is to be served.

use std::path::Path;

use md5::Md5;
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use super::Error;

/// Uploads go by rank: what is referred to before what refers to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    Asset,
    Configuration,
    Index,
}

/// A file of the page as it will lie in the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub key: String,
    pub bytes: Vec<u8>,
    /// In hex: the ETag that S3 gives an object put in one part.
    pub md5: String,
    pub content_type: String,
    pub cache_control: &'static str,
    pub rank: Rank,
}

/// Vite puts a hash of the content into the names of what lies here.
const HASHED: &str = "assets/";
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// Kept, but asked for again each time.
const REVALIDATED: &str = "no-cache";
const UNCACHED: &str = "no-store";

impl File {
    pub fn new(key: String, bytes: Vec<u8>) -> File {
        let (rank, cache_control) = match key.as_str() {
            "index.html" => (Rank::Index, REVALIDATED),
            key if key.starts_with(HASHED) => (Rank::Asset, IMMUTABLE),
            _ => (Rank::Asset, REVALIDATED),
        };
        File {
            md5: hex::encode(Md5::digest(&bytes)),
            content_type: content_type(&key),
            key,
            bytes,
            cache_control,
            rank,
        }
    }

    pub fn configuration(bytes: Vec<u8>) -> File {
        File {
            rank: Rank::Configuration,
            cache_control: UNCACHED,
            ..File::new("config.json".to_owned(), bytes)
        }
    }
}

fn content_type(key: &str) -> String {
    let mime = mime_guess::from_path(key).first_or_octet_stream();
    match mime.type_() {
        mime_guess::mime::TEXT => format!("{mime}; charset=utf-8"),
        _ => mime.to_string(),
    }
}

/// All files below `folder`, sorted by key. A symbolic link must stay inside.
pub fn read(folder: &Path) -> Result<Vec<File>, Error> {
    let root = fs_err::canonicalize(folder)?;
    let mut files = Vec::new();
    for entry in WalkDir::new(&root).follow_links(true).sort_by_file_name() {
        let entry = entry.map_err(std::io::Error::from)?;
        let relative = entry.path().strip_prefix(&root).unwrap_or(entry.path());
        let key = relative
            .components()
            .map(|part| part.as_os_str().to_string_lossy());
        let key = key.collect::<Vec<_>>().join("/");
        if entry.path_is_symlink() && !fs_err::canonicalize(entry.path())?.starts_with(&root) {
            return Err(Error::Outside(key));
        }
        // The configuration is made at deploy time; one from the public folder would hide it.
        if entry.file_type().is_file() && key != "config.json" {
            files.push(File::new(key, fs_err::read(entry.path())?));
        }
    }
    Ok(files)
}

/// SHA-256 over names and contents, in hex.
pub fn fingerprint(files: &[File]) -> String {
    let mut hash = Sha256::new();
    for file in files {
        hash.update(format!("{}\0{}\0", file.key, file.bytes.len()));
        hash.update(&file.bytes);
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(key: &str) -> (String, &'static str, Rank) {
        let file = File::new(key.to_owned(), Vec::new());
        (file.content_type, file.cache_control, file.rank)
    }

    #[test]
    fn each_file_is_served_as_what_it_is() {
        let html = "text/html; charset=utf-8".to_owned();
        assert_eq!(served("index.html"), (html, "no-cache", Rank::Index));
        let script = "text/javascript; charset=utf-8".to_owned();
        assert_eq!(
            served("assets/index-1a2b.js"),
            (script, IMMUTABLE, Rank::Asset)
        );
        let icon = "image/svg+xml".to_owned();
        assert_eq!(served("favicon.svg"), (icon, "no-cache", Rank::Asset));
        assert_eq!(served("no ending").0, "application/octet-stream");
        let configuration = File::configuration(b"{}".to_vec());
        assert_eq!(configuration.content_type, "application/json");
        assert_eq!(configuration.cache_control, "no-store");
    }

    #[test]
    fn a_folder_is_read_sorted_with_names_of_any_kind() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::create_dir(folder.path().join("assets")).unwrap();
        for name in ["index.html", "assets/ü ber.js", "a b.txt", "config.json"] {
            fs_err::write(folder.path().join(name), name).unwrap();
        }
        let files = read(folder.path()).unwrap();
        let keys: Vec<&str> = files.iter().map(|file| file.key.as_str()).collect();
        assert_eq!(keys, ["a b.txt", "assets/ü ber.js", "index.html"]);
    }

    #[test]
    #[cfg(unix)]
    fn a_link_out_of_the_folder_is_refused() {
        let outside = tempfile::NamedTempFile::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("secret.txt")).unwrap();
        let error = read(folder.path()).unwrap_err().to_string();
        assert!(error.starts_with("secret.txt in the built page"), "{error}");
    }

    #[test]
    fn the_fingerprint_tells_names_and_contents_apart() {
        let file = |key: &str, text: &str| File::new(key.to_owned(), text.as_bytes().to_vec());
        let one = fingerprint(&[file("a", "bc")]);
        assert_eq!(one, fingerprint(&[file("a", "bc")]));
        assert_ne!(one, fingerprint(&[file("ab", "c")]));
        assert_ne!(one, fingerprint(&[file("a", "b"), file("c", "")]));
    }
}
