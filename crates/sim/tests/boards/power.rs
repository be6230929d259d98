//! Power cuts: at every flash operation of an update the board starts its old firmware or the new one, and the update
//! still completes afterwards.

use std::io;
use std::time::Duration;

use otary_image::Chip;
use otary_sim::tls::Trust;
use otary_sim::{
    Board, Console, FOUR_MEGABYTES, Flash, FlashError, Identity, Nor, Pace, Poll, Sketch, Stop, Until, sample,
};

use crate::raw_server::{RawServer, offer, respond};

/// A flash whose power fails in the middle of an operation.
struct PowerCut<'a> {
    flash: &'a mut Nor,
    /// Operations until then; nothing once it is off.
    left: Option<u32>,
}

impl PowerCut<'_> {
    /// Does an operation; the one in which the power goes does `half` of it, and none after it does anything.
    fn operate(
        &mut self,
        whole: impl FnOnce(&mut Nor) -> Result<(), FlashError>,
        half: impl FnOnce(&mut Nor) -> Result<(), FlashError>,
    ) -> Result<(), FlashError> {
        if let Some(left @ 1..) = self.left {
            self.left = Some(left - 1);
            return whole(self.flash);
        }
        if self.left.take().is_some() {
            half(self.flash)?;
        }
        Err(FlashError::File(io::Error::other("power cut")))
    }
}

impl Flash for PowerCut<'_> {
    fn size(&self) -> u32 {
        self.flash.size()
    }

    fn read(&self, offset: u32, into: &mut [u8]) -> Result<(), FlashError> {
        self.flash.read(offset, into)
    }

    fn erase(&mut self, sector_offset: u32) -> Result<(), FlashError> {
        self.operate(|flash| flash.erase(sector_offset), |_| Ok(()))
    }

    fn program(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.operate(
            |flash| flash.program(offset, bytes),
            |flash| flash.program(offset, &bytes[..bytes.len() / 2]),
        )
    }
}

const IDENTITY: fn() -> Identity = || Identity::new(Chip::Esp32, "24:6F:28:AA:BB:CC".parse().unwrap());

fn run<F: Flash>(board: &mut Board<F>, server: &RawServer, until: Until) -> Option<Vec<Poll>> {
    let mut sketch = Sketch::new(&format!("http://{}/update", server.address), Trust::Unset);
    sketch.link.timeouts.before_body = Duration::from_millis(5);
    let pace = Pace::scaled(0.0, Stop::default());
    board.run_until(&sketch, &pace, &mut Console::new(io::sink()), until).ok()
}

#[test]
fn a_cut_at_any_operation_leaves_the_old_firmware_or_the_new_one() {
    let [old, new] = ["0.1", "0.2"].map(|version| sample::app(Chip::Esp32, version, 20_000).unwrap());
    let nothing_new = || respond("HTTP/1.0 304 Not Modified", b"");
    let (mut was_old, mut was_new) = (0, 0);
    for cut_after in 0.. {
        let mut board = Board::new(IDENTITY(), Nor::erased(FOUR_MEGABYTES).unwrap());
        board.flash_factory(&old, None).unwrap();
        let mut flash = board.into_flash();
        let server = RawServer::plain(vec![offer(&new, &[]), nothing_new()]);
        let mut cut = Board::new(IDENTITY(), PowerCut { flash: &mut flash, left: Some(cut_after) });
        // Downloads, restarts, confirms; or does not come so far.
        run(&mut cut, &server, Until::Polls(2));
        let complete = cut.flash().left.is_some();

        let mut board = Board::new(IDENTITY(), flash);
        let server = RawServer::plain(vec![nothing_new()]);
        run(&mut board, &server, Until::Polls(1)).expect("the board starts");
        match board.version() {
            Some("0.1") if !complete => was_old += 1,
            Some("0.2") => was_new += 1,
            other => panic!("cut after {cut_after} operations the board runs {other:?}"),
        }
        if complete {
            break;
        }
        if board.version() == Some("0.1") {
            let server = RawServer::plain(vec![offer(&new, &[]), nothing_new()]);
            run(&mut board, &server, Until::Polls(2)).expect("the board starts");
        }
        assert_eq!(board.version(), Some("0.2"), "cut after {cut_after} operations");
    }
    assert!(was_old > 10 && was_new > 1, "{was_old} times the old firmware, {was_new} times the new one");
}
