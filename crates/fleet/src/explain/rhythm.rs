//! When a device was last heard, and whether it is overdue by its own rhythm.

use crate::span::{Span, Wait, times};
use crate::{Device, Rhythm, Time};

/// What there is to say of how often a device asks.
pub(super) fn of(device: &Device, now: Time) -> String {
    let (rhythm, seen) = (&device.rhythm, device.last_seen);
    if !rhythm.is_known() {
        let (asked, needed) = (times(rhythm.polls().max(1).into()), Rhythm::NEEDED);
        return format!(
            "it asked {asked}, which tells no rhythm before {needed}: its silence would say nothing"
        );
    }
    let (usual, patience) = (Span(rhythm.typical()), Span(rhythm.patience()));
    let (silence, due) = (now.since(seen), seen + rhythm.typical());
    let asks = if rhythm.is_per_boot() {
        "it asks irregularly, as boards do that ask when they are switched on".to_owned()
    } else {
        format!("it asks about every {usual}")
    };
    match silence {
        _ if silence > rhythm.patience() => {
            let overdue = Span(silence.saturating_sub(rhythm.typical()));
            format!(
                "{asks}; it has been overdue for {overdue}, and {patience} of silence would have been usual"
            )
        }
        _ if rhythm.is_per_boot() => format!("{asks}, and is missed after {patience} of silence"),
        _ if now > due => format!("{asks}; it is a little late, and is missed after {patience} of silence"),
        _ => format!("{asks}, and is due in {}", Wait::until(due, now)),
    }
}
