//! An agent without flash: it says a check-in, and reads the answer as a device does.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use otary_fleet::{Chip, Release, Sha256, SignedManifest};
use otary_server::Signing;
use otary_wire::sign::{self, SigningKey};
use otary_wire::{
    CheckIn, Clock, ClockState, Digest, Encoding, Identity, Kind, List, Manifest, Offer, Payload, PublicKey,
    Refusal, ReleaseKey, Report, Root, RootRecord, Stored, UnixSeconds, Verdict, verify,
};

use crate::site::{Site, appended, firmware};
use crate::wire::{HOME, Response, ask, ask_plain, request};

pub const MAC: &str = "24:6F:28:0F:00:01";
pub const NONCE: [u8; 16] = *b"sixteen of these";

/// The owner's keys.
pub struct Keys {
    root: SigningKey,
    release: SigningKey,
    pub order: SigningKey,
}

impl Keys {
    pub fn new() -> Self {
        let [root, release, order] = [1, 2, 3].map(|seed| SigningKey::from_bytes(&[seed; 32]));
        Self { root, release, order }
    }

    /// The root record of a version.
    pub fn record(&self, version: u32) -> Vec<u8> {
        self.record_from(version, 0)
    }

    /// The same, by which nothing below `minimum` is installed.
    pub fn record_from(&self, version: u32, minimum: u32) -> Vec<u8> {
        let [root, release, order] =
            [&self.root, &self.release, &self.order].map(|key| key.verifying_key().to_bytes());
        let record = RootRecord {
            version,
            issued: UnixSeconds(1_790_000_000),
            threshold: 1,
            root_keys: List::of(&[PublicKey(&root)]).unwrap(),
            release_keys: List::of(&[ReleaseKey { key: PublicKey(&release), first: 1, last: 99 }]).unwrap(),
            order_keys: List::of(&[PublicKey(&order)]).unwrap(),
            trust_set: List::EMPTY,
            minimum,
        };
        sign::root(&record, &[&self.root], &mut [0; RootRecord::MAX_LEN]).unwrap().to_vec()
    }

    pub fn chain(&self, newest: u32) -> Vec<Vec<u8>> {
        (1..=newest).map(|version| self.record(version)).collect()
    }

    pub fn signing(&self, newest: u32) -> Signing {
        Signing::new(self.chain(newest), Some(self.order.clone())).unwrap()
    }

    /// A manifest of an image for the lamp of hardware `v1`.
    pub fn manifest(&self, product: &str, version: &str, number: u32, image: &[u8]) -> Vec<u8> {
        let digest = Sha256::of(image).0;
        let length = u32::try_from(image.len()).unwrap();
        let payload = Payload {
            kind: Kind::App,
            label: None,
            encoding: Encoding::Raw,
            base: None,
            coded_length: length,
            final_length: length,
            final_digest: &digest,
            coded_digest: None,
        };
        let manifest = Manifest {
            product,
            hardware: List::of(&["v1"]).unwrap(),
            chip: Chip::Esp32,
            release: number,
            version,
            floor: 0,
            downgrade: false,
            not_after: None,
            payloads: List::of(&[payload]).unwrap(),
        };
        sign::manifest(&manifest, &self.release, &mut [0; Manifest::MAX_LEN]).unwrap().to_vec()
    }
}

/// A lamp whose newest release is signed as number 3, on a server with `records` root records.
pub fn signed_lamp(keys: &Keys, records: u32) -> Site {
    let site = Site::lamp();
    site.handle.sign_with(keys.signing(records));
    sign_release(&site, keys, "lamp", "0.3", &firmware("lamp-0.3"));
    site
}

/// Gives a published release its manifest, as number 3.
pub fn sign_release(site: &Site, keys: &Keys, product: &str, version: &str, image: &[u8]) {
    let catalogue = site.store.catalogue();
    let mut releases = catalogue.releases(&product.parse().unwrap()).iter();
    let mut release: Release = releases.find(|release| release.id.version == version).unwrap().clone();
    let bytes = keys.manifest(product, version, 3, image);
    let bytes = bytes.as_slice().try_into().unwrap();
    release.manifests = vec![SignedManifest { artifact: Sha256::of(image), number: 3, bytes }];
    site.store.put_release(&release).unwrap();
}

/// What an agent says.
#[derive(Clone)]
pub struct Agent {
    pub device: [u8; 6],
    pub product: &'static str,
    pub image: Digest,
    pub root: u32,
    pub nonce: [u8; 16],
    pub slot: u32,
    pub clock: ClockState,
    pub report: Option<Report<'static>>,
    pub from: &'static str,
    pub path: &'static str,
    /// Further lines of its request.
    pub lines: String,
}

impl Agent {
    /// An agent that runs this image as release 1 and trusts the first root record.
    pub fn running(image: &[u8]) -> Self {
        Self {
            device: [0x24, 0x6F, 0x28, 0x0F, 0, 1],
            product: "lamp",
            image: appended(image).0,
            root: 1,
            nonce: NONCE,
            slot: 1_310_720,
            clock: ClockState::LowerBound,
            report: None,
            from: HOME,
            path: "/update",
            lines: String::new(),
        }
    }

    pub fn device(mut self, last: u8) -> Self {
        self.device[5] = last;
        self
    }

    pub fn mac(&self) -> String {
        self.device.map(|byte| format!("{byte:02X}")).join(":")
    }

    pub fn check_in(&self) -> CheckIn<'_> {
        CheckIn {
            device: self.device,
            product: self.product,
            hardware: "v1",
            chip: Chip::Esp32,
            release: 1,
            image: Some(&self.image),
            version: Some("0.1"),
            root: self.root,
            trust_set: 1,
            nonce: self.nonce,
            slot: self.slot,
            clock: self.clock,
            report: self.report,
        }
    }

    pub fn request(&self) -> String {
        let mut text = [0; CheckIn::MAX_TEXT];
        let text = self.check_in().to_text(&mut text).unwrap();
        request("GET", self.path, &format!("Otary-Check-In: {text}\r\n{}", self.lines))
    }

    pub fn ask(&self, site: &Site) -> Response {
        ask(site, self.from, &self.request())
    }

    pub fn ask_plain(&self, site: &Site) -> Response {
        ask_plain(site, self.from, &self.request())
    }

    /// What a device that trusts `root` and runs release 1 makes of an answer.
    pub fn judge<'a>(&self, root: &[u8], answer: &'a Response) -> Result<Verdict<'a>, Refusal> {
        assert_eq!(answer.status, 200, "{:?}", answer.headers);
        assert_eq!(answer.header("content-type"), Some("application/cbor"));
        let offer = Offer::decode(&answer.body).unwrap();
        let root = Root::compiled_in(root).unwrap();
        let stored = Stored { root, release: 1, installed: None, floor: 0, time: None, slot: self.slot };
        let (product, device) = (self.product, self.device);
        let identity = Identity { product, hardware: "v1", chip: Chip::Esp32, device };
        verify(&stored, &identity, Clock::Unknown, &self.nonce, &offer)
    }

    /// Whether it is told to wait.
    #[track_caller]
    pub fn assert_waits(&self, root: &[u8], answer: &Response) {
        let verdict = self.judge(root, answer).unwrap();
        assert!(matches!(verdict, Verdict::Wait { time: Some(_), poll_after: Some(900) }), "{verdict:?}");
    }
}

/// A request with this text in the agent's field.
pub fn saying(text: &str) -> String {
    request("GET", "/update", &format!("Otary-Check-In: {text}\r\n"))
}

/// The same with these bytes.
pub fn saying_bytes(bytes: &[u8]) -> String {
    saying(&URL_SAFE_NO_PAD.encode(bytes))
}
