use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use super::*;
use crate::aws::double::{Answer, Double};

const XML: &str = "application/xml";

/// What is in a bucket, as `key` and `version`; a key that begins with `m` stands for a delete marker.
type Content = Arc<Mutex<BTreeSet<(String, String)>>>;

/// What S3 says of a key, and how often it says so.
type Refusals = BTreeMap<&'static str, (&'static str, u32)>;

fn content(count: usize) -> Content {
    let kinds = ["k", "m"].into_iter().cycle();
    let all = (0..count).zip(kinds);
    let all = all.map(|(n, kind)| (format!("{kind}{n:05}"), format!("v{n}")));
    Arc::new(Mutex::new(all.collect()))
}

/// A bucket that lists in pages of a thousand and deletes what it is told to.
fn bucket(content: &Content, refusals: Refusals) -> Double {
    let content = content.clone();
    let refusals = Mutex::new(refusals);
    Double::new(move |line, body| -> Answer {
        let mut content = content.lock().unwrap();
        let text = if line.contains("?delete") {
            deleted(&mut content, body, &mut refusals.lock().unwrap())
        } else {
            let marker = line.split("key-marker=").nth(1);
            let marker = marker.map(|rest| rest.split('&').next().unwrap());
            listed(&content, marker.unwrap_or_default())
        };
        (200, XML, text)
    })
}

fn listed(content: &BTreeSet<(String, String)>, after: &str) -> String {
    let rest = content.iter().filter(|(key, _)| key.as_str() > after);
    let page: Vec<_> = rest.clone().take(BATCH).collect();
    let truncated = rest.count() > BATCH;
    let mut text = format!("<IsTruncated>{truncated}</IsTruncated>");
    if let (true, Some((key, version))) = (truncated, page.last()) {
        text += &format!("<NextKeyMarker>{key}</NextKeyMarker>");
        text += &format!("<NextVersionIdMarker>{version}</NextVersionIdMarker>");
    }
    for (key, version) in page {
        let kind = if key.starts_with('m') {
            "DeleteMarker"
        } else {
            "Version"
        };
        text += &format!("<{kind}><Key>{key}</Key><VersionId>{version}</VersionId></{kind}>");
    }
    format!("<ListVersionsResult>{text}</ListVersionsResult>")
}

fn deleted(
    content: &mut BTreeSet<(String, String)>,
    body: &str,
    refusals: &mut Refusals,
) -> String {
    let mut text = String::new();
    for part in body.split("<Object>").skip(1) {
        let within = |tag: &str| {
            let (_, rest) = part.split_once(&format!("<{tag}>")).unwrap();
            rest.split('<').next().unwrap().to_owned()
        };
        let (key, version) = (within("Key"), within("VersionId"));
        if let Some((code, times)) = refusals.get_mut(key.as_str())
            && *times > 0
        {
            *times -= 1;
            text += &format!(
                "<Error><Key>{key}</Key><VersionId>{version}</VersionId><Code>{code}</Code>\
                 <Message>no</Message></Error>"
            );
        } else {
            content.remove(&(key, version));
        }
    }
    format!("<DeleteResult>{text}</DeleteResult>")
}

fn count(double: &Double, what: &str) -> usize {
    let lines = double.asked.lines();
    lines.iter().filter(|line| line.contains(what)).count()
}

#[tokio::test(start_paused = true)]
async fn versions_and_markers_of_many_pages_go_a_few_batches_at_a_time() {
    let content = content(20_500);
    let double = bucket(&content, Refusals::new());
    empty(&double.cloud(), "site").await.unwrap();
    assert!(content.lock().unwrap().is_empty());
    let most = double.asked.most_at_once();
    // The next page is listed meanwhile.
    assert!((2..=PARALLEL + 1).contains(&most), "{most}");
    assert_eq!(count(&double, "?delete"), 21);
    // All pages, and once more from the start.
    assert_eq!(count(&double, "?versions"), 22);
}

#[tokio::test(start_paused = true)]
async fn given_keys_of_any_number_go_a_few_batches_at_a_time() {
    let content = content(20_500);
    let double = bucket(&content, Refusals::new());
    let keys = content.lock().unwrap().clone().into_iter();
    let keys = keys.map(|(key, version)| (key, Some(version))).collect();
    delete(&double.cloud(), "site", keys).await.unwrap();
    assert!(content.lock().unwrap().is_empty());
    assert_eq!(double.asked.most_at_once(), PARALLEL);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_fails_for_a_moment_is_tried_again_and_only_that() {
    let content = content(3);
    let refusals = [
        ("k00000", ("InternalError", 2)),
        ("m00001", ("SlowDown", TRIES - 1)),
    ];
    let double = bucket(&content, refusals.into());
    empty(&double.cloud(), "site").await.unwrap();
    assert!(content.lock().unwrap().is_empty());
    assert_eq!(count(&double, "?delete"), TRIES as usize);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_never_goes_is_named() {
    for (code, tries) in [("AccessDenied", 1), ("InternalError", TRIES as usize)] {
        let content = content(3);
        let refusals = [("k00000", (code, u32::MAX)), ("k00002", (code, u32::MAX))];
        let double = bucket(&content, refusals.into());
        let error = empty(&double.cloud(), "site").await.unwrap_err();
        assert_eq!(error.aws_code(), Some(code));
        assert_eq!(
            error.to_string(),
            "could not delete from the bucket site: k00000: no; and 1 more"
        );
        assert_eq!(count(&double, "?delete"), tries);
    }
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_is_gone_is_empty() {
    let gone = "<Error><Code>NoSuchBucket</Code><Message>gone</Message></Error>";
    let double = Double::new(move |_, _| (404, XML, gone.to_owned()));
    empty(&double.cloud(), "site").await.unwrap();
    // It may go between the listing and the deletion, too.
    let full = content(1);
    let double = Double::new(move |line, _| {
        if line.contains("?delete") {
            (404, XML, gone.to_owned())
        } else {
            (200, XML, listed(&full.lock().unwrap(), ""))
        }
    });
    empty(&double.cloud(), "site").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_somebody_keeps_filling_is_given_up() {
    let full = content(1);
    let double = Double::new(move |line, _| {
        let text = if line.contains("?delete") {
            "<DeleteResult/>".to_owned()
        } else {
            listed(&full.lock().unwrap(), "")
        };
        (200, XML, text)
    });
    let error = empty(&double.cloud(), "site").await.unwrap_err();
    insta::assert_snapshot!(error);
    assert_eq!(count(&double, "?delete"), ROUNDS as usize);
}
