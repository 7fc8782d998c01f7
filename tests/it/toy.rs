//! A project whose functions and page are made in an instant.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::world::{World, ask};

/// A project with the real templates, and a `cargo` that hands out the files of `binaries/`.
pub struct Toy {
    folder: tempfile::TempDir,
}

impl Toy {
    pub fn new() -> Toy {
        let toy = Toy {
            folder: tempfile::tempdir().unwrap(),
        };
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        std::fs::create_dir(toy.path("templates")).unwrap();
        for template in ["templates/stack.yaml", "templates/local.yaml"] {
            std::fs::copy(repository.join(template), toy.path(template)).unwrap();
        }
        let build = "const f = require('fs'); const out = process.argv.at(-1); \
                     f.cpSync('public', out, {recursive: true})";
        let package = serde_json::json!({
            "name": "toy", "version": "1.0.0", "scripts": {"build": format!("node -e \"{build}\" --")},
        });
        let lock = r#"{"name":"toy","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"toy","version":"1.0.0"}}}"#;
        toy.write("frontend/package.json", &package.to_string());
        toy.write("frontend/package-lock.json", lock);
        toy.write("frontend/node_modules/.keep", "");
        toy.write(
            "frontend/public/index.html",
            "<!doctype html><title>one</title>",
        );
        toy.write("frontend/public/assets/a b-1.js", "let one");
        for function in ["challenge", "api", "mail"] {
            std::fs::create_dir_all(toy.path("binaries")).unwrap();
            std::fs::copy("/bin/true", toy.path(&format!("binaries/mlink-{function}"))).unwrap();
        }
        toy.program(
            "cargo",
            "for f in challenge api mail; do echo \"{\\\"target\\\":{\\\"name\\\":\\\"mlink-$f\\\"},\
             \\\"executable\\\":\\\"$PWD/binaries/mlink-$f\\\"}\"; done",
        );
        toy
    }

    /// With a page that is made without node, which takes longer than all the rest.
    pub fn quick() -> Toy {
        let toy = Toy::new();
        toy.program(
            "npm",
            "for out; do :; done; [ \"$1\" = ci ] || cp -r public/. \"$out\"",
        );
        toy
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        std::fs::write(self.path(name), text).unwrap();
    }

    pub fn program(&self, name: &str, script: &str) {
        let name = format!("programs/{name}");
        self.write(&name, &format!("#!/bin/sh\n{script}\n"));
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(self.path(&name), executable).unwrap();
    }

    /// New code for one function.
    pub fn change_code(&self) {
        let mut binary = std::fs::read(self.path("binaries/mlink-api")).unwrap();
        binary.push(0);
        std::fs::write(self.path("binaries/mlink-api"), binary).unwrap();
    }

    pub fn world(&self) -> World {
        World::of(self.folder.path()).with_programs(&self.path("programs"))
    }
}

/// The keys in the artifact bucket, and whether each is left to the bucket's lifecycle rule.
pub async fn artifacts(endpoint: &str) -> BTreeMap<String, bool> {
    let bucket = "/mlink-artifacts-000000000000-eu-west-1";
    let rule = ask(endpoint, "s3", &format!("{bucket}?lifecycle"), None, "").await;
    assert!(rule.contains("<Key>mlink:unused</Key>"), "{rule}");
    let listed = ask(endpoint, "s3", &format!("{bucket}?list-type=2"), None, "").await;
    let mut found = BTreeMap::new();
    for part in listed.split("<Key>").skip(1) {
        let key = part.split("</Key>").next().unwrap();
        let tags = ask(endpoint, "s3", &format!("{bucket}/{key}?tagging"), None, "").await;
        found.insert(key.to_owned(), tags.contains("mlink:unused"));
    }
    found
}
