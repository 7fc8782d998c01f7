//! What a person is told when something is missing or wrong.

use crate::world::{World, failure};

/// A world whose words do not depend on where it is.
fn snapshot(name: &str, said: &str, world: &tempfile::TempDir) {
    let folder = world.path().canonicalize().unwrap();
    let said = said.replace(folder.to_str().unwrap(), "[project]");
    // Connection refused, on Linux and on macOS.
    let said = said
        .replace("os error 111", "os error")
        .replace("os error 61", "os error");
    insta::assert_snapshot!(name, said);
}

#[test]
fn help_shows_every_command() {
    let world = World::new();
    for (name, line) in [
        ("help", "--help"),
        ("help-deploy", "deploy --help"),
        ("help-user", "user --help"),
        ("help-local", "local --help"),
    ] {
        insta::assert_snapshot!(name, world.says(line));
    }
}

#[test]
fn a_wrong_command_line_is_exit_2() {
    let world = World::new();
    for line in [
        "deplyo",
        "user add",
        "info --output xml",
        "info --stage Lewis",
        "user add nobody",
    ] {
        let (code, said) = world.fails(line);
        assert_eq!(code, 2, "{line}: {said}");
    }
    let (code, said) = world.fails("info --endpoint http://127.0.0.1:1");
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("an endpoint goes with --local"), "{said}");
}

#[test]
fn errors_are_said_once_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::of(folder.path());
    snapshot(
        "no-credentials",
        &world.fails("info --region eu-west-1").1,
        &folder,
    );
    snapshot("no-project", &world.fails("deploy --local").1, &folder);
    snapshot("stage", &world.fails("info --stage My_Stage").1, &folder);
    snapshot("address", &world.fails("user add nonsense").1, &folder);
    snapshot(
        "endpoint",
        &world.fails("info --local --endpoint http://127.0.0.1:1").1,
        &folder,
    );

    let mut command = world.command("info");
    command
        .env("AWS_ACCESS_KEY_ID", "x")
        .env("AWS_SECRET_ACCESS_KEY", "x");
    snapshot("no-region", &failure(command).1, &folder);

    let mut command = world.command("info --region eu-west-1");
    command
        .env("AWS_ACCESS_KEY_ID", "x")
        .env("AWS_SECRET_ACCESS_KEY", "x");
    command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    snapshot("unreachable", &failure(command).1, &folder);

    std::fs::write(
        folder.path().join("mlink.yaml"),
        "name: acme\nstages:\n  prod: {protect: yes}\n",
    )
    .unwrap();
    let (code, said) = world.fails("info");
    assert_eq!(code, 2);
    snapshot("unknown-key", &said, &folder);
}

#[test]
fn failures_are_events_for_scripts() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::of(folder.path());
    let (_, said) = world.fails("user add nonsense --output json");
    let event: serde_json::Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!(event["event"], "error");
    assert_eq!(event["code"], "mlink::user::address");
    assert_eq!(event["message"], "`nonsense` is not an email address");
    assert_eq!(event["help"], "The form is alice@example.com.");
    let (code, said) = world.fails("deplyo --output json");
    assert_eq!(code, 2);
    let event: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(event["code"], "mlink::usage");
    assert_eq!(event["message"], "unrecognized subcommand 'deplyo'");
}

#[test]
fn python_and_its_way_out_are_named_where_it_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::of(folder.path());
    let mut command = world.command("local start");
    command
        .env("PATH", "/nonexistent")
        .env("XDG_CACHE_HOME", folder.path());
    snapshot("no-python", &failure(command).1, &folder);
}

#[test]
fn a_profile_that_is_asked_for_wins_over_the_environment() {
    let cloud = World::new();
    let endpoint = cloud.endpoint();
    let folder = tempfile::tempdir().unwrap();
    let credentials = folder.path().join("credentials");
    let profile = "[acme]\naws_access_key_id=111111111111\naws_secret_access_key=x\n";
    std::fs::write(&credentials, profile).unwrap();
    let file = "stages: {prod: {account: \"999999999999\"}}\n";
    std::fs::write(folder.path().join("mlink.yaml"), file).unwrap();
    let world = World::of(folder.path());
    // The local cloud takes an access key of twelve digits for the account.
    let with = |profile: &str| {
        let line = format!("info --stage prod --region eu-west-1 --profile {profile}");
        let mut command = world.command(&line);
        command
            .env("AWS_ACCESS_KEY_ID", "333333333333")
            .env("AWS_SECRET_ACCESS_KEY", "x");
        command.env("AWS_ENDPOINT_URL", &endpoint);
        command.env("AWS_SHARED_CREDENTIALS_FILE", &credentials);
        failure(command)
    };
    let (code, said) = with("acme");
    assert_eq!(code, 3);
    assert!(
        said.contains("these credentials are for 111111111111"),
        "{said}"
    );
    let (code, said) = with("nobody");
    assert_eq!(code, 1);
    assert!(
        said.contains("the profile `nobody` is not configured"),
        "{said}"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn a_result_that_cannot_be_written_is_a_failure() {
    let world = World::new();
    let mut command = world.command("local status");
    command.stdout(std::fs::File::create("/dev/full").unwrap());
    assert_eq!(command.status().unwrap().code(), Some(1));
}

#[test]
fn the_wrong_account_and_the_wrong_region_are_refused() {
    let cloud = World::new();
    let endpoint = cloud.endpoint();
    let folder = tempfile::tempdir().unwrap();
    let file = "stages:\n  prod: {account: \"123456789012\", protected: true}\n  \
                near: {region: eu-west-1}\n";
    std::fs::write(folder.path().join("mlink.yaml"), file).unwrap();
    let world = World::of(folder.path());
    // As on AWS: the standard variables lead to the endpoint.
    for (name, line) in [
        ("wrong-account", "info --stage prod --region eu-west-1"),
        ("wrong-region", "info --stage near --region us-east-1"),
    ] {
        let mut command = world.command(line);
        command
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test");
        command.env("AWS_ENDPOINT_URL", &endpoint);
        let (code, said) = failure(command);
        assert_eq!(code, 3);
        snapshot(name, &said, &folder);
    }

    let (code, said) = world.fails("destroy --stage prod --yes --local");
    assert_eq!(code, 3);
    snapshot("protected", &said, &folder);
}
