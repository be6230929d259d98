//! What a server knows of its fleet beside the records, and keeps while it runs: campaigns carried out, the census, what it
//! counted and when. The listeners and the operator interface share one.

use std::sync::Arc;

use otary_store::Store;

use crate::activity::Activity;
use crate::census::Census;
use crate::{Clock, Counters, Rollout};

/// What is known of a fleet beside its records. Clones share it.
#[derive(Clone)]
pub struct Engine {
    /// Campaigns carried out.
    pub rollout: Arc<Rollout>,
    /// Every device in a few words.
    pub census: Arc<Census>,
    /// What serving counts.
    pub counters: Arc<Counters>,
    /// What went on lately.
    pub activity: Arc<Activity>,
}

impl Engine {
    /// The engine of a store. Nothing is kept before a server [begins](crate::Server::run): what is asked until then is
    /// answered by a pass over the records.
    pub fn new(store: &Arc<dyn Store>, clock: &Clock) -> Self {
        let counters = Arc::<Counters>::default();
        Self {
            rollout: Arc::new(Rollout::new(Arc::clone(store), clock.clone())),
            census: Arc::new(Census::new(Arc::clone(store), clock.clone())),
            activity: Arc::new(Activity::new(Arc::clone(store), clock.clone(), Arc::clone(&counters))),
            counters,
        }
    }

    /// Begins to keep it, as a server does.
    pub fn begin(&self) {
        let pauses = self.rollout.begin();
        self.census.begin(pauses);
        self.activity.begin();
    }

    /// What a server does every few seconds beside serving: takes in what went on, and reads the census if that is due.
    pub fn look(&self) {
        self.activity.look();
        self.census.look();
    }

    /// The server ends.
    pub(crate) fn end(&self) {
        self.census.end();
        self.activity.keep();
    }
}
