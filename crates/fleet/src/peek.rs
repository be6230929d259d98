//! What a device would be answered now: its last check-in, asked again, maybe of a catalogue that is not published yet.

use crate::{Catalogue, CheckIn, Decision, Device, Mode, Openings, Time, View, decide, recall};

impl Device {
    /// What it would say if it asked for `mode` and said again what it said last. None if it never asked.
    pub fn last_check_in(&self, mode: Mode, catalogue: &Catalogue) -> Option<CheckIn> {
        let last = self.last.clone()?;
        let mut check_in = CheckIn {
            dialect: last.dialect,
            mode,
            device: Some(self.mac),
            name: None,
            product: last.product,
            chip: last.chip,
            build: last.build,
            version: last.version,
            free_space: last.free_space,
            chip_size: last.chip_size,
            sdk: last.sdk,
            source: last.source,
            transport: last.transport,
            proof: last.proof,
            handshake: last.handshake,
            agent: last.agent,
            // Said once, and it changes no answer.
            report: None,
        };
        recall(&mut check_in, View { catalogue, device: Some(self), openings: Openings::SHUT });
        Some(check_in)
    }
}

/// The decision on what `device` last said, asking for `mode`. None if it never asked.
pub fn peek(
    device: &Device,
    mode: Mode,
    catalogue: &Catalogue,
    openings: &Openings,
    now: Time,
) -> Option<Decision> {
    let check_in = device.last_check_in(mode, catalogue)?;
    Some(decide(&check_in, View { catalogue, device: Some(device), openings }, now))
}
