//! What a backup holds, as JSON: version 3 everything that the folder does, version 2 the same without what is there for
//! signed releases, version 1 one generation without its RSA leaf. What is read is checked whole before an authority is made of it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use otary_fleet::{GenerationId, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use super::BackupError;
use crate::adopted::Adopted;
use crate::authority::{Authority, check_distinct};
use crate::certificate::Certificate;
use crate::defect::Defect;
use crate::error::Error;
use crate::folder::{Folder, NEW_GENERATION};
use crate::identity::{Identity, Kept};
use crate::key::PrivateKey;
use crate::line::Line;
use crate::profile::check_bridge;
use crate::signing::{Chain, Holding, Refused, SigningKey};
use crate::state::{State, check_anchor};

pub(super) const FORMAT: &str = "otary authority";
pub(super) const VERSION: u32 = 3;

/// All that is saved.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contents {
    format: String,
    version: u32,
    pub(super) created: Time,
    pub(super) settings: Value,
    record: State,
    home: Generation,
    next_root: Pair,
    incoming: Option<Generation>,
    adopted: Option<Pair>,
    ended: Vec<String>,
    #[serde(default)]
    signing: Signing,
}

/// What there is for signed releases.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signing {
    order_key: Option<Zeroizing<String>>,
    release_key: Option<Zeroizing<String>>,
    /// The root records in base64.
    records: Vec<String>,
}

/// What version 1 saved.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct First {
    #[serde(rename = "format")]
    _format: String,
    #[serde(rename = "version")]
    _version: u32,
    created: Time,
    root: Pair,
    next_root: Pair,
    leaf: Option<Pair>,
    settings: Value,
}

/// The two fields that every version has, so that a later version is called by its name.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

/// A root with what was issued from it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Generation {
    root: Pair,
    bridge: Option<String>,
    leaf: Option<Pair>,
    rsa_leaf: Option<Pair>,
}

/// A certificate and its key, as far as that is here.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    certificate: String,
    key: Option<Zeroizing<String>>,
}

impl Contents {
    /// What there is to save of an authority.
    pub(super) fn of(authority: &Authority, settings: &Value, created: Time) -> Result<Self, BackupError> {
        if let Some(path) = authority.locked() {
            return Err(Error::Locked { path }.into());
        }
        Ok(Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            created,
            settings: settings.clone(),
            record: authority.state.clone(),
            home: Generation::of(&authority.home)?,
            next_root: Pair::of("next root", &authority.next_root)?,
            incoming: authority.incoming.as_ref().map(Generation::of).transpose()?,
            adopted: authority.adopted.as_ref().map(Pair::of_adopted).transpose()?,
            ended: authority.ended.iter().map(|certificate| certificate.pem().to_owned()).collect(),
            signing: Signing::of(&authority.holding)?,
        })
    }

    /// Reads contents of any version.
    pub(super) fn parse(text: &[u8]) -> Result<Self, BackupError> {
        let head: Head = serde_json::from_slice(text).map_err(BackupError::Contents)?;
        if head.format != FORMAT {
            return Err(BackupError::NotABackup);
        }
        match head.version {
            1 => serde_json::from_slice(text).map_err(BackupError::Contents).and_then(Self::from_first),
            2 | VERSION => serde_json::from_slice(text).map_err(BackupError::Contents),
            found => Err(BackupError::Version { found }),
        }
    }

    fn from_first(first: First) -> Result<Self, BackupError> {
        let First { created, root, next_root, leaf, settings, .. } = first;
        let record =
            State::first(root.check("root")?.certificate(), next_root.check("next root")?.certificate());
        let home = Generation { root, bridge: None, leaf, rsa_leaf: None };
        let (incoming, adopted, ended, signing) = (None, None, Vec::new(), Signing::default());
        let (format, version) = (FORMAT.to_owned(), VERSION);
        Ok(Self {
            format,
            version,
            created,
            settings,
            record,
            home,
            next_root,
            incoming,
            adopted,
            ended,
            signing,
        })
    }

    /// Makes an authority of it in memory, if all of it fits together.
    pub(super) fn check(self, folder: Folder) -> Result<Authority, BackupError> {
        let Self { record: state, home, next_root, incoming, adopted, ended, signing, .. } = self;
        let home = home.check(["root", "leaf", "RSA leaf"], folder.clone())?;
        let next_root = next_root.check("next root")?;
        let inner = folder.inner(NEW_GENERATION);
        let named =
            ["root of the new generation", "leaf of the new generation", "RSA leaf of the new generation"];
        let incoming = incoming.map(|incoming| incoming.check(named, inner)).transpose()?;
        let id = state.adopted().map_or(GenerationId(0), |adopted| adopted.id);
        let adopted = adopted.map(|adopted| adopted.check_adopted(id)).transpose()?;
        let ended = ended.iter().map(|pem| Certificate::from_pem(pem.as_bytes())).collect::<Result<_, _>>();
        let ended = ended.map_err(member("root that is no more"))?;
        let holding = signing.check()?;
        let authority = Authority { folder, state, home, incoming, adopted, next_root, ended, holding };
        check_whole(&authority)?;
        Ok(authority)
    }
}

fn check_whole(authority: &Authority) -> Result<(), BackupError> {
    let Authority { state, home, incoming, adopted, next_root, .. } = authority;
    let (root, next) = (home.root.certificate(), next_root.certificate());
    next.check_root().map_err(member("next root"))?;
    check_distinct(root, next).map_err(member("next root"))?;
    let anchor = |generation: Option<&otary_fleet::Generation>| generation.map(|it| it.anchor.clone());
    check_anchor(root, anchor(state.home()).as_ref()).map_err(member("root"))?;
    check_anchor(next, Some(&state.generations.next)).map_err(member("next root"))?;
    if let Some(incoming) = incoming {
        let new = incoming.root.certificate();
        check_anchor(new, anchor(state.incoming()).as_ref()).map_err(member("root of the new generation"))?;
        let bridge = incoming.bridge.as_ref().map_or(Ok(()), |bridge| check_bridge(bridge, root, new));
        bridge.map_err(member("bridge"))?;
    }
    let fits = incoming.is_some() == state.incoming().is_some()
        && adopted.is_some() == state.adopted().is_some()
        && next_root.key().is_none() == state.next_key_exported;
    if fits { Ok(()) } else { Err(BackupError::Unfit) }
}

impl Generation {
    fn of(line: &Line) -> Result<Self, BackupError> {
        let leaf = |name, leaf: &Option<Identity>| leaf.as_ref().map(|leaf| Pair::of(name, leaf)).transpose();
        Ok(Self {
            root: Pair::of("root", &line.root)?,
            bridge: line.bridge.as_ref().map(|bridge| bridge.pem().to_owned()),
            leaf: leaf("leaf", &line.leaf)?,
            rsa_leaf: leaf("RSA leaf", &line.rsa_leaf)?,
        })
    }

    fn check(self, names: [&'static str; 3], folder: Folder) -> Result<Line, BackupError> {
        let [of_root, of_leaf, of_rsa_leaf] = names;
        let root = self.root.check(of_root)?;
        root.certificate().check_root().map_err(member(of_root))?;
        let leaf = |name, pair: Option<Pair>| {
            let leaf = pair.map(|pair| pair.check(name)).transpose()?;
            let issued =
                leaf.as_ref().map_or(Ok(()), |leaf| leaf.certificate().check_issuer(root.certificate()));
            issued.map_err(member(name)).map(|()| leaf)
        };
        let (leaf, rsa_leaf) = (leaf(of_leaf, self.leaf)?, leaf(of_rsa_leaf, self.rsa_leaf)?);
        let bridge = self.bridge.map(|pem| Certificate::from_pem(pem.as_bytes())).transpose();
        Ok(Line { folder, bridge: bridge.map_err(member("bridge"))?, root, leaf, rsa_leaf })
    }
}

impl Pair {
    fn of(name: &'static str, identity: &Identity) -> Result<Self, BackupError> {
        let key = identity.key().map(PrivateKey::pem).transpose().map_err(member(name))?;
        Ok(Self { certificate: identity.certificate().pem().to_owned(), key })
    }

    fn of_adopted(adopted: &Adopted) -> Result<Self, BackupError> {
        let key = adopted.private_key().map(PrivateKey::pem).transpose().map_err(member(ADOPTED))?;
        Ok(Self { certificate: adopted.pem(), key })
    }

    fn key(&self) -> Result<Kept, Defect> {
        match &self.key {
            Some(key) => PrivateKey::from_pem(key.as_bytes()).map(Kept::Open),
            None => Ok(Kept::Absent),
        }
    }

    fn check(&self, name: &'static str) -> Result<Identity, BackupError> {
        let certificate = Certificate::from_pem(self.certificate.as_bytes());
        let pair = certificate.and_then(|certificate| Identity::kept(certificate, self.key()?));
        pair.map_err(member(name))
    }

    fn check_adopted(&self, id: GenerationId) -> Result<Adopted, BackupError> {
        let chain = Certificate::chain_from_pem(self.certificate.as_bytes());
        let adopted = chain.and_then(|chain| Adopted::new(id, chain, self.key()?));
        adopted.map_err(member(ADOPTED))
    }
}

impl Signing {
    fn of(holding: &Holding) -> Result<Self, BackupError> {
        let text =
            |name, key: Option<&SigningKey>| key.map(|key| key.pem(None)).transpose().map_err(member(name));
        Ok(Self {
            order_key: text(ORDER_KEY, holding.order_key())?,
            release_key: text(RELEASE_KEY, holding.release_key())?,
            records: holding.chain().signed().map(|signed| STANDARD.encode(&signed.bytes)).collect(),
        })
    }

    fn check(self) -> Result<Holding, BackupError> {
        let key = |name, text: Option<Zeroizing<String>>| {
            let key = text.map(|text| SigningKey::unlock(text.as_bytes(), None)).transpose();
            key.map(|key| key.map_or(Kept::Absent, Kept::Open)).map_err(member(name))
        };
        let mut chain = Chain::default();
        for record in &self.records {
            let bytes = STANDARD.decode(record).map_err(|_| Defect::Record(Refused::NotBase64));
            let added = bytes.and_then(|bytes| chain.push(&bytes).map_err(Defect::Record));
            added.map_err(member("chain of root records"))?;
        }
        let (order, release) = (key(ORDER_KEY, self.order_key)?, key(RELEASE_KEY, self.release_key)?);
        Ok(Holding { order, release, chain })
    }
}

const ADOPTED: &str = "adopted certificate";
const ORDER_KEY: &str = "order key";
const RELEASE_KEY: &str = "release key";

fn member(member: &'static str) -> impl FnOnce(Defect) -> BackupError {
    move |defect| BackupError::Member { member, defect }
}
