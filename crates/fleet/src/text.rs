//! Texts that people are shown and others made up.

/// Whether a character makes a text look like something else than it is: it controls a terminal, ends a line, or turns the
/// direction of writing (Unicode Standard Annex 9, section 2), by which `lamp\u{202E}nib.exe` is read as `lampexe.bin`.
///
/// Those that join letters or keep them apart are left: names are written with them in some languages.
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
