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
        return data_may_go(&endangered, holdings, arguments.replace_data, config);
    }
    if config.protected {
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
    config: &Config,
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
            insist(
                &what,
                config.stage.as_str(),
                &format!("--replace-data {total}"),
            )?;
            Ok(())
        }
    }
}
