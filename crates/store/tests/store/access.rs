//! Who may do what: tokens, accounts and sessions.

use std::time::Duration;

use otary_fleet::{Account, Grants, Scope, Session, Sha256, Token};
use otary_store::{Store, StoreError};

use crate::sample::{at, forever};

pub fn tokens_are_kept_by_name(store: &dyn Store) {
    let token = |name: &str, scope| Token {
        name: name.into(),
        hash: Sha256::of(name.as_bytes()),
        grants: Grants::on_products(scope, ["lamp".parse().unwrap()]),
        made_by: "lena".into(),
        created: at(1),
        expires: at(1) + Duration::from_hours(24),
        last_used: None,
    };
    for (name, scope) in [("laptop", Scope::Operate), ("build", Scope::Read), ("build", Scope::Push)] {
        store.put_token(&token(name, scope)).unwrap();
    }
    let expected = [token("build", Scope::Push), token("laptop", Scope::Operate)];
    assert_eq!(store.tokens().unwrap(), expected);
    assert!(store.delete_token("build").unwrap());
    assert!(!store.delete_token("build").unwrap());
    assert_eq!(store.tokens().unwrap(), [token("laptop", Scope::Operate)]);
}

fn account(name: &str, scope: Scope) -> Account {
    Account {
        name: name.into(),
        password: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".into(),
        grants: Grants::everywhere(scope),
        created: at(60),
        last_signed_in: None,
        disabled: false,
    }
}

fn session(account: &str, number: u8) -> Session {
    Session {
        hash: Sha256::of(&[number]),
        account: account.into(),
        created: at(70),
        last_seen: at(70),
        ends: at(70) + Session::LONGEST,
        from: [192, 168, 1, number].into(),
    }
}

pub fn accounts_are_kept_by_name(store: &dyn Store) {
    for person in [account("lena", Scope::Read), account("ada", Scope::Push), account("lena", Scope::Own)] {
        store.put_account(&person).unwrap();
    }
    assert_eq!(store.accounts().unwrap(), [account("ada", Scope::Push), account("lena", Scope::Own)]);
    assert_eq!(store.newest_time().unwrap(), at(60));
    store.put_account(&Account { last_signed_in: Some(at(90)), ..account("ada", Scope::Push) }).unwrap();
    assert_eq!(store.newest_time().unwrap(), at(90));
    assert!(store.delete_account("lena").unwrap());
    assert!(!store.delete_account("lena").unwrap());
    assert_eq!(store.accounts().unwrap().len(), 1);
}

pub fn a_session_is_found_by_its_digest(store: &dyn Store) {
    store.put_account(&account("lena", Scope::Own)).unwrap();
    let first = session("lena", 1);
    store.put_session(&first).unwrap();
    store.put_session(&session("lena", 2)).unwrap();
    assert_eq!(store.session(&first.hash).unwrap(), Some(first.clone()));
    let seen = Session { last_seen: at(100), ..first.clone() };
    store.put_session(&seen).unwrap();
    assert_eq!(store.session(&first.hash).unwrap(), Some(seen));
    assert_eq!(store.sessions().unwrap().len(), 2);
    assert!(store.delete_session(&first.hash).unwrap());
    assert!(!store.delete_session(&first.hash).unwrap());
    assert_eq!(store.session(&first.hash).unwrap(), None);
}

pub fn a_session_has_an_account(store: &dyn Store) {
    let refused = store.put_session(&session("nobody", 1));
    assert!(matches!(refused, Err(StoreError::NoAccount(name)) if name == "nobody"));
    assert_eq!(store.sessions().unwrap(), []);
}

pub fn sessions_go_with_their_account_and_when_they_have_ended(store: &dyn Store) {
    for name in ["ada", "lena"] {
        store.put_account(&account(name, Scope::Read)).unwrap();
    }
    for (name, number) in [("ada", 1), ("lena", 2), ("lena", 3)] {
        store.put_session(&session(name, number)).unwrap();
    }
    store.delete_account("ada").unwrap();
    assert_eq!(store.session(&session("ada", 1).hash).unwrap(), None);
    store.put_account(&account("ada", Scope::Read)).unwrap();
    assert_eq!(store.session(&session("ada", 1).hash).unwrap(), None, "a new account of the name has none");

    let later = at(70) + Session::IDLE;
    store.put_session(&Session { last_seen: at(71), ..session("lena", 2) }).unwrap();
    store.prune(&forever(), later).unwrap();
    let left: Vec<Sha256> = store.sessions().unwrap().iter().map(|session| session.hash).collect();
    assert_eq!(left, [session("lena", 2).hash]);
}
