use std::collections::HashMap;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use mlink_core::table::slot;
use thiserror::Error;

#[derive(Debug, Error)]
#[error("it is no number from 1 to 20")]
pub struct SlotsError;

/// How many entries a list in an item can have. The list is the attributes that
/// [`slot`] names, the newest entry in the first; one update moves all of them.
#[derive(Clone, Copy, Debug)]
pub struct Slots(u32);

/// Assignments after `SET`, and the values in them.
pub struct Change {
    pub assignments: String,
    pub values: HashMap<String, AttributeValue>,
}

impl FromStr for Slots {
    type Err = SlotsError;

    fn from_str(text: &str) -> Result<Self, SlotsError> {
        let number = text.parse().map_err(|_| SlotsError)?;
        let allowed = (1..=20).contains(&number);
        allowed.then_some(Self(number)).ok_or(SlotsError)
    }
}

impl Slots {
    pub const FIRST: u32 = 1;

    pub fn last(self) -> u32 {
        self.0
    }

    /// Puts an entry in front and every other one further; the last one falls out. Of entries that
    /// there are not yet, `empty` takes the place, since a missing attribute cannot be assigned.
    pub fn push(self, new: AttributeValue, empty: AttributeValue) -> Change {
        let moves = (Self::FIRST..self.0).map(|from| moved(from, from + 1));
        let front = format!("{} = :new", slot(Self::FIRST));
        let mut values = HashMap::from([(":new".to_owned(), new)]);
        // DynamoDB refuses a value that nothing mentions.
        if self.0 > 1 {
            values.insert(":empty".to_owned(), empty);
        }
        Change {
            assignments: moves.chain([front]).collect::<Vec<_>>().join(", "),
            values,
        }
    }

    /// The reverse, as far as it goes: the entry in front falls out, the last one is empty.
    pub fn pull(self, empty: AttributeValue) -> Change {
        let moves = (Self::FIRST..self.0).map(|to| moved(to + 1, to));
        let back = format!("{} = :empty", slot(self.0));
        Change {
            assignments: moves.chain([back]).collect::<Vec<_>>().join(", "),
            values: HashMap::from([(":empty".to_owned(), empty)]),
        }
    }
}

fn moved(from: u32, to: u32) -> String {
    format!("{} = if_not_exists({}, :empty)", slot(to), slot(from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Item = HashMap<String, AttributeValue>;

    fn text(text: &str) -> AttributeValue {
        AttributeValue::S(text.to_owned())
    }

    /// What DynamoDB makes of the assignments: all are read from the item as it was.
    fn update(item: &Item, change: &Change) -> Item {
        let mut updated = item.clone();
        for assignment in change.assignments.split(", s") {
            let (to, value) = assignment
                .trim_start_matches('s')
                .split_once(" = ")
                .unwrap();
            let value = match value.strip_prefix("if_not_exists(") {
                Some(operands) => {
                    let (from, default) = operands.trim_end_matches(')').split_once(", ").unwrap();
                    item.get(from).unwrap_or_else(|| &change.values[default])
                }
                None => &change.values[value],
            };
            updated.insert(format!("s{to}"), value.clone());
        }
        updated
    }

    #[test]
    fn the_assignments_move_every_entry() {
        let slots: Slots = "3".parse().unwrap();
        let push = slots.push(text("new"), text(""));
        assert_eq!(
            push.assignments,
            "s2 = if_not_exists(s1, :empty), s3 = if_not_exists(s2, :empty), s1 = :new"
        );
        let pull = slots.pull(text(""));
        assert_eq!(
            pull.assignments,
            "s1 = if_not_exists(s2, :empty), s2 = if_not_exists(s3, :empty), s3 = :empty"
        );
    }

    #[test]
    fn there_is_one_slot_at_least_and_twenty_at_most() {
        for wrong in ["", "0", "21", "-1", "five"] {
            assert!(wrong.parse::<Slots>().is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn the_newest_entries_stay_in_their_order(slots in 1u32..=20, pushed in 0usize..50) {
            let slots: Slots = slots.to_string().parse().unwrap();
            let mut item = Item::new();
            for entry in 1..=pushed {
                item = update(&item, &slots.push(text(&entry.to_string()), text("")));
            }
            for number in Slots::FIRST..=slots.last() {
                let expected = (pushed + 1).checked_sub(number as usize).filter(|entry| *entry > 0);
                let expected = expected.map(|entry| entry.to_string()).unwrap_or_default();
                let found = item.get(&slot(number)).map(|entry| entry.as_s().unwrap().as_str());
                prop_assert_eq!(found.unwrap_or_default(), expected);
            }
        }

        #[test]
        fn what_was_pushed_is_pulled_out_again(slots in 1u32..=20, pushed in 0usize..50) {
            let slots: Slots = slots.to_string().parse().unwrap();
            let mut before = Item::new();
            for entry in 1..=pushed {
                before = update(&before, &slots.push(text(&entry.to_string()), text("")));
            }
            let after = update(&before, &slots.push(text("new"), text("")));
            let after = update(&after, &slots.pull(text("")));
            for number in Slots::FIRST..slots.last() {
                let entry = |item: &Item| item.get(&slot(number)).cloned().unwrap_or(text(""));
                prop_assert_eq!(entry(&after), entry(&before));
            }
            prop_assert_eq!(&after[&slot(slots.last())], &text(""));
        }

        #[test]
        fn every_value_is_mentioned(slots in 1u32..=20) {
            let slots: Slots = slots.to_string().parse().unwrap();
            for change in [slots.push(text("new"), text("")), slots.pull(text(""))] {
                for name in [":new", ":empty"] {
                    let mentioned = change.assignments.contains(name);
                    prop_assert_eq!(mentioned, change.values.contains_key(name));
                }
            }
        }
    }
}
