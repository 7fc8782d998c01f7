//! Fifty people at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use crate::figures::{Times, rows};
use crate::stage::{Person, Stage};
use crate::world::wait_for;
use crate::{ask_for_mail, client};

const AT_ONCE: usize = 50;

/// Everybody asks for a mail, gets one, and uses its link twice at the same time.
pub async fn sign_ins(stage: &Arc<Stage>, people: &[Person]) {
    settled(stage).await;
    let before = mails(stage).len();
    let client = client();
    let begun = Instant::now();
    let asked = each(people, |person| {
        let (stage, client) = (Arc::clone(stage), client.clone());
        let email = person.email.clone();
        async move { ask_for_mail(&client, stage.url(), &email).await }
    });
    let asked = asked.await;
    let asking = begun.elapsed();
    wait_for(async || (mails(stage).len() >= before + people.len()).then_some(())).await;
    let mailing = begun.elapsed();
    settled(stage).await;
    let mails = mails(stage);
    assert_eq!(mails.len(), before + people.len(), "one mail a request");

    let letters = people.iter().map(|person| {
        let mail = mails.iter().find(|mail| mail["to"] == *person.email);
        (person.clone(), stage.read(mail.unwrap()))
    });
    let letters: Vec<_> = letters.collect();
    let begun = Instant::now();
    let used = each(&letters, |(person, letter)| {
        let (stage, person, link) = (Arc::clone(stage), person.clone(), letter.link());
        async move {
            let (one, other) = tokio::join!(
                stage.signs_in(&person, &link),
                stage.signs_in(&person, &link)
            );
            assert!(one != other, "one of two gets in: {one} and {other}");
        }
    });
    let used = used.await;
    let using = begun.elapsed();

    rows(
        &format!("{} sign-ins, {AT_ONCE} at once", people.len()),
        &[("POST /api/login", &asked), ("link used by two", &used)],
    );
    let rate = |time: Duration| people.len() as f64 / time.as_secs_f64();
    println!("requests a second       {:9.1}", rate(asking));
    println!("mails a second          {:9.1}", rate(mailing));
    println!("sign-ins a second       {:9.1}", rate(using));
    println!("lost requests or mails          0");
    println!("links used twice                0");
}

/// How long each took.
async fn each<T, A: Future<Output = ()>>(all: &[T], act: impl Fn(&T) -> A) -> Times {
    let timed = all.iter().map(|one| {
        let act = act(one);
        async move {
            let begun = Instant::now();
            act.await;
            begun.elapsed()
        }
    });
    let times: Vec<Duration> = stream::iter(timed)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    Times::new(times)
}

/// Once nothing waits on a queue any more, nothing is worked on and nothing is a dead letter.
async fn settled(stage: &Stage) {
    let mut left = waiting(stage).await;
    // Patience is for a queue that stands still, not for a long one.
    while left > 0 {
        let now = async || Some(waiting(stage).await).filter(|now| *now != left);
        left = wait_for(now).await;
    }
}

async fn waiting(stage: &Stage) -> u32 {
    let queues = stage.call("sqs", "AmazonSQS.ListQueues", json!({})).await;
    let mut waiting = 0;
    for queue in queues["QueueUrls"].as_array().unwrap() {
        let body = json!({"QueueUrl": queue, "AttributeNames": ["All"]});
        let said = stage
            .call("sqs", "AmazonSQS.GetQueueAttributes", body)
            .await;
        for name in ["", "NotVisible", "Delayed"] {
            let count = &said["Attributes"][format!("ApproximateNumberOfMessages{name}")];
            waiting += count.as_str().unwrap().parse::<u32>().unwrap();
        }
    }
    waiting
}

fn mails(stage: &Stage) -> Vec<Value> {
    stage.world.mails()
}
