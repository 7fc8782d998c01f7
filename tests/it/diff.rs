//! What a deploy would change, told beforehand.

use serde_json::Value;

use crate::toy::Toy;
use crate::world::World;

/// The difference, and whether there is one by the exit code.
fn difference(world: &World, line: &str) -> (Value, bool) {
    let output = world.output(&format!("{line} --local --output json"));
    let said = String::from_utf8_lossy(&output.stderr);
    let differs = match output.status.code() {
        Some(0) => false,
        Some(4) => true,
        other => panic!("{other:?}: {said}"),
    };
    (serde_json::from_slice(&output.stdout).unwrap(), differs)
}

#[test]
fn a_difference_is_told_and_nothing_is_changed() {
    let toy = Toy::new();
    let world = toy.world();
    let (first, differs) = difference(&world, "diff");
    assert!(differs);
    assert_eq!(first["path"], "stack");
    assert_eq!(first["resources"][0]["action"], "Add");
    // It left no empty stack behind.
    let (code, said) = world.fails("info --local");
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("does not exist"), "{said}");

    world.json("deploy --local --no-verify");
    let (none, differs) = difference(&world, "diff");
    assert!(!differs, "{none}");
    assert_eq!(none["path"], "nothing");

    toy.write(
        "frontend/public/index.html",
        "<!doctype html><title>2</title>",
    );
    let (page, differs) = difference(&world, "diff");
    assert!(differs);
    assert_eq!(page["path"], "site");
    let uploads = page["page"]["uploads"].as_array().unwrap();
    assert!(uploads.contains(&"index.html".into()), "{page}");

    toy.write("mlink.yaml", "link: {lifetime: 10m}\n");
    let (stack, differs) = difference(&world, "deploy --dry-run");
    assert!(differs);
    assert_eq!(stack["path"], "stack");
    let changed = stack["resources"].as_array().unwrap();
    let mail = |resource: &Value| resource["logical_id"] == "MailFunction";
    assert!(changed.iter().any(mail), "{stack}");
    // Told, and not done.
    let deployed = world.json("deploy --local --no-verify");
    assert_eq!(deployed["path"], "stack");
    assert!(!difference(&world, "diff").1);
}
