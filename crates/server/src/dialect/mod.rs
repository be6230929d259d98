//! The client dialects: request heads become [`CheckIn`]s, decisions become answers, each library's in its own file.
//!
//! A library is known by what it sends, or by the URL that was made for it. Nothing outside this module knows which dialects
//! there are. A request is read once and bounded while it is read;
//! what an optional header says wrongly counts as not said.

mod agent;
mod answered;
mod arduino;
mod arduino_esp32;
mod arduino_esp8266;
mod asked;
pub(crate) mod ddi;
mod esp32fota;
mod esp_idf;
mod esphome;
mod field;
mod image;
mod micropython;
mod tasmota;
mod words;

use std::net::IpAddr;

use otary_fleet::{
    Catalogue, CheckIn, Chip, Decision, Dialect, Handshake, Mac, ManifestBytes, Md5, ProductName, Sha256,
    Transport, Version,
};
use thiserror::Error;

pub(crate) use self::answered::{Base, Said};
pub(crate) use self::asked::{Asked, Form};
pub(crate) use self::field::Field;
use crate::http1::Head;

/// What a client says.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) check_in: CheckIn,
    /// What an agent wants to read again in the order that answers it; zeros for other clients, whose answers are not signed.
    pub(crate) nonce: [u8; 16],
}

/// What is known of a request besides its head.
pub(crate) struct Origin {
    /// The other end of the connection.
    pub(crate) source: IpAddr,
    /// How it came.
    pub(crate) transport: Transport,
    /// The product that its path names.
    pub(crate) product: Option<ProductName>,
    /// What it was shown in the handshake.
    pub(crate) handshake: Option<Handshake>,
    /// The device that its link names.
    pub(crate) link: Option<Mac>,
    /// The device that the user of its credential names, or its certificate.
    pub(crate) user: Option<Mac>,
}

/// Why a request is no check-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum NoCheckIn {
    /// No known client library sent it.
    #[error("no update client that otary knows sent this")]
    UnknownClient,
    /// The client asks for something that otary has no kind for.
    #[error("the client asks in a mode that otary does not know")]
    UnknownMode,
    /// An agent's message breaks its form.
    #[error("the check-in is wrong in its field {}", field.name)]
    Malformed {
        /// The field that is at fault.
        field: Field,
        /// What is wrong there.
        #[source]
        error: otary_wire::Error,
    },
    /// An agent's field keeps its form, and names nothing that can be.
    #[error("the check-in is wrong in its field {}: nothing can have such a name", .0.name)]
    NoSuch(Field),
    /// An agent of another time.
    #[error("the check-in is of protocol {found}, this otary speaks {known}")]
    OtherProtocol {
        /// The version that it speaks.
        found: u32,
        /// The version that otary speaks.
        known: u32,
    },
    /// The path and an agent's message contradict each other.
    #[error("the URL names another product than the check-in")]
    OtherProduct,
}

/// What a client is to be answered, before it is HTTP.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// There is nothing new.
    NoUpdate,
    /// This client may not be served this way.
    Forbidden,
    /// There is nothing by that name.
    NotFound,
    /// Which version there is, without its bytes.
    Version {
        /// The version.
        version: Version,
        /// The digest of its artifact.
        md5: Md5,
    },
    /// An artifact.
    Image(Sha256),
    /// The checksum of an artifact, of the kind that was asked for.
    Checksum(Sha256),
    /// A manifest, as JSON.
    Document(String),
    /// The version is none that the client could read.
    NoSuchVersion,
    /// A signed order: to install what the manifest says, or to wait.
    Order {
        /// The manifest.
        manifest: Option<ManifestBytes>,
    },
}

/// One client library's way of speaking.
trait Speaker: Sync {
    /// Which it is.
    fn dialect(&self) -> Dialect;

    /// Whether it sent this request.
    fn sent(&self, head: &Head<'_>) -> bool;

    /// Reads a request that it sent.
    fn read(&self, head: &Head<'_>, origin: Origin) -> Result<Heard, NoCheckIn>;

    /// What it is to be answered.
    fn answer(&self, check_in: &CheckIn, decision: &Decision, catalogue: &Catalogue) -> Answer;

    /// What it is to be answered where nothing can be decided.
    fn undecided(&self) -> Answer {
        Answer::NoUpdate
    }
}

/// A client that is known by the URL that was made for it.
trait Placed: Sync {
    /// Which it is.
    fn dialect(&self) -> Dialect;

    /// What a path asks for; none if it is not this dialect's.
    fn find(&self, path: &str) -> Option<Asked>;

    /// Whether a manifest tells of every chip, where nothing says which of them asks.
    fn tells_of_every_chip(&self) -> bool {
        false
    }

    /// Reads what the client says of itself.
    fn read(&self, head: &Head<'_>, origin: Origin, asked: &Asked) -> Result<Heard, NoCheckIn> {
        Ok(Heard { check_in: words::read(head, origin, self.dialect(), asked.mode), nonce: [0; 16] })
    }

    /// What it is to be answered.
    fn answer(&self, said: &Said<'_>) -> Answer;
}

/// One client's way of asking, and what was asked.
pub(crate) struct Place {
    client: &'static dyn Placed,
    pub(crate) asked: Asked,
}

const PLACED: [&dyn Placed; 6] = [
    &esp_idf::EspIdf,
    &esphome::EspHome,
    &image::NamedImage,
    &esp32fota::Esp32Fota,
    &tasmota::Tasmota,
    &micropython::MicroPython,
];

impl Place {
    /// Whose URL a path is.
    pub(crate) fn find(path: &str) -> Option<Self> {
        PLACED.into_iter().find_map(|client| Some(Self { client, asked: client.find(path)? }))
    }

    /// Reads what the client says of itself. The path says more than the query, and both more than a header field.
    pub(crate) fn read(&self, head: &Head<'_>, origin: Origin) -> Result<Heard, NoCheckIn> {
        let mut said = self.client.read(head, origin, &self.asked)?;
        said.check_in.chip = self.asked.chip.or(said.check_in.chip);
        Ok(said)
    }

    /// Whether there is a decision for every chip of the product, where nothing says which of them asks.
    pub(crate) fn tells_of_every_chip(&self, check_in: &CheckIn) -> bool {
        self.client.tells_of_every_chip() && check_in.chip.is_none() && check_in.device.is_none()
    }

    /// What it is to be answered.
    pub(crate) fn answer(&self, said: &Said<'_>) -> Answer {
        self.client.answer(said)
    }
}

/// The answer of a client that takes bytes.
fn bytes(said: &Said<'_>) -> Answer {
    match (said.decision().and_then(Decision::offered), said.asked.form) {
        (None, _) => Answer::NoUpdate,
        (Some(artifact), Form::Md5 | Form::Sha256) => Answer::Checksum(artifact),
        (Some(artifact), Form::Image | Form::Manifest) => Answer::Image(artifact),
    }
}

/// The answer of a client that takes JSON.
fn json(manifest: &impl serde::Serialize) -> Answer {
    serde_json::to_string(manifest).map_or(Answer::NotFound, Answer::Document)
}

const SPEAKERS: [&dyn Speaker; 3] = [&agent::Agent, &arduino_esp32::HttpUpdate, &arduino_esp8266::HttpUpdate];

/// Reads a request, whoever sent it.
pub(crate) fn read(head: &Head<'_>, origin: Origin) -> Result<Heard, NoCheckIn> {
    let speaker = SPEAKERS.into_iter().find(|speaker| speaker.sent(head));
    speaker.ok_or(NoCheckIn::UnknownClient)?.read(head, origin)
}

/// The check-in that comes along when a client fetches what it was told of: an agent sends it, others find it in the URL
/// that they were given. It is none of its own: nothing is decided.
pub(crate) fn sent_along(head: &Head<'_>, origin: Origin) -> Option<CheckIn> {
    let agent = agent::Agent;
    if !agent.sent(head) {
        return answered::repeated(head, origin);
    }
    agent.read(head, origin).ok().map(|said| said.check_in)
}

/// What a decision means to the client that asked.
pub(crate) fn answer(check_in: &CheckIn, decision: &Decision, catalogue: &Catalogue) -> Answer {
    speaker_of(check_in).map_or(Answer::NoUpdate, |speaker| speaker.answer(check_in, decision, catalogue))
}

/// What the client that asked is to be answered where nothing can be decided.
pub(crate) fn undecided(check_in: &CheckIn) -> Answer {
    speaker_of(check_in).map_or(Answer::NoUpdate, Speaker::undecided)
}

fn speaker_of(check_in: &CheckIn) -> Option<&'static dyn Speaker> {
    SPEAKERS.into_iter().find(|speaker| speaker.dialect() == check_in.dialect)
}

/// The chip that a URL's query names: `?chip=esp32c3`.
fn chip_in_query(head: &Head<'_>) -> Option<Chip> {
    let mut pairs = head.query?.split('&').filter_map(|pair| pair.split_once('='));
    let (_, name) = pairs.find(|(key, _)| *key == "chip")?;
    asked::chip_called(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::http1;

    proptest! {
        #[test]
        fn whatever_a_client_says_the_check_in_is_bounded(
            fields in prop::collection::vec(
                ("x-ESP(32|8266)-(sta-mac|sketch-md5|sketch-sha256|version|free-space|sdk-version|mode|[a-z-]{0,30})",
                 prop::collection::vec(prop::num::u8::ANY.prop_filter("ends a field", |c| !b"\r\n\0".contains(c)), 0..200)),
                0..20,
            ),
            query in "[!-~]{0,30}",
        ) {
            let mut bytes = format!("GET /update?{query} HTTP/1.0\r\n").into_bytes();
            for (name, value) in fields {
                bytes.extend([name.as_bytes(), b": ", &value, b"\r\n"].concat());
            }
            bytes.extend(b"\r\n");
            let origin = Origin {
                source: [192, 0, 2, 1].into(),
                transport: Transport::Https,
                product: None,
                handshake: None,
                link: None,
                user: None,
            };
            let Ok(Some((Ok(Heard { check_in, .. }), _))) = http1::read(&bytes, |head| read(head, origin)) else { return Ok(()) };
            for text in [check_in.version.map(String::from), check_in.sdk].into_iter().flatten() {
                prop_assert!((1..=CheckIn::MAX_TEXT).contains(&text.len()));
                prop_assert!(!text.contains(char::is_control));
            }
        }
    }
}
