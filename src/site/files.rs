//! The files of the built page, with how each is to be served.

use std::io::Read;
use std::path::{Path, PathBuf};

use aws_sdk_s3::primitives::{ByteStream, ByteStreamError};
use md5::Md5;
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use super::Error;

/// How much of a file is held at once, in bytes.
const CHUNK: usize = 256 * 1024;

/// Uploads go by rank: what is referred to before what refers to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    Asset,
    Configuration,
    Index,
}

/// Where the bytes of a file are. A page may be larger than the memory.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Disk(PathBuf),
    Made(Vec<u8>),
}

/// A file of the page as it will lie in the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub key: String,
    content: Content,
    /// In bytes.
    pub size: u64,
    /// In hex: the ETag that S3 gives an object put in one part.
    pub md5: String,
    pub content_type: String,
    pub cache_control: &'static str,
    pub rank: Rank,
}

/// The built page.
#[derive(Debug)]
pub struct Files {
    /// Sorted by key.
    pub all: Vec<File>,
    /// SHA-256 over names and contents, in hex.
    pub fingerprint: String,
}

/// What makes the page the page.
pub const INDEX: &str = "index.html";
/// Vite puts a hash of the content into the names of what lies here.
const HASHED: &str = "assets/";
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// Kept, but asked for again each time.
const REVALIDATED: &str = "no-cache";
const UNCACHED: &str = "no-store";

impl File {
    fn new(key: String, content: Content, size: u64, md5: String) -> File {
        let (rank, cache_control) = match key.as_str() {
            INDEX => (Rank::Index, REVALIDATED),
            key if key.starts_with(HASHED) => (Rank::Asset, IMMUTABLE),
            _ => (Rank::Asset, REVALIDATED),
        };
        File {
            content_type: content_type(&key),
            key,
            content,
            size,
            md5,
            cache_control,
            rank,
        }
    }

    /// A file that is on no disk.
    pub fn made(key: &str, bytes: Vec<u8>) -> File {
        let md5 = hex::encode(Md5::digest(&bytes));
        let size = bytes.len() as u64;
        File::new(key.to_owned(), Content::Made(bytes), size, md5)
    }

    pub fn configuration(bytes: Vec<u8>) -> File {
        File {
            rank: Rank::Configuration,
            cache_control: UNCACHED,
            ..File::made("config.json", bytes)
        }
    }

    /// Reads the file once, for its own digest and the page's.
    fn on_disk(key: String, path: &Path, page: &mut Sha256) -> Result<File, Error> {
        let mut file = fs_err::File::open(path)?;
        let size = file.metadata()?.len();
        page.update(format!("{key}\0{size}\0"));
        let mut md5 = Md5::new();
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = file.read(&mut chunk)?;
            if read == 0 {
                break;
            }
            md5.update(&chunk[..read]);
            page.update(&chunk[..read]);
        }
        let md5 = hex::encode(md5.finalize());
        Ok(File::new(key, Content::Disk(path.to_owned()), size, md5))
    }

    /// Its bytes, read as they are sent.
    pub async fn body(&self) -> Result<ByteStream, ByteStreamError> {
        match &self.content {
            Content::Disk(path) => ByteStream::from_path(path).await,
            Content::Made(bytes) => Ok(ByteStream::from(bytes.clone())),
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

/// All files below `folder`. A symbolic link must stay inside.
pub fn read(folder: &Path) -> Result<Files, Error> {
    let root = fs_err::canonicalize(folder)?;
    let mut page = Sha256::new();
    let mut all = Vec::new();
    for entry in WalkDir::new(&root).follow_links(true).sort_by_file_name() {
        let entry = entry.map_err(std::io::Error::from)?;
        let relative = entry.path().strip_prefix(&root).unwrap_or(entry.path());
        let key = key(relative)?;
        if entry.path_is_symlink() && !fs_err::canonicalize(entry.path())?.starts_with(&root) {
            return Err(Error::Outside(key));
        }
        // The configuration is made at deploy time; one from the public folder would hide it.
        if entry.file_type().is_file() && key != "config.json" {
            all.push(File::on_disk(key, entry.path(), &mut page)?);
        }
    }
    let fingerprint = hex::encode(page.finalize());
    Ok(Files { all, fingerprint })
}

/// Keys are UTF-8 with slashes on every system. Two names that are not could end as one key.
fn key(relative: &Path) -> Result<String, Error> {
    let parts = relative.components().map(|part| part.as_os_str().to_str());
    let parts: Option<Vec<&str>> = parts.collect();
    let unnameable = || Error::Name(relative.to_string_lossy().into_owned());
    Ok(parts.ok_or_else(unnameable)?.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(key: &str) -> (String, &'static str, Rank) {
        let file = File::made(key, Vec::new());
        (file.content_type, file.cache_control, file.rank)
    }

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
        folder
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

    #[tokio::test]
    async fn a_folder_is_read_sorted_with_names_of_any_kind() {
        let names = ["index.html", "assets/ü ber.js", "a b.txt", "config.json"];
        let folder = folder(&names.map(|name| (name, name)));
        let files = read(folder.path()).unwrap().all;
        let keys: Vec<&str> = files.iter().map(|file| file.key.as_str()).collect();
        assert_eq!(keys, ["a b.txt", "assets/ü ber.js", "index.html"]);
        for file in &files {
            let sent = file.body().await.unwrap().collect().await.unwrap();
            assert_eq!(sent.to_vec(), file.key.as_bytes());
            assert_eq!(file.size, file.key.len() as u64);
            assert_eq!(file.md5, hex::encode(Md5::digest(&file.key)));
        }
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
    #[cfg(target_os = "linux")]
    fn a_name_that_is_no_text_is_refused() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        let name = std::ffi::OsStr::from_bytes(b"a\xff.txt");
        fs_err::write(folder.path().join(name), "").unwrap();
        let error = read(folder.path()).unwrap_err();
        assert!(matches!(error, Error::Name(_)), "{error}");
    }

    #[test]
    fn the_fingerprint_tells_names_and_contents_apart() {
        let of = |files: &[(&str, &str)]| read(folder(files).path()).unwrap().fingerprint;
        let one = of(&[("a", "bc")]);
        assert_eq!(one, of(&[("a", "bc")]));
        assert_ne!(one, of(&[("ab", "c")]));
        assert_ne!(one, of(&[("a", "b"), ("c", "")]));
    }
}
