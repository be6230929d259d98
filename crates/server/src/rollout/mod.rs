//! Rollouts: campaigns carried out. What campaigns under way have shown is added up beside serving, and what may be begun under
//! them is handed to every decision.
//!
//! - A check-in under a campaign takes its [`Turn`]: it is decided on, its slot is taken and what it taught is noted before the
//!   next one is. So no slot is given out twice. While no campaign is under way there is no turn to wait for.
//! - [`Rollout::look`] adds up, moves campaigns on as [`advance`] says, and opens what may be begun until the next look. Before
//!   the first look nothing may be: what is known is not known yet.
//! - Nothing that it knows is only in memory: another server that is started on the same records goes on with the same
//!   decisions. For how long no server ran is on record, too ([`pauses`]), and nobody's silence in that time counts.
//!
//! Nothing here calls the store while a turn is taken, and turns are short.

pub(crate) mod pauses;
mod standing;
mod watch;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use otary_fleet::{
    Campaign, CampaignId, Catalogue, Device, Event, EventKind, Mac, Moved, Openings, Sha256, State,
    StopNotice, Tally, Time, advance, opening,
};
use otary_store::{Store, StoreError};

use crate::limits::NOTICE_OTHERS;
use crate::pacer::Pacer;
use crate::{Clock, SPANS};
use pauses::Pauses;
use standing::Standing;
use watch::Watch;

pub(crate) use standing::Turn;

/// The campaigns of a store, carried out.
pub struct Rollout {
    store: Arc<dyn Store>,
    clock: Clock,
    /// Whether a campaign is under way.
    busy: AtomicBool,
    /// Whether a server runs that looks.
    served: AtomicBool,
    /// How often it was looked after them.
    looks: AtomicU64,
    standing: Mutex<Standing>,
    watch: Mutex<Watch>,
    /// Taken by whoever looks: two looks at the same time would open the same slots twice.
    looking: Mutex<()>,
    changes: Mutex<()>,
}

/// What a campaign has shown by a look.
pub(crate) type Shown = (Campaign, Tally);

impl Rollout {
    /// The campaigns of `store`. Nothing may be begun under them before the first look.
    pub fn new(store: Arc<dyn Store>, clock: Clock) -> Self {
        Self {
            store,
            clock,
            busy: AtomicBool::new(false),
            served: AtomicBool::new(false),
            looks: AtomicU64::new(0),
            standing: Mutex::default(),
            watch: Mutex::default(),
            looking: Mutex::default(),
            changes: Mutex::default(),
        }
    }

    /// A server begins to look after them: for how long none did is noted. Gives when none did.
    pub(crate) fn begin<T: FromIterator<(Time, Time)>>(&self) -> T {
        self.served.store(true, Ordering::Relaxed);
        let mut watch = lock(&self.watch);
        match Pauses::begin(&*self.store, self.clock.now()) {
            Ok(pauses) => watch.pauses = pauses,
            Err(error) => told(&error, "for how long no server ran is not known"),
        }
        watch.pauses.all().collect()
    }

    /// Lets a check-in be decided on. Others wait while a campaign is under way.
    pub(crate) fn turn(&self) -> Turn<'_> {
        Turn::new(self.busy.load(Ordering::Relaxed).then(|| lock(&self.standing)))
    }

    /// Keeps other changes of campaigns out until it is dropped.
    pub(crate) fn changing(&self) -> MutexGuard<'_, ()> {
        lock(&self.changes)
    }

    /// A person changed a campaign: what may be begun follows at once, not at the next look alone.
    pub(crate) fn campaigns_changed(&self) {
        if self.served.load(Ordering::Relaxed) {
            self.look();
        }
    }

    /// Notes a device as an operator left it.
    pub(crate) fn note(&self, device: &Device, catalogue: &Catalogue) {
        self.turn().note(device, catalogue, self.clock.now());
    }

    /// Forgets a device.
    pub(crate) fn forget(&self, mac: Mac) {
        self.turn().forget(mac);
    }

    /// Notes that a transfer of an artifact begins. Gives what paces it, if anything does.
    pub(crate) fn transfer_begins(&self, artifact: Sha256) -> Option<Arc<Pacer>> {
        lock(&self.standing).transfers.begin(artifact)
    }

    /// Notes that one has ended.
    pub(crate) fn transfer_ends(&self, artifact: Sha256) {
        lock(&self.standing).transfers.end(artifact);
    }

    /// What may be begun now. Where no server looks, this looks first, and moves nothing on.
    pub(crate) fn openings(&self) -> Result<Openings, StoreError> {
        if !self.served.load(Ordering::Relaxed) {
            let _looking = lock(&self.looking);
            let now = self.clock.now();
            let shown = self.add_up(&self.store.catalogue(), now)?;
            self.open(&shown, now);
        }
        Ok(lock(&self.standing).openings.clone())
    }

    /// What a campaign has shown by now, or by the last look of a server's.
    pub(crate) fn tally(&self, campaign: &Campaign) -> Result<Tally, StoreError> {
        if campaign.is_under_way() {
            self.openings()?;
        }
        if let Some(tally) = lock(&self.standing).tallies.get(&campaign.id) {
            return Ok(tally.clone());
        }
        let (catalogue, now) = (self.store.catalogue(), self.clock.now());
        lock(&self.watch).tally(&*self.store, &catalogue, campaign, now)
    }

    /// What a campaign had shown by the last look, if a look was at it.
    pub(crate) fn last_tally(&self, campaign: CampaignId) -> Option<Tally> {
        lock(&self.standing).tallies.get(&campaign).cloned()
    }

    /// What a person is told of a campaign that was stopped: none of another.
    pub(crate) fn notice<'a>(&self, campaign: &'a Campaign) -> Result<Option<StopNotice<'a>>, StoreError> {
        let State::Stopped(stop) = &campaign.state else { return Ok(None) };
        let others = lock(&self.watch).offered(&*self.store, &self.store.catalogue(), campaign)?;
        let others = others.into_iter().filter(|mac| !stop.devices.contains(mac)).take(NOTICE_OTHERS);
        let these = self.devices(stop.devices.iter().copied())?;
        let others = self.devices(others)?;
        let [these, others] = [&these, &others].map(|devices| devices.iter().collect::<Vec<_>>());
        Ok(Some(StopNotice::of(campaign, stop, &these, &others)))
    }

    fn devices(&self, macs: impl IntoIterator<Item = Mac>) -> Result<Vec<Device>, StoreError> {
        macs.into_iter().filter_map(|mac| self.store.device(mac).transpose()).collect()
    }

    /// Adds up what was seen, moves campaigns on, and opens what may be begun until the next look.
    pub fn look(&self) {
        let _looking = lock(&self.looking);
        let _span = tracing::info_span!(target: SPANS, "look").entered();
        let now = self.clock.now();
        if let Err(error) = lock(&self.watch).pauses.still_here(&*self.store, now) {
            told(&error, "that a server runs is not on record");
        }
        let looked = self.add_up(&self.store.catalogue(), now).and_then(|shown| {
            let moved = self.move_on(shown, now)?;
            self.open(&moved, now);
            Ok(())
        });
        if let Err(error) = looked {
            // Nothing more is begun on what is not known.
            lock(&self.standing).openings = Openings::default();
            told(&error, "campaigns stand still");
        }
        self.looks.fetch_add(1, Ordering::Relaxed);
    }

    /// How often it was looked after them since the server began.
    pub fn looks(&self) -> u64 {
        self.looks.load(Ordering::Relaxed)
    }

    /// What the campaigns under way have shown.
    fn add_up(&self, catalogue: &Catalogue, now: Time) -> Result<Vec<Shown>, StoreError> {
        let campaigns: Vec<&Campaign> =
            catalogue.all_campaigns().filter(|campaign| campaign.is_under_way()).collect();
        let mut watch = lock(&self.watch);
        lock(&self.standing).listen_for(&campaigns);
        self.busy.store(!campaigns.is_empty(), Ordering::Relaxed);
        watch.read(&*self.store, catalogue, &campaigns, now)?;
        watch.take(lock(&self.standing).hand_over());
        Ok(campaigns.into_iter().map(|campaign| (campaign.clone(), watch.count(campaign, now))).collect())
    }

    /// Moves each campaign on, unless a person changed it since.
    fn move_on(&self, shown: Vec<Shown>, now: Time) -> Result<Vec<Shown>, StoreError> {
        let step = |(campaign, tally): Shown| {
            let next = advance(&campaign, &tally, now);
            if next == campaign {
                return Ok((campaign, tally));
            }
            let _changing = self.changing();
            if self.store.catalogue().campaign(campaign.id) != Some(&campaign) {
                return Ok((campaign, tally));
            }
            self.store.put_campaign(&next)?;
            self.tell(&campaign, &next, now)?;
            Ok((next, tally))
        };
        shown.into_iter().map(step).collect()
    }

    fn tell(&self, before: &Campaign, after: &Campaign, now: Time) -> Result<(), StoreError> {
        let Some(moved) = Moved::between(before, after) else { return Ok(()) };
        let (id, release) = (after.id, &after.release);
        if let Some(notice) = self.notice(after)? {
            let line = notice.to_string().lines().map(str::trim).collect::<Vec<_>>().join("; ");
            tracing::warn!(target: "campaign", campaign = id.0, %release, "{line}");
        } else {
            tracing::info!(target: "campaign", campaign = id.0, %release, "campaign {id} {moved}");
        }
        let kind = EventKind::Campaign { campaign: id, release: release.clone(), moved };
        self.store.append(Event { at: now, device: None, product: Some(after.product.clone()), kind })
    }

    /// Opens what may be begun; what was begun since what was shown is taken off.
    fn open(&self, shown: &[Shown], now: Time) {
        let catalogue = self.store.catalogue();
        let mut standing = lock(&self.standing);
        let under_way = shown.iter().filter(|(campaign, _)| campaign.is_under_way());
        let open = |(campaign, tally): &Shown| {
            let room = standing.room(campaign, &catalogue);
            (campaign.id, standing.less_what_began(campaign.id, opening(campaign, tally, now), room))
        };
        let openings: Openings = under_way.map(open).collect();
        let tallies: BTreeMap<CampaignId, Tally> =
            shown.iter().map(|(campaign, tally)| (campaign.id, tally.clone())).collect();
        (standing.openings, standing.tallies) = (openings, tallies);
        standing.transfers.pace(shown, &catalogue);
    }
}

fn told(error: &StoreError, what: &str) {
    let error: &dyn std::error::Error = error;
    tracing::error!(target: "campaign", error, "{what}");
}

/// Takes the lock, also after a thread panicked under it: what it guards is whole between any two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
