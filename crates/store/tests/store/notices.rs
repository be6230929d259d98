//! Webhooks, and notices on their way.

use std::time::Duration;

use otary_fleet::notice::{Attempt, Dispatch, Notice, Progress, Subject, Webhook};
use otary_store::{MAX_DISPATCHES, Store};

use crate::sample::at;

fn webhook(name: &str) -> Webhook {
    Webhook {
        name: name.into(),
        url: "https://example.org/hook".to_owned().into(),
        secret: "whsec_AAAA".to_owned().into(),
        about: ["test".to_owned()].into(),
        plain_http: false,
        hosts: std::collections::BTreeSet::new(),
        created: at(1),
        by: "local".into(),
        gone: None,
    }
}

fn dispatch(number: usize, to: &str, second: u64) -> Dispatch {
    let notice = Notice { at: at(second), subject: Subject::AuditHead {} };
    Dispatch::new(format!("msg_{number}"), to, notice, "1:00".into())
}

pub fn webhooks_are_kept_by_name(store: &dyn Store) {
    store.put_webhook(&webhook("b")).unwrap();
    store.put_webhook(&webhook("a")).unwrap();
    let gone = Webhook { gone: Some(at(5)), ..webhook("b") };
    store.put_webhook(&gone).unwrap();
    assert_eq!(store.webhooks().unwrap(), [webhook("a"), gone]);
    assert!(store.delete_webhook("a").unwrap());
    assert!(!store.delete_webhook("a").unwrap());
}

pub fn what_is_due_is_found_until_it_is_done(store: &dyn Store) {
    store.add_dispatches(&[dispatch(1, "a", 10), dispatch(2, "mail", 20)]).unwrap();
    assert_eq!(store.due_dispatches(at(15), 9).unwrap(), [dispatch(1, "a", 10)]);
    let mut first = dispatch(1, "a", 10);
    first.note(Attempt::Failed("503".into()), 0, at(15));
    store.put_dispatch(&first).unwrap();
    assert_eq!(store.due_dispatches(at(15), 9).unwrap(), []);
    assert_eq!(store.due_dispatches(at(15) + Duration::from_hours(1), 9).unwrap().len(), 2);
    first.note(Attempt::Taken("200".into()), 0, at(99));
    store.put_dispatch(&first).unwrap();
    assert_eq!(store.due_dispatches(at(9999), 9).unwrap(), [dispatch(2, "mail", 20)]);
    let kept = store.dispatches("a", 9).unwrap();
    assert_eq!((kept[0].state, kept[0].attempts), (Progress::Delivered { delivered: at(99) }, 2));
}

pub fn of_each_receiver_the_newest_are_kept(store: &dyn Store) {
    store.add_dispatches(&[dispatch(99_999, "b", 1)]).unwrap();
    let many: Vec<Dispatch> = (0..MAX_DISPATCHES + 20).map(|number| dispatch(number, "a", 1)).collect();
    store.add_dispatches(&many).unwrap();
    let kept = store.dispatches("a", usize::MAX).unwrap();
    assert_eq!(kept.len(), MAX_DISPATCHES);
    assert_eq!(kept[0].id, format!("msg_{}", MAX_DISPATCHES + 19), "the newest first");
    assert_eq!(store.dispatches("b", 9).unwrap().len(), 1);
    assert_eq!(store.dispatches("a", 3).unwrap().len(), 3);
}

pub fn with_a_webhook_goes_what_is_on_its_way_to_it(store: &dyn Store) {
    store.put_webhook(&webhook("a")).unwrap();
    store.add_dispatches(&[dispatch(1, "a", 1), dispatch(2, "mail", 1)]).unwrap();
    store.delete_webhook("a").unwrap();
    store.put_dispatch(&dispatch(1, "a", 1)).unwrap();
    let left: Vec<String> = store.due_dispatches(at(9), 9).unwrap().into_iter().map(|d| d.id).collect();
    assert_eq!(left, ["msg_2"], "also when its last attempt ends afterwards");
}
