//! What the statements of templates/stack.yaml give the functions' roles.

use std::collections::BTreeSet;
use std::path::Path;

use serde_yaml::Value;

/// One that allows something.
pub struct Statement {
    /// The template's condition under which it is there at all.
    pub only_if: Option<String>,
    body: Value,
}

impl Statement {
    /// All those of a role, in it or attached to it.
    pub fn of(role: &str) -> Vec<Statement> {
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/stack.yaml");
        let template = std::fs::read_to_string(template).unwrap();
        let template: Value = serde_yaml::from_str(&template).unwrap();
        let mut statements = Vec::new();
        for (name, resource) in template["Resources"].as_mapping().unwrap() {
            let properties = &resource["Properties"];
            let attached = sequence(&properties["Roles"]).any(|of| is(of, "!Ref", role));
            let documents = if name.as_str() == Some(role) {
                sequence(&properties["Policies"])
                    .map(|policy| &policy["PolicyDocument"])
                    .collect()
            } else if attached {
                vec![&properties["PolicyDocument"]]
            } else {
                continue;
            };
            assert!(properties["ManagedPolicyArns"].is_null(), "{role}");
            for body in documents
                .into_iter()
                .flat_map(|document| sequence(&document["Statement"]))
            {
                assert_eq!(body["Effect"].as_str(), Some("Allow"));
                let only_if = resource["Condition"].as_str().map(str::to_owned);
                let body = body.clone();
                statements.push(Statement { only_if, body });
            }
        }
        assert!(!statements.is_empty(), "{role}");
        statements
    }

    pub fn actions(&self) -> BTreeSet<String> {
        let actions = &self.body["Action"];
        let all = sequence(actions).chain(actions.is_string().then_some(actions));
        all.map(|action| action.as_str().unwrap().to_owned())
            .collect()
    }

    /// Whether it is about one resource of the stack alone.
    pub fn names_its_resource(&self) -> bool {
        matches!(&self.body["Resource"], Value::Tagged(_))
    }

    /// Whether items of this partition are among those it is for.
    pub fn is_for_partition(&self, pk: &str) -> bool {
        let Some(condition) = self.body["Condition"].as_mapping() else {
            return true;
        };
        condition.iter().all(|(operator, keys)| {
            let patterns = sequence(&keys["dynamodb:LeadingKeys"]).map(|key| key.as_str().unwrap());
            match operator.as_str().unwrap() {
                "ForAllValues:StringLike" => patterns.into_iter().any(|like| is_like(pk, like)),
                "ForAllValues:StringEquals" => patterns.into_iter().any(|equal| pk == equal),
                other => panic!("{other}"),
            }
        })
    }

    /// Whether it is for mails from the configured sender, and where there is none for none.
    pub fn is_for_the_sender_only(&self) -> bool {
        let condition = &self.body["Condition"]["StringEquals"];
        let Value::Tagged(from) = &condition["ses:FromAddress"] else {
            return false;
        };
        let choice: Vec<_> = sequence(&from.value).collect();
        from.tag == "!If"
            && choice[0].as_str() == Some("HasMail")
            && is(choice[1], "!Ref", "EmailFromAddress")
            && !choice[2].as_str().unwrap().contains('@')
    }
}

fn sequence(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_sequence().into_iter().flatten()
}

fn is(value: &Value, tag: &str, text: &str) -> bool {
    matches!(value, Value::Tagged(tagged) if tagged.tag == tag && tagged.value.as_str() == Some(text))
}

/// As IAM has it, where `*` is any text.
fn is_like(text: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => text == pattern,
        Some((head, tail)) => text
            .strip_prefix(head)
            .is_some_and(|rest| (0..=rest.len()).any(|at| is_like(&rest[at..], tail))),
    }
}
