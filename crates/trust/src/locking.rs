//! Which passphrase an authority's keys are under, if they are under one.
//!
//! Each key is replaced by itself, from the clear to the passphrase or back, so whatever happens meanwhile every key is
//! in one of the two forms, and the same passphrase opens them all. From one passphrase to another the way is therefore
//! through the clear.

use std::path::PathBuf;

use crate::authority::Authority;
use crate::error::Error;
use crate::folder::{ADOPTED, Folder, Member, NEW_GENERATION};
use crate::key::PrivateKey;
use crate::passphrase::Passphrase;
use crate::settle::{self, settle};
use crate::signing::{self, SigningKey};

impl Authority {
    /// The first file with a key whose passphrase was not given. Then nothing can be issued, served or changed.
    pub fn locked(&self) -> Option<PathBuf> {
        let lines = [Some(&self.home), self.incoming.as_ref()].into_iter().flatten();
        let of_lines = lines.into_iter().find_map(|line| Some(line.folder.key_path(line.locked()?)));
        let next_home = settle::next_home(&self.folder, &self.state);
        let next = || self.next_root.is_locked().then(|| next_home.key_path(Member::NextRoot));
        let adopted_path = || self.folder.inner(ADOPTED).key_path(Member::Adopted);
        let adopted = || self.adopted.as_ref()?.is_locked().then(adopted_path);
        of_lines.or_else(next).or_else(adopted).or_else(|| self.holding.locked(&self.folder))
    }

    /// Puts every key under this passphrase, or without one into the clear. On an error some may be in the one form and
    /// some in the other; the next call goes on there. Whoever serves with them has to end before.
    pub fn keep_keys_under(&mut self, passphrase: Option<Passphrase>) -> Result<(), Error> {
        self.settle()?;
        let former = self.folder.passphrase().cloned();
        if former.is_some() {
            self.move_to(None);
            self.seal(former.as_ref())?;
        }
        self.move_to(passphrase);
        self.seal(None)
    }

    /// Brings every key into the form in which the folder keeps keys.
    pub(crate) fn seal(&self, former: Option<&Passphrase>) -> Result<(), Error> {
        let inner = self.folder.inner(NEW_GENERATION);
        for folder in [&self.folder, &inner] {
            let mut keys = Member::ALL.into_iter().map(|member| folder.key_path(member));
            keys.try_for_each(|key| folder.seal::<PrivateKey>(&key, former))?;
        }
        let adopted = self.folder.inner(ADOPTED);
        adopted.seal::<PrivateKey>(&adopted.key_path(Member::Adopted), former)?;
        let mut signing = signing::KEYS.into_iter().map(|file| self.folder.path().join(file));
        signing.try_for_each(|key| self.folder.seal::<SigningKey>(&key, former))
    }

    /// Sees to what the last change left over, before another one. With keys that are closed it could not tell what
    /// belongs together, so nothing is changed then.
    pub(crate) fn settle(&mut self) -> Result<(), Error> {
        if let Some(path) = self.locked() {
            return Err(Error::Locked { path });
        }
        settle(&self.folder, &self.state)?;
        self.home.folder = self.folder.clone();
        Ok(())
    }

    fn move_to(&mut self, passphrase: Option<Passphrase>) {
        self.folder = Folder::new(self.folder.path(), passphrase);
        self.home.folder = self.folder.clone();
        if let Some(incoming) = &mut self.incoming {
            incoming.folder = self.folder.inner(NEW_GENERATION);
        }
    }
}
