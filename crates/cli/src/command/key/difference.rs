//! What a root record changes, line by line, for whoever is about to sign it. Pure.

use std::fmt;

use otary_trust::signing::{KeyId, PublicKey, Record, ReleaseKey};

use super::told::{range, who_signs};
use crate::table::date;

/// What becomes of something that one of two records says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Becomes {
    Same,
    New,
    Other,
    Gone,
}

impl Becomes {
    const fn word(self) -> &'static str {
        match self {
            Self::Same => "as before",
            Self::New => "NEW",
            Self::Other => "CHANGED",
            Self::Gone => "GONE",
        }
    }
}

/// One thing that a record says, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    becomes: Becomes,
    what: &'static str,
    text: String,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {:<11}{:<13}{}", self.becomes.word(), self.what, self.text)
    }
}

/// Everything that `record` says, held against the record `before` it, and what it says no longer. In a first record all
/// is new.
pub fn difference(before: Option<&Record>, record: &Record) -> Vec<Line> {
    let mut lines = Vec::new();
    let ids = |record: &Record| record.root_keys.iter().map(PublicKey::id).collect::<Vec<KeyId>>();
    entries(&mut lines, "root key", before.map(ids), &ids(record));
    lines.push(value("next record", before, record, |record| {
        format!("{} it, of {} root keys", who_signs(record), record.root_keys.len())
    }));
    release_keys(&mut lines, before, record);
    let ids = |record: &Record| record.order_keys.iter().map(PublicKey::id).collect::<Vec<KeyId>>();
    entries(&mut lines, "order key", before.map(ids), &ids(record));
    entries(&mut lines, "trusted", before.map(|record| record.trust_set.clone()), &record.trust_set);
    lines.push(value("minimum", before, record, |record| match record.minimum {
        0 => "every release number may be installed".to_owned(),
        minimum => format!("nothing below release number {minimum} is installed"),
    }));
    lines.push(value("issued", before, record, |record| date(record.issued)));
    lines
}

/// Things that are there or not: first those of the record, then those that it has no more.
fn entries<T: fmt::Display + PartialEq>(
    lines: &mut Vec<Line>,
    what: &'static str,
    before: Option<Vec<T>>,
    now: &[T],
) {
    let before = before.unwrap_or_default();
    let was = |entry: &T| if before.contains(entry) { Becomes::Same } else { Becomes::New };
    lines.extend(now.iter().map(|entry| Line { becomes: was(entry), what, text: entry.to_string() }));
    let gone = before.iter().filter(|entry| !now.contains(entry));
    lines.extend(gone.map(|entry| Line { becomes: Becomes::Gone, what, text: entry.to_string() }));
}

fn release_keys(lines: &mut Vec<Line>, before: Option<&Record>, record: &Record) {
    let what = "release key";
    let before: &[ReleaseKey] = before.map_or(&[], |before| &before.release_keys);
    let text = |release: &ReleaseKey| format!("{}   {}", release.key.id(), range(release));
    for release in &record.release_keys {
        let (becomes, text) = match before.iter().find(|was| was.key == release.key) {
            None => (Becomes::New, text(release)),
            Some(was) if was == release => (Becomes::Same, text(release)),
            Some(was) => (Becomes::Other, format!("{}; before: {}", text(release), range(was))),
        };
        lines.push(Line { becomes, what, text });
    }
    let gone = before.iter().filter(|was| record.release_keys.iter().all(|release| release.key != was.key));
    lines.extend(gone.map(|was| Line {
        becomes: Becomes::Gone,
        what,
        text: format!("{}; nothing that it signed is installed", text(was)),
    }));
}

/// Something that every record says, as `say` puts it.
fn value(
    what: &'static str,
    before: Option<&Record>,
    record: &Record,
    say: impl Fn(&Record) -> String,
) -> Line {
    let now = say(record);
    match before.map(say) {
        None => Line { becomes: Becomes::New, what, text: now },
        Some(was) if was == now => Line { becomes: Becomes::Same, what, text: now },
        Some(was) => Line { becomes: Becomes::Other, what, text: format!("{now}; before: {was}") },
    }
}

#[cfg(test)]
mod tests {
    use otary_fleet::{Sha256, Time};
    use otary_trust::signing::{Change, Founding};

    use super::*;

    const NOW: Time = Time::from_secs(1_795_392_000);

    fn key(number: u8) -> PublicKey {
        PublicKey([number; 32])
    }

    fn first() -> Record {
        Record::first(Founding {
            issued: NOW,
            threshold: 2,
            root_keys: vec![key(1), key(2)],
            release_key: key(3),
            order_key: key(4),
            trust_set: vec![Sha256::of(b"root")],
        })
        .unwrap()
    }

    /// The lines that are not as before.
    fn changes(change: &Change) -> Vec<String> {
        let (before, after) = (first(), first().next(change, NOW).unwrap());
        let lines = difference(Some(&before), &after).into_iter();
        lines.filter(|line| line.becomes != Becomes::Same).map(|line| line.to_string()).collect()
    }

    #[test]
    fn a_new_release_key_shows_with_the_range_that_the_old_one_keeps() {
        let rotated = Change { new_release_key: Some(key(5)), last_number: 7, ..Change::default() };
        let (old, new) = (key(3).id(), key(5).id());
        let expected = [
            format!("  CHANGED    release key  {old}   numbers 1 to 7; before: numbers from 1"),
            format!("  NEW        release key  {new}   numbers from 8"),
        ];
        assert_eq!(changes(&rotated), expected);
    }

    #[test]
    fn nothing_that_takes_power_away_or_gives_it_is_left_out() {
        let all = Change {
            revoked: Some(key(3).id()),
            last_number: 7,
            new_root_keys: vec![key(6)],
            dropped_root_keys: vec![key(1).id()],
            threshold: Some(1),
            order_key: Some(key(8)),
            trust_set: Some(vec![Sha256::of(b"next root")]),
            ..Change::default()
        };
        let id = |number| key(number).id();
        let expected = [
            format!("  NEW        root key     {}", id(6)),
            format!("  GONE       root key     {}", id(1)),
            "  CHANGED    next record  one signs it, of 2 root keys; before: two sign it, of 2 root keys"
                .into(),
            format!(
                "  GONE       release key  {}   numbers from 1; nothing that it signed is installed",
                id(3)
            ),
            format!("  NEW        order key    {}", id(8)),
            format!("  GONE       order key    {}", id(4)),
            format!("  NEW        trusted      {}", Sha256::of(b"next root")),
            format!("  GONE       trusted      {}", Sha256::of(b"root")),
            "  CHANGED    minimum      nothing below release number 8 is installed; before: every release \
             number may be installed"
                .into(),
        ];
        assert_eq!(changes(&all), expected);
    }

    #[test]
    fn in_a_first_record_all_is_new() {
        assert!(difference(None, &first()).iter().all(|line| line.becomes == Becomes::New));
    }
}
