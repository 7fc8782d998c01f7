//! A call of a deploy or of a destroy meets trouble once. What passes is asked again, and nobody can tell;
//! what does not is named, and the next run finishes the work.

use futures_util::future::join_all;

use crate::picture::{Picture, difference};
use crate::relay::Trouble;
use crate::scene::{DEPLOY, DESTROY, Matrix, Scene};

const TROUBLES: [Trouble; 6] = [
    Trouble::Throttled,
    Trouble::AnswerLost,
    Trouble::Denied,
    Trouble::Half,
    Trouble::Broken,
    Trouble::Cut,
];

/// What this is called, and what has to be there in the end.
struct Errand<'a> {
    what: &'a str,
    verb: &'a str,
    is_deploy: bool,
    end: &'a Picture,
}

impl Errand<'_> {
    async fn end(&self, scene: &Scene) -> Picture {
        if self.is_deploy {
            scene.picture().await
        } else {
            scene.held().await
        }
    }

    /// One run in trouble, and where it failed one without. False when it makes no such call.
    async fn run(&self, scene: &Scene, matrix: &mut Matrix, n: usize, trouble: Trouble) -> bool {
        let output = scene.run(self.verb, Some((n, trouble))).await;
        let calls = scene.relay.calls();
        let Some(call) = calls.get(n - 1) else {
            return false;
        };
        let call = format!("{call}: {trouble:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        let message = said.lines().find(|line| line.contains('×'));
        let message = message.unwrap_or_default().trim();
        let mut wrong = Vec::new();
        let outcome = if output.status.success() {
            wrong.extend(difference(self.end, &self.end(scene).await));
            let told = said.lines().find(|line| line.starts_with("warning: "));
            if trouble == Trouble::Denied && told.is_none() {
                wrong.push(format!("nobody is told of the refusal: {said}"));
            }
            told.unwrap_or("done").to_owned()
        } else {
            if trouble != Trouble::Denied {
                wrong.push(format!("what passes ended it: {said}"));
            }
            if output.status.code() != Some(1) || !output.stdout.is_empty() || message.is_empty() {
                wrong.push(format!("{}: {said}", output.status));
            }
            scene.succeeds(self.verb).await;
            wrong.extend(difference(self.end, &self.end(scene).await));
            format!("{message}; then done")
        };
        matrix.row(self.what, n, &call, &outcome, &wrong);
        true
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_whose_calls_meet_trouble_ends_as_one_without_or_says_why_not() {
    let deploys = TROUBLES.map(|trouble| async move {
        let scene = Scene::new().await;
        scene.succeeds(DEPLOY).await;
        let undisturbed = scene.picture().await;
        scene.succeeds(DESTROY).await;
        let errand = Errand {
            what: "deploy",
            verb: DEPLOY,
            is_deploy: true,
            end: &undisturbed,
        };
        let mut matrix = Matrix::default();
        for n in 1.. {
            let called = errand.run(&scene, &mut matrix, n, trouble).await;
            scene.succeeds(DESTROY).await;
            if !called {
                break;
            }
        }
        matrix
    });
    Matrix::all(join_all(deploys).await).check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destroy_whose_calls_meet_trouble_ends_as_one_without_or_says_why_not() {
    let destroys = TROUBLES.map(|trouble| async move {
        let scene = Scene::new().await;
        let nothing = scene.held().await;
        let errand = Errand {
            what: "destroy",
            verb: DESTROY,
            is_deploy: false,
            end: &nothing,
        };
        let mut matrix = Matrix::default();
        for n in 1.. {
            scene.succeeds(DEPLOY).await;
            if !errand.run(&scene, &mut matrix, n, trouble).await {
                break;
            }
        }
        matrix
    });
    Matrix::all(join_all(destroys).await).check();
}

/// The client gives up after a minute, so that these wait together.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_never_answered_is_given_up_and_made_again() {
    let hanging = [
        (DEPLOY, "cloudformation CreateChangeSet"),
        (DEPLOY, "cloudformation ExecuteChangeSet"),
        (DEPLOY, "s3 PUT index.html"),
        (DESTROY, "cloudformation DeleteStack"),
    ];
    let runs = hanging.map(|(verb, call)| async move {
        let scene = Scene::new().await;
        let nothing = scene.held().await;
        // Where in a run it is made.
        let deploy = scene.succeeds(DEPLOY).await;
        let undisturbed = scene.picture().await;
        let destroy = scene.succeeds(DESTROY).await;
        let is_deploy = verb == DEPLOY;
        let calls = if is_deploy { deploy } else { destroy };
        let n = 1 + calls.iter().position(|one| one == call).unwrap();
        if !is_deploy {
            scene.succeeds(DEPLOY).await;
        }
        let errand = Errand {
            what: "hanging",
            verb,
            is_deploy,
            end: if is_deploy { &undisturbed } else { &nothing },
        };
        let mut matrix = Matrix::default();
        assert!(errand.run(&scene, &mut matrix, n, Trouble::Silence).await);
        matrix
    });
    Matrix::all(join_all(runs).await).check();
}
