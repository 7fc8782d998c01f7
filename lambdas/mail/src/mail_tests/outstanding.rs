//! How many links of a user are out.

use dynamodb::operation::update_item::UpdateItemInput;

use super::*;

/// What became of the register.
fn changes(calls: &Calls) -> Vec<UpdateItemInput> {
    let updates = calls.updates.lock().unwrap();
    let of_register = updates
        .iter()
        .filter(|update| text_of(&update.key().unwrap()["sk"]) == "outstanding");
    of_register.cloned().collect()
}

fn revoked(calls: &Calls) -> (String, String) {
    let deletes = calls.deletes.lock().unwrap();
    let key = deletes[0].key().unwrap();
    (
        text_of(&key["pk"]).to_owned(),
        text_of(&key["sk"]).to_owned(),
    )
}

#[tokio::test]
async fn a_link_is_entered_before_it_is_made() {
    let calls = Calls::default();
    Cast::default().deliver(&calls, message("r1")).await;
    let [entered] = &changes(&calls)[..] else {
        panic!("more than one change")
    };
    let key = entered.key().unwrap();
    let values = entered.expression_attribute_values().unwrap();
    let puts = calls.puts.lock().unwrap();
    let link = puts[1].item().unwrap();
    assert_eq!(text_of(&key["pk"]), format!("user#{SUB}"));
    assert_eq!(values[":new"], link["sk"]);
    assert_eq!(values[":ttl"], link["exp"]);
    assert_eq!(text_of(&values[":empty"]), "");
    assert_eq!(entered.return_values().unwrap().as_str(), "UPDATED_OLD");
    assert_eq!(
        entered.update_expression(),
        Some(
            "SET s2 = if_not_exists(s1, :empty), s3 = if_not_exists(s2, :empty), \
             s4 = if_not_exists(s3, :empty), s5 = if_not_exists(s4, :empty), s1 = :new, \
             #ttl = :ttl"
        )
    );
    assert_eq!(
        entered.condition_expression(),
        Some("attribute_not_exists(s1) OR s1 <> :new")
    );
}

#[tokio::test]
async fn a_link_too_many_costs_the_oldest() {
    let calls = Calls::default();
    let cast = Cast {
        pushed_out: Some("link#oldest"),
        ..Cast::default()
    };
    assert_eq!(cast.deliver(&calls, message("r1")).await, STAYS_NOT);
    assert_eq!(calls.table(), ALL_CALLS);
    let oldest = (format!("user#{SUB}"), "link#oldest".to_owned());
    assert_eq!(revoked(&calls), oldest);
    assert_eq!(calls.mails.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn with_none_too_many_a_link_is_revoked_that_cannot_exist() {
    for pushed_out in [None, Some("")] {
        let calls = Calls::default();
        let cast = Cast {
            pushed_out,
            ..Cast::default()
        };
        cast.deliver(&calls, message("r1")).await;
        assert!(revoked(&calls).0.starts_with("user#nobody/"));
        assert_eq!(calls.table(), ALL_CALLS);
    }
}

#[tokio::test]
async fn nobody_has_a_register() {
    let calls = Calls::default();
    let unknown = Cast {
        user: Err(()),
        pushed_out: Some("link#of-nobody"),
        ..Cast::default()
    };
    unknown.deliver(&calls, message("r1")).await;
    let [entered] = &changes(&calls)[..] else {
        panic!("more than one change")
    };
    let pk = text_of(&entered.key().unwrap()["pk"]);
    assert!(pk.starts_with("user#nobody/"));
    assert_eq!(entered.condition_expression(), Some("attribute_exists(pk)"));
    assert!(revoked(&calls).0.starts_with("user#nobody/"));
}

#[tokio::test]
async fn a_link_that_was_not_mailed_is_taken_out_again() {
    for (known, user) in [(true, Cast::default().user), (false, Err(()))] {
        let calls = Calls::default();
        let cast = Cast {
            user,
            code_fails: true,
            ..Cast::default()
        };
        assert_eq!(cast.deliver(&calls, message("r1")).await, STAYS);
        let [entered, withdrawn] = &changes(&calls)[..] else {
            panic!("not two changes")
        };
        let values = withdrawn.expression_attribute_values().unwrap();
        let new = &entered.expression_attribute_values().unwrap()[":new"];
        assert_eq!(withdrawn.key(), entered.key());
        assert_eq!(&values[":withdrawn"], new);
        assert_eq!(withdrawn.condition_expression(), Some("s1 = :withdrawn"));
        assert_eq!(
            withdrawn.update_expression(),
            Some(
                "SET s1 = if_not_exists(s2, :empty), s2 = if_not_exists(s3, :empty), \
                 s3 = if_not_exists(s4, :empty), s4 = if_not_exists(s5, :empty), s5 = :empty"
            )
        );
        let pk = text_of(&withdrawn.key().unwrap()["pk"]);
        assert_eq!(pk == format!("user#{SUB}"), known);
    }
}

#[tokio::test]
async fn a_link_that_may_have_been_mailed_stays_in() {
    let calls = Calls::default();
    let cast = Cast {
        ses_status: 503,
        ..Cast::default()
    };
    assert_eq!(cast.deliver(&calls, message("r1")).await, STAYS);
    assert_eq!(changes(&calls).len(), 1);
}
