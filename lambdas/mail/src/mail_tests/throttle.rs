//! How often an address is mailed.

use super::*;

fn throttled(why: Throttled) -> Cast {
    Cast {
        throttled: Some(why),
        ..Cast::default()
    }
}

#[tokio::test]
async fn a_throttled_address_gets_no_mail_whoever_has_it() {
    for why in [Throttled::Pause, Throttled::Hour] {
        for user in [Cast::default().user, Err(())] {
            let cast = Cast {
                user,
                // Whoever asks the pool has gone too far.
                pool_is_down: true,
                ..throttled(why)
            };
            let calls = Calls::default();
            assert_eq!(cast.deliver(&calls, message("r1")).await, STAYS_NOT);
            assert_eq!(calls.mails.lock().unwrap().len(), 0);
            let stopped = ["put message", "update throttle", "update message"];
            assert_eq!(calls.table(), stopped);
        }
    }
}

#[tokio::test]
async fn the_log_tells_pause_from_hour() {
    for (why, admission) in [(Throttled::Pause, "pause"), (Throttled::Hour, "hour")] {
        let outcome = throttled(why).outcome(message("r1")).await;
        assert_eq!(outcome.unwrap(), Outcome::Suppressed(admission));
    }
}

#[tokio::test]
async fn a_request_that_was_counted_and_failed_is_mailed_when_it_comes_again() {
    let calls = Calls::default();
    let again = throttled(Throttled::Again);
    assert_eq!(again.deliver(&calls, message("r1")).await, STAYS_NOT);
    assert_eq!(calls.mails.lock().unwrap().len(), 1);
    assert_eq!(calls.table(), ALL_CALLS);
}

#[tokio::test]
async fn trouble_with_the_throttle_is_no_leave_to_mail() {
    let calls = Calls::default();
    let cast = throttled(Throttled::Trouble);
    assert_eq!(cast.deliver(&calls, message("r1")).await, STAYS);
    assert_eq!(calls.mails.lock().unwrap().len(), 0);
    assert_eq!(calls.table().last().unwrap(), "delete message");
}

#[tokio::test]
async fn one_write_decides_and_counts() {
    let calls = Calls::default();
    Cast::default().deliver(&calls, message("r1")).await;
    let updates = calls.updates.lock().unwrap();
    let counted = &updates[0];
    let values = counted.expression_attribute_values().unwrap();
    assert_eq!(
        counted.update_expression(),
        Some(
            "SET s2 = if_not_exists(s1, :empty), s3 = if_not_exists(s2, :empty), \
             s4 = if_not_exists(s3, :empty), s5 = if_not_exists(s4, :empty), s1 = :new, \
             #request = :request, #ttl = :ttl"
        )
    );
    assert_eq!(
        counted.condition_expression(),
        Some(
            "(attribute_not_exists(#request) OR #request <> :request) \
             AND (attribute_not_exists(s1) OR s1 <= :pause_ago) \
             AND (attribute_not_exists(s5) OR s5 <= :hour_ago)"
        )
    );
    let now = number(&values[":new"]);
    assert!(now.abs_diff(epoch_seconds()) < 60);
    assert_eq!(number(&values[":pause_ago"]), now - 30);
    assert_eq!(number(&values[":hour_ago"]), now - 3600);
    assert_eq!(number(&values[":ttl"]), now + 3630);
    assert_eq!(number(&values[":empty"]), 0);
    assert_eq!(text_of(&values[":request"]), "r1");
    let all = format!("{counted:?}").to_lowercase();
    assert!(!all.contains("alice"), "an address is in no item");
}
