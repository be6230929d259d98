//! A clean update, from the first check-in to the report.

use otary_agent::wire::{CheckIn, Outcome};
use otary_agent::{Agent, Config, Layout, Millis, Region};
use otary_image::{Chip, Rollback, State};

use crate::board::{Board, LAYOUT, SLOT_SIZE, image};
use crate::events::Event;
use crate::server::{Release, Server};

pub const HOUR: Millis = Millis::from_secs(3600);

pub fn old() -> Vec<u8> {
    image(Chip::Esp32C3, 1, 20_000)
}

pub fn new() -> Vec<u8> {
    image(Chip::Esp32C3, 2, 30_000)
}

#[test]
fn a_release_is_fetched_verified_started_tested_confirmed_and_reported() {
    let mut server = Server::offering(Release::new(7, new()));
    let mut board = Board::<4>::new(&old());
    let slot = board.run(&mut server, HOUR);

    assert_eq!(slot, 1);
    assert_eq!(board.boots(), [0, 1]);
    assert_eq!(board.downloads(), [(0, new().len())]);
    assert_eq!(board.slot(1)[..new().len()], new()[..]);
    let otadata = board.otadata();
    assert_eq!(otadata.entry(otadata.active().unwrap()).state, State::Valid);
    let releases: Vec<u32> = server.said.iter().map(|said| said.release).collect();
    assert_eq!(releases, [0, 7, 7]);
    assert_eq!(server.said[1].report, None, "not before it is confirmed");
    assert_eq!(server.reported(), Some((7, Outcome::Installed, None, 1)));
    assert!(board.events.contains(&Event::SelfTest));
}

#[test]
fn flash_of_any_write_unit_and_pieces_of_any_size_give_the_same_slot() {
    fn slot_of<const W: usize>(piece: usize) -> Vec<u8> {
        let mut server = Server::offering(Release::new(7, new()));
        let mut board = Board::<W>::new(&old());
        board.piece = piece;
        assert_eq!(board.run(&mut server, HOUR), 1);
        board.slot(1)[..new().len()].to_vec()
    }
    for piece in [1, 7, 23, 31, 33, 1000, 4095, 4096] {
        for slot in [slot_of::<1>(piece), slot_of::<4>(piece), slot_of::<16>(piece), slot_of::<32>(piece)] {
            assert_eq!(slot, new(), "pieces of {piece} bytes");
        }
    }
}

#[test]
fn a_bootloader_with_rollback_and_the_agent_agree() {
    let mut server = Server::offering(Release::new(7, new()));
    let mut board = Board::<4>::new(&old());
    board.rollback = Rollback::Enabled;
    assert_eq!(board.run(&mut server, HOUR), 1);
    let otadata = board.otadata();
    assert_eq!(otadata.entry(otadata.active().unwrap()).state, State::Valid);
    // It stays.
    assert_eq!(board.run(&mut server, HOUR), 1);
    assert_eq!(server.reported(), Some((7, Outcome::Installed, None, 1)));
}

#[test]
fn an_image_that_ends_where_the_chip_ends_is_known_by_its_digest() {
    let full = image(Chip::Esp32C3, 1, SLOT_SIZE as usize - 80);
    let mut board = Board::<4>::new(&old());
    let last = Region { offset: 0x3_0000, size: SLOT_SIZE };
    assert_eq!((full.len(), board.nor.bytes.len()), (SLOT_SIZE as usize, 0x4_0000));
    board.nor.flash(last.offset, &full);
    let store = Region { offset: 0x2_0000, ..LAYOUT.store };
    let layout = Layout { slots: [LAYOUT.slots[0], last], store, ..LAYOUT };
    let config = Config { layout, ..board.config(1) };
    let (agent, _) = Agent::start(config, board.moment(), &mut board.nor).unwrap();
    let mut text = [0; CheckIn::MAX_TEXT];
    let mut bytes = [0; CheckIn::MAX_LEN];
    let check_in = CheckIn::from_text(agent.check_in(&mut text).unwrap(), &mut bytes).unwrap();
    assert_eq!(check_in.image.map(<[u8; 32]>::as_slice), Some(&full[full.len() - 32..]));
}

#[test]
fn the_agent_takes_less_than_a_kilobyte_of_ram() {
    assert!(size_of::<Agent>() < 1024, "{} bytes", size_of::<Agent>());
}
