//! What the TLS stacks of devices say of a server's certificates: a word for each stack and name, and what is behind
//! every word but `ok`.

use std::fmt;
use std::net::IpAddr;

use otary_fleet::Time;
use otary_trust::verdict::{Flag, Meeting, Stack, Verdict, judge};
use otary_trust::{Certificate, Name};
use serde::Serialize;

use crate::inspect::Page;
use crate::table::{Table, plain};

/// What lets every stack in by an address.
const TEXT_TOO: &str = "Older stacks look for an address among the host names only: with it there too, as \
    `DNS.1 = ADDRESS` in a request file and as `otary cert self-signed` does unless told --strict-san, they connect.";

/// The verdicts of every stack about every name of a certificate.
#[derive(Debug)]
pub struct Verdicts(Vec<Row>);

/// What each stack says about one name.
#[derive(Debug)]
struct Row {
    name: String,
    verdicts: [Verdict; Stack::ALL.len()],
}

/// One verdict, for programs.
#[derive(Debug, Serialize)]
pub struct VerdictView {
    name: String,
    stack: &'static str,
    /// Whether the device goes on.
    ok: bool,
    /// What it finds wrong.
    flags: Vec<&'static str>,
    /// The same for people.
    reasons: Vec<String>,
}

impl Verdicts {
    /// The verdicts about a chain, the server's own certificate first, of devices that hold `anchors`, at `now`.
    pub fn of(chain: &[&Certificate], anchors: &[&Certificate], now: Time) -> Self {
        let [chain_der, anchors_der] = [chain, anchors]
            .map(|list| list.iter().map(|found| found.der().as_ref()).collect::<Vec<&[u8]>>());
        let names = chain.first().map(|leaf| names(leaf)).unwrap_or_default();
        let row = |name: String| {
            let host = asked(&name);
            let meeting = Meeting { anchors: &anchors_der, chain: &chain_der, name: &host, now };
            Row { verdicts: Stack::ALL.map(|stack| judge(&stack.rules(), &meeting)), name }
        };
        Self(names.into_iter().map(row).collect())
    }

    /// The same for programs.
    pub fn views(&self) -> Vec<VerdictView> {
        let views = self.0.iter().flat_map(|row| row.each().map(|(stack, verdict)| row.view(stack, verdict)));
        views.collect()
    }

    /// A sentence for every reason for which a device does not connect.
    pub fn refusals(&self) -> Vec<String> {
        let stacks =
            |stacks: Vec<Stack>| stacks.iter().map(|stack| stack.name()).collect::<Vec<_>>().join(", ");
        self.reasons()
            .into_iter()
            .map(|(reason, refusing)| format!("{}: {reason}", stacks(refusing)))
            .collect()
    }

    /// What is behind the words, each reason once, with the stacks that give it.
    fn reasons(&self) -> Vec<(String, Vec<Stack>)> {
        let mut reasons: Vec<(String, Vec<Stack>)> = Vec::new();
        for (stack, verdict) in self.0.iter().flat_map(Row::each) {
            for fault in &verdict.faults {
                let text = plain(&fault.to_string());
                match reasons.iter_mut().find(|(known, _)| *known == text) {
                    Some((_, stacks)) if !stacks.contains(&stack) => stacks.push(stack),
                    Some(_) => {}
                    None => reasons.push((text, vec![stack])),
                }
            }
        }
        reasons
    }
}

impl Row {
    fn each(&self) -> impl Iterator<Item = (Stack, &Verdict)> {
        Stack::ALL.into_iter().zip(&self.verdicts)
    }

    /// Whether it is an address that some stacks find in the certificate and others do not.
    fn lacks_text(&self) -> bool {
        let by_name = |verdict: &Verdict| verdict.flags.contains(Flag::Name);
        self.name.parse::<IpAddr>().is_ok()
            && self.verdicts.iter().any(by_name)
            && !self.verdicts.iter().all(by_name)
    }

    fn view(&self, stack: Stack, verdict: &Verdict) -> VerdictView {
        VerdictView {
            name: self.name.clone(),
            stack: stack.name(),
            ok: verdict.is_ok(),
            flags: verdict.flags.iter().map(Flag::word).collect(),
            reasons: verdict.faults.iter().map(ToString::to_string).collect(),
        }
    }
}

impl fmt::Display for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("  It has no name that could stand in a URL, so no device connects.");
        }
        let mut table = Table::new(columns("NAME", Stack::ALL.map(Stack::name)));
        for row in &self.0 {
            table.row(columns(
                plain(&row.name),
                row.verdicts.each_ref().map(|verdict| verdict.flags.to_string()),
            ));
        }
        write!(f, "{table}")?;
        let mut below = Page::default();
        self.refusals().into_iter().for_each(|refusal| below.text(refusal));
        if self.0.iter().any(Row::lacks_text) {
            below.text(TEXT_TOO);
        }
        match below.finish() {
            text if text.is_empty() => Ok(()),
            text => write!(f, "\n\n{text}"),
        }
    }
}

/// What stands in a row: something first, then something for each stack.
fn columns<T: Default>(first: T, stacks: [T; Stack::ALL.len()]) -> [T; Stack::ALL.len() + 1] {
    let mut all = std::iter::once(first).chain(stacks);
    std::array::from_fn(|_| all.next().unwrap_or_default())
}

/// The names by which a device may ask for a certificate: those in it, and its common name where that could stand in a
/// URL, since people believe that it counts.
fn names(leaf: &Certificate) -> Vec<String> {
    let common = leaf.common_name().parse::<Name>().ok().filter(|name| !leaf.names().contains(name));
    leaf.names().iter().chain(&common).map(ToString::to_string).collect()
}

/// The host that a device asks for: of a wildcard's hosts one that nobody else has.
fn asked(name: &str) -> String {
    name.strip_prefix("*.").map_or_else(|| name.to_owned(), |rest| format!("otary-device.{rest}"))
}
