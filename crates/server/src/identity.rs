//! What the server shows of itself: chains and keys to devices, its authority's certificates to people.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use otary_fleet::{GenerationId, Generations, Presented, Sha256, Time};
use otary_trust::{Authority, Certificate, PageAuthority, ServerChain};
use rustls::SignatureAlgorithm;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::ServeError;

/// All generations that are shown, with the chains of each, and the anchors that lead to them.
#[derive(Debug, Clone)]
pub struct Identity {
    generations: Generations,
    chains: HashMap<Presented, Arc<Chains>>,
    anchors_pem: Arc<str>,
    root: CertificateDer<'static>,
    /// The anchors, DER, by their SHA-256.
    anchors: Arc<HashMap<Sha256, Bytes>>,
    /// What operators are shown, if that is something else.
    to_operators: Option<Arc<Identity>>,
}

impl Identity {
    /// An identity of `chains`, and of what devices are to trust: all anchors as PEM text, and the current root alone
    /// as DER. Each key belongs to its certificate, and there is a chain for whatever the generations present.
    pub fn new(
        generations: Generations,
        chains: impl IntoIterator<Item = ServerChain>,
        anchors_pem: &str,
        root: CertificateDer<'static>,
    ) -> Result<Self, ServeError> {
        let mut by_presented: HashMap<Presented, Vec<Arc<CertifiedKey>>> = HashMap::new();
        for ServerChain { presented, chain, key, .. } in chains {
            by_presented.entry(presented).or_default().push(certify(chain, &key)?);
        }
        Self::showing(generations, by_presented, anchors_pem, root)
    }

    fn showing(
        generations: Generations,
        by_presented: HashMap<Presented, Vec<Arc<CertifiedKey>>>,
        anchors_pem: &str,
        root: CertificateDer<'static>,
    ) -> Result<Self, ServeError> {
        let chains =
            by_presented.into_iter().map(|(presented, keys)| (presented, Arc::new(Chains::new(keys))));
        let identity = Self {
            generations,
            chains: chains.collect(),
            anchors_pem: anchors_pem.into(),
            root,
            anchors: Arc::new(by_digest(anchors_pem)),
            to_operators: None,
        };
        identity.check_complete()?;
        Ok(identity)
    }

    /// The same to devices, and to operators what the page's authority signed.
    pub fn with_page(self, page: &PageAuthority) -> Result<Self, ServeError> {
        let (chain, key) = page.chain().ok_or(ServeError::NoLeaf)?;
        let to_operators = Self::alone(chain, &key, page.root().pem(), page.root())?;
        Ok(Self { to_operators: Some(Arc::new(to_operators)), ..self })
    }

    /// The identity of an authority at `now`: the chains of every generation that is shown, and all that devices are to
    /// trust.
    pub fn of(authority: &Authority, now: Time) -> Result<Self, ServeError> {
        let (chains, root) = (authority.chains(), authority.root().der().clone());
        if chains.is_empty() {
            return Err(ServeError::NoLeaf);
        }
        let shown = Self::new(authority.generations().at(now), chains, &authority.anchors_pem(), root)?;
        Ok(Self { to_operators: shown.without_adopted().map(Arc::new), ..shown })
    }

    /// The authority's own chain under every name, while devices are shown an adopted certificate besides: operators
    /// trust the authority, and a certificate out of a tutorial need not name this machine.
    fn without_adopted(&self) -> Option<Self> {
        let Generations { shown, next, .. } = &self.generations;
        shown.iter().find(|generation| generation.adopted)?;
        let own = shown.iter().find(|generation| !generation.adopted)?;
        let generations = Generations::of_one(own.id, own.anchor.clone(), next.clone(), own.began);
        Some(Self { generations, ..self.clone() })
    }

    /// An identity of one chain, with nothing known of what comes after its root.
    pub fn alone(
        chain: Vec<CertificateDer<'static>>,
        key: &PrivateKeyDer<'static>,
        anchors_pem: &str,
        root: &Certificate,
    ) -> Result<Self, ServeError> {
        Self::of_one(GenerationId(1), chain, key, anchors_pem, root)
    }

    /// The same of a chain from elsewhere, which the authority has nothing to do with: devices are shown it, operators
    /// what `authority` shows. Devices are to trust the authority's anchors besides, so that they can be moved to it.
    pub fn from_elsewhere(
        chain: Vec<CertificateDer<'static>>,
        key: &PrivateKeyDer<'static>,
        anchors_pem: &str,
        root: &Certificate,
        authority: &Self,
    ) -> Result<Self, ServeError> {
        let anchors_pem = format!("{anchors_pem}{}", authority.anchors_pem);
        let shown = Self::of_one(GenerationId::ELSEWHERE, chain, key, &anchors_pem, root)?;
        let to_operators = authority.to_operators.clone().unwrap_or_else(|| Arc::new(authority.clone()));
        Ok(Self { to_operators: Some(to_operators), ..shown })
    }

    fn of_one(
        id: GenerationId,
        chain: Vec<CertificateDer<'static>>,
        key: &PrivateKeyDer<'static>,
        anchors_pem: &str,
        root: &Certificate,
    ) -> Result<Self, ServeError> {
        let anchor = root.anchor();
        let (began, next) = (anchor.not_before, anchor.clone());
        let generations = Generations::of_one(id, anchor, next, began);
        let chains = HashMap::from([(generations.presented(None), vec![certify(chain, key)?])]);
        Self::showing(generations, chains, anchors_pem, root.der().clone())
    }

    /// Whoever asks, under whichever name, is shown a chain.
    fn check_complete(&self) -> Result<(), ServeError> {
        let hosts = self.generations.shown.iter().flat_map(|generation| &generation.hosts);
        let names = hosts.map(|host| Some(host.as_str())).chain([None]);
        let mut presented = names.map(|name| self.generations.presented(name));
        let missing = presented.find(|presented| !self.chains.contains_key(presented));
        missing.map_or(Ok(()), |presented| Err(ServeError::NoChain(presented.generation)))
    }

    /// What operators are shown.
    pub(crate) fn to_operators(&self) -> &Self {
        self.to_operators.as_deref().unwrap_or(self)
    }

    /// Which chain goes to whom.
    pub(crate) const fn generations(&self) -> &Generations {
        &self.generations
    }

    /// Every chain that there is.
    pub(crate) fn chains(&self) -> impl Iterator<Item = (Presented, &Arc<Chains>)> {
        self.chains.iter().map(|(presented, chains)| (*presented, chains))
    }

    /// The anchors as PEM text, the current root first.
    pub(crate) fn anchors_pem(&self) -> &str {
        &self.anchors_pem
    }

    /// One of the anchors, DER.
    pub(crate) fn anchor(&self, digest: &Sha256) -> Option<Bytes> {
        self.anchors.get(digest).cloned()
    }

    /// The current root, DER.
    pub(crate) fn root(&self) -> &[u8] {
        &self.root
    }
}

/// The certificates in a PEM text.
fn by_digest(pem: &str) -> HashMap<Sha256, Bytes> {
    let certificates = CertificateDer::pem_slice_iter(pem.as_bytes()).filter_map(Result::ok);
    certificates.map(|der| (Sha256::of(&der), Bytes::copy_from_slice(&der))).collect()
}

/// A chain with its key, in the form that rustls signs with; an error if they do not belong together.
fn certify(
    chain: Vec<CertificateDer<'static>>,
    key: &PrivateKeyDer<'static>,
) -> Result<Arc<CertifiedKey>, ServeError> {
    let key = any_supported_type(key).map_err(ServeError::Certificate)?;
    let certified = CertifiedKey::new(chain, key);
    certified.keys_match().map_err(ServeError::Certificate)?;
    Ok(Arc::new(certified))
}

/// The chains of one generation, by the kind of key: ECDSA first, which is smaller on the wire and cheaper to sign with.
#[derive(Debug)]
pub(crate) struct Chains(Vec<Arc<CertifiedKey>>);

impl Chains {
    fn new(mut keys: Vec<Arc<CertifiedKey>>) -> Self {
        keys.sort_by_key(|certified| certified.key.algorithm() != SignatureAlgorithm::ECDSA);
        Self(keys)
    }
}

impl ResolvesServerCert for Chains {
    /// The first whose signatures the client takes. Of a TLS 1.2 client rustls has already left out the schemes that go
    /// with none of its cipher suites. A client that takes none is shown the first, so that rustls says what is wrong.
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let taken =
            |certified: &&Arc<CertifiedKey>| certified.key.choose_scheme(hello.signature_schemes()).is_some();
        self.0.iter().find(taken).or_else(|| self.0.first()).cloned()
    }
}
