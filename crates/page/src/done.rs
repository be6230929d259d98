//! What a person is told after something was done: a word in the address of the view that follows, which stands for a fixed
//! sentence, so an address that somebody else made can say nothing of its own.

/// The words, and what each says.
const TOLD: &[(&str, &str)] = &[
    ("held", "Held: it is offered nothing until the hold is taken off."),
    ("unheld", "The hold is off."),
    ("released", "Every brake on it was let go."),
    ("resumed-device", "It is updated again, although it was flashed by hand."),
    ("pinned", "Pinned to that release."),
    ("unpinned", "The pin is off."),
    ("forced", "It gets that release at its next check-in, once."),
    ("unforced", "It is no longer forced."),
    ("assigned", "Assigned."),
    ("forgotten", "Forgotten. It is new if it asks again."),
    ("paused", "Paused: nothing more is offered until it is resumed."),
    ("resumed", "Resumed."),
    ("approved", "Approved: the next wave opens at the next look, within seconds."),
    ("aborted", "Aborted: its release is offered to nobody any more."),
    ("rolled-back", "This campaign takes the former release back to the same devices."),
    ("started", "Started: its first wave is open."),
    ("published", "Published."),
    ("withdrawn", "Withdrawn: it is offered to nobody any more."),
    ("restored", "Restored."),
    ("kept", "Kept: it is not let go when room is made."),
    ("unkept", "It may be let go when room is made."),
    ("deleted", "Deleted."),
    ("renewed", "The server shows new certificates from the next handshake on."),
    ("revoked", "Revoked: whoever shows it is nobody from now on."),
    ("saved", "Saved."),
    ("tried", "Tried once: the first line says what came of it."),
    ("added", "Added."),
    ("removed", "Removed."),
];

/// What the query of an address says was done.
pub(crate) fn told(query: Option<&str>) -> Option<&'static str> {
    let query = query?;
    let word = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "done")?.1;
    TOLD.iter().find(|(name, _)| *name == word).map(|(_, sentence)| *sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_chooses_among_sentences_and_makes_none() {
        assert_eq!(told(Some("x=1&done=saved")), Some("Saved."));
        assert_eq!(told(Some("done=<b>your+certificate+has+ended</b>")), None);
        assert_eq!(told(None), None);
    }
}
