//! Events as JSON Lines.

use std::time::Instant;

use serde::Serialize;

use crate::event::Event;

pub struct Json {
    began: Instant,
}

impl Json {
    pub fn new() -> Json {
        Json {
            began: Instant::now(),
        }
    }

    /// One event with `seconds` since the start.
    pub fn line(&mut self, event: &Event) -> String {
        #[derive(Serialize)]
        struct Line<'a> {
            seconds: f64,
            #[serde(flatten)]
            event: &'a Event,
        }
        let seconds = (self.began.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
        serde_json::to_string(&Line { seconds, event }).unwrap_or_else(|error| error.to_string())
    }
}
