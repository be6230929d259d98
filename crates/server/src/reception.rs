//! How a listener receives its clients: by the name that each asks for (SNI), before anything else is known of it.
//!
//! - The name leads to what is presented ([`Generations::presented`]) and to the rules that the operator set for it.
//! - A session is resumed only under what was presented when it began: tickets and session ids are kept apart for each
//!   [`Presented`]. A client holds its sessions in memory, so one that resumes was not reflashed since, and still
//!   trusts what it accepted then. That is why a resumed handshake counts as one that was made in full.
//! - An identity can be replaced while connections are open: the next handshake sees the new one. Sessions of what is
//!   still presented live on, also when its leaf is new.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use otary_fleet::{Generations, Presented};
use rustls::ServerConfig;

use crate::tls::{Sessions, config};
use crate::{Identity, ServeError, TlsRules};

/// What one listener shows to whom.
pub(crate) struct Reception {
    rules: TlsRules,
    rules_of_names: BTreeMap<String, TlsRules>,
    sessions: Mutex<HashMap<Presented, Sessions>>,
    faces: RwLock<Arc<Faces>>,
}

/// One way to be received.
#[derive(Clone)]
pub(crate) struct Face {
    pub(crate) presented: Presented,
    pub(crate) config: Arc<ServerConfig>,
}

struct Faces {
    generations: Generations,
    /// Those of names that have rules of their own.
    by_name: HashMap<String, Face>,
    /// All others.
    by_presented: HashMap<Presented, Face>,
    /// That of whoever asks for no name.
    nameless: Face,
}

impl Reception {
    /// A reception by `identity`, with `rules` but for the names that have their own. Names are in lower case.
    pub(crate) fn new(
        identity: &Identity,
        rules: TlsRules,
        rules_of_names: BTreeMap<String, TlsRules>,
    ) -> Result<Self, ServeError> {
        let mut sessions = HashMap::new();
        let faces = Faces::new(identity, rules, &rules_of_names, &mut sessions)?;
        let (sessions, faces) = (Mutex::new(sessions), RwLock::new(Arc::new(faces)));
        Ok(Self { rules, rules_of_names, sessions, faces })
    }

    /// Shows another identity from the next handshake on. On an error the old one stays.
    pub(crate) fn replace(&self, identity: &Identity) -> Result<(), ServeError> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let faces = Faces::new(identity, self.rules, &self.rules_of_names, &mut sessions)?;
        sessions.retain(|presented, _| faces.by_presented.contains_key(presented));
        *self.faces.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(faces);
        Ok(())
    }

    /// How a client is received that asks for this name, in lower case.
    pub(crate) fn face(&self, server_name: Option<&str>) -> Face {
        let faces = Arc::clone(&self.faces.read().unwrap_or_else(PoisonError::into_inner));
        let of_name = server_name.and_then(|name| faces.by_name.get(name));
        let presented = || faces.by_presented.get(&faces.generations.presented(server_name));
        of_name.or_else(presented).unwrap_or(&faces.nameless).clone()
    }
}

impl Faces {
    fn new(
        identity: &Identity,
        rules: TlsRules,
        rules_of_names: &BTreeMap<String, TlsRules>,
        sessions: &mut HashMap<Presented, Sessions>,
    ) -> Result<Self, ServeError> {
        let generations = identity.generations().clone();
        let mut by_presented = HashMap::new();
        let mut by_name = HashMap::new();
        for (presented, chains) in identity.chains() {
            let sessions = match sessions.entry(presented) {
                std::collections::hash_map::Entry::Occupied(kept) => kept.into_mut(),
                std::collections::hash_map::Entry::Vacant(new) => new.insert(Sessions::new()?),
            };
            let face = |rules| config(chains, sessions, rules).map(|config| Face { presented, config });
            by_presented.insert(presented, face(rules)?);
            for (name, rules) in rules_of_names {
                if generations.presented(Some(name)) == presented {
                    by_name.insert(name.clone(), face(*rules)?);
                }
            }
        }
        let current = generations.presented(None);
        let nameless = by_presented.get(&current).ok_or(ServeError::NoChain(current.generation))?.clone();
        Ok(Self { generations, by_name, by_presented, nameless })
    }
}
