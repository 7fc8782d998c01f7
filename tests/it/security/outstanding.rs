//! How many links of one person are out.

use super::Triggers;

#[tokio::test(flavor = "multi_thread")]
async fn the_sixth_link_takes_the_place_of_the_oldest_and_of_no_other() {
    let triggers = Triggers::new().await;
    let stage = &triggers.stage;
    let person = stage.user("six").await;
    let link = format!("link {} --local", person.email);
    let of_an_administrator = stage.answer(&stage.world.json(&link)["url"]);
    let mut letters = Vec::new();
    for _ in 0..6 {
        letters.push(stage.letter(&person).await);
    }
    let oldest = letters.remove(0);
    assert!(!triggers.is_right(&person, "oldest", &oldest.link()).await);
    for (number, letter) in letters.iter().enumerate() {
        let attempt = format!("attempt {number}");
        assert!(triggers.is_right(&person, &attempt, &letter.link()).await);
    }
    // What somebody else can ask for pushes out nothing that was not asked for.
    assert!(
        triggers
            .is_right(&person, "given", &of_an_administrator)
            .await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_links_of_one_person_push_out_none_of_another() {
    let triggers = Triggers::new().await;
    let person = triggers.stage.user("quiet").await;
    let other = triggers.stage.user("noisy").await;
    let letter = triggers.stage.letter(&person).await;
    for _ in 0..6 {
        triggers.stage.letter(&other).await;
    }
    assert!(triggers.is_right(&person, "quiet", &letter.link()).await);
}
