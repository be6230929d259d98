//! The authority in one pair of hands: whoever changes it does so alone, and what the server shows follows at once.
//!
//! A running server and the commands that work on its data directory have one custody between them, so a renewal and a
//! step of a rollover never meet half way.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use otary_fleet::{Anchor, Generations, Time};
use otary_trust::{Authority, Clock, Name, PageAuthority};

use crate::ServeError;

/// Has a server show the certificates of an authority as they are at a time.
type Show = Box<dyn Fn(&Held, Time) -> Result<(), ServeError> + Send + Sync>;

/// An authority, the names that its server is reached by, and the server that shows its certificates, if one runs.
pub struct Custody {
    held: Mutex<Held>,
    built: Time,
    show: OnceLock<Show>,
}

/// What is in custody.
pub struct Held {
    /// The authority.
    pub authority: Authority,
    /// The names and addresses by which devices reach the server, the most important first.
    pub names: Vec<Name>,
    /// What devices are shown instead of the authority's certificates.
    pub elsewhere: Option<Elsewhere>,
    /// What operators are shown; without, it is the authority's.
    pub page: Option<PageAuthority>,
}

/// A certificate from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// What devices trust that accept it.
    pub anchor: Anchor,
    /// All that devices trust that accept it, as PEM text.
    pub anchors_pem: String,
    /// The last moment of its life.
    pub not_after: Time,
    /// The names in it.
    pub names: Vec<Name>,
}

impl Held {
    /// What devices are shown.
    pub fn presented(&self) -> Generations {
        let own = self.authority.generations();
        self.elsewhere.as_ref().map_or_else(|| own.clone(), |elsewhere| own.behind(&elsewhere.anchor))
    }

    /// The names and addresses by which devices reach the server, as text in lower case.
    pub fn reached_by(&self) -> Vec<String> {
        let elsewhere = self.elsewhere.iter().flat_map(|elsewhere| &elsewhere.names);
        self.names.iter().chain(elsewhere).map(|name| name.to_string().to_ascii_lowercase()).collect()
    }
}

impl Custody {
    /// Takes an authority into custody. `built` is when this program was built: no right clock is before that.
    pub const fn new(held: Held, built: Time) -> Self {
        Self { held: Mutex::new(held), built, show: OnceLock::new() }
    }

    /// Has what changes shown by `show`; the first one counts.
    pub fn show_by(&self, show: impl Fn(&Held, Time) -> Result<(), ServeError> + Send + Sync + 'static) {
        let _ = self.show.set(Box::new(show));
    }

    /// Looks at the authority, and keeps others from it meanwhile.
    pub fn look<T>(&self, look: impl FnOnce(&Held) -> T) -> T {
        look(&self.lock())
    }

    /// Which generations there are.
    pub fn generations(&self) -> Generations {
        self.look(|held| held.authority.generations().clone())
    }

    /// What is known of the time. `newest` is the newest time in the store.
    pub const fn clock(&self, now: Time, newest: Time) -> Clock {
        Clock { now, built: self.built, newest }
    }

    /// Changes the authority at `now`; the running server shows the outcome from the next handshake on, also where the
    /// change failed half way and left something new.
    pub fn change<T, E: From<ServeError>>(
        &self,
        now: Time,
        change: impl FnOnce(&mut Held) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut held = self.lock();
        let changed = change(&mut held);
        let shown = self.show.get().map_or(Ok(()), |show| show(&held, now));
        let changed = changed?;
        shown?;
        Ok(changed)
    }

    /// Has the server show what there is at `now`: it may have changed with the time alone.
    pub fn show(&self, now: Time) -> Result<(), ServeError> {
        self.show.get().map_or(Ok(()), |show| show(&self.lock(), now))
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
