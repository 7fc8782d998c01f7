//! Reports each attempt of each API call as an event, for `--verbose`, and a call that keeps failing.

use std::time::Instant;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use aws_smithy_types::retry::RetryConfig;

use crate::event::{Event, Progress};

/// After so many attempts a person is told why nothing moves: some seconds have passed by then.
const TOLD: u32 = 4;

#[derive(Clone, Debug)]
pub struct CallLog {
    progress: Progress,
}

impl CallLog {
    pub fn new(progress: Progress) -> CallLog {
        CallLog { progress }
    }
}

/// When the running attempt began, and which one it is.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    number: u32,
    began: Instant,
}

impl Storable for Attempt {
    type Storer = StoreReplace<Attempt>;
}

#[dyn_dispatch_hint]
impl Intercept for CallLog {
    fn name(&self) -> &'static str {
        "CallLog"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let number = bag
            .load::<Attempt>()
            .map_or(1, |attempt| attempt.number + 1);
        bag.interceptor_state().store_put(Attempt {
            number,
            began: Instant::now(),
        });
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (Some(metadata), Some(attempt)) = (bag.load::<Metadata>(), bag.load::<Attempt>())
        else {
            return Ok(());
        };
        let ok = context
            .output_or_error()
            .is_some_and(|result| result.is_ok());
        let most = bag
            .load::<RetryConfig>()
            .map_or(1, RetryConfig::max_attempts);
        if !ok && attempt.number == TOLD && attempt.number < most {
            let (service, operation) = (metadata.service(), metadata.name());
            self.progress.note(format!(
                "{service} has failed {operation} {TOLD} times; asking on"
            ));
        }
        self.progress.send(Event::AwsCall {
            service: metadata.service().to_owned(),
            operation: metadata.name().to_owned(),
            attempt: attempt.number,
            ok,
            milliseconds: u64::try_from(attempt.began.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{Arc, Mutex};

    use crate::aws::double::Double;

    use super::*;

    /// What a person is told while so many attempts at a call fail.
    async fn told(failures: u32) -> Vec<String> {
        let asked = AtomicU32::new(0);
        let double = Double::new(move |_, _| {
            let failed = asked.fetch_add(1, Ordering::Relaxed) < failures;
            (if failed { 503 } else { 200 }, "text/xml", String::new())
        });
        let told = Arc::new(Mutex::new(Vec::new()));
        let sink = told.clone();
        let mut cloud = double.cloud();
        cloud.calls = CallLog::new(Progress::new(move |event| {
            if let Event::Note { text } = event {
                sink.lock().unwrap().push(text);
            }
        }));
        let sdk = cloud.sdk.to_builder();
        cloud.sdk = sdk.retry_config(crate::aws::retries()).build();
        let head = cloud.s3().head_bucket().bucket("site").send().await;
        assert_eq!(head.is_ok(), failures < 10);
        let told = told.lock().unwrap();
        told.clone()
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_a_call_that_keeps_failing_is_told_once() {
        assert_eq!(told(3).await, Vec::<String>::new());
        let expected = ["S3 has failed HeadBucket 4 times; asking on"];
        assert_eq!(told(4).await, expected);
        assert_eq!(told(10).await, expected);
    }
}
