//! The page: the text format 0.0.4 of Prometheus, which every version of it reads.

use std::collections::BTreeMap;

use otary_fleet::{Act, Campaign, ProductName, State, Tally};
use prometheus::core::Collector;
use prometheus::{Encoder, GaugeVec, IntCounterVec, Opts, Registry, Result, TEXT_FORMAT, TextEncoder};

use super::counters::Counters;
use super::facts::{CampaignFacts, Facts};
use crate::census::Count;

/// The media type of a page.
pub(crate) const CONTENT_TYPE: &str = TEXT_FORMAT;

/// A page with all that there is to tell.
pub(crate) fn write(counters: &Counters, facts: &Facts) -> Result<Vec<u8>> {
    let page = Page(Registry::new());
    page.serving(counters)?;
    page.fleet(facts)?;
    page.campaigns(&facts.campaigns)?;
    page.trust(facts)?;
    page.store(facts)?;
    let mut text = Vec::new();
    TextEncoder::new().encode(&page.0.gather(), &mut text)?;
    Ok(text)
}

/// What is written on it.
struct Page(Registry);

/// A value with its labels' values.
type Row<'a, const N: usize, V> = ([&'a str; N], V);

impl Page {
    fn put(&self, metric: impl Collector + 'static) -> Result<()> {
        self.0.register(Box::new(metric))
    }

    fn counts<'a, const N: usize>(
        &self,
        name: &str,
        help: &str,
        labels: [&str; N],
        rows: impl IntoIterator<Item = Row<'a, N, u64>>,
    ) -> Result<()> {
        let metric = IntCounterVec::new(Opts::new(name, help), &labels)?;
        for (values, count) in rows {
            metric.with_label_values(&values).inc_by(count);
        }
        self.put(metric)
    }

    fn gauges<'a, const N: usize>(
        &self,
        name: &str,
        help: &str,
        labels: [&str; N],
        rows: impl IntoIterator<Item = Row<'a, N, f64>>,
    ) -> Result<()> {
        let metric = GaugeVec::new(Opts::new(name, help), &labels)?;
        for (values, value) in rows {
            metric.with_label_values(&values).set(value);
        }
        self.put(metric)
    }

    fn gauge(&self, name: &str, help: &str, value: impl Into<Option<u64>>) -> Result<()> {
        self.gauges(name, help, [], value.into().map(|value| ([], float(value))))
    }

    fn serving(&self, counters: &Counters) -> Result<()> {
        let version = env!("CARGO_PKG_VERSION");
        self.gauges("otary_build_info", "What runs; always 1.", ["version"], [([version], 1.0)])?;
        let check_ins = counters.check_ins().map(|(d, v, count)| ([d.name(), v.name()], count));
        self.counts(
            "otary_check_ins_total",
            "Check-ins that were answered.",
            ["dialect", "verdict"],
            check_ins,
        )?;
        let offers = counters.offers().into_iter().map(|(by, count)| ([by], count));
        self.counts("otary_offers_total", "Check-ins that were offered an image.", ["by"], offers)?;
        let downloads = counters.downloads().into_iter().map(|(how, count)| ([how], count));
        self.counts("otary_downloads_total", "Transfers that have ended.", ["outcome"], downloads)?;
        self.counts(
            "otary_download_bytes_total",
            "Bytes of artifacts that were handed over.",
            [],
            [([], counters.download_bytes())],
        )?;
        let outcomes = counters.outcomes().into_iter().map(|(outcome, count)| ([outcome], count));
        self.counts(
            "otary_updates_total",
            "Updates that took or failed, as it was seen.",
            ["outcome"],
            outcomes,
        )?;
        self.gauge("otary_downloads_under_way", "Transfers under way.", counters.under_way())?;
        let handshakes = counters.handshakes();
        let handshakes = handshakes.iter().map(|(alert, count)| ([*alert], *count));
        self.counts("otary_handshake_failures_total", "TLS handshakes that failed.", ["alert"], handshakes)?;
        let notices = counters.notices().into_iter().map(|(outcome, count)| ([outcome], count));
        self.counts(
            "otary_notice_attempts_total",
            "Attempts to deliver a notice by webhook or mail.",
            ["outcome"],
            notices,
        )
    }

    fn fleet(&self, facts: &Facts) -> Result<()> {
        self.gauge("otary_store_devices", "Devices on record, strangers too.", facts.store.devices)?;
        let Some(count) = &facts.fleet else { return Ok(()) };
        let products = count.products.iter().map(|it| ([name(it.product.as_ref())], float(it.devices)));
        let help = "Devices by product; without a product: those that belong to none.";
        self.gauges("otary_devices", help, ["product"], products)?;
        for (metric, help, devices) in [
            (
                "otary_devices_silent",
                "Devices that have not asked for longer than their rhythm lets expect.",
                count.silent,
            ),
            ("otary_devices_looping", "Devices that take the same image again and again.", count.looping),
            ("otary_devices_held", "Devices that an operator holds.", count.held),
            (
                "otary_devices_contested",
                "Devices whose address more than one seems to have.",
                count.contested,
            ),
            (
                "otary_devices_strangers",
                "Devices that otary never updated and nobody spoke of.",
                count.strangers,
            ),
            (
                "otary_devices_never_asked",
                "Devices that were put on record and never asked.",
                count.never_asked,
            ),
        ] {
            self.gauge(metric, help, devices)?;
        }
        let seen = [("1h", count.seen.hour), ("24h", count.seen.day), ("168h", count.seen.week)];
        let seen = seen.into_iter().map(|(within, devices)| ([within], float(devices)));
        self.gauges("otary_devices_seen", "Devices that asked lately.", ["within"], seen)?;
        let answers = count.answers.iter();
        let answers = answers.map(|it| ([it.verdict.name(), it.rule.as_str()], float(it.devices)));
        let help = "Devices by what they were answered last, and by which rule.";
        self.gauges("otary_device_answers", help, ["verdict", "rule"], answers)?;
        self.running(count)
    }

    /// By release alone: the version that an unknown build says is a stranger's to choose.
    fn running(&self, count: &Count) -> Result<()> {
        let mut running: BTreeMap<[&str; 2], u64> = BTreeMap::new();
        for it in &count.runs {
            let release = it.release.as_ref().map_or("", |version| version.as_str());
            *running.entry([name(it.product.as_ref()), release]).or_default() += it.devices;
        }
        let rows = running.into_iter().map(|(labels, devices)| (labels, float(devices)));
        let help = "Devices by the release that they run; without a release: unknown builds.";
        self.gauges("otary_devices_running", help, ["product", "release"], rows)
    }

    fn campaigns(&self, campaigns: &[CampaignFacts]) -> Result<()> {
        let ids: Vec<String> = campaigns.iter().map(|facts| facts.campaign.id.to_string()).collect();
        let each = || ids.iter().map(String::as_str).zip(campaigns);
        let states = each().flat_map(|(id, facts)| {
            states(&facts.campaign).map(move |(state, is)| ([id, facts.campaign.product.as_str(), state], is))
        });
        let labels = ["campaign", "product"];
        self.gauges(
            "otary_campaign_state",
            "Where a campaign stands: 1 for the state that it is in.",
            ["campaign", "product", "state"],
            states,
        )?;
        let of = |number: fn(&Campaign) -> usize| {
            each().map(move |(id, facts)| {
                ([id, facts.campaign.product.as_str()], float(number(&facts.campaign) as u64))
            })
        };
        self.gauges("otary_campaign_wave", "The last wave that is open.", labels, of(|it| it.wave + 1))?;
        self.gauges(
            "otary_campaign_waves",
            "How many waves a campaign has.",
            labels,
            of(|it| it.waves.len()),
        )?;
        let tallies = || {
            each()
                .filter_map(|(id, facts)| Some((id, facts.campaign.product.as_str(), facts.tally.as_ref()?)))
        };
        let devices = tallies().flat_map(|(id, product, tally)| {
            outcomes(tally).map(move |(outcome, count)| ([id, product, outcome], f64::from(count)))
        });
        self.gauges(
            "otary_campaign_devices",
            "Devices of a campaign by what is known of them.",
            ["campaign", "product", "outcome"],
            devices,
        )?;
        let weights =
            tallies().map(|(id, product, tally)| ([id, product], f64::from(tally.weight.percent()) / 100.0));
        self.gauges(
            "otary_campaign_against_ratio",
            "How far the evidence against a campaign's release is on its way to a stop: 1 stops.",
            labels,
            weights,
        )
    }

    fn trust(&self, facts: &Facts) -> Result<()> {
        let certificates = facts.certificates.iter();
        let ends = certificates.map(|c| ([c.generation.as_str(), c.key.as_str()], float(c.not_after.secs())));
        self.gauges(
            "otary_certificate_not_after_seconds",
            "The last moment of a server certificate, in seconds since 1970.",
            ["generation", "key"],
            ends,
        )?;
        let due = facts.due.iter().map(|due| ([act(due.act)], float(due.by.secs())));
        self.gauges(
            "otary_trust_due_seconds",
            "By when a person has to do this for the trust to go on, in seconds since 1970.",
            ["act"],
            due,
        )
    }

    fn store(&self, facts: &Facts) -> Result<()> {
        let store = &facts.store;
        self.gauge("otary_store_products", "Products.", store.products)?;
        self.gauge("otary_store_releases", "Releases, withdrawn ones too.", store.releases)?;
        self.gauge("otary_store_artifacts", "Artifacts.", store.artifacts)?;
        self.gauge("otary_store_artifact_bytes", "Bytes of artifacts.", store.artifact_bytes)?;
        self.gauge("otary_store_database_bytes", "Bytes of the database's file.", store.database_bytes)?;
        self.gauge("otary_audit_entries", "The number of the audit log's last entry.", store.audit_entries)?;
        let disk = facts.disk;
        let (free, size) = (disk.map(|disk| disk.free), disk.map(|disk| disk.size));
        self.gauge(
            "otary_disk_free_bytes",
            "What can still be written to the disk of the data directory.",
            free,
        )?;
        self.gauge("otary_disk_size_bytes", "The size of that disk.", size)
    }
}

/// A product's name; nothing for none.
fn name(product: Option<&ProductName>) -> &str {
    product.map_or("", ProductName::as_str)
}

/// Every state that a campaign can be in, and whether it is.
fn states(campaign: &Campaign) -> impl Iterator<Item = (&'static str, f64)> {
    let current = campaign.state.name();
    State::NAMES.into_iter().map(move |name| (name, if name == current { 1.0 } else { 0.0 }))
}

const fn outcomes(tally: &Tally) -> [(&'static str, u32); 7] {
    [
        ("offered", tally.offered),
        ("installed", tally.installed),
        ("failed", tally.failed),
        ("silent", tally.silent),
        ("excused", tally.excused),
        ("not_taken", tally.not_taken),
        ("waiting", tally.waiting),
    ]
}

const fn act(act: Act) -> &'static str {
    match act {
        Act::ExportNextKey => "export_next_key",
        Act::Begin => "begin",
        Act::Switch => "switch",
        Act::Finish => "finish",
    }
}

/// Exact up to 2^53, as every number of this format is.
#[expect(clippy::cast_precision_loss, reason = "the format has no other numbers")]
const fn float(number: u64) -> f64 {
    number as f64
}
