//! Drawings, made by the server as SVG. Colours are classes of the style sheet, so a drawing follows light and dark, and nothing in it
//! is styled inline, which the page's policy would refuse. Each has a text that says the same.

pub(crate) mod bar;
pub(crate) mod evidence;
pub(crate) mod timeline;

use std::fmt;

/// A drawing of this crate's making: figures and fixed words, and what is not is escaped where it is drawn.
pub(crate) struct Svg(pub(crate) String);

impl fmt::Display for Svg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Svg {}

/// A text between tags.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
