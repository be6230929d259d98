//! The emitter's refusals; that it writes what is read back, `app` and `properties` show.

use otary_image::emit::{AppImage, AppSegment};
use otary_image::{App, Chip, Error, Fault, Part};

use crate::samples::{self, DESCRIPTOR};

const DATA: AppSegment = AppSegment { address: 0x3C00_0020, data: b"data" };

#[test]
fn it_writes_into_a_buffer_and_leaves_the_rest_alone() {
    let image = AppImage { segments: &[DATA], ..AppImage::new(Chip::Esp32C3) };
    let mut buffer = [0xA5; 200];
    let len = image.write(&mut buffer).unwrap();
    assert_eq!(len, usize::try_from(image.image_len().unwrap()).unwrap());
    assert_eq!(buffer[..len], samples::emitted(&image));
    assert!(App::parse(&buffer[..len]).is_ok());
    assert!(buffer[len..].iter().all(|&byte| byte == 0xA5));
}

#[test]
fn a_buffer_too_small_is_refused_and_stays_as_it_was() {
    let image = AppImage { segments: &[DATA], ..AppImage::new(Chip::Esp32C3) };
    let expected = image.image_len().unwrap();
    let mut buffer = vec![0xA5; usize::try_from(expected).unwrap() - 1];
    let fault = Fault::Truncated { expected, found: expected - 1 };
    assert_eq!(image.write(&mut buffer), Err(Error::new(Part::Output, 0, fault)));
    assert!(buffer.iter().all(|&byte| byte == 0xA5));
}

#[test]
fn what_no_device_would_load_is_not_written() {
    let refused = |segments: &[AppSegment], descriptor| {
        AppImage { segments, descriptor, ..AppImage::new(Chip::Esp32C3) }.image_len().unwrap_err().fault
    };
    let count = |found| Fault::Range { field: "segment count", expected: (1, 16), found };
    assert_eq!(refused(&[], None), count(0));
    assert_eq!(refused(&[DATA; 17], None), count(17));
    let elsewhere = AppSegment { address: 0x3C00_0040, ..DATA };
    let misplaced = Fault::Misplaced { page: 0x1_0000, expected: 0x20, found: 0x40 };
    assert_eq!(refused(&[elsewhere], Some(DESCRIPTOR)), misplaced, "the descriptor would not be at 32");
    let odd = AppSegment { address: 0x3C00_0021, ..DATA };
    assert_eq!(refused(&[odd], None), Fault::Unaligned { field: "address", expected: 4, found: 0x3C00_0021 });
    let huge = AppSegment { data: &vec![0; 0x100_0000], ..DATA };
    assert!(matches!(refused(&[huge], None), Fault::Range { field: "length", .. }));
    let esp8266 = AppImage { segments: &[DATA], ..AppImage::new(Chip::Esp8266) };
    let no_id = Fault::Unknown { field: "chip id", found: 0xFFFF };
    assert_eq!(esp8266.image_len(), Err(Error::new(Part::Header, 12, no_id)), "its images are others");
}
