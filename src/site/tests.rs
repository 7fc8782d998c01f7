use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use aws_sdk_cloudformation::types::{Output, Stack as Described};
use md5::{Digest, Md5};

use super::upload::PARALLEL;
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

type Objects = BTreeMap<String, String>;

/// What another deploy does to them.
type Act = fn(&mut Objects);

/// The bucket and the distribution: `assets/old.js` and an old index are there. A file of [`page`] says
/// its own name, so that it need not be read to know its ETag.
struct Shop {
    objects: Arc<Mutex<Objects>>,
    /// How many looks it takes until an invalidation is completed.
    looks: u32,
    /// What begins so is denied.
    denied: &'static str,
    /// What another deploy does just before the call that begins so.
    meanwhile: Option<(&'static str, Act)>,
}

impl Shop {
    fn new() -> Shop {
        let old = [
            ("assets/old.js", "1"),
            ("config.json", "0"),
            ("index.html", "2"),
        ];
        Shop {
            objects: Arc::new(Mutex::new(present(&old))),
            looks: 0,
            denied: "",
            meanwhile: None,
        }
    }

    fn open(self) -> Double {
        let looked = AtomicU32::new(0);
        Double::new(move |line, body| -> Answer {
            let mut objects = self.objects.lock().unwrap();
            if let Some((call, act)) = self.meanwhile
                && line.starts_with(call)
            {
                act(&mut objects);
            }
            if !self.denied.is_empty() && line.starts_with(self.denied) {
                return refusal(403, "AccessDenied");
            }
            if line.contains("/invalidation") {
                let looks = looked.fetch_add(u32::from(line.starts_with("GET")), Ordering::Relaxed);
                let completed = line.starts_with("GET") && looks >= self.looks;
                let status = if completed { "Completed" } else { "InProgress" };
                let text = format!("<Id>I1</Id><Status>{status}</Status>");
                return (200, XML, format!("<Invalidation>{text}</Invalidation>"));
            }
            in_bucket(&mut objects, line, body)
        })
    }
}

fn refusal(status: u16, code: &str) -> Answer {
    let error = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
    (status, XML, error)
}

fn in_bucket(objects: &mut Objects, line: &str, body: &str) -> Answer {
    let answer = |text: String| (200, XML, text);
    let (method, rest) = line.split_once(" /site/").unwrap();
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let key = path.replace("%C3%BC", "ü").replace("%20", " ");
    let condition = query.split_once(' ').map(|(_, condition)| condition);
    let there = objects.get(&key).cloned();
    let met = match condition {
        None => true,
        Some("if-none-match *") => there.is_none(),
        Some(etag) => etag == format!("if-match \"{}\"", there.clone().unwrap_or_default()),
    };
    match method {
        _ if query.contains("list-type=2") => {
            let object = |(key, etag)| format!("<Key>{key}</Key><ETag>\"{etag}\"</ETag>");
            let all = objects.iter().map(object);
            let all = all.map(|object| format!("<Contents>{object}</Contents>"));
            let all: String = all.collect();
            answer(format!("<ListBucketResult>{all}</ListBucketResult>"))
        }
        "PUT" | "GET" if !met => refusal(412, "PreconditionFailed"),
        "HEAD" => match there {
            Some(etag) => answer(etag),
            None => refusal(404, "NotFound"),
        },
        "PUT" => {
            let content = if key == "config.json" { body } else { &key };
            objects.insert(key.clone(), hex::encode(Md5::digest(content)));
            answer(String::new())
        }
        "POST" => {
            let gone = |key: &String| body.contains(&format!("<Key>{key}</Key>"));
            objects.retain(|key, _| !gone(key));
            answer("<DeleteResult/>".to_owned())
        }
        _ => answer(String::new()),
    }
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
    let files = [index.clone(), asset.clone()];
    let found = difference(&files, &there);
    assert_eq!(found.uploads, [&index]);
    assert_eq!(found.stale, ["gone.txt"]);
    let there = present(&[("assets/a-1.js", &asset.md5), ("index.html", &index.md5)]);
    let found = difference(&files, &there);
    assert_eq!((found.uploads, found.stale), (vec![], vec![]));
    // Put in two parts by somebody, perhaps with the same content: MD5 cannot tell.
    let there = present(&[("index.html", &format!("{}-2", index.md5))]);
    assert_eq!(difference(&files[..1], &there).uploads, [&index]);
}

#[tokio::test(start_paused = true)]
async fn the_old_page_stays_until_the_new_one_is_there_and_invalidated() {
    let shop = Shop {
        looks: 2,
        ..Shop::new()
    };
    let objects = shop.objects.clone();
    let double = shop.open();
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
            "GET /site/config.json",
            "PUT /site/config.json",
            "PUT /site/index.html",
            "GET /site/",
            "POST /2020-05-31/distribution/E1/invalidation",
            "GET /2020-05-31/distribution/E1/invalidation/I1",
            "GET /2020-05-31/distribution/E1/invalidation/I1",
            "GET /2020-05-31/distribution/E1/invalidation/I1",
            "HEAD /site/index.html",
            "POST /site/",
            "HEAD /site/index.html",
        ]
    );
    let left = objects.lock().unwrap();
    let left: Vec<&str> = left.keys().map(String::as_str).collect();
    assert_eq!(left, ["assets/ü ber.js", "config.json", "index.html"]);
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_fails_leaves_the_old_page_whole() {
    let denied = "PUT /site/assets/b.js";
    let double = Shop {
        denied,
        ..Shop::new()
    }
    .open();
    let page = page(&["index.html", "assets/a.js", "assets/b.js"]);
    let error = published(&double, &page).await.unwrap_err();
    assert!(error.to_string().contains("upload assets/b.js"), "{error}");
    let touched = |line: &String| line.contains("index.html") || line.starts_with("POST");
    assert!(!calls(&double).iter().any(touched), "{:?}", calls(&double));
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_that_takes_too_long_leaves_the_old_files_for_the_next_deploy() {
    let looks = u32::MAX;
    let double = Shop {
        looks,
        ..Shop::new()
    }
    .open();
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
    let double = Shop::new().open();
    published(&double, &page(&names)).await.unwrap();
    assert_eq!(double.asked.most_at_once(), PARALLEL);
    assert_eq!(calls(&double).len(), 1 + 200 + 3 + 1 + 1);
}

/// Publishes while another deploy does something just before the call that begins so. What is in the bucket
/// afterwards, and the error.
async fn beside(call: &'static str, act: Act) -> (Objects, Result<Published, Error>, Double) {
    let shop = Shop {
        meanwhile: Some((call, act)),
        ..Shop::new()
    };
    let objects = shop.objects.clone();
    let double = shop.open();
    let ended = published(&double, &page(&["index.html", "assets/a.js"])).await;
    let objects = objects.lock().unwrap().clone();
    (objects, ended, double)
}

fn put(objects: &mut Objects, key: &str) {
    objects.insert(key.to_owned(), "theirs".to_owned());
}

#[tokio::test(start_paused = true)]
async fn of_two_deploys_the_later_to_put_its_configuration_is_refused() {
    let theirs = |objects: &mut Objects| put(objects, "config.json");
    for call in ["GET /site/config.json", "PUT /site/config.json"] {
        let (objects, ended, _) = beside(call, theirs).await;
        assert!(matches!(ended, Err(Error::Overtaken)), "{ended:?}");
        assert_eq!(objects["config.json"], "theirs");
        assert_eq!(objects["index.html"], "2");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_refused_at_the_index_puts_the_others_configuration_back() {
    let theirs = |objects: &mut Objects| put(objects, "index.html");
    let (objects, ended, double) = beside("PUT /site/index.html", theirs).await;
    assert!(matches!(ended, Err(Error::Overtaken)), "{ended:?}");
    assert_eq!(objects["index.html"], "theirs");
    // The body that the double gave when it was read is empty.
    assert_eq!(objects["config.json"], hex::encode(Md5::digest("")));
    assert!(
        !calls(&double)
            .iter()
            .any(|call| call.contains("invalidation"))
    );
}

#[tokio::test(start_paused = true)]
async fn an_index_that_was_put_by_a_lost_call_of_its_own_is_no_others() {
    let own = |objects: &mut Objects| {
        let etag = hex::encode(Md5::digest("index.html"));
        objects.insert("index.html".to_owned(), etag);
    };
    let (_, ended, _) = beside("PUT /site/index.html", own).await;
    assert!(ended.unwrap().changed());
}

#[tokio::test(start_paused = true)]
async fn a_file_that_another_deploy_removed_meanwhile_is_put_again() {
    let prune = |objects: &mut Objects| {
        objects.remove("assets/a.js");
    };
    let (objects, ended, _) = beside("PUT /site/index.html", prune).await;
    assert!(ended.unwrap().changed());
    assert!(objects.contains_key("assets/a.js"));
}

#[tokio::test(start_paused = true)]
async fn a_configuration_that_was_put_to_the_same_index_is_replaced_again() {
    let theirs = |objects: &mut Objects| put(objects, "config.json");
    let (objects, ended, _) = beside("PUT /site/index.html", theirs).await;
    assert!(ended.unwrap().changed());
    assert_ne!(objects["config.json"], "theirs");
    assert_eq!(
        objects["index.html"],
        hex::encode(Md5::digest("index.html"))
    );
}

#[tokio::test(start_paused = true)]
async fn an_index_that_was_put_over_the_new_one_is_the_page() {
    let theirs = |objects: &mut Objects| {
        if objects["index.html"] != "2" {
            put(objects, "index.html");
        }
    };
    let (_, ended, double) = beside("GET /site/?list-type=2", theirs).await;
    assert!(matches!(ended, Err(Error::Overtaken)), "{ended:?}");
    assert!(
        !calls(&double)
            .iter()
            .any(|call| call.contains("invalidation"))
    );
}

#[tokio::test(start_paused = true)]
async fn what_another_page_may_need_is_not_removed() {
    let theirs = |objects: &mut Objects| put(objects, "index.html");
    let (objects, ended, double) = beside("HEAD /site/index.html", theirs).await;
    let pruned = ended.unwrap();
    let pruned = pruned.prune(&double.cloud(), &Progress::silent()).await;
    assert!(matches!(pruned, Err(Error::Overtaken)));
    assert!(objects.contains_key("assets/old.js"));
    assert!(!calls(&double).contains(&"POST /site/".to_owned()));
}
