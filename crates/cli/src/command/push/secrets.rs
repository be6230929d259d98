//! Tokens and passwords of a product, looked for in its images: whoever has an image has what is in it.
//!
//! They are read from a file and looked for here, so they go nowhere: not to the server, not into what is printed.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use memchr::memmem;
use otary_fleet::{ProductName, unpack};
use otary_server::operator::ProductView;
use zeroize::Zeroizing;

use crate::advice::advised;
use crate::client::{Client, PushedFile, path};
use crate::file::read_text;

/// The largest file of secrets that is read, in bytes, and the most of them.
const MAX_FILE: u64 = 64 * 1024;
const MAX_SECRETS: usize = 256;
/// What is shorter stands in every image by chance.
const SHORTEST: usize = 6;

/// What is looked for.
pub struct Secrets {
    file: PathBuf,
    lines: Vec<(usize, Zeroizing<String>)>,
}

impl Secrets {
    /// Reads them: one a line, as it is, or in double quotes anywhere in the line, as in a header of a sketch. Empty lines
    /// and those that begin with `//` count for nothing.
    pub fn read(file: &Path) -> Result<Self> {
        let text = read_text(file, MAX_FILE)?;
        let mut lines = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            for secret in secrets_of(line) {
                check(file, number, secret)?;
                lines.push((number, Zeroizing::new(secret.to_owned())));
            }
        }
        match lines.len() {
            0 => Err(advised(anyhow!("{} has no secret in it", file.display()), "write one a line")),
            1..=MAX_SECRETS => Ok(Self { file: file.to_owned(), lines }),
            found => Err(anyhow!("{} has {found} secrets, {MAX_SECRETS} at most", file.display())),
        }
    }

    /// What was found in `files`, a sentence each, and what to do about it, by how `product` is now.
    pub fn notes(
        &self,
        files: &[PushedFile],
        product: &ProductName,
        client: &mut Client,
    ) -> Result<Vec<String>> {
        let mut notes = self.find(files);
        if !notes.is_empty() {
            let products: Vec<ProductView> = client.get(&path(["products"]))?;
            let known = products.iter().find(|view| view.product.name == *product);
            notes.push(proposal(product, known.map(|view| view.product.private)));
        }
        Ok(notes)
    }

    fn find(&self, files: &[PushedFile]) -> Vec<String> {
        files.iter().flat_map(|file| self.find_in(file)).collect()
    }

    fn find_in(&self, file: &PushedFile) -> Vec<String> {
        let image = unpack(&file.bytes).map_or(Cow::Borrowed(&*file.bytes), Cow::Owned);
        let found = |(line, secret): &(usize, Zeroizing<String>)| {
            let offset = offset_of(secret, &image)?;
            let from = self.file.display();
            Some(format!(
                "{}: the secret in line {line} of {from} stands in it, at offset {offset:#x}",
                file.name
            ))
        };
        self.lines.iter().filter_map(found).collect()
    }
}

/// What to do about secrets in the images of `product`. `private`: whether it is; none if there is no such product yet.
fn proposal(product: &ProductName, private: Option<bool>) -> String {
    const WHY: &str = "whoever can download an image has the secrets in it";
    match private {
        Some(true) => format!("{WHY}: {product} is private, so that takes a device's credential"),
        Some(false) => format!(
            "{WHY}; once its devices hold a credential, give images to nobody else: otary product set {product} \
             --private"
        ),
        None => {
            format!("{WHY}; make the product private from the start: otary product add {product} --private")
        }
    }
}

/// What stands in double quotes; without any, the line.
fn secrets_of(line: &str) -> Vec<&str> {
    let line = line.trim();
    if line.is_empty() || line.starts_with("//") {
        return Vec::new();
    }
    let quoted: Vec<&str> = line.split('"').skip(1).step_by(2).filter(|text| !text.is_empty()).collect();
    if quoted.is_empty() { vec![line] } else { quoted }
}

fn check(file: &Path, line: usize, secret: &str) -> Result<()> {
    if secret.len() >= SHORTEST {
        return Ok(());
    }
    let error = anyhow!("line {line} of {} has {} characters", file.display(), secret.len());
    Err(advised(
        error,
        format!("a secret of fewer than {SHORTEST} is in every image by chance: leave it out"),
    ))
}

/// Where `secret` stands in `image`, as text or as HTTP's Basic scheme writes it.
fn offset_of(secret: &str, image: &[u8]) -> Option<usize> {
    let encoded = Zeroizing::new(STANDARD_NO_PAD.encode(secret));
    let offset = |text: &str| memmem::find(image, text.as_bytes());
    offset(secret).or_else(|| offset(&encoded))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(text: &str) -> Result<Secrets> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), text)?;
        Secrets::read(file.path())
    }

    fn found(text: &str, image: &[u8]) -> Vec<String> {
        let mut secrets = secrets(text).unwrap();
        secrets.file = "secrets.h".into();
        let file = PushedFile { name: "lamp.bin".into(), bytes: image.to_vec().into() };
        secrets.find(&[file])
    }

    #[test]
    fn a_secret_is_found_as_text_in_a_header_and_as_basic_writes_it() {
        let header = "// of the lamp\n#define MQTT \"hunter2-mqtt\"\n\nlamp:correct horse\n";
        let told = found(header, b"\x00\x01hunter2-mqtt\x00bGFtcDpjb3JyZWN0IGhvcnNl\x00");
        assert_eq!(
            told,
            [
                "lamp.bin: the secret in line 2 of secrets.h stands in it, at offset 0x2",
                "lamp.bin: the secret in line 4 of secrets.h stands in it, at offset 0xf"
            ]
        );
        assert!(told.iter().all(|note| !note.contains("hunter2") && !note.contains("horse")));
    }

    #[test]
    fn what_is_not_in_the_image_is_not_told_of() {
        assert_eq!(found("hunter2-mqtt", b"hunter2-mqt\0t"), Vec::<String>::new());
    }

    #[test]
    fn a_file_without_a_secret_or_with_too_short_a_one_is_refused_by_its_line() {
        assert!(secrets("\n// nothing\n").err().unwrap().to_string().ends_with("has no secret in it"));
        let error = secrets("long enough\nabc\n").err().unwrap().to_string();
        assert!(error.starts_with("line 2 of ") && error.ends_with(" has 3 characters"), "{error}");
    }
}
