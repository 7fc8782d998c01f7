//! What a cloud holds, so that two of them can be compared: what CloudFormation named is called by its
//! logical id here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::toy::artifacts;
use crate::world::{ask, inventory};

/// Everything by kind, one thing a line.
pub type Picture = BTreeMap<String, Vec<String>>;

/// What is there when nothing was deployed, or all of it is gone again.
pub async fn held(endpoint: &str) -> Picture {
    let mut picture = Picture::new();
    for (kind, answer) in inventory(endpoint).await {
        picture.insert(kind.to_owned(), names(&answer));
    }
    picture
}

/// A stack, what it is made of, its page and its code.
pub async fn of_stack(endpoint: &str, stack: &str) -> Picture {
    let query = |action: &str| format!("Action={action}&Version=2010-05-15&StackName={stack}");
    let described = ask(
        endpoint,
        "cloudformation",
        "/",
        None,
        &query("DescribeStacks"),
    )
    .await;
    let resources = query("DescribeStackResources");
    let resources = ask(endpoint, "cloudformation", "/", None, &resources).await;
    let called = called(&described, &resources);
    let mut picture = held(endpoint).await;
    picture.insert("status".to_owned(), texts(&described, "StackStatus"));
    for (kind, key, value) in [
        ("parameters", "ParameterKey", "ParameterValue"),
        ("outputs", "OutputKey", "OutputValue"),
        ("tags", "Key", "Value"),
        ("resources", "LogicalResourceId", "ResourceStatus"),
    ] {
        let within = if kind == "resources" {
            &resources
        } else {
            &described
        };
        picture.insert(kind.to_owned(), pairs(within, key, value));
    }
    let site = pairs(&resources, "LogicalResourceId", "PhysicalResourceId");
    let site = site
        .iter()
        .find_map(|pair| pair.strip_prefix("SiteBucket = "));
    picture.insert("page".to_owned(), page(endpoint, site.unwrap()).await);
    let code = artifacts(endpoint).await;
    let code = code
        .iter()
        .map(|(key, unused)| format!("{key}, unused: {unused}"));
    picture.insert("code".to_owned(), code.collect());
    for lines in picture.values_mut() {
        for line in lines.iter_mut() {
            for (physical, logical) in &called {
                *line = line.replace(physical, logical);
            }
        }
        lines.sort();
    }
    picture
}

/// What differs, for who has to mend it.
pub fn difference(was: &Picture, is: &Picture) -> Vec<String> {
    let kinds = was.keys().chain(is.keys());
    let mut differences = Vec::new();
    for kind in kinds.collect::<BTreeSet<_>>() {
        let none = Vec::new();
        let (was, is) = (
            was.get(kind).unwrap_or(&none),
            is.get(kind).unwrap_or(&none),
        );
        let lacks = was.iter().filter(|line| !is.contains(line));
        differences.extend(lacks.map(|line| format!("{kind} - {line}")));
        let new = is.iter().filter(|line| !was.contains(line));
        differences.extend(new.map(|line| format!("{kind} + {line}")));
        if differences.is_empty() && was.len() != is.len() {
            differences.push(format!("{kind}: {} became {}", was.len(), is.len()));
        }
    }
    differences
}

/// Physical ids, the longest first, and what they are called here.
fn called(stack: &str, resources: &str) -> Vec<(String, String)> {
    let logical = texts(resources, "LogicalResourceId");
    let physical = texts(resources, "PhysicalResourceId");
    let mut called: Vec<(String, String)> = physical.into_iter().zip(logical).collect();
    let urls = pairs(stack, "OutputKey", "OutputValue");
    let url = urls.iter().find_map(|pair| pair.strip_prefix("SiteUrl = "));
    let label = url.and_then(|url| url.strip_prefix("http://")?.split('.').next());
    called.extend(label.map(|label| (label.to_owned(), "Label".to_owned())));
    called.extend(
        texts(stack, "StackId")
            .into_iter()
            .map(|id| (id, "Stack".to_owned())),
    );
    called.retain(|(physical, _)| !physical.is_empty());
    called.sort_by_key(|(physical, _)| std::cmp::Reverse(physical.len()));
    called
}

async fn page(endpoint: &str, bucket: &str) -> Vec<String> {
    let listed = ask(endpoint, "s3", &format!("/{bucket}?list-type=2"), None, "").await;
    let mut page = Vec::new();
    for key in texts(&listed, "Key") {
        let path = format!("/{bucket}/{}", key.replace(' ', "%20"));
        page.push(format!(
            "{key}: {}",
            ask(endpoint, "s3", &path, None, "").await
        ));
    }
    page
}

/// What the things in an answer are called, whichever language it speaks.
fn names(answer: &str) -> Vec<String> {
    let mut names = Vec::new();
    match serde_json::from_str(answer) {
        Ok(answer) => collect(&answer, "", &mut names),
        Err(_) => {
            for tag in ["StackName", "RoleName", "Name", "Id"] {
                names.extend(texts(answer, tag));
            }
        }
    }
    names.sort();
    names
}

fn collect(answer: &Value, under: &str, names: &mut Vec<String>) {
    const NAMES: [&str; 9] = [
        "TableNames",
        "logGroupName",
        "QueueUrls",
        "Id",
        "FunctionName",
        "CodeSha256",
        "UUID",
        "apiId",
        "IdentityName",
    ];
    match answer {
        Value::String(name) if NAMES.contains(&under) => names.push(name.clone()),
        Value::Array(all) => all.iter().for_each(|one| collect(one, under, names)),
        Value::Object(all) => all.iter().for_each(|(key, one)| collect(one, key, names)),
        _ => {}
    }
}

/// The texts of all elements of this name.
pub fn texts(xml: &str, tag: &str) -> Vec<String> {
    let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
    let after = xml.split(&open).skip(1);
    let texts = after.map(|rest| rest.split(&close).next().unwrap().to_owned());
    texts.collect()
}

/// `key = value`, in the order in which they stand.
fn pairs(xml: &str, key: &str, value: &str) -> Vec<String> {
    let both = texts(xml, key).into_iter().zip(texts(xml, value));
    both.map(|(key, value)| format!("{key} = {value}"))
        .collect()
}
