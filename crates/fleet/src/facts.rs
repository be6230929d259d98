//! Facts: what a pushed file is, read once, at upload.
//!
//! A merged (factory) image is taken apart and its app becomes the artifact; a gzip file is unpacked, in bounded memory,
//! to learn what a device will run, and kept as it is. What no device could install is refused with the reason and, where
//! there is one, the way out.

use std::io::Read;
use std::ops::Range;

use flate2::read::GzDecoder;
use otary_image::{
    App, Chip, Descriptor, Esp8266, Esp8266Kind, Fault, Foreign, Image, Merged, Part, Role, Tail,
};
use thiserror::Error;

use crate::{Artifact, Embedded, FileSystem, Kind, Md5, Sha256, Time, Variant};

/// What is known of a pushed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// The artifact that it makes.
    pub artifact: Artifact,
    /// Which bytes of the file the artifact is; all of them but for a merged image.
    pub range: Range<usize>,
    /// What the image came in.
    pub wrapped: Option<Wrapped>,
    /// What a person should know, a sentence each.
    pub notes: Vec<String>,
}

/// What an image came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapped {
    /// A merged image, of which it is the app.
    Merged,
    /// A gzip file, which is kept; this many bytes unpacked.
    Gzip {
        /// Bytes unpacked.
        unpacked: u64,
    },
}

/// Why a file cannot be released.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReadError {
    /// It is too large.
    #[error("the file has {size} bytes, and no more than {} can be pushed", Artifact::MAX_SIZE)]
    TooLarge {
        /// Its size.
        size: u64,
    },
    /// It is no image, or a damaged one.
    #[error(transparent)]
    Image(#[from] otary_image::Error),
    /// It is a part of a flash layout that is not updated over the air.
    #[error("this is {what}, which is not updated over the air")]
    NotAnUpdate {
        /// What it is.
        what: &'static str,
    },
    /// No stock client takes an image of this form.
    #[error("this is {what}, which no update client takes")]
    NotInstallable {
        /// What it is.
        what: &'static str,
    },
    /// A gzip file that cannot be unpacked.
    #[error("the gzip file is damaged: {why}")]
    GzipDamaged {
        /// Why.
        why: String,
    },
    /// A gzip file around something that only unpacked can be used.
    #[error("a gzip file around {what}: only the boot loader of an ESP8266 unpacks updates")]
    GzipOf {
        /// What is inside.
        what: &'static str,
    },
}

impl ReadError {
    /// What to do about it, if there is something to do.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Image(otary_image::Error { fault: Fault::Foreign(kind), .. }) => kind.help(),
            Self::Image(_) => Some("build or download it again: it is damaged or cut off"),
            Self::NotAnUpdate { .. } => Some("push the app image (firmware.bin)"),
            Self::NotInstallable { .. } => {
                Some("push the image that the Arduino core or ESP-IDF makes for updates")
            }
            Self::GzipOf { .. } => Some("unpack it and push what is inside"),
            Self::TooLarge { .. } | Self::GzipDamaged { .. } => None,
        }
    }
}

/// Reads the facts of a file, or takes it as opaque if `as_raw`.
pub fn read(bytes: &[u8], file_name: &str, now: Time, as_raw: bool) -> Result<Findings, ReadError> {
    if bytes.len() as u64 > Artifact::MAX_SIZE {
        return Err(ReadError::TooLarge { size: bytes.len() as u64 });
    }
    let mut findings = Findings {
        artifact: blank(bytes, file_name, now),
        range: 0..bytes.len(),
        wrapped: None,
        notes: Vec::new(),
    };
    if as_raw {
        return match Foreign::recognise(bytes) {
            Some(kind @ (Foreign::Empty | Foreign::Html)) => {
                Err(otary_image::Error { part: Part::File, offset: 0, fault: Fault::Foreign(kind) }.into())
            }
            _ => Ok(findings),
        };
    }
    match otary_image::detect(bytes)? {
        Image::App(app) if app.role() == Role::RamApplication => {
            return Err(ReadError::NotInstallable {
                what: "an image that starts from the bootloader's place",
            });
        }
        Image::App(app) => findings.take_app(&app),
        Image::Merged(merged) => findings.take_merged(&merged)?,
        Image::Esp8266(image) => findings.take_esp8266(&image)?,
        Image::Gzip(_) => findings.take_gzip(bytes)?,
        Image::LittleFs(_) => findings.take_filesystem(FileSystem::LittleFs),
        Image::Spiffs(_) => findings.take_filesystem(FileSystem::Spiffs),
        Image::Fat(_) => findings.take_filesystem(FileSystem::Fat),
        Image::Bootloader(_) => return Err(ReadError::NotAnUpdate { what: "a bootloader" }),
        Image::PartitionTable(_) => return Err(ReadError::NotAnUpdate { what: "a partition table" }),
        Image::Otadata(_) => return Err(ReadError::NotAnUpdate { what: "an otadata partition" }),
        _ => {
            return Err(ReadError::NotInstallable { what: "a kind of image that this otary does not serve" });
        }
    }
    Ok(findings)
}

/// An opaque artifact of these bytes.
fn blank(bytes: &[u8], file_name: &str, now: Time) -> Artifact {
    let md5 = Md5::of(bytes);
    Artifact {
        id: Sha256::of(bytes),
        size: bytes.len() as u64,
        md5,
        kind: Kind::Raw,
        chip: None,
        variant: Variant::Whole,
        filesystem: None,
        gzip: false,
        md5s: vec![md5],
        digests: Vec::new(),
        file_name: file_name.into(),
        proposed_version: None,
        project: None,
        sdk: None,
        embedded: Embedded::default(),
        added: now,
    }
}

impl Findings {
    /// The app of a merged image makes another artifact than the file.
    fn take_merged(&mut self, merged: &Merged<'_>) -> Result<(), ReadError> {
        let app = merged.app()?;
        let start = merged.app_partition()?.offset.saturating_sub(merged.base()) as usize;
        self.range = start..start + app.offer().len();
        self.artifact = blank(app.offer(), &self.artifact.file_name, self.artifact.added);
        self.wrapped = Some(Wrapped::Merged);
        self.notes.push("a merged (factory) image: its app is taken, the rest is not".into());
        self.take_app(&app);
        Ok(())
    }

    /// An app of the ESP32 family. `sketch-md5` covers the image by its own length, `sketch-sha256` is the digest at its
    /// end (client-side: `ESP.getSketchMD5`, `esp_partition_get_sha256`).
    fn take_app(&mut self, app: &App<'_>) {
        self.artifact.kind = Kind::App;
        self.artifact.chip = Some(app.chip());
        self.take_variant();
        self.reported_md5(app.image());
        self.artifact.digests = vec![Sha256(app.reported_digest())];
        if let Some(descriptor) = app.descriptor() {
            self.take_descriptor(descriptor);
        }
        match app.tail() {
            Tail::Signature(_) => self.notes.push("signed for Secure Boot".into()),
            Tail::Other(len) => self.notes.push(format!("{len} unknown bytes follow the image")),
            Tail::Nothing | Tail::Erased(_) | Tail::Segments(_) => {}
        }
    }

    /// What the Arduino core's library builder wrote into a descriptor says nothing of the sketch.
    fn take_descriptor(&mut self, descriptor: Descriptor<'_>) {
        let text = |text: otary_image::Text<'_>| text.as_str().filter(|t| !t.is_empty()).map(str::to_owned);
        self.artifact.sdk = text(descriptor.idf_version());
        if !descriptor.says_nothing() {
            self.artifact.project = text(descriptor.project());
            self.artifact.proposed_version = text(descriptor.version());
        }
    }

    fn take_esp8266(&mut self, image: &Esp8266<'_>) -> Result<(), ReadError> {
        match image.kind() {
            Esp8266Kind::Sdk => {
                return Err(ReadError::NotInstallable { what: "an image for the ESP8266 SDK's boot loader" });
            }
            Esp8266Kind::Rom => self.notes.push("no eboot in front: not what the Arduino core builds".into()),
            Esp8266Kind::Arduino { .. } | Esp8266Kind::Rtos { .. } => {}
        }
        self.artifact.kind = Kind::App;
        self.artifact.chip = Some(Chip::Esp8266);
        self.take_variant();
        self.reported_md5(image.image());
        if let Some(descriptor) = image.descriptor() {
            self.take_descriptor(descriptor);
        }
        if image.signature().is_some() {
            self.notes.push(
                "signed by the Arduino core's tool: devices without that check report another MD5".into(),
            );
        }
        Ok(())
    }

    fn take_gzip(&mut self, bytes: &[u8]) -> Result<(), ReadError> {
        let unpacked = unpack(bytes)?;
        let what = match otary_image::detect(&unpacked)? {
            Image::Esp8266(image) => {
                self.take_esp8266(&image)?;
                self.reported_md5(&unpacked);
                self.artifact.gzip = true;
                self.wrapped = Some(Wrapped::Gzip { unpacked: unpacked.len() as u64 });
                return Ok(());
            }
            Image::App(_) | Image::Merged(_) | Image::Bootloader(_) => "an image of the ESP32 family",
            Image::LittleFs(_) | Image::Spiffs(_) | Image::Fat(_) => "a file system",
            Image::Gzip(_) => "another gzip file",
            _ => "no image",
        };
        Err(ReadError::GzipOf { what })
    }

    /// By the file's name alone: to their headers all of them are programs.
    fn take_variant(&mut self) {
        self.artifact.variant = Variant::of(&self.artifact.file_name);
        let what = match self.artifact.variant {
            Variant::Whole => return,
            Variant::Minimal => "a Tasmota whose whole image does not fit beside what it runs",
            Variant::Safeboot => "a Tasmota that is told to `Upgrade 2`",
        };
        self.notes.push(format!("by its name, for {what}; nobody else is offered it"));
    }

    fn take_filesystem(&mut self, layout: FileSystem) {
        self.artifact.kind = Kind::Filesystem;
        self.artifact.filesystem = Some(layout);
        self.notes.push(
            "a file system has no second slot: a device that loses power while writing it has none".into(),
        );
    }

    fn reported_md5(&mut self, image: &[u8]) {
        let md5 = Md5::of(image);
        if !self.artifact.md5s.contains(&md5) {
            self.artifact.md5s.push(md5);
        }
    }
}

/// Unpacks a gzip file (RFC 1952) of at most [`Artifact::MAX_SIZE`] bytes unpacked; what follows it (a signature) is
/// left alone.
pub fn unpack(bytes: &[u8]) -> Result<Vec<u8>, ReadError> {
    let mut unpacked = Vec::new();
    let mut decoder = GzDecoder::new(bytes).take(Artifact::MAX_SIZE + 1);
    decoder.read_to_end(&mut unpacked).map_err(|why| ReadError::GzipDamaged { why: why.to_string() })?;
    if unpacked.len() as u64 > Artifact::MAX_SIZE {
        return Err(ReadError::TooLarge { size: unpacked.len() as u64 });
    }
    Ok(unpacked)
}
