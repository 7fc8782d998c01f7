//! Two deploys of one stage at once: one of them follows or is refused, and nothing is mixed.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};

use crate::cloudformation::{
    Look::{Event, Held},
    STACK,
};
use crate::deployed::{self, Stage};
use crate::picture::texts;
use crate::scene::{DEPLOY, Scene};
use crate::world::ask;

/// What a refused one says on its last lines.
fn refusal(output: &std::process::Output) -> String {
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(output.stdout.is_empty());
    let said = String::from_utf8_lossy(&output.stderr);
    let at = said.find("Error:").or(said.find("mlink::")).unwrap_or(0);
    said[at..].to_owned()
}

fn settings(scene: &Scene, lifetime: &str) {
    let text = format!("link: {{lifetime: {lifetime}}}\n");
    scene.toy.write("mlink.yaml", &text);
}

fn page(scene: &Scene, of: &str) {
    let index = format!("<!doctype html><title>{of}</title>");
    scene.toy.write("frontend/public/index.html", &index);
    scene
        .toy
        .write(&format!("frontend/public/assets/{of}.js"), of);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_beside_one_that_changes_the_stack_follows_it_and_then_goes_on() {
    let stage = Stage::new().await;
    stage.toy.write("mlink.yaml", &deployed::settings("10m"));
    let looks = [
        Event(STACK, "UPDATE_IN_PROGRESS", "User Initiated"),
        Held,
        Event(STACK, "UPDATE_COMPLETE", ""),
    ];
    stage.aws.tells("ExecuteChangeSet", true, &looks);
    stage.aws.calls();
    let first = stage.run(DEPLOY);
    let second = async {
        stage.aws.held().await;
        let mut second = stage.command(DEPLOY);
        let second = second.stderr(Stdio::piped()).stdout(Stdio::piped());
        let mut second = second.spawn().unwrap();
        let mut said = BufReader::new(second.stderr.take().unwrap()).lines();
        while let Some(line) = said.next_line().await.unwrap() {
            if line == "Wait for mlink-dev, which is UPDATE_IN_PROGRESS …" {
                stage.aws.let_go();
            }
        }
        second.wait_with_output().await.unwrap()
    };
    let ((code, said), second) = tokio::join!(first, second);
    assert_eq!(code, Some(0), "{said}");
    assert!(second.status.success());
    let done = String::from_utf8(second.stdout).unwrap();
    assert!(done.contains("mlink-dev is up to date"), "{done}");
    assert_eq!(stage.aws.calls(), ["ExecuteChangeSet"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_set_that_another_deploy_has_overtaken_is_thrown_away() {
    let scene = Scene::new().await;
    scene.succeeds(DEPLOY).await;
    settings(&scene, "10m");
    // Its change set is made and shown; it is about to look whether that still holds.
    let about = "cloudformation DescribeStackEvents";
    let late = scene.held_at(DEPLOY, about, async {
        settings(&scene, "20m");
        scene.beside(DEPLOY).await;
    });
    insta::assert_snapshot!(refusal(&late.await));
    let now = scene.picture().await;
    let lifetime = "LinkLifetimeSeconds = 1200".to_owned();
    assert!(now["parameters"].contains(&lifetime), "{now:?}");
    assert_eq!(now["status"], ["UPDATE_COMPLETE"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_pages_that_are_published_at_once_one_is_refused_and_the_other_whole() {
    let scene = Scene::new().await;
    scene.succeeds(DEPLOY).await;
    for (n, call) in ["s3 PUT config.json", "s3 PUT index.html"]
        .iter()
        .enumerate()
    {
        let (early, late) = (format!("early-{n}"), format!("late-{n}"));
        page(&scene, &late);
        let refused = scene.held_at(DEPLOY, call, async {
            page(&scene, &early);
            std::fs::remove_file(scene.toy.path(&format!("frontend/public/assets/{late}.js")))
                .unwrap();
            scene.beside(DEPLOY).await;
        });
        let refused = refused.await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(refusal(&refused));
        }
        let mut served = scene.picture().await["page"].clone();
        // What had been sent of the other page is named by no index, and goes with the next deploy.
        served.retain(|file| !file.contains(&format!("{late}.js")));
        scene.beside(DEPLOY).await;
        assert_eq!(served, scene.picture().await["page"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_of_the_old_page_beside_one_of_a_new_page_mixes_nothing() {
    let scene = Scene::new().await;
    page(&scene, "old");
    scene.succeeds(DEPLOY).await;
    page(&scene, "new");
    // Its configuration is there, its index is not.
    let new = scene.held_at(DEPLOY, "s3 PUT index.html", async {
        page(&scene, "old");
        scene.beside(DEPLOY).await;
        page(&scene, "new");
    });
    assert_eq!(new.await.status.code(), Some(0));
    let served = scene.picture().await["page"].clone();
    scene.succeeds(DEPLOY).await;
    assert_eq!(served, scene.picture().await["page"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_diff_beside_a_first_deploy_takes_nothing_away() {
    let scene = Scene::new().await;
    let diff = scene.held_at("diff", "cloudformation ListChangeSets", async {
        scene.beside(DEPLOY).await;
    });
    assert_eq!(diff.await.status.code(), Some(4));
    assert_eq!(scene.picture().await["status"], ["CREATE_COMPLETE"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destroy_beside_a_first_deploy_leaves_its_code_alone() {
    let scene = Scene::new().await;
    let deploy = scene.held_at(DEPLOY, "cloudformation ExecuteChangeSet", async {
        scene.beside("destroy --yes --stage other").await;
    });
    let deploy = deploy.await;
    assert_eq!(deploy.status.code(), Some(0), "{deploy:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pruned_beside_another_deploy_that_needs_it_is_put_back() {
    let scene = Scene::new().await;
    page(&scene, "old");
    scene.succeeds(DEPLOY).await;
    page(&scene, "new");
    scene.succeeds(DEPLOY).await;
    // The first of three had an asset that the third has, and the second has not.
    let asset = |of: &str| scene.toy.path(&format!("frontend/public/assets/{of}.js"));
    std::fs::remove_file(asset("new")).unwrap();
    page(&scene, "old");
    let old = scene.held_at(DEPLOY, "s3 POST bucket delete", async {
        page(&scene, "new");
        scene.beside(DEPLOY).await;
    });
    assert_eq!(old.await.status.code(), Some(3));
    let served = scene.picture().await["page"].clone();
    assert!(
        served.contains(&"assets/new.js: new".to_owned()),
        "{served:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stage_that_somebody_protects_meanwhile_stays_protected() {
    let scene = Scene::new().await;
    let deploy = "deploy --no-verify --yes";
    let protected = "stages: {dev: {protected: true}}\n";
    scene.toy.write("mlink.yaml", protected);
    scene.succeeds(deploy).await;
    settings(&scene, "10m");
    let call = "cloudformation UpdateTerminationProtection";
    let late = scene.held_at(deploy, call, async {
        let again = format!("link: {{lifetime: 20m}}\n{protected}");
        scene.toy.write("mlink.yaml", &again);
        scene.beside(deploy).await;
    });
    assert_eq!(late.await.status.code(), Some(3));
    let query = "Action=DescribeStacks&Version=2010-05-15&StackName=mlink-dev";
    let stack = ask(&scene.endpoint, "cloudformation", "/", None, query).await;
    let switch = texts(&stack, "EnableTerminationProtection");
    assert_eq!(switch, ["true"]);
}
