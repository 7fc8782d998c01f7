//! The local cloud as a process.

use std::process::{Command, Stdio};

use crate::world::{World, wait_for};

fn kill_nine(pid: u64) {
    let killed = Command::new("kill")
        .args(["-9", &pid.to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_starts_once_stops_and_keeps_its_state() {
    let world = World::new();
    assert_eq!(world.json("local status")["running"], false);
    assert_eq!(
        world.says("local stop").trim(),
        "The local cloud did not run."
    );
    let (code, said) = world.fails("local mail");
    assert_eq!(code, 1);
    assert!(said.contains("`mlink local start` starts it"), "{said}");

    let started = world.json("local start");
    assert_eq!(started["running"], true);
    assert_eq!(started["version"], "1.5.33");
    assert!(
        started["endpoint"]
            .as_str()
            .unwrap()
            .starts_with("http://127.0.0.1:")
    );
    assert_eq!(world.json("local start"), started);
    assert_eq!(world.json("local status"), started);
    assert_eq!(world.json("local mail").as_array().unwrap().len(), 0);
    assert!(world.says("local logs -n 5").lines().count() <= 5);

    assert_eq!(world.json("local stop")["done"], true);
    assert_eq!(world.json("local status")["running"], false);
    // The same address as before, so that published pages stay where they were.
    assert_eq!(world.json("local start")["endpoint"], started["endpoint"]);
    let (code, _) = world.fails("local reset");
    assert_eq!(code, 3);
    world.json("local reset --yes");

    // One that hangs is neither running nor stopped, and nothing of it is wiped.
    let pid = world.json("local status")["pid"].to_string();
    let signal = |signal: &str| Command::new("kill").args([signal, &pid]).status().unwrap();
    assert!(signal("-STOP").success());
    for line in ["local status", "local reset --yes"] {
        let (code, said) = world.fails(line);
        assert_eq!(code, 1);
        assert!(said.contains("runs but does not answer"), "{said}");
    }
    assert!(signal("-CONT").success());
    assert_eq!(world.json("local status")["running"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_starts_at_once_make_one() {
    let world = World::new();
    let start = || {
        let mut command = world.command("local start --output json");
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let started = [start(), start(), start()].map(|child| {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    });
    assert!(started[0]["pid"].is_u64());
    assert_eq!(started[0], started[1]);
    assert_eq!(started[1], started[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sudden_death_of_either_side_leaves_no_record_that_lies() {
    let world = World::new();
    let pid = world.json("local start")["pid"].as_u64().unwrap();
    kill_nine(pid);
    // The kernel takes a moment to end it; no one waits for a child that is not theirs.
    wait_for(|| async {
        let stopped = world.json("local status")["running"] == false;
        stopped.then_some(())
    })
    .await;
    let next = world.json("local start");
    assert_ne!(next["pid"].as_u64().unwrap(), pid);
    world.json("local stop");

    // An mlink that dies while it starts one: the next finds what it began, or begins anew.
    for _ in 0..5 {
        let mut mlink = world
            .command("local start")
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let record = world.state().join("record.json");
        wait_for(|| async { record.exists().then_some(()) }).await;
        let _ = mlink.kill();
        mlink.wait().unwrap();
        let running = world.json("local start");
        assert_eq!(world.json("local status"), running);
        world.json("local stop");
        std::fs::remove_file(&record).unwrap();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn it_listens_on_loopback_only() {
    let world = World::new();
    let pid = world.json("local start")["pid"].as_u64().unwrap();
    let sockets: Vec<String> = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .filter_map(|link| {
            Some(
                link.to_str()?
                    .strip_prefix("socket:[")?
                    .trim_end_matches(']')
                    .to_owned(),
            )
        })
        .collect();
    let mut listening = Vec::new();
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        let table = std::fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
        for row in table.lines().skip(1) {
            let cells: Vec<&str> = row.split_whitespace().collect();
            // State 0A is LISTEN for TCP, 07 an open socket for UDP (proc(5)).
            if ["0A", "07"].contains(&cells[3]) && sockets.iter().any(|inode| inode == cells[9]) {
                listening.push(cells[1].split(':').next().unwrap().to_owned());
            }
        }
    }
    // 127.0.0.1, in the kernel's byte order.
    assert_eq!(listening, ["0100007F"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_local_cloud_is_used_and_left_alone() {
    let owner = World::new();
    let endpoint = owner.endpoint();
    let guest = World::new();
    let flags = format!("--local --endpoint {endpoint}");
    let status = guest.json(&format!("local status {flags}"));
    assert_eq!(
        (&status["endpoint"], &status["pid"]),
        (&endpoint.clone().into(), &().into())
    );
    for verb in ["start", "stop", "logs"] {
        let (code, said) = guest.fails(&format!("local {verb} {flags}"));
        assert_eq!(code, 2, "{said}");
    }
    let (code, said) = guest.fails(&format!("info {flags}"));
    assert_eq!(code, 1);
    assert!(
        said.contains("the stack mlink-dev does not exist"),
        "{said}"
    );
    assert_eq!(guest.json("local status")["running"], false);
    assert_eq!(owner.json("local status")["running"], true);
}
