//! What is wrong with a file: the sentence, where, and what to do.

use otary_fleet::ReadError;
use serde::Serialize;

/// What is wrong.
#[derive(Debug, Clone, Serialize)]
pub struct Defect {
    /// Part, offset, what was expected and what was found.
    pub message: String,
    /// Bytes from the start of the file; of what is inside, for a gzip file.
    pub offset: Option<u32>,
    pub help: Option<String>,
}

impl Defect {
    /// As the error that ends the command.
    pub fn into_error(self) -> anyhow::Error {
        let error = anyhow::Error::msg(self.message);
        match self.help {
            Some(help) => crate::advice::advised(error, help),
            None => error,
        }
    }
}

impl From<ReadError> for Defect {
    fn from(error: ReadError) -> Self {
        let offset = match &error {
            ReadError::Image(image) => Some(image.offset),
            _ => None,
        };
        Self { message: error.to_string(), offset, help: error.help().map(str::to_owned) }
    }
}

impl From<otary_image::Error> for Defect {
    fn from(error: otary_image::Error) -> Self {
        ReadError::from(error).into()
    }
}
