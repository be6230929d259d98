//! What the fuzz targets begin with: whole inputs of every kind, made by the project's own emitters, and the keys and
//! records that the targets judge them with.

pub mod agent;
pub mod image;
pub mod wire;

/// Input for a target, with a name that says what it is.
#[derive(Debug, Clone)]
pub struct Seed {
    /// For the file's name.
    pub name: String,
    /// The input.
    pub bytes: Vec<u8>,
}

impl Seed {
    /// A seed.
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: bytes.into() }
    }
}
