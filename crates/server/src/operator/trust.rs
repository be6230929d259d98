//! The authority for operators: what it is, who holds its anchors, and the steps of a rollover.
//!
//! A step that would cut a device off is refused with the devices' addresses; only who gives each of them up by name
//! gets past. Private keys pass here for the owner of the data directory alone, over a connection of this machine.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use otary_fleet::{
    Due, GenerationId, Generations, GivenUp, Mac, Misstep, Patience, Step, Straggler, Time, due,
};
use otary_trust::{Certificate, Defect, HostName, Name, PrivateKey, Start};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::auth::Actor;
use super::ledger::{Ledger, Losses};
use super::problem::Problem;
use super::request::{Body, Place};
use super::site::{AUTHORITY_BACKED_UP, Operator, carry_out, count};
use crate::custody::{Custody, Elsewhere, Held};

/// Devices that a refusal names; the rest are counted.
const NAMED: usize = 10;

/// The authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustView {
    /// The generations, and the root after them.
    pub generations: Generations,
    /// The server's certificates.
    pub leaves: Vec<LeafView>,
    /// What devices are shown instead of these, if it is a certificate from elsewhere.
    #[serde(default)]
    pub elsewhere: Option<ElsewhereView>,
    /// Whether the next root's key lies on this machine.
    pub next_key_is_here: bool,
    /// The file with a root's key that should lie on this machine and does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_key: Option<String>,
    /// What a person has to do, the most urgent first.
    pub due: Vec<Due>,
    /// When the authority was last backed up.
    pub backed_up: Option<Time>,
}

/// A certificate that the server presents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeafView {
    /// Whose it is.
    pub generation: GenerationId,
    /// Its kind of key: `P-256`, `RSA-2048`.
    pub key: String,
    /// SHA-256 of its DER form, as people compare it.
    pub sha256: String,
    /// The first moment of its life.
    pub not_before: Time,
    /// The last moment of its life.
    pub not_after: Time,
    /// The names and addresses that it is for.
    pub names: Vec<String>,
}

/// A certificate from elsewhere that devices are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElsewhereView {
    /// The names and addresses that it is for.
    pub names: Vec<String>,
    /// The last moment of its life.
    pub not_after: Time,
    /// What devices trust that accept it, as PEM.
    pub anchors: String,
}

/// A rollover, and whom each step that could come next would cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloverView {
    /// The authority.
    pub trust: TrustView,
    /// The steps that can be taken, and `finish` from the beginning.
    pub steps: Vec<Losses>,
}

/// What a rollover is to begin with.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begin {
    /// Host names of the new generation's own.
    #[serde(default)]
    pub hosts: BTreeSet<String>,
    /// The next root's key as PEM, if it was taken off this machine.
    #[serde(default)]
    pub next_key: Option<Zeroizing<String>>,
    /// Whether the old root is not to sign the new one: its key was stolen, or is lost.
    #[serde(default)]
    pub without_bridge: bool,
    /// Who is given up that would be cut off at once.
    #[serde(default)]
    pub give_up: GivenUp,
}

/// A certificate that devices pin, and its key.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adoption {
    /// The certificate and what it was signed by, as PEM.
    pub certificate: String,
    /// Its key as PEM.
    pub key: Zeroizing<String>,
    /// Who is given up that would be cut off at once.
    #[serde(default)]
    pub give_up: GivenUp,
}

/// The next root's key.
#[derive(Clone, Serialize, Deserialize)]
pub struct NextKey {
    /// As PEM.
    pub key: Zeroizing<String>,
}

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
            let stragglers = match self.lost_by(step)? {
                Err(Misstep::NotSwitched { .. }) => self.lost_by_all(&[Step::Switch, step])?,
                stragglers => stragglers,
            };
            if let Ok(stragglers) = stragglers {
                steps.push(Losses::of(step, stragglers));
            }
        }
        Ok(RolloverView { trust: self.trust_view()?, steps })
    }

    /// Whom a step would cut off now, if it can be taken.
    fn lost_by(&self, step: Step) -> Result<Result<Vec<Straggler>, Misstep>, Problem> {
        self.lost_by_all(&[step])
    }

    /// The same of several steps, one after another.
    fn lost_by_all(&self, steps: &[Step]) -> Result<Result<Vec<Straggler>, Misstep>, Problem> {
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
    fn change_trust(
        &self,
        change: impl FnOnce(&mut Held, &otary_trust::Clock) -> Result<(), otary_trust::Error>,
    ) -> Result<(), Problem> {
        let custody = self.custody()?;
        let clock = custody.clock(self.now(), self.store.newest_time()?);
        custody.change(clock.now, |held| change(held, &clock).map_err(Problem::from))
    }
}

impl ElsewhereView {
    fn of(shown: &Elsewhere) -> Self {
        Self {
            names: shown.names.iter().map(ToString::to_string).collect(),
            not_after: shown.not_after,
            anchors: shown.anchors_pem.clone(),
        }
    }
}

impl LeafView {
    fn of((generation, leaf): (GenerationId, &Certificate)) -> Self {
        Self {
            generation,
            key: leaf.key_kind().map_or_else(|| "of another kind".to_owned(), |kind| kind.to_string()),
            sha256: leaf.fingerprint().to_string(),
            not_before: leaf.not_before(),
            not_after: leaf.not_after(),
            names: leaf.names().iter().map(ToString::to_string).collect(),
        }
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

fn unreadable(what: &str, defect: &Defect) -> Problem {
    Problem::bad_request("unreadable", format!("{what}: {}", with_causes(defect)))
        .help("it is PEM text without a passphrase")
}

/// An error and its causes in one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

fn misstep(misstep: &Misstep) -> Problem {
    let help = match misstep {
        Misstep::UnderWay { .. } => "otary trust rollover status",
        Misstep::None => "otary trust rollover begin",
        Misstep::Switched { .. } => "otary trust rollover finish",
        Misstep::NotSwitched { .. } => "otary trust rollover switch",
        Misstep::NoOwnHost => "give the server a name of its own: otary serve --name NAME",
    };
    Problem::conflict("out-of-turn", misstep.to_string()).help(help)
}

/// The refusal that names whom a change would cut off.
fn would_cut_off(what: &str, spared: &[&Straggler]) -> Problem {
    let known: Vec<&&Straggler> = spared.iter().filter(|straggler| !straggler.stranger).collect();
    let strangers = spared.len() - known.len();
    let named: Vec<String> = known.iter().take(NAMED).map(|one| one.device.to_string()).collect();
    let more = match known.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let mut who = Vec::new();
    if !named.is_empty() {
        let certain = known.iter().filter(|straggler| straggler.certain).count();
        let sure = match certain {
            0 => "perhaps".to_owned(),
            certain if certain == known.len() => "for certain".to_owned(),
            certain => format!("{certain} for certain"),
        };
        let devices = count(known.len() as u64, "device");
        who.push(format!("{devices} ({sure}): {}{more}", named.join(", ")));
    }
    if strangers > 0 {
        who.push(format!("{} that otary never updated", count(strangers as u64, "device")));
    }
    let detail = format!("{what} would cut off {}", who.join("; and "));
    let strangers = (strangers > 0).then(|| "strangers".to_owned());
    let give_up = named.into_iter().chain(strangers).collect::<Vec<_>>().join(" --give-up ");
    Problem::conflict("would-cut-off", detail)
        .help(format!("update them, or give them up by name: --give-up {give_up}"))
}

/// The refusal that names who was given up and is not cut off: most likely another device was meant.
fn cuts_off_none_of(what: &str, unlost: &[String]) -> Problem {
    let detail = format!("{what} does not cut off {}: nothing was done", unlost.join(", "));
    Problem::conflict("not-waited-for", detail)
        .help("give up those alone that `otary trust rollover status` names")
}

impl From<otary_trust::Error> for Problem {
    /// What went wrong with the authority is told with its causes to whoever asked: they are names of files, of
    /// certificates and of times, and nobody else can do something about them.
    fn from(error: otary_trust::Error) -> Self {
        use otary_trust::Error;
        let text = with_causes(&error);
        let problem = match &error {
            Error::Misstep(step) => return misstep(step),
            Error::Adopt(_) => Self::bad_request("not-adopted", text),
            Error::OtherNextKey { .. } => Self::bad_request("other-next-key", text),
            Error::NextKeyAway => Self::conflict("next-key-away", text),
            Error::Clock(_) => Self::conflict("clock", text),
            Error::Locked { .. } => Self::conflict("locked", text),
            _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "authority", text),
        };
        match error.help() {
            Some(help) => problem.help(help),
            None => problem,
        }
    }
}

impl From<crate::ServeError> for Problem {
    fn from(error: crate::ServeError) -> Self {
        Self::internal("not-shown", "the server cannot show the new certificates", error)
    }
}
