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
//! An agent sends its check-in along, and who found the URL in a manifest has it in the query. It says which device shows the
//! credential, and whose download this is: one of whoever was offered the artifact under the same claims, from the same
//! network and with the same proof.

use otary_fleet::{Artifact, Catalogue, CheckIn, Device, Openings, Product, Sha256, Transport, View, prove};

use crate::check_in::origin;
use crate::dialect;
use crate::evidence::Pass;
use crate::http1::{Head, Reply, Status};
use crate::link::Link;
use crate::ranges;
use crate::sending::{Recipient, Sending, file_name};
use crate::visit::{Plan, Visit};

/// What of an artifact is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Bytes,
    Md5,
    Sha256,
}

/// Answers a request for what is behind `/artifact/`.
pub(crate) fn answer(visit: &Visit, head: &Head<'_>, link: Option<Link<'_>>, name: &str) -> Plan {
    let catalogue = visit.shared.store.catalogue();
    let Some((id, asked)) = parse(name) else {
        return absent(visit);
    };
    let who = Asker::of(visit, head, link);
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
        Asked::Bytes => {
            let recipient = who.recipient(&catalogue, &id);
            ranges::send(head, artifact, recipient, |status| describe(status, artifact, access))
        }
        Asked::Md5 => checksum(&artifact.md5.to_string(), artifact),
        Asked::Sha256 => checksum(&artifact.id.to_string(), artifact),
    }
}

/// Answers the one device that an artifact is meant for, under a path of its own.
pub(crate) fn for_one_device(head: &Head<'_>, artifact: &Artifact, recipient: Recipient) -> Plan {
    let access = Access { known: true, offered: true, public: false };
    ranges::send(head, artifact, Some(recipient), |status| describe(status, artifact, access))
}

/// What is answered where nothing is, or nothing for whoever asks.
fn absent(visit: &Visit) -> Plan {
    match visit.transport {
        Transport::Http => visit.forbid("no product that allows plain HTTP has this artifact"),
        Transport::Https => Reply::sentence(Status::NotFound, "There is no such artifact.\n").into(),
    }
}

/// Who asks: what they show, the record of the device that they say they are, and the check-in that came along.
struct Asker {
    pass: Pass,
    device: Option<Device>,
    along: Option<CheckIn>,
}

impl Asker {
    fn of(visit: &Visit, head: &Head<'_>, link: Option<Link<'_>>) -> Self {
        let pass = Pass::by(visit, head, link);
        let along = dialect::sent_along(head, origin(visit, link, pass, None));
        let said = along.as_ref().and_then(|said| said.device);
        let mac = said.or_else(|| pass.device.filter(|_| !pass.evidence.is_empty()));
        // A record that cannot be read proves nothing.
        let device = mac.and_then(|mac| visit.shared.store.device(mac).ok().flatten());
        Self { pass, device, along }
    }

    /// The client that was offered this artifact, as far as what it says and shows is what it said and showed then. What
    /// nobody was offered is nobody's download, whoever is named.
    fn recipient(self, catalogue: &Catalogue, artifact: &Sha256) -> Option<Recipient> {
        let mut said = self.along?;
        let device = self.device.as_ref()?;
        let view = View { catalogue, device: Some(device), openings: Openings::SHUT };
        said.proof = prove(&said, &self.pass.evidence, view);
        let claimant = said.claimant();
        let offered = device.attempt(claimant, artifact).is_some();
        offered.then_some(Recipient { device: said.device, claimant })
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
struct Access {
    /// A release of a product that is open to them holds it, or held it until it was withdrawn.
    known: bool,
    /// Such a release offers it.
    offered: bool,
    /// So does one of a product that is for everybody.
    public: bool,
}

impl Access {
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

/// A digest as `md5sum` and `sha256sum` print it: clients take the first digits that they find.
pub(crate) fn checksum(digest: &str, artifact: &Artifact) -> Plan {
    Reply::file("text/plain; charset=utf-8", format!("{digest}  {}\n", file_name(artifact))).into()
}

/// What is the same in 200, 206 and 304. The digests are those of the whole file, also with a part of it. No cache that
/// others read keeps what is private (RFC 9111, section 5.2.2.7).
fn describe(status: Status, artifact: &Artifact, access: Access) -> Reply {
    let whose = if access.public { "public" } else { "private" };
    Sending::describe(Reply::empty(status), artifact)
        .field("ETag", format_args!("\"{}\"", artifact.id))
        .field("Accept-Ranges", "bytes")
        // A page that flashes boards by cable fetches it from wherever the page is.
        .field("Access-Control-Allow-Origin", "*")
        .field("Cache-Control", format_args!("{whose}, max-age=31536000, immutable"))
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
            via: None,
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
}
