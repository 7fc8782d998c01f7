//! What a person has to agree to before a change set is executed.

use super::{Error, Place};
use crate::cli::{self, Global};
use crate::config::Config;
use crate::holdings::Holdings;
use crate::stack::{Endangered, Proposal};
use crate::terminal::{confirm, insist};

/// Asks what has to be asked of a change to a stack that is there.
pub async fn agree(
    proposal: &Proposal,
    arguments: &cli::Deploy,
    global: &Global,
    config: &Config,
    place: &Place,
) -> Result<(), Error> {
    let endangered = proposal.endangered();
    if !endangered.is_empty() {
        let holdings = Holdings::of(&place.cloud, &endangered).await?;
        data_may_go(
            &endangered,
            holdings,
            arguments.replace_data,
            config.stage.as_str(),
        )?;
    }
    if config.protected && (endangered.is_empty() || arguments.replace_data.is_some()) {
        let what = format!(
            "This changes the protected stage {}: {}",
            config.stage,
            proposal.summary()
        );
        confirm(global, &what, config.stage.as_str())?;
    }
    Ok(())
}

/// `--yes` is not enough: it says that somebody wants no questions, not that they have seen this one.
fn data_may_go(
    endangered: &[Endangered],
    holdings: Holdings,
    replace_data: Option<u64>,
    stage: &str,
) -> Result<(), Error> {
    let names: Vec<&str> = endangered.iter().map(|e| e.logical_id.as_str()).collect();
    let names = names.join(" and ");
    let total = holdings.total();
    match replace_data {
        Some(count) if count == total => Ok(()),
        Some(count) => Err(Error::Guard(
            format!("--replace-data {count}, but this change takes {names} away, with {holdings}"),
            format!("If that is meant, say `--replace-data {total}`."),
        )),
        None => {
            let what = format!("This change takes {names} away, with {holdings}");
            insist(&what, stage, &format!("--replace-data {total}"))?;
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(replace_data: Option<u64>) -> Result<(), Error> {
        let pool = Endangered {
            logical_id: "UserPool".to_owned(),
            resource_type: "AWS::Cognito::UserPool".to_owned(),
            physical_id: "eu-west-1_1".to_owned(),
        };
        let holdings = Holdings {
            users: Some(3),
            items: Some(1),
        };
        data_may_go(&[pool], holdings, replace_data, "prod")
    }

    /// Tests have no terminal to type at.
    #[test]
    fn data_goes_only_when_its_count_is_named() {
        assert!(asked(Some(4)).is_ok());
        let counted = asked(Some(3)).unwrap_err().to_string();
        let expected = "--replace-data 3, but this change takes UserPool away, with about 3 users \
                        and 1 item (AWS counts items every six hours)";
        assert_eq!(counted, expected);
        let untyped = asked(None).unwrap_err();
        let help = miette::Diagnostic::help(&untyped).unwrap().to_string();
        assert!(help.contains("`--replace-data 4`"), "{help}");
        assert_eq!(untyped.exit(), super::super::Exit::Refused);
    }

    #[test]
    fn what_a_person_sees_of_data_that_would_go() {
        let refusals = [asked(Some(3)), asked(None)].map(Result::unwrap_err);
        let shown = refusals.map(|refusal| crate::terminal::shown(&refusal));
        insta::assert_snapshot!(shown.join("\n\n"));
    }
}
