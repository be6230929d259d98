//! The client dialects: request heads become [`CheckIn`]s, decisions become answers, each library's in its own file.
//!
//! Nothing outside this module knows which dialects there are. A request is read once and bounded while it is read;
//! what an optional header says wrongly counts as not said.

mod agent;
mod arduino;
mod arduino_esp32;
mod arduino_esp8266;
pub(crate) mod ddi;
mod field;

use std::net::IpAddr;

use otary_fleet::{
    Catalogue, CheckIn, Chip, Decision, Dialect, Handshake, ManifestBytes, Md5, ProductName, Sha256,
    Transport,
};
use thiserror::Error;

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
        version: String,
        /// The digest of its artifact.
        md5: Md5,
    },
    /// An artifact.
    Image(Sha256),
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

const SPEAKERS: [&dyn Speaker; 3] = [&agent::Agent, &arduino_esp32::HttpUpdate, &arduino_esp8266::HttpUpdate];

/// Reads a request, whoever sent it.
pub(crate) fn read(head: &Head<'_>, origin: Origin) -> Result<Heard, NoCheckIn> {
    let speaker = SPEAKERS.into_iter().find(|speaker| speaker.sent(head));
    speaker.ok_or(NoCheckIn::UnknownClient)?.read(head, origin)
}

/// The check-in that an agent sends along when it fetches what it was offered. It is none of its own: nothing is decided.
pub(crate) fn sent_along(head: &Head<'_>, origin: Origin) -> Option<CheckIn> {
    let agent = agent::Agent;
    let said = agent.sent(head).then(|| agent.read(head, origin).ok())?;
    said.map(|said| said.check_in)
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
    Chip::all().find(|chip| chip.name().eq_ignore_ascii_case(name))
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
            };
            let Ok(Some((Ok(Heard { check_in, .. }), _))) = http1::read(&bytes, |head| read(head, origin)) else { return Ok(()) };
            for text in [check_in.version, check_in.sdk].into_iter().flatten() {
                prop_assert!((1..=CheckIn::MAX_TEXT).contains(&text.len()));
                prop_assert!(!text.contains(char::is_control));
            }
        }
    }
}
