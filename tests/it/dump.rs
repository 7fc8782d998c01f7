//! Everything that a stage keeps, searched for what it must not.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::stage::{Known, Stage};

/// One line a thing found: an item, a line of a log, a message.
pub struct Dump(BTreeMap<Place, String>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Table,
    Log,
    /// The dead letters included. Addresses wait here, for as long as a message does.
    Queue,
    /// The log of the local cloud itself, which plays SES and names whom it writes to.
    Cloud,
}

impl Dump {
    pub async fn of(stage: &Stage) -> Dump {
        let mut dump = Dump(BTreeMap::new());
        dump.table(stage).await;
        dump.logs(stage).await;
        dump.queues(stage).await;
        dump
    }

    /// How many things of a place it holds: a search of nothing finds nothing.
    pub fn count(&self, place: Place) -> usize {
        self.0.get(&place).map_or(0, |text| text.lines().count())
    }

    /// Where something stands that must not: secrets anywhere, addresses in the table and the logs.
    pub fn findings(&self, known: &Known) -> Vec<String> {
        let mut found = Vec::new();
        for (place, text) in &self.0 {
            let is_ours = matches!(place, Place::Table | Place::Log);
            let addresses = known.addresses.iter().filter(|_| is_ours);
            for sought in known.secrets.iter().chain(addresses) {
                let line = |line| format!("{sought} in {place:?}: {line}");
                found.extend(lines_with(text, sought).map(line));
            }
        }
        found
    }

    async fn table(&mut self, stage: &Stage) {
        let mut body = json!({"TableName": stage.output("LinkTable")});
        loop {
            let page = stage.call("dynamodb", "DynamoDB_20120810.Scan", body.clone());
            let mut page = page.await;
            for item in page["Items"].as_array().unwrap() {
                self.add(Place::Table, &item.to_string());
            }
            match page["LastEvaluatedKey"].take() {
                Value::Null => return,
                key => body["ExclusiveStartKey"] = key,
            }
        }
    }

    /// Of the functions that the local cloud ran, of those that tests ran, and the local cloud's own.
    async fn logs(&mut self, stage: &Stage) {
        let groups = stage.call("logs", "Logs_20140328.DescribeLogGroups", json!({}));
        for group in groups.await["logGroups"].as_array().unwrap() {
            self.log_group(stage, &group["logGroupName"]).await;
        }
        for line in stage.lines() {
            self.add(Place::Log, &line);
        }
        let of_the_cloud =
            std::fs::read_to_string(stage.world.state().join("ministack.log")).unwrap();
        for line in of_the_cloud.lines() {
            self.add(Place::Cloud, line);
        }
    }

    async fn log_group(&mut self, stage: &Stage, name: &Value) {
        // The local cloud gives no more at once, and no token to ask on with.
        const MOST: usize = 10_000;
        let mut from = 0;
        loop {
            let body = json!({"logGroupName": name, "startTime": from});
            let page = stage.call("logs", "Logs_20140328.FilterLogEvents", body);
            let page = page.await;
            let events = page["events"].as_array().unwrap();
            for event in events {
                self.add(Place::Log, event["message"].as_str().unwrap());
            }
            if events.len() < MOST {
                return;
            }
            let last = events[MOST - 1]["timestamp"].as_u64().unwrap();
            assert!(last > from, "too many lines in one millisecond");
            from = last;
        }
    }

    /// Without taking anything off them.
    async fn queues(&mut self, stage: &Stage) {
        let queues = stage.call("sqs", "AmazonSQS.ListQueues", json!({}));
        for queue in queues.await["QueueUrls"].as_array().unwrap() {
            let body = json!({
                "QueueUrl": queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0
            });
            let page = stage.call("sqs", "AmazonSQS.ReceiveMessage", body).await;
            for message in page["Messages"].as_array().into_iter().flatten() {
                self.add(Place::Queue, &message.to_string());
            }
        }
    }

    fn add(&mut self, place: Place, text: &str) {
        let all = self.0.entry(place).or_default();
        all.push_str(&text.replace('\n', " "));
        all.push('\n');
    }
}

/// The lines that have it as a word of its own: eight digits may be part of a longer number by
/// chance.
fn lines_with<'a>(text: &'a str, sought: &'a str) -> impl Iterator<Item = &'a str> {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let whole = move |at: &usize| {
        let (before, after) = (&text[..*at], &text[at + sought.len()..]);
        !is_word(before.chars().next_back()) && !is_word(after.chars().next())
    };
    let line = |at: usize| {
        let begin = text[..at].rfind('\n').map_or(0, |end| end + 1);
        text[begin..].lines().next().unwrap()
    };
    let found = text.match_indices(sought).map(|(at, _)| at);
    found.filter(whole).map(line)
}

/// The last test that used a stage ends with the search.
impl Drop for Stage {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let search = || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let dump = runtime.block_on(Dump::of(self));
            dump.findings(&self.known())
        };
        let found = std::thread::scope(|scope| scope.spawn(search).join().unwrap());
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}
