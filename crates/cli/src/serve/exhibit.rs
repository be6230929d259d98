//! What devices are shown: the authority's chains, or a certificate from elsewhere. And what agents are answered with.

use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use otary_fleet::Time;
use otary_server::{Handle, Held, Identity, ServeError, Signing};
use otary_trust::Authority;

use super::supplied::Supplied;

/// The server that shows it, and the certificate from elsewhere if there is one.
pub struct Exhibit {
    handle: Handle,
    supplied: Mutex<Option<Supplied>>,
}

impl Exhibit {
    /// What `handle` shows.
    pub const fn new(handle: Handle, supplied: Option<Supplied>) -> Self {
        Self { handle, supplied: Mutex::new(supplied) }
    }

    /// Shows what there is from the next handshake on, and answers agents by the root records and the order key that there
    /// are.
    pub fn show(&self, held: &Held, now: Time) -> Result<(), ServeError> {
        self.sign(&held.authority)?;
        self.handle.show(identity(held, self.lock().as_ref(), now)?)
    }

    /// Answers agents by the root records and the order key that there are.
    pub fn sign(&self, authority: &Authority) -> Result<(), ServeError> {
        self.handle.sign_with(Signing::of(authority)?);
        Ok(())
    }

    /// Whether devices are shown a certificate from elsewhere.
    pub fn is_from_elsewhere(&self) -> bool {
        self.lock().is_some()
    }

    /// Looks at the files of the certificate from elsewhere; true if there is another one in them.
    pub fn refresh(&self) -> Result<bool> {
        self.lock().as_mut().map_or(Ok(false), Supplied::refresh)
    }

    /// Looks at the certificate from elsewhere, if there is one.
    pub fn look<T>(&self, look: impl FnOnce(&Supplied) -> T) -> Option<T> {
        self.lock().as_ref().map(look)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Supplied>> {
        self.supplied.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// To devices the authority's chains at `now`, or the certificate from elsewhere; to operators the page's own.
pub fn identity(held: &Held, supplied: Option<&Supplied>, now: Time) -> Result<Identity, ServeError> {
    let own = Identity::of(&held.authority, now)?;
    let shown = match supplied {
        Some(supplied) => supplied.identity(&own)?,
        None => own,
    };
    match &held.page {
        Some(page) => shown.with_page(page),
        None => Ok(shown),
    }
}
