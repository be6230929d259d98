//! `/artifact/{sha256}`: an artifact by its name, whole or in ranges, and its checksums as `md5sum` and `sha256sum`
//! print them.
//!
//! The URL names the bytes, so what it answers never changes: a client that fetches ranges over days never gets a mix.
//! What no release offers any more is 410, also for a client that has half of it: a withdrawn image may be one
//! that breaks devices, and a device that stops half way keeps what it runs.
//!
//! An artifact of private products alone is for those who prove that they may have it. For everybody else it does not
//! exist, by any method, in any part and by any of its checksums; the same is looked at for one that does not.
//!
//! An agent sends its check-in along. It says which device shows the credential, and whose download this is: one of
//! whoever was offered the artifact under the same claims, from the same network and with the same proof.

use std::ops::Range;

use otary_fleet::{Artifact, Catalogue, CheckIn, Device, Product, Sha256, Transport, View, prove};

use crate::dialect::{self, Origin};
use crate::evidence::Pass;
use crate::http1::{Head, Method, Reply, Status};
use crate::sending::{Part, Recipient, Sending, file_name};
use crate::visit::{Plan, Visit};

/// What of an artifact is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Bytes,
    Md5,
    Sha256,
}

/// Answers a request for what is behind `/artifact/`.
pub(crate) fn answer(visit: &Visit, head: &Head<'_>, name: &str) -> Plan {
    let catalogue = visit.shared.store.catalogue();
    let Some((id, asked)) = parse(name) else {
        return absent(visit);
    };
    let who = Asker::of(visit, head);
    let access = Access::find(&catalogue, &id, |product| who.may_have(product, visit.transport));
    let known = access.known.then(|| catalogue.artifact(&id));
    let Some(artifact) = known.flatten() else {
        who.tell_if_wrong(visit, &catalogue);
        return absent(visit);
    };
    if !access.offered {
        return Reply::sentence(Status::Gone, "No release offers this artifact any more.\n").into();
    }
    match asked {
        Asked::Bytes => bytes(head, artifact, access, who.recipient(&catalogue, &id)),
        Asked::Md5 => checksum(&artifact.md5.to_string(), artifact),
        Asked::Sha256 => checksum(&artifact.id.to_string(), artifact),
    }
}

/// What is answered where nothing is, or nothing for whoever asks.
fn absent(visit: &Visit) -> Plan {
    match visit.transport {
        Transport::Http => visit.forbid("no product that allows plain HTTP has this artifact"),
        Transport::Https => Reply::sentence(Status::NotFound, "There is no such artifact.\n").into(),
    }
}

/// Who asks: what they show, the record of the device that they say they are, and what an agent says of itself.
struct Asker {
    pass: Pass,
    device: Option<Device>,
    agent: Option<CheckIn>,
}

impl Asker {
    fn of(visit: &Visit, head: &Head<'_>) -> Self {
        let pass = Pass::by(visit, head);
        let (source, transport) = (visit.peer, visit.transport);
        let agent = dialect::sent_along(head, Origin { source, transport, product: None, handshake: None });
        let said = agent.as_ref().and_then(|agent| agent.device);
        let mac = said.or_else(|| pass.device.filter(|_| !pass.evidence.is_empty()));
        // A record that cannot be read proves nothing.
        let device = mac.and_then(|mac| visit.shared.store.device(mac).ok().flatten());
        Self { pass, device, agent }
    }

    /// The agent that was offered this artifact, as far as what it says and shows is what it said and showed then. What
    /// nobody was offered is nobody's download, whoever is named.
    fn recipient(self, catalogue: &Catalogue, artifact: &Sha256) -> Option<Recipient> {
        let mut agent = self.agent?;
        let device = self.device.as_ref()?;
        agent.proof = prove(&agent, &self.pass.evidence, View { catalogue, device: Some(device) });
        let claimant = agent.claimant();
        let offered = device.attempt(claimant, artifact).is_some();
        offered.then_some(Recipient { device: agent.device, claimant })
    }

    /// Whether a product is open to them, by the way that they came.
    fn may_have(&self, product: &Product, transport: Transport) -> bool {
        let open = self.pass.opens(product, self.device.as_ref());
        open && (transport == Transport::Https || product.goes_over_plain_http())
    }

    /// Logs that what was shown is good for nothing here.
    fn tell_if_wrong(&self, visit: &Visit, catalogue: &Catalogue) {
        let proofs = catalogue.products().map(|p| self.pass.evidence.proof(Some(p), self.device.as_ref()));
        self.pass.tell_if_wrong(visit, proofs.max().unwrap_or_default());
    }
}

/// What whoever asks may have of an artifact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Access {
    /// A release of a product that is open to them holds it, or held it until it was withdrawn.
    known: bool,
    /// Such a release offers it.
    offered: bool,
    /// So does one of a product that is for everybody.
    public: bool,
}

impl Access {
    /// That of the one device that it was meant for, and of no cache.
    pub(crate) const fn of_one_device() -> Self {
        Self { known: true, offered: true, public: false }
    }

    /// Looks at every release of the products that `opens` says are open, whatever is found on the way. At what is in
    /// the others nobody looks, so that no answer takes longer or shorter for what they hold.
    fn find(catalogue: &Catalogue, id: &Sha256, mut opens: impl FnMut(&Product) -> bool) -> Self {
        let mut access = Self::default();
        for product in catalogue.products().filter(|product| opens(product)) {
            for release in catalogue.releases(&product.name) {
                let known = release.artifacts.contains(id);
                let offered = known && release.withdrawn.is_none();
                access.known |= known;
                access.offered |= offered;
                access.public |= offered && !product.private;
            }
        }
        access
    }
}

fn parse(name: &str) -> Option<(Sha256, Asked)> {
    let (digest, asked) = match name.split_once('.') {
        None => (name, Asked::Bytes),
        Some((digest, "md5")) => (digest, Asked::Md5),
        Some((digest, "sha256")) => (digest, Asked::Sha256),
        Some(_) => return None,
    };
    Some((digest.parse().ok()?, asked))
}

fn checksum(digest: &str, artifact: &Artifact) -> Plan {
    Reply::file("text/plain; charset=utf-8", format!("{digest}  {}\n", file_name(artifact))).into()
}

pub(crate) fn bytes(head: &Head<'_>, artifact: &Artifact, access: Access, recipient: Option<Recipient>) -> Plan {
    if holds_it_already(head, artifact) {
        return describe(Status::NotModified, artifact, access).into();
    }
    let Ok(range) = head.field("range").map_or(Ok(None), |text| find_range(text, artifact.size)) else {
        let reply = Reply::empty(Status::RangeNotSatisfiable);
        return reply.field("Content-Range", format_args!("bytes */{}", artifact.size)).into();
    };
    let (reply, length, part) = match range {
        None => (describe(Status::Ok, artifact, access), artifact.size, Part::Counted(recipient)),
        Some(range) => {
            let reply = describe(Status::PartialContent, artifact, access);
            let (last, size) = (range.end.saturating_sub(1), artifact.size);
            let reply = reply.field("Content-Range", format_args!("bytes {}-{last}/{size}", range.start));
            let length = range.end.saturating_sub(range.start);
            // An agent asks for the range from 0 on.
            let is_all = length == size;
            (reply, length, if is_all { Part::Counted(recipient) } else { Part::Range(range, recipient) })
        }
    };
    if head.method == Method::Head {
        return reply.with_length(length).into();
    }
    Plan::Send(Box::new(Sending {
        artifact: artifact.id,
        size: artifact.size,
        part,
        reply,
        otherwise: Reply::sentence(Status::InternalError, "The artifact cannot be read.\n"),
    }))
}

/// What is the same in 200, 206 and 304. The digests are those of the whole file, also with a part of it. No cache that
/// others read keeps what is private (RFC 9111, section 5.2.2.7).
fn describe(status: Status, artifact: &Artifact, access: Access) -> Reply {
    let whose = if access.public { "public" } else { "private" };
    Sending::describe(Reply::empty(status), artifact)
        .field("ETag", format_args!("\"{}\"", artifact.id))
        .field("Accept-Ranges", "bytes")
        .field("Cache-Control", format_args!("{whose}, max-age=31536000, immutable"))
}

fn holds_it_already(head: &Head<'_>, artifact: &Artifact) -> bool {
    let tags = head.field("if-none-match").unwrap_or_default();
    tags.split(',').any(|tag| tag.trim().trim_matches('"') == artifact.id.to_string())
}

/// Nothing of a file lies in the range that is asked for.
#[derive(Debug, PartialEq, Eq)]
struct Beyond;

/// The part of a file of `size` bytes that a `Range` names (RFC 9110, section 14.2). None: send it whole, as
/// for several ranges, which no device asks for, and for what is no range of bytes.
///
/// An end beyond the file is clamped: ESP-IDF asks for one byte too many when it resumes.
fn find_range(text: &str, size: u64) -> Result<Option<Range<u64>>, Beyond> {
    let single = text.trim().strip_prefix("bytes=").filter(|set| !set.contains(','));
    let Some((first, last)) = single.and_then(|range| range.trim().split_once('-')) else { return Ok(None) };
    let number = |text: &str| text.bytes().all(|c| c.is_ascii_digit()).then(|| text.parse::<u64>().ok());
    let range = match (number(first).flatten(), number(last).flatten()) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.is_empty() => first..size,
        (None, Some(suffix)) if first.is_empty() => size.saturating_sub(suffix)..size,
        _ => return Ok(None),
    };
    if range.start < range.end { Ok(Some(range)) } else { Err(Beyond) }
}

#[cfg(test)]
mod tests {
    use otary_fleet::{ProductName, Release, ReleaseId, Time};

    use super::*;

    #[test]
    fn as_much_is_asked_for_what_a_closed_product_holds_as_for_what_nobody_has() {
        let product: ProductName = "lamp".parse().unwrap();
        let id = Sha256::of(b"image");
        let release = Release {
            id: ReleaseId { product: product.clone(), version: "0.1".into() },
            channel: "stable".parse().unwrap(),
            artifacts: vec![id],
            order: otary_fleet::Sequence::default(),
            manifests: Vec::new(),
            notes: String::new(),
            published: Time::default(),
            withdrawn: None,
            pinned: false,
        };
        let products = [product, "plug".parse().unwrap()].map(|name| Product::new(name, Time::default()));
        let catalogue = Catalogue::new(products, [release], []);
        for id in [id, Sha256::of(b"nothing")] {
            let mut asked = 0;
            let access = Access::find(&catalogue, &id, |_| {
                asked += 1;
                false
            });
            assert_eq!((access, asked), (Access::default(), 2));
        }
        assert!(Access::find(&catalogue, &id, |_| true).public);
    }

    #[test]
    fn single_ranges_are_found_and_clamped() {
        for (text, range) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-", 0..100),
            ("bytes=90-", 90..100),
            ("bytes=0-100", 0..100),
            ("bytes=64-18446744073709551615", 64..100),
            ("bytes=-10", 90..100),
            ("bytes=-1000", 0..100),
        ] {
            assert_eq!(find_range(text, 100), Ok(Some(range)), "{text}");
        }
    }

    #[test]
    fn what_begins_beyond_the_file_is_refused() {
        for text in ["bytes=100-", "bytes=100-200", "bytes=-0"] {
            assert_eq!(find_range(text, 100), Err(Beyond), "{text}");
        }
    }

    #[test]
    fn what_is_no_single_range_gets_the_whole_file() {
        for text in
            ["bytes=0-1,5-6", "bytes=5-1", "bytes=+1-2", "bytes=", "bytes=-", "lines=1-2", "bytes=a-b", ""]
        {
            assert_eq!(find_range(text, 100), Ok(None), "{text}");
        }
    }
}
