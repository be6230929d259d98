//! The authority for operators: what it is, who holds its anchors, and the steps of a rollover.
//!
//! A step that would cut a device off is refused with the devices' addresses; only who gives each of them up by name
//! gets past. Private keys pass here for the owner of the data directory alone, by the token that lies in it.

mod refusal;
mod view;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use otary_fleet::{Generations, GivenUp, Mac, Misstep, Patience, Step, Straggler, Time, due};
use otary_trust::{Certificate, HostName, Name, PrivateKey, Start};

use super::actor::Actor;
use super::ledger::{Ledger, Losses};
use super::problem::Problem;
use super::request::{Body, Place};
use super::site::{AUTHORITY_BACKED_UP, Operator, carry_out, count};
use crate::custody::{Custody, Held};

use refusal::{cuts_off_none_of, misstep, would_cut_off};

pub(super) use refusal::unreadable;

pub use view::{
    Adoption, Begin, ElsewhereView, LeafView, NextKey, PageAuthorityView, RolloverView, TrustView,
};

pub(super) async fn show(State(operator): State<Arc<Operator>>) -> Result<Json<TrustView>, Problem> {
    carry_out(operator, Operator::trust_view).await.map(Json)
}

pub(super) async fn ledger(State(operator): State<Arc<Operator>>) -> Result<Json<Ledger>, Problem> {
    carry_out(operator, |operator| operator.ledger(&operator.custody()?.generations())).await.map(Json)
}

pub(super) async fn rollover(State(operator): State<Arc<Operator>>) -> Result<Json<RolloverView>, Problem> {
    carry_out(operator, Operator::rollover_view).await.map(Json)
}

pub(super) async fn renew(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
) -> Result<Json<TrustView>, Problem> {
    carry_out(operator, move |operator| operator.renew(&actor)).await.map(Json)
}

pub(super) async fn begin(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Body(begin): Body<Begin>,
) -> Result<(StatusCode, Json<TrustView>), Problem> {
    let view = carry_out(operator, move |operator| operator.begin(&begin, &actor)).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

pub(super) async fn step(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Place(step): Place<Step>,
    Body(given_up): Body<GivenUp>,
) -> Result<Json<TrustView>, Problem> {
    carry_out(operator, move |operator| operator.take(step, &given_up, &actor)).await.map(Json)
}

pub(super) async fn adopt(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Body(adoption): Body<Adoption>,
) -> Result<(StatusCode, Json<TrustView>), Problem> {
    let adopted = carry_out(operator, move |operator| operator.adopt(&adoption, &actor)).await?;
    Ok((StatusCode::CREATED, Json(adopted)))
}

/// Gives the next root's key out; it stays until [`forget_next_key`], so that nothing is lost on the way.
pub(super) async fn next_key(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
) -> Result<Json<NextKey>, Problem> {
    carry_out(operator, move |operator| operator.next_key(&actor)).await.map(Json)
}

pub(super) async fn forget_next_key(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
) -> Result<StatusCode, Problem> {
    carry_out(operator, move |operator| operator.forget_next_key(&actor)).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Operator {
    /// The authority's custody, if there is an authority.
    pub(super) fn custody(&self) -> Result<&Custody, Problem> {
        self.custody.as_deref().ok_or_else(|| {
            Problem::not_found("no-authority", "there is no authority in this data directory")
                .help("`otary serve` makes one at its first start")
        })
    }

    fn trust_view(&self) -> Result<TrustView, Problem> {
        let backed_up = self.store.setting(AUTHORITY_BACKED_UP)?;
        let backed_up = backed_up.and_then(|text| text.parse().ok()).map(Time);
        Ok(self.custody()?.look(|held| TrustView {
            generations: held.authority.generations().clone(),
            leaves: held.authority.leaves().map(LeafView::of).collect(),
            elsewhere: held.elsewhere.as_ref().map(ElsewhereView::of),
            page: held.page.as_ref().map(PageAuthorityView::of),
            next_key_is_here: held.authority.next_key_is_here(),
            missing_key: held.authority.missing_root_key().map(|path| path.display().to_string()),
            due: due(held.authority.generations(), held.authority.next_key_is_here(), Patience::default()),
            backed_up,
        }))
    }

    fn rollover_view(&self) -> Result<RolloverView, Problem> {
        let mut steps = Vec::new();
        for step in [Step::Switch, Step::Finish, Step::Abort] {
            // Who has not moved yet is cut off by the last step: that is told from the beginning.
            let stragglers = match self.lost_by(&[step])? {
                Err(Misstep::NotSwitched { .. }) => self.lost_by(&[Step::Switch, step])?,
                stragglers => stragglers,
            };
            if let Ok(stragglers) = stragglers {
                steps.push(Losses::of(step, stragglers));
            }
        }
        Ok(RolloverView { trust: self.trust_view()?, steps })
    }

    /// Whom steps would cut off now, one after another, if they can be taken.
    fn lost_by(&self, steps: &[Step]) -> Result<Result<Vec<Straggler>, Misstep>, Problem> {
        let (time, generations) = (self.now(), self.custody()?.generations());
        match steps.iter().try_fold(generations.clone(), |then, step| then.after(*step, time)) {
            Ok(then) => self.stragglers(&generations.at(time), &then.at(time)).map(Ok),
            Err(misstep) => Ok(Err(misstep)),
        }
    }

    fn renew(&self, actor: &Actor) -> Result<TrustView, Problem> {
        self.change_trust(|Held { authority, names, .. }, clock| authority.renew_all(names, clock))?;
        self.log(actor, None, "trust: new server certificates".to_owned())?;
        self.trust_view()
    }

    fn begin(&self, begin: &Begin, actor: &Actor) -> Result<TrustView, Problem> {
        if begin.next_key.is_some() {
            actor.check_owner()?;
        }
        let hosts = begin.hosts.iter().map(|host| own_host(host)).collect::<Result<BTreeSet<_>, _>>()?;
        let key = begin.next_key.as_ref().map(|text| PrivateKey::from_pem(text.as_bytes())).transpose();
        let next_key = key.map_err(|defect| unreadable("the next root's key", &defect))?;
        let bridge = !begin.without_bridge;
        let _changing = self.changing();
        let then = self.custody()?.look(|Held { authority, names, .. }| {
            let start = Start { hosts: hosts.clone(), names, next_key: None, bridge };
            authority.if_begun(&start, self.now())
        });
        let lost = self.check_lost("begin", then, &begin.give_up)?;
        self.change_trust(|Held { authority, names, .. }, clock| {
            authority.begin(Start { hosts, names, next_key, bridge }, clock)
        })?;
        self.log(actor, None, format!("trust: a rollover began{lost}"))?;
        self.trust_view()
    }

    /// Takes a step, if nobody is cut off by it who was not given up.
    fn take(&self, step: Step, given_up: &GivenUp, actor: &Actor) -> Result<TrustView, Problem> {
        let _changing = self.changing();
        let then = self.custody()?.generations().after(step, self.now());
        let lost = self.check_lost(step.name(), then, given_up)?;
        self.change_trust(|held, clock| held.authority.step(step, clock))?;
        self.log(actor, None, format!("trust: rollover {}{lost}", step.name()))?;
        self.trust_view()
    }

    /// Refuses what would cut a device off that was not given up. Gives the words for the record.
    fn check_lost(
        &self,
        what: &str,
        then: Result<Generations, Misstep>,
        given_up: &GivenUp,
    ) -> Result<String, Problem> {
        let (time, then) = (self.now(), then.map_err(|error| misstep(&error))?);
        let stragglers = self.stragglers(&self.custody()?.generations().at(time), &then.at(time))?;
        let spared: Vec<&Straggler> = stragglers.iter().filter(|one| given_up.spares(one)).collect();
        if !spared.is_empty() {
            return Err(would_cut_off(what, &spared));
        }
        let lost: BTreeSet<Mac> = stragglers.iter().map(|straggler| straggler.device).collect();
        let unlost: Vec<String> = given_up.devices.difference(&lost).map(ToString::to_string).collect();
        if !unlost.is_empty() {
            return Err(cuts_off_none_of(what, &unlost));
        }
        Ok(match stragglers.len() {
            0 => String::new(),
            lost => format!(", giving up {}", count(lost as u64, "device")),
        })
    }

    fn adopt(&self, adoption: &Adoption, actor: &Actor) -> Result<TrustView, Problem> {
        actor.check_owner()?;
        let chain = Certificate::chain_from_pem(adoption.certificate.as_bytes())
            .map_err(|defect| unreadable("the certificate", &defect))?;
        let key = PrivateKey::from_pem(adoption.key.as_bytes())
            .map_err(|defect| unreadable("the private key", &defect))?;
        let hosts = chain.first().map(pinned_hosts).unwrap_or_default();
        let _changing = self.changing();
        let lost = match chain.last() {
            Some(anchor) => {
                let then = self.custody()?.look(|Held { authority, names, .. }| {
                    authority.if_adopted(anchor, &hosts, names, self.now())
                });
                self.check_lost("adopt", then, &adoption.give_up)?
            }
            None => String::new(),
        };
        self.change_trust(|Held { authority, names, .. }, clock| {
            authority.adopt(chain, key, &hosts, names, clock)
        })?;
        self.log(actor, None, format!("trust: adopted a certificate{lost}"))?;
        self.trust_view()
    }

    fn next_key(&self, actor: &Actor) -> Result<NextKey, Problem> {
        actor.check_owner()?;
        let key = self.custody()?.look(|held| held.authority.next_key_pem())?;
        self.log(actor, None, "trust: the next root's key was given out".to_owned())?;
        Ok(NextKey { key })
    }

    fn forget_next_key(&self, actor: &Actor) -> Result<(), Problem> {
        actor.check_owner()?;
        self.change_trust(|held, _| held.authority.forget_next_key())?;
        self.log(actor, None, "trust: the next root's key left this machine".to_owned())
    }

    /// Changes the authority by what is known of the time.
    pub(super) fn change_trust<T>(
        &self,
        change: impl FnOnce(&mut Held, &otary_trust::Clock) -> Result<T, otary_trust::Error>,
    ) -> Result<T, Problem> {
        let custody = self.custody()?;
        let clock = custody.clock(self.now(), self.store.newest_time()?);
        custody.change(clock.now, |held| change(held, &clock).map_err(Problem::from))
    }
}

fn own_host(text: &str) -> Result<HostName, Problem> {
    let host: Result<HostName, _> = text.parse();
    let host =
        host.map_err(|fault| Problem::bad_request("host", format!("the host name {text:?}: {fault}")))?;
    if host.as_str().starts_with('*') {
        let detail = format!("{text} stands for many names: a generation's own names are whole ones");
        return Err(Problem::bad_request("host", detail));
    }
    Ok(host)
}

/// The host names by which devices know a certificate: its alternative names, else its common name (RFC 6125, 6.4.4).
fn pinned_hosts(certificate: &Certificate) -> BTreeSet<HostName> {
    let host = |name: &Name| match name {
        Name::Host(host) => Some(host.clone()),
        Name::Address(_) => None,
    };
    if certificate.names().is_empty() {
        return certificate.common_name().parse().into_iter().collect();
    }
    certificate.names().iter().filter_map(host).collect()
}
