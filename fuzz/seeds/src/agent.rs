//! What happens to a board, byte by byte: an input of the target `agent` is a list of events.

use std::sync::LazyLock;

use otary_image::Chip;
use otary_image::emit::{AppImage, AppSegment};
use otary_wire::{Action, Offer, sign};

use crate::Seed;
use crate::wire::{OWNER, digest, encoded, key, manifest_of, order};

/// Events, each the first byte of its own; all other bytes are [`GO_ON`].
pub mod event {
    /// What the board waits for comes, as a server and a driver in order do it.
    pub const GO_ON: u8 = 0;
    /// Time passes: this many times ten seconds, and a tick.
    pub const PASS: u8 = 0x80;
    /// From now on, the server gives this answer of [`ANSWERS`](super::ANSWERS).
    pub const ANSWER: u8 = 0x81;
    /// A head comes: its status, whether it has a length, where its body begins in units of 64 bytes.
    pub const HEAD: u8 = 0x82;
    /// A body comes: its length, and these bytes.
    pub const BODY: u8 = 0x83;
    /// A piece of the payload comes: from where, in units of 64 bytes, and how much of it.
    pub const PIECE: u8 = 0x84;
    /// The body ends.
    pub const END: u8 = 0x85;
    /// The exchange is lost, in this way.
    pub const LOSE: u8 = 0x86;
    /// The application does not find itself well.
    pub const FAIL: u8 = 0x87;
    /// The power goes off and on.
    pub const RESTART: u8 = 0x88;
    /// A byte of otadata or of the agent's records is spoilt: where, in two bytes, and the bits that turn to zero.
    pub const NOISE: u8 = 0x89;
    /// SNTP answers: so many months after the order's time, or before it.
    pub const CLOCK: u8 = 0x8A;
}

/// The image that the board was flashed with, release 41.
pub static OLD: LazyLock<Vec<u8>> = LazyLock::new(|| image(0x11));
/// The image that it is to update to, release 42: three sectors.
pub static NEW: LazyLock<Vec<u8>> = LazyLock::new(|| image(0x22));

/// What the server can answer.
pub static ANSWERS: LazyLock<[Vec<u8>; 5]> = LazyLock::new(|| {
    let new = manifest_of(42, &NEW_DIGEST, u32::try_from(NEW.len()).unwrap_or(u32::MAX));
    let manifest = encoded(|out| sign::manifest(&new, &key(10), out));
    let digest = digest(&manifest);
    let install = encoded(|out| sign::order(&order(Action::Install(&digest)), &key(20), out));
    let install = Offer { manifest: Some(&manifest), order: Some(&install), ..Offer::default() };
    let wait = Offer { order: Some(&OWNER.wait), ..Offer::default() };
    let next_root = Offer { root: Some(&OWNER.next_root), ..Offer::default() };
    let old = Offer { manifest: Some(&OWNER.old_manifest), ..install };
    [install, wait, next_root, old, Offer::default()].map(|offer| encoded(|out| offer.encode(out)))
});
/// Which of them offers the new image.
pub const INSTALL: usize = 0;

static NEW_DIGEST: LazyLock<[u8; 32]> = LazyLock::new(|| digest(&NEW));

/// Lives of a board: with an update that goes well, one that is interrupted everywhere, one that does not work, and a root
/// that changes.
#[must_use]
pub fn seeds() -> Vec<Seed> {
    use event::{ANSWER, FAIL, GO_ON, LOSE, NOISE, PASS, RESTART};
    let well = vec![GO_ON; 100];
    let interrupted =
        [&[GO_ON; 9][..], &[LOSE, 4], &[GO_ON; 5], &[RESTART], &[GO_ON; 7], &[LOSE, 3], &[GO_ON; 60]];
    let failing = [&[GO_ON; 40][..], &[FAIL], &[GO_ON; 20], &[RESTART], &[PASS, 200], &[GO_ON; 60]];
    let root = [&[ANSWER, 2][..], &[GO_ON; 12], &[ANSWER, 0], &[GO_ON; 80]];
    let noise = [&[GO_ON; 20][..], &[NOISE, 0x20, 0, 0x0F], &[RESTART], &[GO_ON; 60]];
    vec![
        Seed::new("well", well),
        Seed::new("interrupted", interrupted.concat()),
        Seed::new("failing", failing.concat()),
        Seed::new("root", root.concat()),
        Seed::new("noise", noise.concat()),
    ]
}

fn image(content: u8) -> Vec<u8> {
    let data: Vec<u8> =
        (0..9000_u32).map(|at| at.wrapping_mul(2_654_435_761).to_le_bytes()[3] ^ content).collect();
    let segments = [AppSegment { address: 0x3FC8_0000, data: &data }];
    let mut bytes = Vec::new();
    let app = AppImage { segments: &segments, ..AppImage::new(Chip::Esp32C3) };
    app.emit(|piece| bytes.extend_from_slice(piece)).expect("a seed is an image that can be written");
    bytes
}
