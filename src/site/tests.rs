use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use aws_sdk_cloudformation::types::{Output, Stack as Described};

use super::*;
use crate::aws::double::{Answer, Double};
use crate::event::Event;

const XML: &str = "application/xml";

fn present(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let own = |(key, etag): &(&str, &str)| ((*key).to_owned(), (*etag).to_owned());
    pairs.iter().map(own).collect()
}

fn stack() -> Stack {
    let outputs = [
        ("SiteBucket", "site"),
        ("DistributionId", "E1"),
        ("UserPoolId", "eu-west-1_pool"),
        ("UserPoolClientId", "client"),
    ];
    let outputs = outputs.map(|(key, value)| {
        let output = Output::builder().output_key(key);
        output.output_value(value).build()
    });
    let described = Described::builder().set_outputs(Some(outputs.to_vec()));
    Stack::from(described.build())
}

fn page(names: &[&str]) -> Page {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let path = folder.path().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, name).unwrap();
    }
    Page::in_folder(folder)
}

/// A bucket that holds `old.js` and an old index, behind a distribution that needs `looks` looks to
/// have an invalidation completed. What `broken` begins is denied.
fn site(looks: u32, broken: &'static str) -> Double {
    let looked = AtomicU32::new(0);
    Double::new(move |line, _| -> Answer {
        let answer = |text: &str| (200, XML, text.to_owned());
        if !broken.is_empty() && line.starts_with(broken) {
            let denied = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
            return (403, XML, denied.to_owned());
        }
        if line.contains("/invalidation") {
            let completed =
                line.starts_with("GET") && looked.fetch_add(1, Ordering::Relaxed) >= looks;
            let status = if completed { "Completed" } else { "InProgress" };
            return answer(&format!(
                "<Invalidation><Id>I1</Id><Status>{status}</Status></Invalidation>"
            ));
        }
        match line {
            line if line.contains("list-type=2") => answer(
                "<ListBucketResult><Contents><Key>assets/old.js</Key><ETag>\"1\"</ETag></Contents>\
                 <Contents><Key>index.html</Key><ETag>\"2\"</ETag></Contents></ListBucketResult>",
            ),
            line if line.contains("?delete") => answer("<DeleteResult/>"),
            _ => answer(""),
        }
    })
}

/// Method and path of each call, without the query.
fn calls(double: &Double) -> Vec<String> {
    let short = |line: String| line.split('?').next().unwrap().to_owned();
    double.asked.lines().into_iter().map(short).collect()
}

async fn published(double: &Double, page: &Page) -> Result<Published, Error> {
    let cloud = double.cloud();
    publish(&cloud, &stack(), page, None, &Progress::silent()).await
}

#[test]
fn only_what_differs_is_sent_and_only_what_is_stale_is_removed() {
    let index = File::made("index.html", b"<!doctype html>".to_vec());
    let asset = File::made("assets/a-1.js", b"let a".to_vec());
    let there = present(&[
        ("assets/a-1.js", &asset.md5),
        ("index.html", "old"),
        ("gone.txt", "x"),
    ]);
    let found = difference(vec![index.clone(), asset.clone()], &there);
    assert_eq!(found.uploads, std::slice::from_ref(&index));
    assert_eq!(found.stale, ["gone.txt"]);
    let there = present(&[("assets/a-1.js", &asset.md5), ("index.html", &index.md5)]);
    let found = difference(vec![index.clone(), asset], &there);
    assert_eq!((found.uploads, found.stale), (vec![], vec![]));
    // Put in two parts by somebody, perhaps with the same content: MD5 cannot tell.
    let there = present(&[("index.html", &format!("{}-2", index.md5))]);
    assert_eq!(difference(vec![index.clone()], &there).uploads, [index]);
}

#[tokio::test(start_paused = true)]
async fn the_old_page_stays_until_the_new_one_is_there_and_invalidated() {
    let double = site(2, "");
    let page = page(&["index.html", "assets/ü ber.js"]);
    let new = published(&double, &page).await.unwrap();
    assert!(new.changed());
    let cloud = double.cloud();
    new.prune(&cloud, &Progress::silent()).await.unwrap();
    assert_eq!(
        calls(&double),
        [
            "GET /site/",
            "PUT /site/assets/%C3%BC%20ber.js",
            "PUT /site/config.json",
            "PUT /site/index.html",
            "POST /2020-05-31/distribution/E1/invalidation",
            "GET /2020-05-31/distribution/E1/invalidation/I1",
            "GET /2020-05-31/distribution/E1/invalidation/I1",
            "GET /2020-05-31/distribution/E1/invalidation/I1",
            "POST /site/",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_fails_leaves_the_old_page_whole() {
    let double = site(0, "PUT /site/assets/b.js");
    let page = page(&["index.html", "assets/a.js", "assets/b.js"]);
    let error = published(&double, &page).await.unwrap_err();
    assert!(error.to_string().contains("upload assets/b.js"), "{error}");
    let touched = |line: &String| line.contains("index.html") || line.starts_with("POST");
    assert!(!calls(&double).iter().any(touched), "{:?}", calls(&double));
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_that_takes_too_long_leaves_the_old_files_for_the_next_deploy() {
    let double = site(u32::MAX, "");
    let new = published(&double, &page(&["index.html"])).await.unwrap();
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let sink = warnings.clone();
    let progress = Progress::new(move |event| {
        if let Event::Warning { text } = event {
            sink.lock().unwrap().push(text);
        }
    });
    new.prune(&double.cloud(), &progress).await.unwrap();
    insta::assert_snapshot!(warnings.lock().unwrap().join("\n"));
    assert!(!calls(&double).contains(&"POST /site/".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn many_files_go_up_a_few_at_a_time() {
    let names: Vec<String> = (0..200).map(|n| format!("assets/{n}.js")).collect();
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.push("index.html");
    let double = site(0, "");
    published(&double, &page(&names)).await.unwrap();
    assert_eq!(double.asked.most_at_once(), PARALLEL);
    assert_eq!(calls(&double).len(), 1 + 200 + 2 + 1);
}
