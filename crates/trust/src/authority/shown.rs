//! What an authority shows: the anchors that devices are to trust, and the chains that the server presents.
//!
//! Reading alone: nothing here changes or makes anything.

use otary_fleet::{GenerationId, Presented};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use super::Authority;
use crate::adopted::Adopted;
use crate::certificate::Certificate;
use crate::identity::Identity;
use crate::key::KeyKind;
use crate::line::LEAF_KINDS;

/// A chain that the server presents, with its key.
#[derive(Debug)]
pub struct ServerChain {
    /// To whom it is presented, by `Generations::presented`.
    pub presented: Presented,
    /// What kind of key its leaf has: a client is shown the kind whose signatures it can check.
    pub kind: KeyKind,
    /// The certificates to send, the server's first.
    pub chain: Vec<CertificateDer<'static>>,
    /// The key of the first.
    pub key: Zeroizing<PrivateKeyDer<'static>>,
}

impl Authority {
    /// What new firmware has to trust, the anchor in charge first: outside a rollover the current root and the next;
    /// in a rollover the old anchor, the new one, and the one after it.
    pub fn anchors(&self) -> Vec<&Certificate> {
        let mut roots: Vec<&Certificate> = self.lines().map(|line| line.root.certificate()).collect();
        roots.extend([self.next_root()]);
        let adopted = self.adopted.iter().map(Adopted::anchor);
        let mut anchors: Vec<&Certificate> = adopted.chain(roots).collect();
        let first = self.generations().get(self.generations().presented(None).generation);
        anchors.sort_by_key(|anchor| first.is_none_or(|first| first.anchor.id != anchor.anchor_id()));
        anchors
    }

    /// The anchors as PEM text, that in charge first: `setCACert` and `X509List` take several at once.
    pub fn anchors_pem(&self) -> String {
        self.anchors().into_iter().map(Certificate::pem).collect()
    }

    /// The adopted certificate that is still presented.
    pub fn adopted(&self) -> Option<&Certificate> {
        self.adopted.as_ref().map(Adopted::certificate)
    }

    /// Every root that a certificate of a device may have been issued from, also those that are no more: whether the
    /// certificate is still good is for whoever knows the device to say.
    pub fn client_roots(&self) -> Vec<&Certificate> {
        self.lines().map(|line| line.root.certificate()).chain(&self.ended).collect()
    }

    /// The P-256 certificate of the root in charge, and its key; absent only if the files were taken away since.
    pub fn leaf(&self) -> Option<&Identity> {
        self.in_charge().leaf.as_ref()
    }

    /// The certificates that the server presents first, and whose generation each is: a P-256 and an RSA leaf of each
    /// root, or the adopted certificate.
    pub fn leaves(&self) -> impl Iterator<Item = (GenerationId, &Certificate)> {
        self.generations().shown.iter().flat_map(|generation| {
            let id = generation.id;
            let adopted =
                self.adopted.iter().filter(move |adopted| adopted.id == id).map(Adopted::certificate);
            let leaves = self
                .line(id)
                .into_iter()
                .flat_map(|line| LEAF_KINDS.into_iter().filter_map(|kind| line.leaf_of(kind)))
                .map(Identity::certificate);
            adopted.chain(leaves).map(move |certificate| (id, certificate))
        })
    }

    /// Everything that the server presents to anybody, for each generation that is shown: by the P-256 leaf, then by
    /// the RSA leaf; an adopted certificate as it is. What has no key here, or one under a passphrase that was not given,
    /// is left out.
    ///
    /// Outside a rollover a leaf is sent alone. Devices hold the root, so it would only cost half a kilobyte of each
    /// handshake and of a small device's receive buffer.
    pub fn chains(&self) -> Vec<ServerChain> {
        self.generations().shown.iter().flat_map(|generation| self.chains_of(generation.id)).collect()
    }

    fn chains_of(&self, generation: GenerationId) -> Vec<ServerChain> {
        if let Some(adopted) = self.adopted.as_ref().filter(|adopted| adopted.id == generation) {
            let presented = Presented { generation, bridged: false };
            let chain = |key: &crate::PrivateKey| ServerChain {
                presented,
                kind: key.kind(),
                chain: adopted.chain(),
                key: key.to_der(),
            };
            return adopted.private_key().map(chain).into_iter().collect();
        }
        let bridged = self.is_bridged(Some(generation));
        let presented = Presented { generation, bridged };
        let Some(line) = self.line(generation) else { return Vec::new() };
        let chain = |kind| {
            let leaf = line.leaf_of(kind)?;
            Some(ServerChain { presented, kind, chain: line.chain(leaf, bridged), key: leaf.key()?.to_der() })
        };
        LEAF_KINDS.into_iter().filter_map(chain).collect()
    }

    /// Whether the bridge follows a generation's leaf: only the new generation of a rollover needs it.
    fn is_bridged(&self, generation: Option<GenerationId>) -> bool {
        let to = self.generations().rollover.map(|rollover| rollover.to);
        to.is_some() && to == generation && self.incoming.as_ref().is_some_and(|line| line.bridge.is_some())
    }
}
