//! How a release goes out, as a form says it.

use std::time::Duration;

use otary_fleet::{Gate, Rules};
use otary_server::operator::{ByCampaign, CampaignSettings};

use super::campaign::ppm;
use crate::failure::Failure;
use crate::form::{Form, unreadable};

/// What was filled in, to be shown again.
#[derive(Debug, Default)]
pub(super) struct Going {
    /// `usual`, `waves` or `at-once`.
    pub(super) how: String,
    pub(super) waves: String,
    pub(super) tolerate: String,
    pub(super) soak: String,
    pub(super) watch: String,
    pub(super) window: String,
    pub(super) group: String,
    pub(super) approval: bool,
    pub(super) supersede: bool,
}

impl Going {
    pub(super) fn of(form: &Form) -> Self {
        let text = |name| form.text(name).to_owned();
        Self {
            how: text("how"),
            waves: text("waves"),
            tolerate: text("tolerate"),
            soak: text("soak"),
            watch: text("watch"),
            window: text("window"),
            group: text("group"),
            approval: form.given("approval").is_some(),
            supersede: form.given("supersede").is_some(),
        }
    }

    pub(super) fn goes(&self, how: &str) -> bool {
        self.how == how || self.how.is_empty() && how == "usual"
    }
}

/// How the form says that a release goes out.
pub(super) fn by_campaign(form: &Form) -> Result<ByCampaign, Failure> {
    Ok(match form.text("how") {
        "at-once" => ByCampaign::AtOnce,
        "waves" => ByCampaign::Like(settings(form)?),
        _ => ByCampaign::Usual,
    })
}

/// How the form says that a campaign goes.
pub(super) fn settings(form: &Form) -> Result<CampaignSettings, Failure> {
    let percent: Option<f64> = form.read_given("tolerate", "a number of percent, as 5 or 2.5")?;
    let mut rules = Rules::default();
    if let Some(percent) = percent {
        rules.tolerated_ppm = ppm(percent)?;
    }
    if let Some(watch) = hours(form, "watch")? {
        rules.watch = watch;
    }
    let mut gate = Gate { approval: form.given("approval").is_some(), ..Gate::default() };
    if let Some(soak) = hours(form, "soak")? {
        gate.soak = soak;
    }
    Ok(CampaignSettings {
        waves: form.read_given("waves", "sizes that grow, as 1%,25%,100% or 3,20,100%")?,
        group: form.read_given("group", "a group's name")?,
        gate,
        window: form.read_given("window", "days, hours and a zone, as mon-fri 22:00-05:00 Europe/Berlin")?,
        rules,
        ..CampaignSettings::default()
    })
}

/// A field with a number of hours, if anything was written there.
fn hours(form: &Form, name: &str) -> Result<Option<Duration>, Failure> {
    const WHAT: &str = "a number of hours, as 24 or 0.5";
    let hours: Option<f64> = form.read_given(name, WHAT)?;
    let time = |hours: f64| Duration::try_from_secs_f64(hours * 3600.0);
    hours.map(time).transpose().map_err(|error| unreadable(name, WHAT, &error))
}
