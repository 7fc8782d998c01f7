use std::fmt;
use std::num::{NonZeroU32, ParseIntError};
use std::ops::RangeInclusive;
use std::str::FromStr;

/// How long a link is good. It reads from a number of seconds and shows itself in words.
#[derive(Clone, Copy, Debug)]
pub struct Lifetime(NonZeroU32);

/// What an administrator may choose: a minute to 7 days, as the configuration of a stage.
const CHOICE: RangeInclusive<u64> = 60..=604_800;

impl Lifetime {
    /// The lifetime that an administrator chose; `None` if nobody may.
    pub fn chosen(seconds: u64) -> Option<Self> {
        let allowed = CHOICE.contains(&seconds).then_some(seconds)?;
        NonZeroU32::new(allowed.try_into().ok()?).map(Self)
    }

    pub fn seconds(self) -> u64 {
        self.0.get().into()
    }
}

impl FromStr for Lifetime {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Lifetime {
    /// The two largest units that are not zero; what is smaller is left out, so that the words
    /// never promise more than there is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.get();
        let units = [
            (seconds / 86_400, "day"),
            (seconds / 3_600 % 24, "hour"),
            (seconds / 60 % 60, "minute"),
            (seconds % 60, "second"),
        ];
        let filled = units.iter().filter(|(count, _)| *count > 0).take(2);
        for (position, (count, unit)) in filled.enumerate() {
            let and = if position == 0 { "" } else { " and " };
            let plural = if *count == 1 { "" } else { "s" };
            write!(f, "{and}{count} {unit}{plural}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shows_itself_in_words() {
        for (seconds, words) in [
            ("60", "1 minute"),
            ("90", "1 minute and 30 seconds"),
            ("1800", "30 minutes"),
            ("3600", "1 hour"),
            ("5400", "1 hour and 30 minutes"),
            ("86400", "1 day"),
            ("90061", "1 day and 1 hour"),
            ("604800", "7 days"),
        ] {
            let lifetime: Lifetime = seconds.parse().unwrap();
            assert_eq!(lifetime.to_string(), words);
        }
    }

    #[test]
    fn a_minute_to_seven_days_can_be_chosen() {
        for (seconds, allowed) in [
            (0, false),
            (59, false),
            (60, true),
            (604_800, true),
            (604_801, false),
            (u64::from(u32::MAX) + 61, false),
        ] {
            assert_eq!(Lifetime::chosen(seconds).is_some(), allowed, "{seconds}");
        }
    }

    #[test]
    fn a_link_that_is_never_good_is_refused() {
        for wrong in ["", "0", "-1", "1.5", "30m"] {
            assert!(wrong.parse::<Lifetime>().is_err(), "{wrong:?}");
        }
    }
}
