//! Whether an image can be sent to a device: signed where an agent asks, small enough, and not again and again.

use super::{LONGEST_HOLD, View};
use crate::{Artifact, CheckIn, Dialect, Mode, Reason, Target, Time};

/// An agent installs what a manifest describes, and nothing else. Other clients verify no manifest.
pub(super) fn signed(check_in: &CheckIn, target: Target<'_>) -> Result<(), Reason> {
    let signed = target.release.manifest_of(&target.artifact.id).is_some();
    if check_in.dialect != Dialect::Agent || signed {
        return Ok(());
    }
    Err(Reason::Unsigned { release: target.release.id.clone() })
}

/// An image larger than its slot is never sent. The space that a client reports is that of its app slot; where it reports
/// none, all of its flash is the most that there can be.
pub(super) fn fits(check_in: &CheckIn, artifact: &Artifact) -> Result<(), Reason> {
    let flash = check_in.chip_size.filter(|bytes| *bytes > 0);
    match check_in.free_space.or(flash) {
        _ if check_in.mode == Mode::Filesystem => Ok(()),
        Some(0) => Err(Reason::NoSlot),
        Some(space) if space < artifact.size => Err(Reason::TooLarge { size: artifact.size, space }),
        _ => Ok(()),
    }
}

/// After three complete downloads without effect, and after each further one, a claimant has to wait.
pub(super) fn not_looping(
    check_in: &CheckIn,
    view: View<'_>,
    target: Target<'_>,
    now: Time,
) -> Result<(), Reason> {
    let Some(device) = view.device else { return Ok(()) };
    if device.attempts.iter().all(|attempt| attempt.artifact != target.artifact.id) {
        return Ok(());
    }
    let attempt = device.attempt(device.claimant(check_in), &target.artifact.id);
    match attempt.and_then(|attempt| Some((attempt.whole, attempt.held_until?))) {
        // A hold that is longer than any began by a clock that ran ahead.
        Some((taken, until)) if now < until && until.since(now) <= LONGEST_HOLD => {
            Err(Reason::Looping { taken, until, now })
        }
        _ => Ok(()),
    }
}
