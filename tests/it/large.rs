//! A page of many and of large files: it goes up in bounded memory, over all pages and batches of S3.

use std::process::Stdio;
use std::time::Duration;

use crate::scene::{DEPLOY, Scene};

/// More than three pages of ListObjectsV2 and three batches of DeleteObjects hold.
const FILES: usize = 3_050;
/// In bytes, of one file.
const LARGE: u64 = 300 * 1024 * 1024;
/// In bytes: what mlink may take, the page being larger than that several times over.
const MEMORY: u64 = 120 * 1024 * 1024;

/// The most memory that it has taken so far, in bytes; none when it has ended.
fn peak(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(1024 * kilobytes)
}

/// Deploys, and the most memory that it took.
async fn deployed(scene: &Scene) -> u64 {
    let mut command = scene.command(DEPLOY);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let process = child.id().unwrap();
    let mut most = 0;
    let ended = loop {
        tokio::select! {
            ended = child.wait() => break ended.unwrap(),
            () = tokio::time::sleep(Duration::from_millis(20)) => {
                most = most.max(peak(process).unwrap_or_default());
            }
        }
    };
    assert!(ended.success(), "{ended}");
    most
}

#[tokio::test(flavor = "multi_thread")]
#[cfg(target_os = "linux")]
async fn a_page_of_any_size_is_published_and_removed_in_bounded_memory() {
    let scene = Scene::new().await;
    scene.succeeds(DEPLOY).await;
    let small = scene.picture().await["page"].clone();
    for n in 0..FILES {
        let name = format!("frontend/public/assets/ü ber {n}+&.txt");
        scene.toy.write(&name, &n.to_string());
    }
    let large = std::fs::File::create(scene.toy.path("frontend/public/large.bin")).unwrap();
    large.set_len(LARGE).unwrap();
    let most = deployed(&scene).await;
    assert!(0 < most && most < MEMORY, "{most} bytes");
    // All of it is there: nothing is left to send.
    let again = scene.run(DEPLOY, None).await;
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(said.contains("up to date"), "{said}");

    std::fs::remove_dir_all(scene.toy.path("frontend/public")).unwrap();
    scene.toy.write(
        "frontend/public/index.html",
        "<!doctype html><title>one</title>",
    );
    scene
        .toy
        .write("frontend/public/assets/a b-1.js", "let one");
    scene.succeeds(DEPLOY).await;
    assert_eq!(scene.picture().await["page"], small);
}
