//! The passphrase of a backup, or of the keys in their folder: wiped from memory, never printed, and long enough to be worth typing.

use std::fmt;

use age::secrecy::{ExposeSecret, SecretString};

/// Fewest characters of a passphrase that protects something new. A file can be attacked at leisure once somebody has
/// it: twelve random letters hold, a word does not.
pub const LEAST_CHARACTERS: usize = 12;

/// What a person types to protect keys, or to open them.
#[derive(Clone)]
pub struct Passphrase(SecretString);

/// A passphrase that would protect nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the passphrase has {found} characters, and needs at least {LEAST_CHARACTERS}")]
pub struct TooShort {
    /// Its length in characters.
    pub found: usize,
}

impl Passphrase {
    /// Takes the text over; its memory is wiped when the passphrase is dropped.
    pub fn new(text: String) -> Self {
        Self(text.into())
    }

    /// Checks that it is long enough for what is put under it now. Opening asks for nothing.
    pub fn check_length(&self) -> Result<(), TooShort> {
        let found = self.0.expose_secret().chars().count();
        if found < LEAST_CHARACTERS { Err(TooShort { found }) } else { Ok(()) }
    }

    pub(crate) fn secret(&self) -> SecretString {
        self.0.clone()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(Passphrase::new("ö".repeat(11)).check_length(), Err(TooShort { found: 11 }));
        assert_eq!(Passphrase::new("ö".repeat(12)).check_length(), Ok(()));
    }

    #[test]
    fn it_is_not_printed() {
        assert_eq!(format!("{:?}", Passphrase::new("correct horse".to_owned())), "Passphrase(..)");
    }
}
