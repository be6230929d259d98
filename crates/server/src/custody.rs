//! The authority in one pair of hands: whoever changes it does so alone, and what the server shows follows at once.
//!
//! A running server and the commands that work on its data directory have one custody between them, so a renewal and a
//! step of a rollover never meet half way.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use otary_fleet::{Generations, Time};
use otary_trust::{Authority, Clock, Name};

use crate::{Handle, Identity};

/// An authority, the names that its server is reached by, and the server that shows its certificates, if one runs.
pub struct Custody {
    held: Mutex<Held>,
    built: Time,
    server: OnceLock<Handle>,
}

/// What is in custody.
pub struct Held {
    /// The authority.
    pub authority: Authority,
    /// The names and addresses by which devices reach the server, the most important first.
    pub names: Vec<Name>,
}

impl Custody {
    /// Takes an authority into custody. `built` is when this program was built: no right clock is before that.
    pub const fn new(authority: Authority, names: Vec<Name>, built: Time) -> Self {
        Self { held: Mutex::new(Held { authority, names }), built, server: OnceLock::new() }
    }

    /// The server that is to show what changes; the first one counts.
    pub fn serve_by(&self, handle: Handle) {
        let _ = self.server.set(handle);
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

    /// Changes the authority at `now`; the running server shows the outcome from the next handshake on, also where the change
    /// failed half way and left something new.
    pub fn change<T, E: From<crate::ServeError>>(
        &self,
        now: Time,
        change: impl FnOnce(&mut Held) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut held = self.lock();
        let changed = change(&mut held);
        if let Some(server) = self.server.get() {
            server.show(Identity::of(&held.authority, now)?);
        }
        changed
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
