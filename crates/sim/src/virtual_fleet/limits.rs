//! What a script may ask for: the one place that says how large a simulated fleet gets, and how long it is simulated.

use std::time::Duration;

/// The longest script, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;
/// The most lines that say something.
pub const MAX_LINES: usize = 500;
/// The most boards.
pub const MAX_BOARDS: u32 = 20_000;
/// The longest time that is simulated, the time before the script's beginning included.
pub const MAX_TIME: Duration = Duration::from_hours(400 * 24);
/// The most polls of all boards together, as far as their rhythms let expect.
pub const MAX_POLLS: u64 = 300_000_000;
/// The shortest time between two polls of a board: what comes faster is one visit for otary.
pub const LEAST_GAP: Duration = Duration::from_secs(5);
/// The longest.
pub const MAX_GAP: Duration = Duration::from_hours(60 * 24);
