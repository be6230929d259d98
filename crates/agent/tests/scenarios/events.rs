//! What happened to a board, in the order of happening.

use otary_agent::{Anchors, Dates, Millis};

use crate::board::Board;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Boot(u8),
    CheckIn {
        dates: Dates,
        anchors: Anchors,
    },
    /// A request for a payload from this offset, and how many bytes of body were delivered.
    Payload {
        from: u32,
        delivered: usize,
    },
    Anchor,
    SelfTest,
    Restart,
    Sleep(Millis),
}

impl<const W: usize> Board<W> {
    /// Which slots were started, in order.
    pub fn boots(&self) -> Vec<u8> {
        let boots = self.events.iter().filter_map(|event| match event {
            Event::Boot(slot) => Some(*slot),
            _ => None,
        });
        boots.collect()
    }

    /// The requests for payloads: from which byte, and how many bytes came.
    pub fn downloads(&self) -> Vec<(u32, usize)> {
        let downloads = self.events.iter().filter_map(|event| match event {
            Event::Payload { from, delivered } => Some((*from, *delivered)),
            _ => None,
        });
        downloads.collect()
    }

    pub fn sleeps(&self) -> Vec<Millis> {
        let sleeps = self.events.iter().filter_map(|event| match event {
            Event::Sleep(span) => Some(*span),
            _ => None,
        });
        sleeps.collect()
    }

    /// How the check-ins' connections were made.
    pub fn connections(&self) -> Vec<(Dates, Anchors)> {
        let connections = self.events.iter().filter_map(|event| match event {
            Event::CheckIn { dates, anchors } => Some((*dates, *anchors)),
            _ => None,
        });
        connections.collect()
    }
}
