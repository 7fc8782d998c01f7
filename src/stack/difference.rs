//! What a change set would change: resource by resource, property by property.

use std::fmt;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{
    Change, Replacement, ResourceChange, ResourceChangeDetail, TemplateStage,
};
use serde::Serialize;
use serde_json::Value;

use super::{Error, Stack};
use crate::aws::failed;

/// A resource that would change.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct ResourceDifference {
    /// CloudFormation's word: `Add`, `Modify`, `Remove`, `Import`, `Dynamic`.
    pub action: String,
    pub logical_id: String,
    pub resource_type: String,
    /// CloudFormation's word: `True`, `False`, `Conditional`; empty where it does not apply.
    pub replacement: String,
    pub properties: Vec<PropertyDifference>,
}

/// A property of it, before and after; none where CloudFormation tells no value.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct PropertyDifference {
    /// A JSON pointer into the resource, such as `/Properties/Timeout`.
    pub path: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// What hides a secret.
const MASK: &str = "****";

/// Names under which the template has secrets: variables of functions, and the header by which the API
/// knows CloudFront. CloudFormation masks them too, but not in all it shows.
const SECRETS: [&str; 3] = ["MAC_KEY", "ORIGIN_SECRET", "HeaderValue"];

impl ResourceDifference {
    pub fn of(change: &Change) -> Option<ResourceDifference> {
        let resource = change.resource_change()?;
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Some(ResourceDifference {
            action: text(resource.action().map(|action| action.as_str())),
            logical_id: text(resource.logical_resource_id()),
            resource_type: text(resource.resource_type()),
            replacement: text(resource.replacement().map(Replacement::as_str)),
            properties: properties(resource),
        })
    }
}

/// The properties that would change, once each: CloudFormation lists one for every cause.
fn properties(resource: &ResourceChange) -> Vec<PropertyDifference> {
    let mut properties: Vec<PropertyDifference> = Vec::new();
    for found in resource.details().iter().filter_map(property) {
        match properties.iter_mut().find(|known| known.path == found.path) {
            Some(known) if known.after.is_none() => *known = found,
            Some(_) => {}
            None => properties.push(found),
        }
    }
    properties
}

fn property(detail: &ResourceChangeDetail) -> Option<PropertyDifference> {
    let target = detail.target()?;
    let path = match (target.path(), target.name()) {
        (Some(path), _) if !path.is_empty() => path.to_owned(),
        (_, Some(name)) => format!("/Properties/{name}"),
        _ => format!("/{}", target.attribute()?.as_str()),
    };
    let shown = |value: Option<&str>| Some(masked(&path, value?));
    Some(PropertyDifference {
        before: shown(target.before_value()),
        after: shown(target.after_value()),
        path,
    })
}

/// The value without what is secret in it, be it the value itself or deep inside.
pub fn masked(path: &str, value: &str) -> String {
    if path.split('/').any(|part| SECRETS.contains(&part)) {
        return MASK.to_owned();
    }
    match serde_json::from_str::<Value>(value) {
        Ok(mut json @ (Value::Object(_) | Value::Array(_))) => {
            mask(&mut json);
            json.to_string()
        }
        _ => value.to_owned(),
    }
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if SECRETS.contains(&key.as_str()) {
                    *value = MASK.into();
                } else {
                    mask(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

impl fmt::Display for ResourceDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let replaced = match self.replacement.as_str() {
            "True" => ", REPLACED",
            "Conditional" => ", perhaps REPLACED",
            _ => "",
        };
        let action = self.action.to_lowercase();
        let (name, kind) = (&self.logical_id, &self.resource_type);
        write!(f, "{action:<7} {name} ({kind}{replaced})")?;
        for property in &self.properties {
            write!(f, "\n          {}", property.path)?;
            if property.before.is_some() || property.after.is_some() {
                let shown = |value: &Option<String>| value.clone().unwrap_or("?".to_owned());
                let (before, after) = (shown(&property.before), shown(&property.after));
                write!(f, ": {before} -> {after}")?;
            }
        }
        Ok(())
    }
}

/// The template that the stack was made from, as it was sent.
pub async fn template_of(client: &Client, stack: &Stack) -> Result<String, Error> {
    let found = client
        .get_template()
        .stack_name(&stack.name)
        .template_stage(TemplateStage::Original)
        .send()
        .await
        .map_err(failed(format!("read the template of {}", stack.name)))?;
    Ok(found.template_body.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::types::{
        ChangeAction, ResourceAttribute, ResourceTargetDefinition,
    };

    use super::*;

    fn detail(path: &str, before: Option<&str>, after: Option<&str>) -> ResourceChangeDetail {
        let target = ResourceTargetDefinition::builder()
            .attribute(ResourceAttribute::Properties)
            .path(path)
            .set_before_value(before.map(str::to_owned))
            .set_after_value(after.map(str::to_owned));
        ResourceChangeDetail::builder()
            .target(target.build())
            .build()
    }

    fn difference(details: Vec<ResourceChangeDetail>) -> ResourceDifference {
        let resource = ResourceChange::builder()
            .action(ChangeAction::Modify)
            .logical_resource_id("ApiFunction")
            .resource_type("AWS::Lambda::Function")
            .replacement(Replacement::Conditional)
            .set_details(Some(details));
        let change = Change::builder().resource_change(resource.build()).build();
        ResourceDifference::of(&change).unwrap()
    }

    #[test]
    fn a_property_is_told_once_with_its_values() {
        let found = difference(vec![
            detail("/Properties/Timeout", None, None),
            detail("/Properties/Timeout", Some("10"), Some("20")),
            detail("/Properties/Timeout", Some("10"), Some("20")),
            detail("/Properties/Code/S3Key", Some("a.zip"), None),
            detail("/Properties/Layers", None, None),
        ]);
        insta::assert_snapshot!(found);
    }

    #[test]
    fn no_secret_is_shown() {
        let environment = r#"{"Variables":{"MAC_KEY":"k1","LINK_TABLE":"t"}}"#;
        let origins = r#"[{"OriginCustomHeaders":[{"HeaderName":"x","HeaderValue":"s1"}]}]"#;
        let found = difference(vec![
            detail(
                "/Properties/Environment/Variables/ORIGIN_SECRET",
                Some("o1"),
                Some("o2"),
            ),
            detail(
                "/Properties/Environment",
                Some(environment),
                Some(environment),
            ),
            detail(
                "/Properties/DistributionConfig/Origins",
                Some(origins),
                None,
            ),
        ]);
        let shown = format!("{found} {}", serde_json::to_string(&found).unwrap());
        for secret in ["o1", "o2", "k1", "s1"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.contains("LINK_TABLE"), "{shown}");
    }
}
