//! The steps of a rollover, as they are made on the disk: each is taken whole or not at all.
//!
//! Whether a step can be taken is decided by [`otary_fleet::Generations`], and whom it would cut off by the ledger,
//! before it comes here. Here the keys and certificates that it needs are written first; then the record of
//! generations is replaced, which is the step; then what it leaves over is removed. A power cut before the record was
//! replaced leaves things as they were, and one after it leaves work for the next start.

use std::collections::BTreeSet;

use otary_fleet::{Beginning, Generations, Misstep, Step, Time};
use zeroize::Zeroizing;

use crate::adopted::Adopted;
use crate::authority::{Authority, keep_ended};
use crate::certificate::Certificate;
use crate::clock::{Clock, TrustedTime};
use crate::defect::Defect;
use crate::disk;
use crate::error::Error;
use crate::folder::{ADOPTED, Member, NEW_GENERATION};
use crate::identity::{Identity, Kept};
use crate::key::PrivateKey;
use crate::life::Life;
use crate::line::Line;
use crate::name::{HostName, Name};
use crate::profile;
use crate::settle::next_home;
use crate::state::State;

/// What a rollover begins with.
#[derive(Debug)]
pub struct Start<'a> {
    /// The host names of the new generation's own; none: it shares those of the server.
    pub hosts: BTreeSet<HostName>,
    /// The names by which the server is reached, the most important first.
    pub names: &'a [Name],
    /// The key of the next root, if it was exported.
    pub next_key: Option<PrivateKey>,
    /// Whether the old root's key signs the new root. Not if that key is lost, and not if somebody has stolen it.
    pub bridge: bool,
}

impl Authority {
    /// Begins a rollover: the next root becomes the root of a new generation with leaves of its own, and another next
    /// root is made.
    pub fn begin(&mut self, start: Start<'_>, clock: &Clock) -> Result<(), Error> {
        self.settle()?;
        let now = self.check_clock(clock)?;
        let before = self.next_root.certificate().into();
        let next_root = profile::make_root(Life::of_next_root(before, now))?;
        let next = next_root.certificate().anchor();
        let decided = Generations { next, ..self.if_begun(&start, now.time())? };
        let line = self.make_line(start, now)?;
        line.folder.publish(|folder| {
            line.add_to(folder)?;
            folder.add(Member::NextRoot, &next_root)
        })?;
        disk::sync_folder(self.dir())?;
        self.commit(State::new(decided, false))?;
        (self.incoming, self.next_root) = (Some(line), next_root);
        Ok(())
    }

    /// What is presented once a rollover has begun with this.
    pub fn if_begun(&self, start: &Start<'_>, now: Time) -> Result<Generations, Misstep> {
        let (hosts, server_hosts) = (texts(&start.hosts), host_names(start.names));
        // The root after the next one is yet to be made, and presented to nobody.
        let next = self.generations().next.clone();
        self.generations().begin(Beginning { hosts, server_hosts, bridge: start.bridge, next }, now)
    }

    /// What is presented once this certificate is adopted, the last of whose chain is `anchor`.
    pub fn if_adopted(
        &self,
        anchor: &Certificate,
        hosts: &BTreeSet<HostName>,
        names: &[Name],
        now: Time,
    ) -> Result<Generations, Misstep> {
        self.generations().adopt(anchor.anchor(), texts(hosts), &host_names(names), now)
    }

    /// The new generation's line, on the next root.
    fn make_line(&self, start: Start<'_>, now: TrustedTime) -> Result<Line, Error> {
        let root = self.next_root.certificate().clone();
        let own = self.next_key()?;
        let Some(key) = start.next_key.or(own) else { return Err(Error::NextKeyAway) };
        let name = root.common_name().to_owned();
        let root = Identity::new(root, key).map_err(|_| Error::OtherNextKey { root: name })?;
        let own = start.hosts.into_iter().map(Name::Host);
        let names: Vec<Name> = own.chain(start.names.iter().cloned()).collect();
        let mut line = Line::make(self.folder.inner(NEW_GENERATION), root, &names, now)?;
        if start.bridge {
            let signer = line.signer()?;
            line.bridge = Some(profile::make_bridge(self.home.signer()?, signer, now)?);
        }
        Ok(line)
    }

    /// Takes a further step of the rollover that is under way.
    pub fn step(&mut self, step: Step, clock: &Clock) -> Result<(), Error> {
        self.settle()?;
        let now = self.check_clock(clock)?;
        let decided = self.generations().after(step, now.time())?;
        let exported = self.state.next_key_exported && (step != Step::Abort || self.adopted.is_some());
        let ending = self.ending(step).cloned();
        if let Some(ending) = &ending {
            keep_ended(&self.folder, ending)?;
        }
        if let (Step::Abort, Some(incoming)) = (step, &self.incoming) {
            // The key of a root that was exported came back for the beginning, and is not to be lost by an abort.
            self.folder.replace(Member::NextRoot, &incoming.root)?;
        }
        self.commit(State::new(decided, exported))?;
        self.ended.extend(ending);
        self.follow(step);
        // The step is taken. What cannot be tidied up now is when leaves are looked after, or at the next start.
        let _ = self.settle();
        Ok(())
    }

    /// The anchor that is no more after this step.
    fn ending(&self, step: Step) -> Option<&Certificate> {
        match (step, &self.adopted, &self.incoming) {
            (Step::Finish | Step::Abort, Some(adopted), _) => Some(adopted.anchor()),
            (Step::Finish, None, Some(_)) => Some(self.home.root.certificate()),
            _ => None,
        }
    }

    /// Brings what is in memory in line with the record.
    fn follow(&mut self, step: Step) {
        if step == Step::Switch {
            return;
        }
        self.adopted = None;
        let Some(incoming) = self.incoming.take() else { return };
        if step == Step::Finish {
            self.home = Line { folder: self.folder.clone(), bridge: None, ..incoming };
        } else {
            self.next_root = incoming.root;
        }
    }

    /// Adopts a certificate that devices trust: it becomes generation 0, which is presented under its own names and to
    /// everybody who asks for no name that is the authority's; and a rollover from it to the authority begins.
    ///
    /// `chain` begins with the server's certificate and ends with what devices trust; mostly both are one. Nothing else
    /// is asked of it: it may have expired, and have no names but its common name. `hosts` are the names by which its
    /// devices know the server, `names` all that the server has.
    pub fn adopt(
        &mut self,
        chain: Vec<Certificate>,
        key: PrivateKey,
        hosts: &BTreeSet<HostName>,
        names: &[Name],
        clock: &Clock,
    ) -> Result<(), Error> {
        self.settle()?;
        let now = self.check_clock(clock)?;
        let adopted =
            Adopted::new(self.generations().adopted_id(), chain, Kept::Open(key)).map_err(Error::Adopt)?;
        let anchor = adopted.anchor().anchor();
        if self.generations().shown.iter().any(|generation| generation.anchor.id == anchor.id) {
            return Err(Error::Adopt(Defect::SameRoots));
        }
        let decided = self.if_adopted(adopted.anchor(), hosts, names, now.time())?;
        self.folder.inner(ADOPTED).publish(|folder| adopted.add_to(folder))?;
        self.commit(State::new(decided, self.state.next_key_exported))?;
        self.adopted = Some(adopted);
        Ok(())
    }

    /// Whether the next root's key is here. It does nothing here until a rollover begins, and is safer elsewhere.
    pub fn next_key_is_here(&self) -> bool {
        !self.state.next_key_exported
    }

    /// The next root's key as PEM text in PKCS#8 form, to be written to where it is to be kept. Only then is it to be
    /// removed from here, by [`Self::forget_next_key`].
    pub fn next_key_pem(&self) -> Result<Zeroizing<String>, Error> {
        let path = next_home(&self.folder, &self.state).key_path(Member::NextRoot);
        match self.next_root.key() {
            Some(key) => key.pem().map_err(|defect| Error::Unusable { path, defect }),
            None if self.next_root.is_locked() => Err(Error::Locked { path }),
            None => Err(Error::NextKeyAway),
        }
    }

    /// Removes the next root's key from here. A rollover can only begin when it is given back.
    ///
    /// An error may also say that the file could not be removed although it is recorded as gone; then the next call
    /// or the next start removes it.
    pub fn forget_next_key(&mut self) -> Result<(), Error> {
        self.settle()?;
        self.commit(State::new(self.generations().clone(), true))?;
        self.next_root = Identity::keyless(self.next_root.certificate().clone());
        self.settle()
    }

    /// Makes a key and a certificate by which a device shows who it is, good for ten years, or until the root in charge
    /// ends. `name` is what people call the device: its address. Nothing of it is kept here.
    pub fn issue_client(&self, name: &str, clock: &Clock) -> Result<Identity, Error> {
        profile::make_client(self.in_charge().signer()?, name, self.check_clock(clock)?)
    }

    /// A copy of the next root's key; none if it was exported.
    fn next_key(&self) -> Result<Option<PrivateKey>, Error> {
        let path = self.folder.key_path(Member::NextRoot);
        match self.folder.read_key(&path)? {
            Kept::Open(key) => Ok(Some(key)),
            Kept::Locked => Err(Error::Locked { path }),
            Kept::Absent => Ok(None),
        }
    }

    fn commit(&mut self, state: State) -> Result<(), Error> {
        state.write(&self.folder)?;
        self.state = state;
        Ok(())
    }
}

fn texts(hosts: &BTreeSet<HostName>) -> BTreeSet<String> {
    hosts.iter().map(ToString::to_string).collect()
}

/// The host names by which a device could ask: what every machine calls itself is none.
fn host_names(names: &[Name]) -> BTreeSet<String> {
    let hosts = names.iter().filter(|name| matches!(name, Name::Host(_))).map(ToString::to_string);
    hosts.filter(|host| host != "localhost").collect()
}

#[cfg(test)]
mod tests;
