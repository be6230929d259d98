//! The record of an authority's generations, `generations.json`: what the keys and certificates beside it are.
//!
//! It is replaced as a whole, and that is the moment at which a step of a rollover is taken: the files that the step
//! needs are written before, and those that it leaves over are removed after, or at the next start.

use otary_fleet::{Anchor, Generation, Generations};
use serde::{Deserialize, Serialize};

use crate::certificate::Certificate;
use crate::defect::Defect;
use crate::error::Error;
use crate::folder::Folder;
use crate::leaf;

const FILE: &str = "generations.json";
const VERSION: u32 = 1;

/// What is recorded.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    version: u32,
    pub(crate) generations: Generations,
    /// Whether the key of the root that comes next was taken elsewhere.
    pub(crate) next_key_exported: bool,
}

/// The field that every version has.
#[derive(Deserialize)]
struct Head {
    version: u32,
}

impl State {
    pub(crate) const fn new(generations: Generations, next_key_exported: bool) -> Self {
        Self { version: VERSION, generations, next_key_exported }
    }

    /// The record of an authority that knows of no rollover: also of one that an otary made which kept no record.
    pub(crate) fn first(root: &Certificate, next: &Certificate) -> Self {
        Self::new(Generations::first(root.anchor(), next.anchor(), leaf::made_at(root)), false)
    }

    /// Reads the record; none if it is not there.
    pub(crate) fn read(folder: &Folder) -> Result<Option<Self>, Error> {
        let text = folder.text(FILE)?;
        let unusable = |defect| Error::Unusable { path: folder.path().join(FILE), defect };
        text.map(|text| Self::parse(&text).map_err(unusable)).transpose()
    }

    fn parse(text: &[u8]) -> Result<Self, Defect> {
        let head: Head = serde_json::from_slice(text).map_err(Defect::Generations)?;
        if head.version != VERSION {
            return Err(Defect::Version { known: VERSION, found: head.version });
        }
        serde_json::from_slice(text).map_err(Defect::Generations)
    }

    /// Writes the record: the old one or the new one is there whatever happens.
    pub(crate) fn write(&self, folder: &Folder) -> Result<(), Error> {
        let unusable =
            |source| Error::Unusable { path: folder.path().join(FILE), defect: Defect::Generations(source) };
        folder.put(FILE, &serde_json::to_vec_pretty(self).map_err(unusable)?)
    }

    /// Forgets a record that was being written.
    pub(crate) fn settle(folder: &Folder) -> Result<(), Error> {
        folder.forget(FILE)
    }

    /// The generation whose root lies in the folder itself: the one that is there outside a rollover, else the old
    /// one, unless that was adopted.
    pub(crate) fn home(&self) -> Option<&Generation> {
        let current = self.generations.get(self.generations.current)?;
        if current.adopted { self.generations.get(self.generations.rollover?.to) } else { Some(current) }
    }

    /// The generation that a rollover leads to, if the authority makes it.
    pub(crate) fn incoming(&self) -> Option<&Generation> {
        self.adopted().is_none().then(|| self.generations.get(self.generations.rollover?.to)).flatten()
    }

    /// The generation of an adopted certificate.
    pub(crate) fn adopted(&self) -> Option<&Generation> {
        self.generations.shown.iter().find(|generation| generation.adopted)
    }
}

/// Checks that a certificate is the one that the record names.
pub(crate) fn check_anchor(certificate: &Certificate, expected: Option<&Anchor>) -> Result<(), Defect> {
    match expected {
        Some(anchor) if anchor.id == certificate.anchor_id() => Ok(()),
        expected => {
            let expected = expected.map(|anchor| anchor.name.clone()).unwrap_or_default();
            Err(Defect::OtherAnchor { expected })
        }
    }
}
