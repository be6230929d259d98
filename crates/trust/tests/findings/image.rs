//! Images of our own emitter around texts and bytes of the test's choice.

use std::io::Write;
use std::process::{Command, Stdio};

use otary_fleet::Time;
use otary_image::Chip;
use otary_image::emit::{AppImage, AppSegment};
use otary_trust::{Authority, Clock};

/// An ESP32 app with these pieces among its constants, each ended by a zero as a compiler does.
pub fn with(pieces: &[&[u8]]) -> Vec<u8> {
    let noise: Vec<u8> = (0..20_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let mut constants = noise[..9_999].to_vec();
    for piece in pieces {
        constants.extend_from_slice(b"\0");
        constants.extend_from_slice(piece);
        constants.extend_from_slice(b"\0");
    }
    let segments = [
        AppSegment { address: 0x3F40_0020, data: &constants },
        AppSegment { address: 0x400D_0020, data: &noise },
    ];
    let image = AppImage { entry: 0x400D_0020, segments: &segments, ..AppImage::new(Chip::Esp32) };
    let mut bytes = vec![0; image.image_len().unwrap() as usize];
    image.write(&mut bytes).unwrap();
    bytes
}

/// An authority with a leaf for `ota.lan`, in a folder that is gone with the test.
pub fn authority() -> (tempfile::TempDir, Authority) {
    let folder = tempfile::tempdir().unwrap();
    let now = Time::from_secs(1_795_000_000);
    let clock = Clock { now, built: now, newest: now };
    let authority =
        Authority::open_or_create(&folder.path().join("trust"), &["ota.lan".parse().unwrap()], &clock);
    (folder, authority.unwrap())
}

/// What the OpenSSL on this machine makes; none, and said so, where there is no such program.
pub fn openssl(arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let program =
        Command::new("openssl").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut program) = program else {
        println!("skipped: openssl is not installed");
        return None;
    };
    program.stdin.take().unwrap().write_all(input).unwrap();
    let output = program.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}");
    Some(output.stdout)
}

/// The text as a Windows editor leaves it.
pub fn with_crlf(pem: &str) -> String {
    pem.replace('\n', "\r\n")
}
