//! What the URL of a client asks for that is known by its URL alone.

use otary_fleet::{Chip, Mode, ProductName};

/// What is wanted of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The bytes.
    Image,
    /// The bytes' MD5, as `md5sum` prints it.
    Md5,
    /// The bytes' SHA-256, as `sha256sum` prints it.
    Sha256,
    /// A manifest of the dialect's.
    Manifest,
}

/// What a URL asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Of which product.
    pub(crate) product: ProductName,
    /// For which chip, if the path says it.
    pub(crate) chip: Option<Chip>,
    /// Program or file system.
    pub(crate) mode: Mode,
    /// In which form.
    pub(crate) form: Form,
    /// Whether the name is that of a gzip file; none if there is no name to tell by.
    pub(crate) gzip: Option<bool>,
    /// Whether *wait* is to be an error, since the client takes 304 for a success.
    pub(crate) quiet: bool,
}

impl Asked {
    /// A product's program, for whichever chip asks.
    pub(super) fn of(product: &str, form: Form) -> Option<Self> {
        let product = product.parse().ok()?;
        Some(Self { product, chip: None, mode: Mode::Sketch, form, gzip: None, quiet: false })
    }

    /// The same for a chip that is named, or its file system: `esp32c3`, `filesystem`.
    pub(super) fn for_part(product: &str, part: &str, form: Form) -> Option<Self> {
        let asked = Self::of(product, form)?;
        if part == "filesystem" {
            return Some(Self { mode: Mode::Filesystem, ..asked });
        }
        let chip = Some(chip_called(part)?);
        Some(Self { chip, ..asked })
    }
}

/// The chip of a name.
pub(super) fn chip_called(name: &str) -> Option<Chip> {
    Chip::all().find(|chip| chip.name().eq_ignore_ascii_case(name))
}

/// The parts of a path behind `prefix`: `/idf/lamp/app.bin` behind `/idf/` is `lamp` and `app.bin`.
pub(super) fn parts<'a>(path: &'a str, prefix: &str) -> Option<(&'a str, Option<&'a str>)> {
    let rest = path.strip_prefix(prefix)?;
    Some(match rest.split_once('/') {
        None | Some((_, "")) => (rest.trim_end_matches('/'), None),
        Some((product, rest)) => (product, Some(rest)),
    })
}
