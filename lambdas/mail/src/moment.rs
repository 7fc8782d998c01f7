use std::fmt;

use aws_sdk_sesv2::primitives::{DateTime, DateTimeFormat};

/// A second since 1970. It shows itself as people write it: `22 Nov 2026 at 10:45 UTC`.
#[derive(Clone, Copy)]
pub struct Moment(pub u64);

impl fmt::Display for Moment {
    /// Cut out of the one format of the SDK that has the month as a word:
    /// `Sun, 22 Nov 2026 10:45:44 GMT`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = i64::try_from(self.0).map_err(|_| fmt::Error)?;
        let date = DateTime::from_secs(seconds).fmt(DateTimeFormat::HttpDate);
        let date = date.map_err(|_| fmt::Error)?;
        let mut words = date.split(' ').skip(1);
        let mut word = || words.next().ok_or(fmt::Error);
        let (day, month, year, time) = (word()?, word()?, word()?, word()?);
        let day = day.trim_start_matches('0');
        let (minutes, _) = time.rsplit_once(':').ok_or(fmt::Error)?;
        write!(f, "{day} {month} {year} at {minutes} UTC")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shows_day_and_minute() {
        for (seconds, words) in [
            (0, "1 Jan 1970 at 00:00 UTC"),
            (1_795_344_344, "22 Nov 2026 at 10:45 UTC"),
            (1_709_251_199, "29 Feb 2024 at 23:59 UTC"),
            (1_735_689_600, "1 Jan 2025 at 00:00 UTC"),
            (1_760_054_459, "10 Oct 2025 at 00:00 UTC"),
        ] {
            assert_eq!(Moment(seconds).to_string(), words);
        }
    }
}
