//! The certificate authority of one installation: a root that devices trust, the next root that they trust in
//! advance, and the leaves that the server shows them; during a rollover two of those.

mod shown;

use std::path::{Path, PathBuf};

use otary_fleet::{GenerationId, Generations};

use crate::adopted::Adopted;
use crate::certificate::Certificate;
use crate::clock::{Clock, ClockFault, TrustedTime};
use crate::defect::Defect;
use crate::disk;
use crate::error::Error;
use crate::folder::{ADOPTED, ENDED, Folder, Member, NEW_GENERATION};
use crate::identity::Identity;
use crate::leaf::{self, Cause};
use crate::life::Life;
use crate::line::{LEAF_KINDS, Line};
use crate::name::Name;
use crate::passphrase::Passphrase;
use crate::profile;
use crate::settle;
use crate::signing::Holding;
use crate::state::{State, check_anchor};

pub use shown::ServerChain;

/// An authority whose keys were found to fit their certificates.
#[derive(Debug)]
pub struct Authority {
    pub(crate) folder: Folder,
    pub(crate) state: State,
    /// The generation that is there outside a rollover; else the old one, unless that was adopted.
    pub(crate) home: Line,
    /// The new generation of a rollover, unless it is from an adopted certificate.
    pub(crate) incoming: Option<Line>,
    pub(crate) adopted: Option<Adopted>,
    pub(crate) next_root: Identity,
    /// The anchors of generations that are no more.
    pub(crate) ended: Vec<Certificate>,
    /// What there is for signed releases.
    pub(crate) holding: Holding,
}

/// What became of the server's certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Renewal {
    /// They serve on.
    NotDue,
    /// New ones took the place of those that were due; why the first of them was.
    Issued(Cause),
    /// A new one is due, but the clock cannot be trusted: the old one serves on.
    Postponed {
        /// Why it is due.
        cause: Cause,
        /// What is wrong with the clock.
        fault: ClockFault,
    },
}

impl Authority {
    /// Reads an authority and changes nothing. Keys under a passphrase stay closed: nothing can be issued or served,
    /// and all the certificates are there.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        Self::read(Folder::new(dir, None))
    }

    /// Reads an authority whose keys are under a passphrase, and changes nothing.
    pub fn unlock(dir: &Path, passphrase: Passphrase) -> Result<Self, Error> {
        Self::read(Folder::new(dir, Some(passphrase)))
    }

    /// Reads the authority in `dir`, or makes one where nothing is; then sees to its leaves as [`Self::refresh`] does.
    ///
    /// With a clock that cannot be trusted, an authority that has a leaf opens and serves on, whatever its names, and
    /// nothing is made; [`Self::check_clock`] says what is wrong.
    pub fn open_or_create(dir: &Path, names: &[Name], clock: &Clock) -> Result<Self, Error> {
        Self::start(Folder::new(dir, None), names, clock)
    }

    /// The same with keys under a passphrase: those that lie there in the clear are put under it, too.
    pub fn unlock_or_create(
        dir: &Path,
        passphrase: Passphrase,
        names: &[Name],
        clock: &Clock,
    ) -> Result<Self, Error> {
        Self::start(Folder::new(dir, Some(passphrase)), names, clock)
    }

    fn start(folder: Folder, names: &[Name], clock: &Clock) -> Result<Self, Error> {
        if folder.is_empty()? {
            return Self::create(folder, names, clock.check()?);
        }
        let mut authority = Self::read(folder)?;
        authority.settle()?;
        authority.seal(None)?;
        if State::read(&authority.folder)?.is_none() {
            authority.state.write(&authority.folder)?;
        }
        let _ = authority.refresh(names, clock)?;
        Ok(authority)
    }

    fn create(folder: Folder, names: &[Name], now: TrustedTime) -> Result<Self, Error> {
        let root = profile::make_root(Life::of_root(now))?;
        let next_root = profile::make_root(Life::of_next_root(root.certificate().into(), now))?;
        let home = Line::make(folder.clone(), root, names, now)?;
        let state = State::first(home.root.certificate(), next_root.certificate());
        let (incoming, adopted, ended, holding) = (None, None, Vec::new(), Holding::default());
        let authority = Self { folder, state, home, incoming, adopted, next_root, ended, holding };
        authority.publish()?;
        Ok(authority)
    }

    /// Writes all of it into its folder, where nothing is.
    pub(crate) fn publish(&self) -> Result<(), Error> {
        self.folder.publish(|folder| {
            self.home.add_to(folder)?;
            let mut next_home = folder.clone();
            if let Some(incoming) = &self.incoming {
                next_home = folder.inner(NEW_GENERATION);
                disk::create_folder(next_home.path())?;
                incoming.add_to(&next_home)?;
                folder.add(Member::NextRoot, &incoming.root)?;
            }
            next_home.add(Member::NextRoot, &self.next_root)?;
            if let Some(adopted) = &self.adopted {
                let inner = folder.inner(ADOPTED);
                disk::create_folder(inner.path())?;
                adopted.add_to(&inner)?;
            }
            self.ended.iter().try_for_each(|certificate| keep_ended(folder, certificate))?;
            self.holding.add_to(folder)?;
            self.state.write(folder)
        })
    }

    fn read(folder: Folder) -> Result<Self, Error> {
        folder.check()?;
        let (root, next_root) = (folder.read(Member::Root)?, folder.read(Member::NextRoot)?);
        check_root(&folder, Member::Root, root.certificate())?;
        check_root(&folder, Member::NextRoot, next_root.certificate())?;
        let known = State::read(&folder)?;
        let state = known.unwrap_or_else(|| State::first(root.certificate(), next_root.certificate()));
        let authority = Self::read_generations(folder, state, root, next_root)?;
        authority.check_keys()?;
        Ok(authority)
    }

    /// Reads what the record names, where it is: see [`settle`] for why that is not one place.
    fn read_generations(folder: Folder, state: State, root: Identity, next: Identity) -> Result<Self, Error> {
        let inner = folder.inner(NEW_GENERATION);
        let wanted = state.home().map(|home| home.anchor.id);
        let (home_folder, root) = match wanted {
            Some(id) if id != root.certificate().anchor_id() && inner.path().exists() => {
                (inner.clone(), inner.read(Member::Root)?)
            }
            _ => (folder.clone(), root),
        };
        let home = Line::read(home_folder, root)?;
        let incoming = match state.incoming() {
            Some(_) => Some(Line::read(inner.clone(), inner.read(Member::Root)?)?),
            None => None,
        };
        let elsewhere = next.certificate().anchor_id() != state.generations.next.id && inner.path().exists();
        let next_root = if elsewhere { inner.read(Member::NextRoot)? } else { next };
        let adopted = state.adopted().map(|adopted| Adopted::read(adopted.id, &folder.inner(ADOPTED)));
        let adopted = adopted.transpose()?;
        let (ended, holding) = (read_ended(&folder)?, Holding::read(&folder)?);
        Ok(Self { folder, state, home, incoming, adopted, next_root, ended, holding })
    }

    /// Checks that the record names what is there, and that no key is missing that nobody took away knowingly.
    fn check_keys(&self) -> Result<(), Error> {
        let State { generations, next_key_exported, .. } = &self.state;
        let next_home = settle::next_home(&self.folder, &self.state);
        let next_path = || next_home.certificate_path(Member::NextRoot);
        check_distinct(self.home.root.certificate(), self.next_root()).map_err(unusable(next_path()))?;
        let named = |certificate: &Certificate,
                     generation: Option<&otary_fleet::Generation>,
                     member,
                     folder: &Folder| {
            check_anchor(certificate, generation.map(|generation| &generation.anchor))
                .map_err(unusable(folder.certificate_path(member)))
        };
        named(self.home.root.certificate(), self.state.home(), Member::Root, &self.home.folder)?;
        if let Some(incoming) = &self.incoming {
            named(incoming.root.certificate(), self.state.incoming(), Member::Root, &incoming.folder)?;
            self.check_bridge(incoming)?;
        }
        check_anchor(self.next_root(), Some(&generations.next)).map_err(unusable(next_path()))?;
        if !next_key_exported && !self.next_root.is_locked() && self.next_root.key().is_none() {
            return Err(Error::Missing { path: next_home.key_path(Member::NextRoot) });
        }
        Ok(())
    }

    fn check_bridge(&self, incoming: &Line) -> Result<(), Error> {
        let path = incoming.folder.path().join(crate::folder::BRIDGE);
        let promised = self.state.incoming().is_some_and(|incoming| incoming.bridged_from.is_some());
        match &incoming.bridge {
            Some(bridge) => {
                let (old, new) = (self.home.root.certificate(), incoming.root.certificate());
                profile::check_bridge(bridge, old, new).map_err(unusable(path))
            }
            None if promised => Err(Error::Missing { path }),
            None => Ok(()),
        }
    }

    /// Makes new leaves if some are due: the rule is in [`Cause`]. `names` are those by which the server is reached now,
    /// the most important first. On an error the old leaves serve on.
    pub fn refresh(&mut self, names: &[Name], clock: &Clock) -> Result<Renewal, Error> {
        self.settle()?;
        let due: Vec<_> =
            self.lines().flat_map(|line| line.due(&self.names_of(line, names), clock.now)).collect();
        let Some((_, cause)) = due.into_iter().next() else {
            return Ok(Renewal::NotDue);
        };
        let now = match self.check_clock(clock) {
            Ok(now) => now,
            Err(fault) if self.leaf().is_some() => return Ok(Renewal::Postponed { cause, fault }),
            Err(fault) => return Err(fault.into()),
        };
        self.renew(names, now)?;
        Ok(Renewal::Issued(cause))
    }

    /// Renews what is due, each by itself, and tells the first that failed.
    fn renew(&mut self, names: &[Name], now: TrustedTime) -> Result<(), Error> {
        let wanted: Vec<Vec<Name>> = self.lines().map(|line| self.names_of(line, names)).collect();
        let lines = [Some(&mut self.home), self.incoming.as_mut()].into_iter().flatten();
        let mut result = Ok(());
        for (line, names) in lines.zip(&wanted) {
            for (kind, _) in line.due(names, now.time()) {
                result = result.and(line.renew(kind, names, now));
            }
        }
        result
    }

    /// Makes every leaf anew, with new keys, although none is due.
    pub fn renew_all(&mut self, names: &[Name], clock: &Clock) -> Result<(), Error> {
        self.settle()?;
        let now = self.check_clock(clock)?;
        let wanted: Vec<Vec<Name>> = self.lines().map(|line| self.names_of(line, names)).collect();
        let lines = [Some(&mut self.home), self.incoming.as_mut()].into_iter().flatten();
        for (line, names) in lines.zip(&wanted) {
            LEAF_KINDS.into_iter().try_for_each(|kind| line.renew(kind, names, now))?;
        }
        Ok(())
    }

    /// The names of a line's leaves: those of the server, and the generation's own before them if it is new, since
    /// nothing else leads to it.
    fn names_of(&self, line: &Line, names: &[Name]) -> Vec<Name> {
        let generation = self.generation_of(line);
        let own = generation.into_iter().flat_map(|generation| &generation.hosts);
        let own: Vec<Name> = own.filter_map(|host| host.parse().ok()).collect();
        let to = self.generations().rollover.map(|rollover| rollover.to);
        let is_new = generation.is_some_and(|generation| Some(generation.id) == to);
        let (first, second) = if is_new { (&own[..], names) } else { (names, &own[..]) };
        first.iter().chain(second).cloned().collect()
    }

    fn generation_of(&self, line: &Line) -> Option<&otary_fleet::Generation> {
        let id = line.root.certificate().anchor_id();
        self.generations().shown.iter().find(|generation| generation.anchor.id == id)
    }

    /// Checks the clock against what is known, the authority's own certificates included.
    pub fn check_clock(&self, clock: &Clock) -> Result<TrustedTime, ClockFault> {
        let now = clock.check()?;
        let certificates = self.lines().flat_map(Line::certificates).chain([self.next_root()]);
        let made = certificates.map(leaf::made_at).max().unwrap_or_default();
        if now.time() < made {
            return Err(ClockFault::BeforeCertificate { now: now.time(), made });
        }
        Ok(now)
    }

    /// The folder that it lives in.
    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    /// The generations, and how far a rollover is.
    pub const fn generations(&self) -> &Generations {
        &self.state.generations
    }

    fn lines(&self) -> impl Iterator<Item = &Line> {
        [Some(&self.home), self.incoming.as_ref()].into_iter().flatten()
    }

    fn line(&self, id: GenerationId) -> Option<&Line> {
        self.lines().find(|line| self.generation_of(line).is_some_and(|generation| generation.id == id))
    }

    /// The line of the generation in charge; the authority's own while an adopted certificate is in charge.
    pub(crate) fn in_charge(&self) -> &Line {
        self.line(self.generations().presented(None).generation).unwrap_or(&self.home)
    }

    /// The root in charge. An adopted certificate is none: while one is in charge, this is the authority's own.
    pub fn root(&self) -> &Certificate {
        self.in_charge().root.certificate()
    }

    /// The first file with a root's key that should be here and is not. What there is serves on, but nothing is renewed
    /// once it is due, and a backup would not bring the root back. That of an old root which did not sign the new one
    /// was given up when the rollover began.
    pub fn missing_root_key(&self) -> Option<PathBuf> {
        let given_up = self.incoming.as_ref().is_some_and(|incoming| incoming.bridge.is_none());
        let home = (!given_up).then_some(&self.home);
        let line = home.into_iter().chain(&self.incoming).find(|line| line.root.is_absent())?;
        Some(line.folder.key_path(Member::Root))
    }

    /// The root that devices are given in advance.
    pub const fn next_root(&self) -> &Certificate {
        self.next_root.certificate()
    }
}

fn check_root(folder: &Folder, member: Member, root: &Certificate) -> Result<(), Error> {
    root.check_root().map_err(unusable(folder.certificate_path(member)))
}

/// Checks that two roots are two: a device could not tell apart what shares a name, and gains nothing by one key twice.
pub(crate) fn check_distinct(root: &Certificate, next: &Certificate) -> Result<(), Defect> {
    if root.public_key() == next.public_key() || root.common_name() == next.common_name() {
        return Err(Defect::SameRoots);
    }
    Ok(())
}

/// Keeps the certificate of a generation that ends.
pub(crate) fn keep_ended(folder: &Folder, certificate: &Certificate) -> Result<(), Error> {
    let inner = folder.inner(ENDED);
    if !inner.path().exists() {
        disk::create_folder(inner.path())?;
        disk::sync_folder(folder.path())?;
    }
    inner.put(&format!("{}.crt", certificate.anchor_id()), certificate.pem().as_bytes())
}

fn read_ended(folder: &Folder) -> Result<Vec<Certificate>, Error> {
    let inner = folder.inner(ENDED);
    let mut files = disk::list(inner.path())?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "crt"));
    files.sort();
    let names = files.iter().filter_map(|file| file.file_name()?.to_str());
    names.filter_map(|name| inner.certificate(name).transpose()).collect()
}

fn unusable(path: PathBuf) -> impl FnOnce(Defect) -> Error {
    move |defect| Error::Unusable { path, defect }
}
