//! mlink is killed after each of its calls in turn, and run again: nobody can tell.
//!
//! A call counts as made when the cloud has carried it out; that mlink then hears of it changes nothing
//! for the cloud, so that the one moment stands for both.

use crate::scene::{DEPLOY, DESTROY, Matrix, Scene};

#[tokio::test(flavor = "multi_thread")]
async fn a_first_deploy_that_was_killed_is_finished_by_the_next_and_leaves_nothing_to_destroy() {
    let scene = Scene::new().await;
    let nothing = scene.held().await;
    scene.succeeds(DEPLOY).await;
    let undisturbed = scene.picture().await;
    scene.succeeds(DESTROY).await;
    let mut matrix = Matrix::default();
    let mut n = 1;
    while let Some(call) = scene.killed(DEPLOY, n).await {
        scene.succeeds(DEPLOY).await;
        matrix.compare("deploy", n, &call, &undisturbed, &scene.picture().await);
        scene.succeeds(DESTROY).await;
        matrix.compare("destroyed", n, &call, &nothing, &scene.held().await);
        n += 1;
    }
    matrix.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_deploy_that_was_killed_can_be_destroyed_as_it_is() {
    let scene = Scene::new().await;
    let nothing = scene.held().await;
    let mut matrix = Matrix::default();
    let mut n = 1;
    while let Some(call) = scene.killed(DEPLOY, n).await {
        scene.succeeds(DESTROY).await;
        matrix.compare("abandon", n, &call, &nothing, &scene.held().await);
        n += 1;
    }
    matrix.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destroy_that_was_killed_is_finished_by_the_next() {
    let scene = Scene::new().await;
    let nothing = scene.held().await;
    let mut matrix = Matrix::default();
    let mut n = 1;
    loop {
        scene.succeeds(DEPLOY).await;
        let Some(call) = scene.killed(DESTROY, n).await else {
            break;
        };
        scene.succeeds(DESTROY).await;
        matrix.compare("destroy", n, &call, &nothing, &scene.held().await);
        n += 1;
    }
    matrix.check();
}

/// There and back again, killed at each call of the way there and of the way back.
async fn to_and_fro(what: &str, change: impl Fn(&Scene, bool)) {
    let scene = Scene::new().await;
    let mut undisturbed = Vec::new();
    // Twice: the first time there is nothing yet that the other state would leave.
    for there in [false, true, false, true] {
        change(&scene, there);
        scene.succeeds(DEPLOY).await;
        undisturbed.push(scene.picture().await);
    }
    let mut matrix = Matrix::default();
    for (n, there) in (1..).zip([false, true].into_iter().cycle()) {
        change(&scene, there);
        let Some(call) = scene.killed(DEPLOY, n).await else {
            break;
        };
        scene.succeeds(DEPLOY).await;
        let expected = &undisturbed[2 + usize::from(there)];
        matrix.compare(what, n, &call, expected, &scene.picture().await);
    }
    matrix.check();
}

#[tokio::test(flavor = "multi_thread")]
#[cfg(target_os = "linux")]
async fn new_code_that_was_killed_on_its_way_arrives_with_the_next() {
    to_and_fro("code", |scene, there| {
        let code = std::fs::read("/bin/true").unwrap();
        let end: &[u8] = if there { &[0] } else { &[0, 0] };
        std::fs::write(scene.toy.path("binaries/mlink-api"), [&code, end].concat()).unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_stack_that_was_killed_on_its_way_arrives_with_the_next() {
    to_and_fro("update", |scene, there| {
        let lifetime = if there { "10m" } else { "20m" };
        let text = format!("link: {{lifetime: {lifetime}}}\n");
        scene.toy.write("mlink.yaml", &text);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_killed_on_its_way_arrives_with_the_next() {
    to_and_fro("publish", |scene, there| {
        let (comes, goes) = if there { ("b", "c") } else { ("c", "b") };
        let file = |name: &str| format!("frontend/public/assets/{name} 1.js");
        let _ = std::fs::remove_file(scene.toy.path(&file(goes)));
        scene.toy.write(&file(comes), &format!("let {comes}"));
        let index = format!("<!doctype html><title>{comes}</title>");
        scene.toy.write("frontend/public/index.html", &index);
    })
    .await;
}
