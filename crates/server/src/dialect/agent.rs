//! otary's own agent: one header field with a CBOR message ([`otary_wire::CheckIn`]), answered by an offer of signed
//! objects.
//!
//! The message is read strictly: an agent that says something wrongly is a mistake in a program, and is told which field
//! it is in. Whether a product does not exist, is not for whoever asks, or has nothing new, the answer is the same: an
//! order to wait.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use otary_fleet::{
    AgentWords, Build, Catalogue, Cause, CheckIn, Decision, DeviceClock, Dialect, Ending, Mac, Mode,
    ProductName, Proof, Reason, Report, Sha256, Version,
};
use otary_wire as wire;

use super::field::Field;
use super::{Answer, Heard, NoCheckIn, Origin, Speaker};
use crate::http1::Head;

/// The agent.
pub(super) struct Agent;

impl Speaker for Agent {
    fn dialect(&self) -> Dialect {
        Dialect::Agent
    }

    fn sent(&self, head: &Head<'_>) -> bool {
        head.fields().any(|(name, _)| name.eq_ignore_ascii_case(wire::CheckIn::HEADER))
    }

    fn read(&self, head: &Head<'_>, origin: Origin) -> Result<Heard, NoCheckIn> {
        // What is no text is no base64 either.
        let text = head.field(wire::CheckIn::HEADER).unwrap_or_default().trim();
        let mut bytes = [0; wire::CheckIn::MAX_LEN];
        match wire::CheckIn::from_text(text, &mut bytes) {
            Ok(said) => take(&said, origin),
            Err(error) => Err(refuse(text, error)),
        }
    }

    fn answer(&self, _: &CheckIn, decision: &Decision, catalogue: &Catalogue) -> Answer {
        if matches!(decision.reason, Reason::PlainHttp { .. }) {
            return Answer::Forbidden;
        }
        let release = decision.release.as_ref().and_then(|id| catalogue.release(id));
        let manifest = release.zip(decision.offered()).and_then(|(release, id)| release.manifest_of(&id));
        Answer::Order { manifest: manifest.map(|manifest| manifest.bytes.clone()) }
    }

    fn undecided(&self) -> Answer {
        Answer::Order { manifest: None }
    }
}

fn take(said: &wire::CheckIn<'_>, origin: Origin) -> Result<Heard, NoCheckIn> {
    let device = Mac::new(said.device).map_err(|_| NoCheckIn::NoSuch(Field::DEVICE))?;
    let product: ProductName = said.product.parse().map_err(|_| NoCheckIn::NoSuch(Field::PRODUCT))?;
    if origin.product.is_some_and(|named| named != product) {
        return Err(NoCheckIn::OtherProduct);
    }
    let check_in = CheckIn {
        dialect: Dialect::Agent,
        mode: Mode::Sketch,
        device: Some(device),
        product: Some(product),
        chip: Some(said.chip),
        build: Build { md5: None, sha256: said.image.copied().map(Sha256) },
        version: said.version.map(Version::from),
        free_space: Some(said.slot.into()),
        chip_size: None,
        sdk: None,
        source: origin.source,
        transport: origin.transport,
        // It takes the device's record to tell.
        proof: Proof::None,
        handshake: origin.handshake,
        agent: Some(words(said)),
        report: said.report.as_ref().map(report),
        name: None,
    };
    Ok(Heard { check_in, nonce: said.nonce })
}

fn words(said: &wire::CheckIn<'_>) -> AgentWords {
    AgentWords {
        hardware: said.hardware.to_owned(),
        release: said.release,
        root: said.root,
        trust_set: said.trust_set,
        clock: match said.clock {
            wire::ClockState::Unknown => DeviceClock::Unknown,
            wire::ClockState::LowerBound => DeviceClock::LowerBound,
            wire::ClockState::Set => DeviceClock::Set,
        },
    }
}

fn report(said: &wire::Report<'_>) -> Report {
    Report {
        release: said.release,
        payload: said.payload.copied().map(Sha256),
        ending: match said.outcome {
            wire::Outcome::Installed => Ending::Installed,
            wire::Outcome::Refused => Ending::Refused,
            wire::Outcome::RolledBack => Ending::RolledBack,
            wire::Outcome::TrustSetRefused => Ending::TrustSetRefused,
        },
        cause: said.cause.map(|cause| Cause(cause.code())),
        tries: said.tries,
    }
}

/// Why a text is no check-in: another protocol is told from a mistake in this one.
fn refuse(text: &str, error: wire::Error) -> NoCheckIn {
    let bounded = text.get(..wire::CheckIn::MAX_TEXT).unwrap_or(text);
    let bytes = URL_SAFE_NO_PAD.decode(bounded).unwrap_or_default();
    let field = Field::at_fault(&bytes, error);
    match error.fault {
        wire::Fault::Range { expected: (_, known), found } if field == Field::PROTOCOL => {
            NoCheckIn::OtherProtocol { found, known }
        }
        _ => NoCheckIn::Malformed { field, error },
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use otary_fleet::Transport;
    use proptest::prelude::*;

    use super::*;
    use crate::http1;

    /// None: no head has such a field.
    fn heard(text: &[u8]) -> Option<Result<Heard, NoCheckIn>> {
        let request = [b"GET /update HTTP/1.1\r\notary-check-in: ", text, b"\r\n\r\n"].concat();
        let origin = Origin {
            source: Ipv4Addr::LOCALHOST.into(),
            transport: Transport::Https,
            product: None,
            handshake: None,
            link: None,
            user: None,
        };
        let read = http1::read(&request, |head| Agent.read(head, origin)).ok()??;
        Some(read.0)
    }

    fn valid() -> Vec<u8> {
        let check_in = wire::CheckIn {
            device: [2; 6],
            product: "lamp",
            hardware: "v1",
            chip: otary_fleet::Chip::Esp32C3,
            release: 1,
            image: None,
            version: Some("1"),
            root: 1,
            trust_set: 1,
            nonce: [7; 16],
            slot: 1,
            clock: wire::ClockState::Set,
            report: None,
        };
        check_in.encode(&mut [0; wire::CheckIn::MAX_LEN]).unwrap().to_vec()
    }

    proptest! {
        #[test]
        fn whatever_stands_in_the_field_is_read_or_refused(
            text in prop::collection::vec(prop::num::u8::ANY.prop_filter("no head has it", |c| *c >= b' ' && *c != 0x7F), 0..600),
        ) {
            prop_assert!(heard(&text).is_some_and(|heard| heard.is_err()));
        }

        #[test]
        fn whatever_is_changed_in_a_check_in_what_is_heard_is_bounded(place in 0_usize..100, byte: u8) {
            let mut bytes = valid();
            let place = place % bytes.len();
            bytes[place] = byte;
            if let Some(Ok(Heard { check_in, .. })) = heard(URL_SAFE_NO_PAD.encode(bytes).as_bytes()) {
                let version = check_in.version.map(String::from);
                let texts = [version, check_in.agent.map(|agent| agent.hardware)];
                for text in texts.into_iter().flatten() {
                    prop_assert!((1..=32).contains(&text.len()) && !text.contains(char::is_control));
                }
            }
        }
    }
}
