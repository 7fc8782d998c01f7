//! The file that users are exported to and imported from.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

/// The form of the file that this version writes and reads.
const VERSION: u32 = 1;

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    #[error("could not read the users")]
    #[diagnostic(code(mlink::user::file))]
    Read(#[source] std::io::Error),
    #[error("could not write the users to {}", .0.display())]
    #[diagnostic(code(mlink::user::file))]
    Write(PathBuf, #[source] std::io::Error),
    #[error("{} is there already, and is not overwritten", .0.display())]
    #[diagnostic(code(mlink::user::exists), help("Move it away, or name another file."))]
    Exists(PathBuf),
    #[error("{} holds no users as `mlink user export` writes them", .0.display())]
    #[diagnostic(code(mlink::user::form))]
    Form(PathBuf, #[source] serde_json::Error),
    #[error("{} is of version {version}, and this mlink reads version {VERSION}", .file.display())]
    #[diagnostic(code(mlink::user::version), help("Use a newer mlink."))]
    Version { file: PathBuf, version: u32 },
}

/// All users of a pool, with the groups that they are in.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roster {
    version: u32,
    pub groups: Vec<Group>,
    /// Sorted by address.
    pub users: Vec<Member>,
}

/// A group. Its IAM role, if it has one, belongs to its account and is not kept.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precedence: Option<i32>,
}

/// A user as the file has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// What the user was known by in the pool of the export, for who has noted it elsewhere: another
    /// pool gives another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// By Cognito's names, `email` among them, `custom:…` too.
    pub attributes: BTreeMap<String, String>,
    #[serde(default)]
    pub groups: Vec<String>,
    pub enabled: bool,
}

impl Member {
    pub fn email(&self) -> &str {
        self.attributes.get("email").map_or("", String::as_str)
    }
}

impl Roster {
    pub fn new(groups: Vec<Group>, mut users: Vec<Member>) -> Roster {
        users.sort_by(|one, other| one.email().cmp(other.email()));
        Roster {
            version: VERSION,
            groups,
            users,
        }
    }

    pub fn read(path: &Path) -> Result<Roster, Error> {
        let text = fs_err::read(path).map_err(Error::Read)?;
        // The version first: another has other fields.
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let form = |source| Error::Form(path.to_owned(), source);
        let Versioned { version } = serde_json::from_slice(&text).map_err(form)?;
        if version != VERSION {
            return Err(Error::Version {
                file: path.to_owned(),
                version,
            });
        }
        serde_json::from_slice(&text).map_err(form)
    }

    /// Writes the file in one go, for its owner's eyes only. A file that is there is replaced only
    /// where that is said.
    pub fn write(&self, path: &Path, replace: bool) -> Result<(), Error> {
        let failed = |source| Error::Write(path.to_owned(), source);
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        // Made with mode 0600.
        let mut file = NamedTempFile::new_in(folder).map_err(failed)?;
        file.write_all(&self.bytes().map_err(|error| failed(error.into()))?)
            .map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        if replace {
            file.persist(path).map_err(|error| failed(error.error))?;
            return Ok(());
        }
        match file.persist_noclobber(path) {
            Ok(_) => Ok(()),
            Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(Error::Exists(path.to_owned()))
            }
            Err(error) => Err(failed(error.error)),
        }
    }

    fn bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roster() -> Roster {
        let attributes = [("email", "alice@example.com"), ("custom:team", "blue")];
        let member = Member {
            sub: Some("1-2".to_owned()),
            attributes: attributes.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            groups: vec!["admins".to_owned()],
            enabled: false,
        };
        let admins = Group {
            name: "admins".to_owned(),
            description: None,
            precedence: Some(1),
        };
        Roster::new(vec![admins], vec![member])
    }

    #[test]
    #[cfg(unix)]
    fn what_is_written_is_read_again_and_only_its_owner_may() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.json");
        roster().write(&path, false).unwrap();
        assert_eq!(Roster::read(&path).unwrap(), roster());
        let mode = fs_err::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        insta::assert_snapshot!(fs_err::read_to_string(&path).unwrap());
    }

    #[test]
    fn a_file_that_is_there_is_replaced_only_where_that_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.json");
        fs_err::write(&path, "precious").unwrap();
        let error = roster().write(&path, false).unwrap_err();
        assert!(matches!(error, Error::Exists(_)), "{error}");
        assert_eq!(fs_err::read_to_string(&path).unwrap(), "precious");
        roster().write(&path, true).unwrap();
        assert_eq!(Roster::read(&path).unwrap(), roster());
        // Nothing half-written stays beside it.
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let read = |text: &str| {
            let path = folder.path().join("users.json");
            fs_err::write(&path, text).unwrap();
            Roster::read(&path).unwrap_err()
        };
        assert!(matches!(read("[]"), Error::Form(..)));
        let typo = r#"{"version":1,"groups":[],"users":[{"atributes":{},"enabled":true}]}"#;
        assert!(matches!(read(typo), Error::Form(..)));
        assert!(matches!(
            read(r#"{"version":2}"#),
            Error::Version { version: 2, .. }
        ));
    }
}
