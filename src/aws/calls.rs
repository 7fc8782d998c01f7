//! Reports each attempt of each API call as an event, for `--verbose`.

use std::time::Instant;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

use crate::event::{Event, Progress};

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
        self.progress.send(Event::AwsCall {
            service: metadata.service().to_owned(),
            operation: metadata.name().to_owned(),
            attempt: attempt.number,
            ok: context
                .output_or_error()
                .is_some_and(|result| result.is_ok()),
            milliseconds: u64::try_from(attempt.began.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
        Ok(())
    }
}
