//! What happened, a line each: entries of the audit log as people read them.

use otary_fleet::{Event, Time};
use otary_server::operator::LogLine;

use crate::linked::Linked;
use crate::words::Ago;

/// An entry on one line.
pub(crate) struct Happening {
    pub(crate) ago: Ago,
    /// A device's address, and who did it.
    pub(crate) device: Option<String>,
    pub(crate) text: Linked,
}

/// The lines of a device's own events.
pub(crate) fn of_events(events: Vec<Event>, now: Time) -> impl Iterator<Item = Happening> {
    events.into_iter().map(move |event| Happening {
        ago: Ago::new(event.at, now),
        device: None,
        text: Linked::new(event.kind.to_string()),
    })
}

/// The entries' lines, in their order; those whose text was forgotten are left out.
pub(crate) fn happenings(
    entries: impl Iterator<Item = LogLine>,
    now: Time,
) -> impl Iterator<Item = Happening> {
    entries.filter_map(move |line| {
        let event = line.event?;
        Some(Happening {
            ago: Ago::new(event.at, now),
            device: event.device.map(|mac| mac.to_string()),
            text: Linked::new(event.kind.to_string()),
        })
    })
}
