//! What a device would be answered now: its last check-in, asked again of a catalogue that may not be published yet.

use otary_fleet::{Catalogue, CheckIn, Decision, Device, Mode, Openings, Time, View, decide};

/// The decision on what `device` last said, asking for `mode`. None if it never asked.
pub(super) fn replay(
    device: &Device,
    mode: Mode,
    catalogue: &Catalogue,
    openings: &Openings,
    now: Time,
) -> Option<Decision> {
    let check_in = last_check_in(device, mode)?;
    Some(decide(&check_in, View { catalogue, device: Some(device), openings }, now))
}

fn last_check_in(device: &Device, mode: Mode) -> Option<CheckIn> {
    let last = device.last.clone()?;
    Some(CheckIn {
        dialect: last.dialect,
        mode,
        device: Some(device.mac),
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
        name: None,
    })
}
