//! Waits for what must serve. A change set in express mode is done when everything is configured
//! (CloudFormation user guide, "express mode"); what is being made ready then is looked at here.

use std::time::Duration;

use aws_sdk_cloudfront::Client as CloudFront;
use aws_sdk_lambda::Client as Lambda;
use aws_sdk_lambda::types::{LastUpdateStatus, State};
use tokio::time::{Instant, sleep};

use crate::aws::{self, Cloud, failed};
use crate::event::{Progress, Step};
use crate::plan::Function;
use crate::stack::Stack;

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(2);
/// A change of a distribution takes minutes to reach every edge.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Waits until the functions run this code and the distribution is at every edge. The HTTP API is
/// there as soon as it is configured. A distribution that takes longer than 15 minutes is a warning:
/// it goes on by itself, and serves meanwhile as it did before.
pub async fn wait(cloud: &Cloud, stack: &Stack, progress: &Progress) -> Result<(), Error> {
    let mut waiting = Waiting {
        progress,
        step: None,
    };
    let (lambda, cloudfront) = (cloud.lambda(), cloud.cloudfront());
    for function in Function::ALL {
        let name = function.name(&stack.name);
        function_is_active(&lambda, &name, &mut waiting).await?;
    }
    let distribution = stack.output("DistributionId")?;
    if distribution_is_deployed(&cloudfront, distribution, &mut waiting).await? {
        waiting.ends("ready");
    } else {
        waiting.ends("the functions are ready");
        progress.warn(format!(
            "the distribution {distribution} is still on its way to the edges; nothing has to be done"
        ));
    }
    Ok(())
}

/// A step that nobody hears of where there is nothing to wait for.
struct Waiting<'a> {
    progress: &'a Progress,
    step: Option<Step>,
}

impl Waiting<'_> {
    async fn for_a_while(&mut self, what: &str) {
        let begin = || self.progress.step("Wait for what serves");
        self.step.get_or_insert_with(begin).progress(what);
        sleep(PAUSE).await;
    }

    fn ends(self, how: &str) {
        if let Some(step) = self.step {
            step.done(how);
        }
    }
}

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Aws(#[from] aws::Error),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Stack(#[from] crate::stack::Error),
    #[error("the function {name} does not become active: {reason}")]
    #[diagnostic(
        code(mlink::readiness::function),
        help(
            "The stack is applied. `aws lambda get-function --function-name NAME` tells more; then deploy again."
        )
    )]
    Function { name: String, reason: String },
}

async fn function_is_active(
    lambda: &Lambda,
    name: &str,
    waiting: &mut Waiting<'_>,
) -> Result<(), Error> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let function = lambda
            .get_function_configuration()
            .function_name(name)
            .send()
            .await
            .map_err(failed(format!("look at the function {name}")))?;
        let reason = match (function.state(), function.last_update_status()) {
            (Some(State::Failed), _) => function.state_reason(),
            (_, Some(LastUpdateStatus::Failed)) => function.last_update_status_reason(),
            // A function that nobody called for weeks is inactive, and serves the next call.
            (Some(State::Pending), _) | (_, Some(LastUpdateStatus::InProgress)) => {
                if Instant::now() < deadline {
                    waiting.for_a_while(name).await;
                    continue;
                }
                Some("it takes longer than 15 minutes")
            }
            _ => return Ok(()),
        };
        return Err(Error::Function {
            name: name.to_owned(),
            reason: reason.unwrap_or("AWS gave no reason").to_owned(),
        });
    }
}

async fn distribution_is_deployed(
    cloudfront: &CloudFront,
    id: &str,
    waiting: &mut Waiting<'_>,
) -> Result<bool, Error> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = cloudfront
            .get_distribution()
            .id(id)
            .send()
            .await
            .map_err(failed(format!("look at the distribution {id}")))?;
        let status = found.distribution.map(|distribution| distribution.status);
        if status.as_deref() != Some("InProgress") {
            return Ok(true);
        }
        if Instant::now() > deadline {
            return Ok(false);
        }
        waiting.for_a_while(id).await;
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};

    use super::*;

    /// Looks at a function that is in one state after the other.
    async fn looked_at(states: Vec<(State, LastUpdateStatus)>) -> (Result<(), Error>, usize) {
        let mut looks = mock!(Lambda::get_function_configuration).sequence();
        for (state, update) in states {
            looks = looks.output(move || {
                GetFunctionConfigurationOutput::builder()
                    .state(state.clone())
                    .last_update_status(update.clone())
                    .last_update_status_reason("no such image")
                    .build()
            });
        }
        let looks = looks.build();
        let lambda = mock_client!(aws_sdk_lambda, RuleMode::Sequential, [&looks]);
        let progress = Progress::silent();
        let mut waiting = Waiting {
            progress: &progress,
            step: None,
        };
        let result = function_is_active(&lambda, "mlink-dev-api", &mut waiting).await;
        (result, looks.num_calls())
    }

    #[tokio::test(start_paused = true)]
    async fn a_function_is_awaited_until_it_is_active_and_updated() {
        use LastUpdateStatus as Update;
        let states = vec![
            (State::Pending, Update::InProgress),
            (State::Active, Update::InProgress),
            (State::Active, Update::Successful),
        ];
        let (result, looks) = looked_at(states).await;
        result.unwrap();
        assert_eq!(looks, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_function_that_fails_is_a_failure_with_its_reason() {
        let states = vec![(State::Active, LastUpdateStatus::Failed)];
        let (result, _) = looked_at(states).await;
        let error = result.unwrap_err().to_string();
        let expected = "the function mlink-dev-api does not become active: no such image";
        assert_eq!(error, expected);
    }
}
