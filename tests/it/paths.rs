//! Which way a deploy goes, with a project whose functions and page are made in an instant.

use serde_json::Value;

use crate::toy::{Toy, artifacts};
use crate::world::{ask, failure, site, wait_for};

fn way(deployed: &Value) -> (&str, bool) {
    (
        deployed["path"].as_str().unwrap(),
        deployed["changed"].as_bool().unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread")]
#[cfg(target_os = "linux")]
async fn the_cheapest_way_is_taken_and_named() {
    let toy = Toy::new();
    let world = toy.world();
    let first = world.json("deploy --local --no-verify");
    assert_eq!(way(&first), ("stack", true));
    assert_eq!(
        way(&world.json("deploy --local --no-verify")),
        ("nothing", false)
    );

    // Only what differs is sent, what is stale goes.
    let url = first["outputs"]["SiteUrl"].as_str().unwrap();
    let asset = |name: &'static str| async move {
        site(url, name)
            .await
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(asset("/assets/a%20b-1.js").await, 200);
    std::fs::remove_file(toy.path("frontend/public/assets/a b-1.js")).unwrap();
    toy.write("frontend/public/assets/b-2.js", "let two");
    toy.write(
        "frontend/public/index.html",
        "<!doctype html><title>two</title>",
    );
    let output = world.output("deploy --local --no-verify");
    let said = String::from_utf8(output.stderr).unwrap();
    // index.html, config.json for its fingerprint, and the new asset.
    assert!(said.contains("Publish the page: 3 sent"), "{said}");
    assert!(said.contains("the old page's files: 1 removed"), "{said}");
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("only the page has changed")
    );
    assert_eq!(asset("/assets/b-2.js").await, 200);
    assert_ne!(asset("/assets/a%20b-1.js").await, 200);

    let before = artifacts(&world.endpoint()).await;
    assert!(before.values().all(|unused| !unused), "{before:?}");
    toy.change_code();
    assert_eq!(
        way(&world.json("deploy --local --no-verify")),
        ("code", true)
    );
    // The old code is still another function's; the new one is in use.
    assert_eq!(artifacts(&world.endpoint()).await.len(), before.len() + 1);
    toy.change_code();
    assert_eq!(
        way(&world.json("deploy --local --no-verify")),
        ("code", true)
    );
    let after = artifacts(&world.endpoint()).await;
    assert_eq!(
        after.values().filter(|unused| **unused).count(),
        1,
        "{after:?}"
    );

    toy.write("mlink.yaml", "link: {lifetime: 10m}\n");
    assert_eq!(
        way(&world.json("deploy --local --no-verify")),
        ("stack", true)
    );
    assert_eq!(
        way(&world.json("deploy --local --no-verify")),
        ("nothing", false)
    );
}

#[test]
fn a_failed_deploy_names_the_cause_and_the_next_one_recovers() {
    let toy = Toy::new();
    let world = toy.world();
    world.endpoint();
    let template = std::fs::read_to_string(toy.path("templates/stack.yaml")).unwrap();
    let stray = "Resources:\n  Stray:\n    Type: AWS::Logs::LogStream\n    Properties:\n      \
                 LogGroupName: /nowhere\n";
    let broken = template.replacen("Resources:\n", stray, 1);
    assert_ne!(broken, template);
    toy.write("templates/stack.yaml", &broken);
    let (code, said) = world.fails("deploy --local --no-verify");
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("the stack mlink-dev is ROLLBACK_COMPLETE"),
        "{said}"
    );
    assert!(
        said.contains("Stray (AWS::Logs::LogStream), templates/stack.yaml:"),
        "{said}"
    );
    toy.write("templates/stack.yaml", &template);
    let deployed = world.json("deploy --local --no-verify");
    assert_eq!(way(&deployed), ("stack", true));
}

#[test]
fn a_local_cloud_that_was_killed_is_deployed_to_again() {
    let toy = Toy::new();
    let world = toy.world();
    world.json("deploy --local --no-verify");
    let pid = world.json("local status")["pid"].to_string();
    let killed = std::process::Command::new("kill")
        .args(["-9", &pid])
        .status();
    assert!(killed.unwrap().success());
    // What it had not saved is gone: all but the objects on the disk.
    assert_eq!(
        way(&world.json("deploy --local --no-verify")),
        ("stack", true)
    );
}

#[test]
fn every_user_is_listed_over_all_pages() {
    let toy = Toy::new();
    // The toy's mail function answers nothing.
    toy.write("mlink.yaml", "stages: {dev: {test_users: false}}\n");
    let world = toy.world();
    world.json("deploy --local --no-verify");
    // Cognito gives 60 a page.
    for number in 0..61 {
        world.says(&format!("user add user{number:02}@example.com --local"));
    }
    let listed = world.json("user list --local");
    let listed: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["email"].as_str().unwrap())
        .collect();
    let expected: Vec<String> = (0..61).map(|n| format!("user{n:02}@example.com")).collect();
    assert_eq!(listed, expected);
    // Where the mail function cannot tell which of them are test users, they are listed as well.
    toy.write("mlink.yaml", "stages: {dev: {}}\n");
    world.json("deploy --local --no-verify");
    let output = world.output("user list --local");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("could not count the test users"), "{said}");
    let table = String::from_utf8(output.stdout).unwrap();
    assert_eq!(table.lines().count(), 62);
    assert!(table.lines().skip(1).all(|line| line.contains("not known")));
}

#[test]
fn a_stack_that_only_has_the_name_is_left_alone() {
    let toy = Toy::new();
    let world = toy.world();
    toy.write("mlink.yaml", "name: mlink-a\n");
    let theirs = world.json("deploy --local --no-verify --stage b");
    assert_eq!(theirs["stack"], "mlink-a-b");
    toy.write("mlink.yaml", "name: mlink\n");
    for verb in ["deploy", "info", "destroy --yes", "user list"] {
        let (code, said) = world.fails(&format!("{verb} --local --stage a-b"));
        assert_eq!(code, 3, "{verb}: {said}");
        assert!(
            said.contains("the stack mlink-a-b is not mlink's stack of this stage"),
            "{said}"
        );
    }
    toy.write("mlink.yaml", "name: mlink-a\n");
    assert_eq!(
        way(&world.json("deploy --local --no-verify --stage b")),
        ("nothing", false)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_stage_is_protected_from_its_second_change_set_on() {
    let toy = Toy::new();
    let world = toy.world();
    toy.write("mlink.yaml", "stages: {prod: {protected: true}}\n");
    assert_eq!(
        way(&world.json("deploy --local --no-verify --stage prod")),
        ("stack", true)
    );
    assert_eq!(
        way(&world.json("deploy --local --no-verify --stage prod")),
        ("nothing", false)
    );
    let protection = || async {
        let query = "Action=DescribeStacks&Version=2010-05-15&StackName=mlink-prod";
        let stack = ask(&world.endpoint(), "cloudformation", "/", None, query).await;
        stack.contains("<EnableTerminationProtection>true<")
    };
    assert!(protection().await);
    // Neither the file's word nor the stack's alone lets it go.
    assert_eq!(world.fails("destroy --local --stage prod --yes").0, 3);
    toy.write("mlink.yaml", "");
    let (code, said) = world.fails("destroy --local --stage prod --yes");
    assert_eq!(code, 3);
    assert!(said.contains("was deployed as protected"), "{said}");
    world.json("deploy --local --no-verify --stage prod");
    assert!(!protection().await);
    world.json("destroy --local --stage prod --yes");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_build_ends_with_its_children() {
    let toy = Toy::new();
    toy.program("cargo", "echo $$ > \"$PWD/cargo.pid\"; exec sleep 600");
    let world = toy.world();
    let deploy = world
        .command("deploy --local --no-verify")
        .stderr(std::process::Stdio::null())
        .spawn();
    let mut deploy = deploy.unwrap();
    let pid = wait_for(|| async {
        let pid = std::fs::read_to_string(toy.path("cargo.pid")).ok()?;
        (!pid.trim().is_empty()).then_some(pid)
    })
    .await;
    let signal = |pid: &str, signal: &str| {
        let mut kill = std::process::Command::new("kill");
        kill.args([signal, pid.trim()])
            .stderr(std::process::Stdio::null());
        kill.status().unwrap().success()
    };
    assert!(signal(&deploy.id().to_string(), "-INT"));
    assert_eq!(deploy.wait().unwrap().code(), Some(130));
    wait_for(|| async { (!signal(&pid, "-0")).then_some(()) }).await;
}

#[test]
fn a_missing_tool_is_named_with_the_way_out() {
    let toy = Toy::new();
    // The local cloud is there already; only the build lacks its tools.
    let world = toy.world();
    world.endpoint();
    let mut command = world.command("deploy --local --no-verify");
    command.env("PATH", toy.path("programs"));
    let (code, said) = failure(command);
    assert_eq!(code, 1);
    assert!(
        said.contains("`npm` is not installed, or not on the PATH"),
        "{said}"
    );
    assert!(said.contains("Install Node.js 20"), "{said}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_binary_that_lambda_cannot_run_is_refused_before_any_call() {
    let toy = Toy::new();
    let cloud = toy.world();
    let endpoint = cloud.endpoint();
    toy.write("binaries/mlink-api", "#!/bin/sh\n");
    let mut command = cloud.command("deploy --region eu-west-1");
    command
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    command.env("AWS_ENDPOINT_URL", endpoint);
    let (code, said) = failure(command);
    assert_eq!(code, 1);
    assert!(said.contains("mlink-api would not run on Lambda"), "{said}");
    assert!(
        said.contains("no 64-bit little-endian Linux (ELF) binary"),
        "{said}"
    );
}

#[test]
fn a_build_that_fails_shows_its_last_words() {
    let toy = Toy::new();
    toy.program(
        "cargo",
        "echo 'error[E0308]: mismatched types' >&2; exit 101",
    );
    let (code, said) = toy.world().fails("deploy --local --no-verify");
    assert_eq!(code, 1);
    assert!(said.contains("could not build the functions"), "{said}");
    assert!(said.contains("error[E0308]: mismatched types"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_stack_with_a_strangers_change_set_is_neither_deployed_to_nor_destroyed() {
    let toy = Toy::new();
    let world = toy.world();
    let endpoint = world.endpoint();
    let theirs = "Action=CreateChangeSet&Version=2010-05-15&StackName=mlink-dev&ChangeSetName=theirs\
                  &ChangeSetType=CREATE&TemplateBody=%7B%22Resources%22%3A%7B%22Q%22%3A%7B%22Type%22%3A\
                  %22AWS%3A%3ASQS%3A%3AQueue%22%7D%7D%7D";
    ask(&endpoint, "cloudformation", "/", None, theirs).await;
    for verb in ["deploy --no-verify", "destroy --yes"] {
        let (code, said) = world.fails(&format!("{verb} --local"));
        assert_eq!(code, 3, "{verb}: {said}");
        assert!(
            said.contains("somebody else has the change set theirs"),
            "{said}"
        );
    }
    let listed = "Action=ListChangeSets&Version=2010-05-15&StackName=mlink-dev";
    let listed = ask(&endpoint, "cloudformation", "/", None, listed).await;
    assert!(listed.contains("theirs"), "{listed}");
}
