//! Properties: what is written is what is read, and no bytes at all make a parser panic.

use otary_image::emit::{AppDescriptor, AppImage, AppSegment};
use otary_image::{App, Checker, Chip, Merged, detect};
use proptest::prelude::*;

use crate::samples;

fn chip() -> impl Strategy<Value = Chip> {
    prop::sample::select(samples::family().collect::<Vec<_>>())
}

/// Segments of a chip: data at the start of its mapping, then RAM, then perhaps code in the next page.
fn segments() -> impl Strategy<Value = (Chip, Vec<(u32, Vec<u8>)>)> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..600);
    let ram = prop::collection::vec(bytes(), 0..5);
    (chip(), bytes(), ram, prop::option::weighted(0.1, bytes())).prop_map(|(chip, data, ram, code)| {
        let (data_at, code_at, ram_at) = samples::addresses(chip);
        let mut segments = vec![(data_at, data)];
        segments.extend((0..).map(|n| ram_at + n * 0x1000).zip(ram));
        segments.extend(code.map(|code| (code_at, code)));
        (chip, segments)
    })
}

fn image() -> impl Strategy<Value = Vec<u8>> {
    (segments(), any::<bool>(), prop::option::of("[ -~]{0,40}")).prop_map(
        |((chip, segments), digest, version)| {
            let segments: Vec<_> =
                segments.iter().map(|(address, data)| AppSegment { address: *address, data }).collect();
            let descriptor =
                version.as_deref().map(|version| AppDescriptor { version, ..AppDescriptor::default() });
            samples::emitted(&AppImage {
                segments: &segments,
                append_digest: digest,
                descriptor,
                ..AppImage::new(chip)
            })
        },
    )
}

/// An image, a merged file of it, or an ESP8266 image, with bytes changed and its end cut off or grown.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let merged = image().prop_map(|app| {
        let table = samples::table(&samples::partitions());
        samples::dump(&[(0, &samples::bootloader(Chip::Esp32S3)), (0x8000, &table), (0x1_0000, &app)])
    });
    let rom = prop::collection::vec(any::<u8>(), 0..300)
        .prop_map(|data| samples::rom_image(0x4010_0000, &[(0x4010_0000, &data), (0x4020_1010, &data)]));
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8);
    let file = prop_oneof![4 => image(), 1 => merged, 2 => rom];
    (file, changes, any::<prop::sample::Index>(), 0..200_usize).prop_map(|(mut file, changes, cut, more)| {
        for (at, byte) in changes {
            // Half of the changes hit the headers, where they matter most.
            let at = if byte & 1 == 0 { at.index(file.len()) } else { at.index(file.len().min(300)) };
            file[at] = byte;
        }
        if more > 100 {
            file.truncate(cut.index(file.len() + 1));
        } else {
            file.resize(file.len() + more, 0xFF);
        }
        file
    })
}

proptest! {
    #[test]
    fn what_was_emitted_is_what_is_parsed((chip, segments) in segments(), digest in any::<bool>()) {
        let emitted: Vec<_> =
            segments.iter().map(|(address, data)| AppSegment { address: *address, data }).collect();
        let image = AppImage { segments: &emitted, append_digest: digest, ..AppImage::new(chip) };
        let file = samples::emitted(&image);
        let app = App::parse(&file).unwrap();
        prop_assert_eq!((app.chip(), app.image()), (chip, &file[..]));
        prop_assert_eq!(app.appended_digest().is_some(), digest);
        let parsed: Vec<_> = app
            .segments()
            .iter()
            .filter(|segment| !segment.is_padding())
            .map(|segment| (segment.address, app.data(segment).to_vec()))
            .collect();
        let padded = segments.into_iter().map(|(address, mut data)| {
            data.resize(data.len().next_multiple_of(4), 0);
            (address, data)
        });
        prop_assert_eq!(parsed, padded.collect::<Vec<_>>());
    }

    #[test]
    fn pieces_are_judged_as_the_whole_is(file in damaged(), cuts in prop::collection::vec(1..500_usize, 1..20)) {
        let mut checker = Checker::new(u32::try_from(file.len()).unwrap());
        let mut rest = &file[..];
        let mut cuts = cuts.iter().cycle();
        let mut pushed = Ok(());
        while !rest.is_empty() && pushed.is_ok() {
            let (piece, more) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
            pushed = checker.push(piece);
            rest = more;
        }
        let streamed = pushed.and_then(|()| checker.finish());
        prop_assert_eq!(streamed, App::parse(&file).map(|app| *app.facts()));
    }

    #[test]
    fn damaged_files_never_panic_and_their_errors_can_be_said(file in damaged()) {
        say(&file);
    }

    #[test]
    fn no_bytes_panic(start in prop::sample::select(STARTS), rest in prop::collection::vec(any::<u8>(), 0..2000)) {
        say(&[start, &rest].concat());
    }
}

/// First bytes that lead into each of the parsers.
const STARTS: &[&[u8]] = &[
    b"",
    b"\xE9",
    b"\xE9\x02\x02\x20",
    b"\xEA\x04",
    b"\x1F\x8B\x08",
    b"\xAA\x50",
    b"\0\0\0\0\0\0\0\0littlefs",
    b"\xEB\xFE\x90",
    b"\x55\xAA\x55\xAA",
];

/// Everything that can be asked of a file.
fn say(file: &[u8]) {
    let said = match detect(file) {
        Ok(image) => format!("{image:?}"),
        Err(error) => error.to_string(),
    };
    assert!(!said.is_empty());
    if let Ok(app) = App::parse(file) {
        assert!(app.image().len() <= file.len() && app.offer().len() <= file.len());
        assert!(app.signatures().all(|found| found.crc_matches().is_some() || found.key_digest().is_none()));
    }
    if let Some(merged) = Merged::recognise(file) {
        assert!(merged.app().map_or(0, |app| app.offer().len()) <= file.len());
        assert!(merged.table().iter().all(|row| merged.content(&row).len() <= file.len()));
    }
}
