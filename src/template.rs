//! The template: sent to AWS byte for byte, overlaid for the local cloud.

mod lines;

use std::path::{Path, PathBuf};

use serde_yaml::Value;
use sha2::{Digest, Sha256};

/// CreateChangeSet takes no larger TemplateBody (bytes; CloudFormation quotas).
const LARGEST: usize = 51_200;

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    #[error("could not read the template")]
    #[diagnostic(code(mlink::template::read))]
    Read(#[from] std::io::Error),
    #[error("{} is not a CloudFormation template: {message}", .file.display())]
    #[diagnostic(code(mlink::template::form))]
    Form { file: PathBuf, message: String },
    #[error("{} has {size} bytes; CloudFormation takes {LARGEST}", .file.display())]
    #[diagnostic(
        code(mlink::template::size),
        help("Shorten its comments, or split what you added into a stack of its own.")
    )]
    Size { file: PathBuf, size: usize },
}

/// A template as it will be sent.
#[derive(Clone, Debug)]
pub struct Template {
    pub body: String,
    /// SHA-256 of the body, in hex.
    pub fingerprint: String,
    /// The files it was made of, as they are called in the project, with their texts.
    pub sources: Vec<(&'static str, String)>,
}

const STACK: &str = "templates/stack.yaml";
const LOCAL: &str = "templates/local.yaml";

impl Template {
    /// `templates/stack.yaml` of the project; for the local cloud with `templates/local.yaml` over it.
    pub fn load(project: &Path, local: bool) -> Result<Template, Error> {
        let file = project.join(STACK);
        let text = fs_err::read_to_string(&file)?;
        let mut document = parse(&file, &text)?;
        let mut body = text.clone();
        let mut sources = vec![(STACK, text)];
        if local {
            let file = project.join(LOCAL);
            let text = fs_err::read_to_string(&file)?;
            overlay(&mut document, parse(&file, &text)?);
            sources.push((LOCAL, text));
            body = serde_yaml::to_string(&document).map_err(|error| Error::Form {
                file,
                message: error.to_string(),
            })?;
        }
        if body.len() > LARGEST {
            let size = body.len();
            return Err(Error::Size { file, size });
        }
        Ok(Template {
            fingerprint: hex::encode(Sha256::digest(&body)),
            body,
            sources,
        })
    }

    /// What it says about a resource, functions such as `!Ref` as they stand there.
    pub fn properties(&self, resource: &str) -> Value {
        // It was read before, or there would be no such value.
        let document: Value = serde_yaml::from_str(&self.body).unwrap_or_default();
        document["Resources"][resource]["Properties"].clone()
    }

    /// Where a resource is made, as `templates/stack.yaml:123`; or where a property of it stands, given its
    /// path as in `/Properties/Code/S3Key`. What is not found of the path leads to the nearest line above.
    /// A property that both files have is the overlay's.
    pub fn line(&self, logical_id: &str, property: &str) -> Option<String> {
        let property = property.split('/').filter(|key| !key.is_empty());
        let path: Vec<&str> = ["Resources", logical_id]
            .into_iter()
            .chain(property)
            .collect();
        let found = self.sources.iter().filter_map(|(file, text)| {
            let (depth, line) = lines::find(text, &path);
            (depth >= 2).then_some((depth, *file, line))
        });
        // `max_by_key` takes the last of equals; a resource that both have is made in the first.
        let found = match path.len() {
            2 => found.min_by_key(|(_, file, _)| *file != STACK),
            _ => found.max_by_key(|(depth, ..)| *depth),
        };
        found.map(|(_, file, line)| format!("{file}:{line}"))
    }

    /// The names of its parameters, in its order.
    #[cfg(test)]
    pub fn parameters(&self) -> Vec<String> {
        let document: Value = serde_yaml::from_str(&self.body).unwrap();
        let parameters = document["Parameters"].as_mapping().unwrap();
        parameters
            .keys()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect()
    }
}

fn parse(file: &Path, text: &str) -> Result<Value, Error> {
    let form = |message: String| Error::Form {
        file: file.to_owned(),
        message,
    };
    let document: Value = serde_yaml::from_str(text).map_err(|error| form(error.to_string()))?;
    if document
        .get("Resources")
        .is_none_or(|resources| !resources.is_mapping())
    {
        return Err(form("it has no Resources".to_owned()));
    }
    Ok(document)
}

/// Maps merge key by key, `null` removes, anything else (`!Sub` and its like too) replaces.
fn overlay(base: &mut Value, over: Value) {
    let (Value::Mapping(base), Value::Mapping(over)) = (&mut *base, &over) else {
        *base = over;
        return;
    };
    for (key, value) in over {
        match (value, base.get_mut(key)) {
            (Value::Null, _) => {
                base.remove(key);
            }
            (value, Some(below)) => overlay(below, value.clone()),
            (value, None) => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlaid(base: &str, over: &str) -> String {
        let mut base: Value = serde_yaml::from_str(base).unwrap();
        overlay(&mut base, serde_yaml::from_str(over).unwrap());
        serde_yaml::to_string(&base).unwrap()
    }

    #[test]
    fn an_overlay_merges_maps_replaces_values_and_removes_nulls() {
        let base = "a: {b: 1, c: {d: 2}, e: 3}\nf: [1, 2]\ng: !Sub '${x}'\nh: !Ref y\n";
        let over = "a: {b: 9, c: {z: !GetAtt q.w}, e: null}\nf: [3]\ng: plain\nh: !Sub '${v}'\n";
        insta::assert_snapshot!(overlaid(base, over));
    }

    #[test]
    fn the_template_goes_to_aws_byte_for_byte() {
        let project = Path::new(env!("CARGO_MANIFEST_DIR"));
        let template = Template::load(project, false).unwrap();
        let file = std::fs::read_to_string(project.join("templates/stack.yaml")).unwrap();
        assert_eq!(template.body, file);
    }

    #[test]
    fn the_local_template_differs_only_where_the_overlay_says() {
        let project = Path::new(env!("CARGO_MANIFEST_DIR"));
        let aws = Template::load(project, false).unwrap();
        let local = Template::load(project, true).unwrap();
        let mut expected = aws.parameters();
        expected.push("LocalPort".to_owned());
        assert_eq!(local.parameters(), expected);
        assert_ne!(local.fingerprint, aws.fingerprint);
    }

    #[test]
    fn every_resource_has_a_line_and_it_is_the_one_that_makes_it() {
        let project = Path::new(env!("CARGO_MANIFEST_DIR"));
        let template = Template::load(project, true).unwrap();
        let document: Value = serde_yaml::from_str(&template.body).unwrap();
        for logical in document["Resources"].as_mapping().unwrap().keys() {
            let logical = logical.as_str().unwrap();
            let place = template.line(logical, "").unwrap();
            let (file, line) = place.split_once(':').unwrap();
            let text = std::fs::read_to_string(project.join(file)).unwrap();
            let line = text.lines().nth(line.parse::<usize>().unwrap() - 1);
            assert_eq!(line, Some(format!("  {logical}:").as_str()), "{place}");
            let expected = match logical {
                "LocalSender" => LOCAL,
                _ => STACK,
            };
            assert_eq!(file, expected, "{logical}");
        }
        assert_eq!(template.line("Nothing", ""), None);
    }

    #[test]
    fn a_property_is_found_in_the_file_that_rules() {
        let template = |local| {
            let project = Path::new(env!("CARGO_MANIFEST_DIR"));
            Template::load(project, local).unwrap()
        };
        let says = |template: &Template, logical, path| {
            let place = template.line(logical, path).unwrap();
            let (file, line) = place.split_once(':').unwrap();
            let sources = &template.sources;
            let text = &sources.iter().find(|(name, _)| *name == file).unwrap().1;
            let line = text.lines().nth(line.parse::<usize>().unwrap() - 1);
            format!("{file}: {}", line.unwrap().trim())
        };
        let (aws, local) = (template(false), template(true));
        for (template, logical, path, expected) in [
            (
                &aws,
                "MailQueue",
                "/Properties/VisibilityTimeout",
                "templates/stack.yaml: VisibilityTimeout: 180 # six times the worker's timeout, as AWS asks of a queue that feeds Lambda",
            ),
            (
                &aws,
                "ApiFunction",
                "/Properties/Code/S3Key",
                "templates/stack.yaml: S3Key: !Ref ApiCodeKey",
            ),
            (
                &aws,
                "ApiFunction",
                "/Properties/Nonsense/3",
                "templates/stack.yaml: Properties:",
            ),
            (
                &aws,
                "Distribution",
                "/Properties/DistributionConfig/Origins/1/DomainName",
                "templates/stack.yaml: Origins:",
            ),
            (
                &local,
                "MailQueue",
                "/Properties/VisibilityTimeout",
                "templates/stack.yaml: VisibilityTimeout: 180 # six times the worker's timeout, as AWS asks of a queue that feeds Lambda",
            ),
            (
                &local,
                "MailMaySend",
                "/Properties/PolicyDocument",
                "templates/local.yaml: PolicyDocument:",
            ),
        ] {
            assert_eq!(says(template, logical, path), expected);
        }
    }

    #[test]
    fn what_is_no_template_is_refused_with_its_name() {
        let error = parse(Path::new("stack.yaml"), "Resources: [")
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("stack.yaml is not a CloudFormation template"),
            "{error}"
        );
        let error = parse(Path::new("stack.yaml"), "Parameters: {}")
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "stack.yaml is not a CloudFormation template: it has no Resources"
        );
    }
}
