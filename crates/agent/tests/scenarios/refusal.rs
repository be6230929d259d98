//! What is refused, and that the server hears why. Nothing that is refused is fetched, erased or started.

use otary_agent::Millis;
use otary_agent::wire::{Cause, Encoding, Kind, Outcome, UnixSeconds};
use otary_image::Chip;

use crate::board::{Board, SLOT_SIZE, image};
use crate::driver::Trouble;
use crate::server::{Release, RootPlan, Server, TODAY};
use crate::update::{HOUR, new, old};

const MINUTES: Millis = Millis::from_secs(600);

/// Offers what `change` makes of a good release, and gives the reported number and cause.
fn refused(board: &mut Board, change: impl FnOnce(&mut Release)) -> (u32, Cause) {
    let mut release = Release::new(7, new());
    change(&mut release);
    refused_by(board, &mut Server::offering(release))
}

fn refused_by(board: &mut Board, server: &mut Server) -> (u32, Cause) {
    assert_eq!(board.run(server, MINUTES), 0);
    assert_eq!(board.downloads(), [], "not a byte of it is asked for");
    assert!(board.is_untouched(1));
    let Some((number, Outcome::Refused, Some(cause), _)) = server.reported() else {
        panic!("{:?}", server.said)
    };
    (number, cause)
}

#[test]
fn a_release_signed_by_an_unknown_key_is_refused_and_reported() {
    let found = refused(&mut Board::new(&old()), |release| release.key = 'X');
    assert_eq!(found, (0, Cause::KeyUnknown));
}

#[test]
fn a_revoked_key_signs_nothing_any_more() {
    let mut server = Server::offering(Release::new(7, new()));
    server
        .roots
        .push(RootPlan { version: 2, release_keys: vec![('S', 1, 1000)], ..RootPlan::first() }.sign());
    assert_eq!(refused_by(&mut Board::new(&old()), &mut server), (0, Cause::KeyUnknown));
    assert_eq!(server.last().root, 2);
}

#[test]
fn a_key_signs_only_the_numbers_that_it_may() {
    let found = refused(&mut Board::new(&old()), |release| release.number = 1001);
    assert_eq!(found, (1001, Cause::KeyOutOfRange));
}

#[test]
fn one_flipped_bit_of_the_manifest_is_refused_and_reported() {
    let mut server = Server::offering(Release::new(7, new()));
    let signed = Release::new(7, new()).sign();
    for bit in [0, 100, signed.len() * 4, signed.len() * 8 - 1] {
        let mut flipped = signed.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        server.manifest = Some(flipped);
        let (_, cause) = refused_by(&mut Board::new(&old()), &mut server);
        assert!(matches!(cause, Cause::Manifest | Cause::Signature | Cause::KeyUnknown), "{cause}");
    }
}

#[test]
fn an_older_release_is_refused_and_reported() {
    let mut board = Board::new(&old());
    board.compiled = 9;
    assert_eq!(refused(&mut board, |_| ()), (7, Cause::ReleaseTooOld));
}

#[test]
fn a_release_below_the_root_records_minimum_is_refused_and_reported() {
    let mut server = Server::offering(Release::new(7, new()));
    server.roots.push(RootPlan { version: 2, minimum: 8, ..RootPlan::first() }.sign());
    assert_eq!(refused_by(&mut Board::new(&old()), &mut server), (7, Cause::Minimum));
}

#[test]
fn an_expired_manifest_is_refused_with_a_set_clock_and_with_a_signed_time() {
    let yesterday = Some(UnixSeconds(TODAY.0 - 86_400));
    let mut board = Board::new(&old());
    board.sntp = Some(TODAY);
    assert_eq!(refused(&mut board, |release| release.not_after = yesterday), (0, Cause::Expired));
    // No clock at all: the order says what time it is.
    let found = refused(&mut Board::new(&old()), |release| release.not_after = yesterday);
    assert_eq!(found, (0, Cause::Expired));
}

#[test]
fn a_manifest_for_another_product_hardware_or_chip_is_refused_and_reported() {
    let found = refused(&mut Board::new(&old()), |release| release.product = "gate");
    assert_eq!(found, (0, Cause::Product));
    let found = refused(&mut Board::new(&old()), |release| release.hardware = "lamp-1");
    assert_eq!(found, (0, Cause::Hardware));
    let found = refused(&mut Board::new(&old()), |release| release.chip = Chip::Esp32S3);
    assert_eq!(found, (0, Cause::Chip));
}

#[test]
fn a_payload_larger_than_the_slot_is_refused_before_the_first_erase() {
    let found = refused(&mut Board::new(&old()), |release| release.length = Some(SLOT_SIZE + 1));
    assert_eq!(found, (0, Cause::TooLarge));
}

#[test]
fn an_encoding_or_kind_that_the_agent_does_not_know_is_refused_and_reported() {
    let found = refused(&mut Board::new(&old()), |release| release.encoding = Encoding::Other(1));
    assert_eq!(found, (0, Cause::EncodingUnknown));
    let found = refused(&mut Board::new(&old()), |release| release.kind = Kind::FileSystem);
    assert_eq!(found, (7, Cause::EncodingUnknown));
}

#[test]
fn an_image_for_another_chip_is_refused_at_its_24th_byte() {
    let mut server = Server::offering(Release::new(7, image(Chip::Esp32S3, 2, 30_000)));
    let mut board = Board::<4>::new(&old());
    board.piece = 8;
    assert_eq!(board.run(&mut server, MINUTES), 0);
    assert_eq!(board.downloads(), [(0, 24)]);
    assert!(board.is_untouched(1));
    assert_eq!(server.reported(), Some((7, Outcome::Refused, Some(Cause::Chip), 1)));
}

#[test]
fn a_file_that_is_no_image_is_refused_at_its_24th_byte() {
    let mut server = Server::offering(Release::new(7, b"<!doctype html><title>Log in</title>".to_vec()));
    let mut board = Board::<4>::new(&old());
    assert_eq!(board.run(&mut server, MINUTES), 0);
    assert_eq!(server.reported(), Some((7, Outcome::Refused, Some(Cause::Image), 1)));
}

#[test]
fn a_payload_with_another_digest_is_not_selected_and_tried_again_after_an_hour() {
    let mut server = Server::offering(Release::new(7, new()));
    let mut board = Board::<4>::new(&old());
    board.troubles.push_back(Trouble::Flips(12_345));
    assert_eq!(board.run(&mut server, Millis::from_secs(3000)), 0);
    assert_eq!(server.reported(), Some((7, Outcome::Refused, Some(Cause::Digest), 1)));
    assert_eq!(board.boots(), [0]);
    assert_eq!(board.run(&mut server, Millis::from_secs(10_000)), 1);
    assert_eq!(server.reported(), Some((7, Outcome::Installed, None, 2)));
}

#[test]
fn an_answer_without_a_fresh_order_for_this_device_is_not_believed() {
    for order_key in [Some('X'), None] {
        let mut server = Server { order_key, ..Server::offering(Release::new(7, new())) };
        let mut board = Board::<4>::new(&old());
        assert_eq!(board.run(&mut server, MINUTES), 0);
        assert_eq!(board.downloads(), []);
        let cause = if order_key.is_some() { Cause::OrderSignature } else { Cause::OrderMissing };
        assert_eq!(server.reported(), Some((0, Outcome::Refused, Some(cause), 1)));
    }
}

#[test]
fn a_recorded_answer_is_not_believed_a_second_time() {
    let mut server = Server::offering(Release::new(7, new()));
    server.replayed.push_back({
        let mut recorded = Server::new();
        Board::<4>::new(&old()).run(&mut recorded, MINUTES);
        recorded.answers.remove(0)
    });
    let mut board = Board::<4>::new(&image(Chip::Esp32C3, 3, 1000));
    board.seed(99);
    assert_eq!(board.run(&mut server, HOUR), 1, "the next answer is fresh");
    let causes: Vec<_> = server.said.iter().filter_map(|said| said.report?.2).collect();
    assert_eq!(causes, [Cause::OrderNonce]);
}

#[test]
fn a_refusal_that_stands_is_said_again_at_the_usual_pace() {
    let mut release = Release::new(7, new());
    release.product = "gate";
    let mut server = Server::offering(release);
    let mut board = Board::<4>::new(&old());
    board.run(&mut server, Millis::from_secs(5 * 3600));
    // At once after the first, then each hour.
    assert!((5..=6).contains(&server.said.len()), "{} check-ins in five hours", server.said.len());
    assert_eq!(server.reported(), Some((0, Outcome::Refused, Some(Cause::Product), 1)));
}
