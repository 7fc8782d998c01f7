/// One finished round of a sign-in, as Cognito reports it to the Define trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// Whether it was a challenge of ours, `CUSTOM_CHALLENGE`.
    pub custom: bool,
    /// Whether it was answered rightly.
    pub passed: bool,
}

/// What follows the rounds so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    IssueTokens,
    Fail,
    Challenge,
}

/// Wrong answers after which a sign-in is over.
const WRONG_ANSWERS: usize = 3;

impl Next {
    /// Decides from the whole session, never from its last round alone: a client may begin with
    /// `SRP_A`, whose round counts as passed although nothing secret was shown.
    pub fn after(session: &[Round]) -> Self {
        let wrong = session.iter().filter(|round| !round.passed).count();
        let all_ours = session.iter().all(|round| round.custom);
        let last_passed = session.last().is_some_and(|round| round.passed);

        if wrong >= WRONG_ANSWERS {
            Self::Fail
        } else if all_ours && last_passed {
            Self::IssueTokens
        } else {
            Self::Challenge
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Next::{Challenge, Fail, IssueTokens};
    use super::*;

    const RIGHT: Round = Round {
        custom: true,
        passed: true,
    };
    const WRONG: Round = Round {
        custom: true,
        passed: false,
    };
    /// `SRP_A` and its like: passed, and yet no proof of anything.
    const FOREIGN: Round = Round {
        custom: false,
        passed: true,
    };
    const FOREIGN_WRONG: Round = Round {
        custom: false,
        passed: false,
    };

    #[test]
    fn the_table() {
        let table: &[(&[Round], Next)] = &[
            (&[], Challenge),
            (&[RIGHT], IssueTokens),
            (&[WRONG], Challenge),
            (&[WRONG, RIGHT], IssueTokens),
            (&[WRONG, WRONG], Challenge),
            (&[WRONG, WRONG, RIGHT], IssueTokens),
            (&[WRONG, WRONG, WRONG], Fail),
            (&[WRONG, WRONG, WRONG, RIGHT], Fail),
            (&[WRONG, WRONG, WRONG, WRONG], Fail),
            (&[RIGHT, WRONG], Challenge),
            (&[FOREIGN], Challenge),
            (&[FOREIGN, RIGHT], Challenge),
            (&[RIGHT, FOREIGN], Challenge),
            (&[FOREIGN, FOREIGN], Challenge),
            (&[FOREIGN, WRONG, RIGHT], Challenge),
            (&[FOREIGN, WRONG, WRONG, WRONG], Fail),
            (&[FOREIGN_WRONG], Challenge),
            (&[FOREIGN_WRONG, RIGHT], Challenge),
            (&[FOREIGN_WRONG, WRONG, WRONG], Fail),
        ];
        for (session, expected) in table {
            assert_eq!(Next::after(session), *expected, "{session:?}");
        }
    }

    /// Every session of up to five rounds: tokens need every round to be ours and the last passed.
    #[test]
    fn tokens_are_never_issued_otherwise() {
        let kinds = [RIGHT, WRONG, FOREIGN, FOREIGN_WRONG];
        for length in 0..=5_u32 {
            for number in 0..4_usize.pow(length) {
                let session: Vec<Round> = (0..length)
                    .map(|place| kinds[number / 4_usize.pow(place) % 4])
                    .collect();
                if Next::after(&session) == IssueTokens {
                    assert!(session.iter().all(|round| round.custom), "{session:?}");
                    assert_eq!(session.last(), Some(&RIGHT), "{session:?}");
                }
            }
        }
    }
}
