//! Any file: it is told what it is, and nothing that can be asked of it panics. What comes in pieces is judged as the
//! whole is.

#![no_main]

use std::fmt::Write as _;

use libfuzzer_sys::fuzz_target;
use otary_image::{App, Checker, Image, Merged, Otadata, Rollback, Slots, Table, detect};

fuzz_target!(|file: &[u8]| {
    say(&detect(file));
    check_in_pieces(file);
    if let Ok(table) = Table::parse(file) {
        say(&table.iter().collect::<Vec<_>>());
        say(&table.check(0x8000, 0x40_0000));
    }
    if let Ok(otadata) = Otadata::parse(file) {
        boot(&otadata);
    }
    if let Some(merged) = Merged::recognise(file) {
        say(&merged.bootloader());
    }
    if let Ok(Image::App(app) | Image::Bootloader(app)) = detect(file) {
        say(&(app.role(), app.tail(), app.signatures(), app.descriptor(), app.bootloader_description()));
        assert!(app.image().len() <= app.offer().len() && app.offer().len() <= file.len());
    }
});

/// The lengths of the pieces are the file's own bytes.
fn check_in_pieces(file: &[u8]) {
    let Ok(len) = u32::try_from(file.len()) else { return };
    let mut checker = Checker::new(len);
    let mut pushed = Ok(());
    let mut rest = file;
    while let (Some(&first), Ok(())) = (rest.first(), pushed) {
        let (piece, more) = rest.split_at(rest.len().min(1 + usize::from(first)));
        pushed = checker.push(piece);
        rest = more;
    }
    let streamed = pushed.and_then(|()| checker.finish());
    assert_eq!(streamed, App::parse(file).map(|app| *app.facts()));
}

/// Whatever otadata holds, a slot can be chosen, and that slot is the next to start.
fn boot(otadata: &Otadata) {
    let slots = Slots { count: 2, factory: false };
    for rollback in [Rollback::Enabled, Rollback::Disabled] {
        say(&otadata.boot(slots, rollback).candidates().collect::<Vec<_>>());
        for slot in 0..2 {
            let Ok(write) = otadata.select(slot, 2, rollback) else { continue };
            let next = otadata.with(write).boot(slots, rollback).candidates().next();
            assert_eq!(next, Some(otary_image::Candidate::Slot(slot)), "{otadata:?}");
        }
    }
    say(&otadata.confirm());
}

/// Says it to nobody.
fn say(what: &impl std::fmt::Debug) {
    struct Nobody;
    impl std::fmt::Write for Nobody {
        fn write_str(&mut self, _: &str) -> std::fmt::Result {
            Ok(())
        }
    }
    let _ = write!(Nobody, "{what:?}");
}
