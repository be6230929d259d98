//! The check-in as it stands in the header field; causes as people read them.

use std::collections::HashSet;

use otary_wire::{Cause, CheckIn, Fault};

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

#[test]
fn every_cause_has_a_number_and_words_of_its_own() {
    let causes: Vec<Cause> = (0..=u8::MAX).map(Cause::from_code).collect();
    assert!(causes.iter().zip(0..=u8::MAX).all(|(cause, code)| cause.code() == code));
    let words: HashSet<String> = causes.iter().map(Cause::to_string).collect();
    assert_eq!(words.len(), causes.len());
    assert_eq!(Cause::from_code(20), Cause::BootsSpent);
    assert_eq!(Cause::from_code(200).to_string(), "cause 200", "of a newer device");
}
