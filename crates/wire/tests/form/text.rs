//! The check-in as it stands in the header field.

use otary_wire::{CheckIn, Fault};

use crate::samples;

#[test]
fn a_check_in_comes_back_from_its_header_field() {
    let mut buffer = [0; CheckIn::MAX_TEXT];
    let text = samples::check_in().to_text(&mut buffer).unwrap();
    assert!(text.starts_with("rgABAUYkbyiqu8wCZGxhbXADYnYx"), "{text}");
    assert_eq!(CheckIn::from_text(text, &mut [0; CheckIn::MAX_LEN]).unwrap(), samples::check_in());
}

#[test]
fn another_text_is_refused() {
    let read = |text: &str| CheckIn::from_text(text, &mut [0; CheckIn::MAX_LEN]).map(|_| ());
    for text in ["rg+B", "rg/B", "rgAB=", "r", "rg B", "rgAé"] {
        assert_eq!(read(text).unwrap_err().fault, Fault::Base64, "{text}");
    }
    let long = "A".repeat(CheckIn::MAX_TEXT + 1);
    assert!(matches!(read(&long).unwrap_err().fault, Fault::TooLong { .. }));
    assert!(matches!(read("").unwrap_err().fault, Fault::Truncated));
    // Of the last character two bits are unused. They have to be zero, so that a check-in is one text.
    assert_eq!(read("rgB").unwrap_err().fault, Fault::Base64);
}
