//! Notices, while a server runs: it is looked what is worth telling, that is kept for each receiver, and what is kept is sent until
//! it was taken. What was told and what is on its way is on record, so a server that is started again goes on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use otary_fleet::notice::{
    Attempt, Dispatch, Notice, Progress, Roll, Situation, Space, Subject, Told, notices,
};
use otary_fleet::{Network, Patience, due};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::actor::Actor;
use super::problem::Problem;
use super::site::{Operator, carry_out};
use crate::metrics::{Attempted, DiskFacts};
use crate::notify::deliver;

/// The store's setting with what was told, as JSON.
const TOLD: &str = "notices.told";
/// The word of the rule by which a device that takes the same image again and again is held.
const LOOPING: &str = "looping";
/// How often is looked what is worth telling.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// How often is looked what is to be sent.
const SEND_EVERY: Duration = Duration::from_secs(2);
/// Dispatches that are tried in one round.
const ROUND: usize = 64;

/// Tells what is worth telling, until dropped.
pub async fn follow_notices(operator: Arc<Operator>) {
    let mut next = Instant::now();
    loop {
        if Instant::now() >= next {
            next = Instant::now() + LOOK_EVERY;
            operator.look_for_notices().await;
        }
        operator.send_what_is_due().await;
        sleep(SEND_EVERY).await;
    }
}

impl Operator {
    /// Looks what is worth telling, and keeps it for each receiver. What could not be kept is told at the next look.
    pub async fn look_for_notices(self: &Arc<Self>) {
        let looked = carry_out(Arc::clone(self), Self::tell).await;
        if let Err(problem) = looked {
            tracing::error!(target: "notice", "nothing is told: {}", problem.detail());
        }
    }

    fn tell(&self) -> Result<(), Problem> {
        let webhooks = self.store.webhooks()?;
        let for_nobody = webhooks.is_empty() && self.mailer.is_none();
        // Devices that were not counted yet would pass for devices that are back.
        if for_nobody || self.engine.census.is_counting() {
            return Ok(());
        }
        let before = self.store.setting(TOLD)?;
        // What cannot be read was written by nobody that otary knows of; then it is told once more.
        let mut told: Told =
            before.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        let found = notices(&self.situation()?, &mut told, self.now());
        for notice in &found {
            tracing::info!(target: "notice", kind = notice.subject.name(), "{}", notice.subject);
        }
        let audit = self.store.audit_head()?.to_string();
        let mut dispatches = Vec::new();
        for notice in &found {
            let hooks = webhooks.iter().filter(|webhook| webhook.takes(&notice.subject));
            let mail = self.mailer.iter().filter(|_| notice.subject.is_for_people()).map(|_| Dispatch::MAIL);
            for to in hooks.map(|webhook| webhook.name.as_str()).chain(mail) {
                dispatches.push(Dispatch::new(dispatch_id()?, to, notice.clone(), audit.clone()));
            }
        }
        if !dispatches.is_empty() {
            self.store.add_dispatches(&dispatches)?;
        }
        let after = serde_json::to_string(&told)
            .map_err(|error| Problem::internal("store-failed", "the store failed", error))?;
        if before.as_deref() != Some(&after) {
            self.store.put_setting(TOLD, &after)?;
        }
        Ok(())
    }

    /// How things stand.
    fn situation(&self) -> Result<Situation, Problem> {
        let (due, certificate) = self.custody.as_ref().map_or_else(Default::default, |custody| {
            custody.look(|held| {
                let authority = &held.authority;
                let due = due(authority.generations(), authority.next_key_is_here(), Patience::default());
                let leaves = authority.leaves().map(|(_, leaf)| leaf.not_after());
                let elsewhere = held.elsewhere.iter().map(|elsewhere| elsewhere.not_after);
                (due, leaves.chain(elsewhere).min())
            })
        });
        let (silent, looping) = self.rolls()?;
        let disk = DiskFacts::of(&self.site.data).map(|DiskFacts { free, size }| Space { free, size });
        let campaigns = self.store.catalogue().all_campaigns().cloned().collect();
        Ok(Situation { campaigns, silent, looping, due, certificate, disk })
    }

    /// Sends what is due, to each receiver one after the other.
    pub async fn send_what_is_due(self: &Arc<Self>) {
        let now = self.now();
        let due =
            carry_out(Arc::clone(self), move |operator| Ok(operator.store.due_dispatches(now, ROUND)?));
        let mut by_receiver: BTreeMap<String, Vec<Dispatch>> = BTreeMap::new();
        for dispatch in due.await.unwrap_or_default() {
            by_receiver.entry(dispatch.to.clone()).or_default().push(dispatch);
        }
        let mut sending = JoinSet::new();
        for dispatches in by_receiver.into_values() {
            let operator = Arc::clone(self);
            sending.spawn(async move {
                for dispatch in dispatches {
                    operator.send(dispatch).await;
                }
            });
        }
        while sending.join_next().await.is_some() {}
    }

    /// Tries a dispatch, and keeps what came of it.
    async fn send(self: &Arc<Self>, mut dispatch: Dispatch) -> Dispatch {
        let attempt = self.attempt(&dispatch).await;
        let is_gone = matches!(attempt, Attempt::Gone(_));
        dispatch.note(attempt, chance(), self.now());
        self.engine.counters.notice(match dispatch.state {
            Progress::Delivered { .. } => Attempted::Delivered,
            Progress::Waiting { .. } => Attempted::Failed,
            Progress::GivenUp { .. } => Attempted::GivenUp,
        });
        let (to, kind) = (&dispatch.to, dispatch.notice.subject.name());
        let said = dispatch.said.as_deref().unwrap_or_default();
        match dispatch.state {
            Progress::Delivered { .. } => tracing::info!(target: "notice", to, kind, "delivered: {said}"),
            Progress::Waiting { .. } => tracing::warn!(target: "notice", to, kind, "tried again: {said}"),
            Progress::GivenUp { .. } => tracing::warn!(target: "notice", to, kind, "given up: {said}"),
        }
        let kept = dispatch.clone();
        let kept = carry_out(Arc::clone(self), move |operator| operator.keep(&kept, is_gone)).await;
        if let Err(problem) = kept {
            tracing::error!(target: "notice", "what came of it is not on record: {}", problem.detail());
        }
        dispatch
    }

    async fn attempt(self: &Arc<Self>, dispatch: &Dispatch) -> Attempt {
        if dispatch.to == Dispatch::MAIL {
            let dispatch = dispatch.clone();
            let sent = carry_out(Arc::clone(self), move |operator| {
                let details = operator.details(&dispatch.notice);
                Ok(operator.mailer()?.deliver(&dispatch, details.as_deref()))
            });
            return sent.await.unwrap_or_else(|problem| Attempt::Refused(problem.detail().to_owned()));
        }
        let Some(fetcher) = &self.fetcher else {
            return Attempt::Failed("this machine has no certificates of authorities".to_owned());
        };
        let name = dispatch.to.clone();
        let webhook = carry_out(Arc::clone(self), move |operator| operator.webhook(&name)).await;
        match webhook {
            Ok(webhook) => deliver(fetcher, &webhook, dispatch, self.now()).await,
            Err(problem) => Attempt::Refused(problem.detail().to_owned()),
        }
    }

    /// What a person is told besides.
    fn details(&self, notice: &Notice) -> Option<String> {
        let Subject::CampaignStopped { campaign, .. } = &notice.subject else { return None };
        let catalogue = self.store.catalogue();
        self.rollout.notice(catalogue.campaign(*campaign)?).ok().flatten().map(|notice| notice.to_string())
    }

    /// Keeps what came of a dispatch. A receiver that said that it is gone is told nothing more.
    fn keep(&self, dispatch: &Dispatch, is_gone: bool) -> Result<(), Problem> {
        self.store.put_dispatch(dispatch)?;
        if !is_gone {
            return Ok(());
        }
        let _changing = self.changing();
        let mut webhook = self.webhook(&dispatch.to)?;
        webhook.gone = Some(self.now());
        self.store.put_webhook(&webhook)?;
        self.log(&Actor::notices(), None, format!("the webhook {} is gone, as it said itself", webhook.name))
    }

    /// Sends a test to a receiver.
    pub(super) async fn send_test(self: &Arc<Self>, to: &str) -> Result<Dispatch, Problem> {
        let to = to.to_owned();
        let made = carry_out(Arc::clone(self), move |operator| {
            let notice = Notice { at: operator.now(), subject: Subject::Test {} };
            let audit = operator.store.audit_head()?.to_string();
            let mut dispatch = Dispatch::new(dispatch_id()?, &to, notice, audit);
            let waiting = dispatch.state;
            // Nobody else is to send it meanwhile.
            dispatch.state = Progress::GivenUp { given_up: operator.now() };
            operator.store.add_dispatches(std::slice::from_ref(&dispatch))?;
            dispatch.state = waiting;
            Ok(dispatch)
        });
        Ok(self.send(made.await?).await)
    }
}

impl Operator {
    /// The devices by site, with those that are missed, and by product, with those that loop.
    fn rolls(&self) -> Result<(Roll, Roll), Problem> {
        let (mut silent, mut looping) = (Roll::default(), Roll::default());
        self.engine.census.with(|look| {
            look.table.each(|brief| {
                let cohort = &brief.cohort;
                if cohort.is_stranger() {
                    return;
                }
                if let Some(source) = brief.source {
                    let since = look.deaf.misses(brief, look.now).then_some(brief.last_seen);
                    silent.note(Network::of(source), brief.mac, since);
                }
                if let Some(product) = cohort.product() {
                    let loops = cohort.answer().is_some_and(|answer| answer.rule == LOOPING);
                    looping.note(product, brief.mac, loops.then_some(brief.last_seen));
                }
            });
        })?;
        Ok((silent, looping))
    }
}

/// `msg_` and 128 random bits.
fn dispatch_id() -> Result<String, Problem> {
    let mut bits = [0; 16];
    aws_lc_rs::rand::fill(&mut bits)
        .map_err(|error| Problem::internal("no-randomness", "no notice was made", error))?;
    Ok(format!("msg_{:032x}", u128::from_be_bytes(bits)))
}

/// Any number.
fn chance() -> u32 {
    let mut bits = [0; 4];
    // Without randomness those that are tried again are not spread out, which is all that it is for.
    let _ = aws_lc_rs::rand::fill(&mut bits);
    u32::from_be_bytes(bits)
}
