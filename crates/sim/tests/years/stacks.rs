//! The simulation's plain dates beside the real authority: at each change of what is presented, the real certificates
//! are made by a clock of the test's own, and the rules of the real stacks say of them what the simulation says.

use std::collections::BTreeSet;
use std::time::Duration;

use otary_fleet::{Step, Time};
use otary_sim::years::{Chain, Held, Server, Stack, Style};
use otary_trust::verdict::{Library, Meeting, Rules, judge};
use otary_trust::{Authority, Certificate, Clock, KeyKind, Life, Name, ServerChain, Start, TrustedTime};

const DAY: Duration = Duration::from_hours(24);
const YEAR: Duration = Duration::from_hours(8_766);
const INSTALLED: Time = Time::from_secs(1_767_225_600);

/// The same server twice: as dates, and as keys and certificates in a folder.
struct Twins {
    now: Time,
    dates: Server,
    real: Authority,
    names: Vec<Name>,
    /// Every root so far, in the order in which they were made.
    roots: Vec<Certificate>,
    met: usize,
    believed: usize,
    _folder: tempfile::TempDir,
}

fn rules(stack: Stack) -> Rules {
    let library = match stack {
        Stack::Arduino2 => Library::MbedTls2,
        Stack::Arduino3 | Stack::EspIdf | Stack::EspIdfDates | Stack::MicroPython => Library::MbedTls3,
        Stack::Esp8266 => Library::BearSsl,
    };
    Rules::of(library, stack.checks_dates())
}

fn clock(now: Time) -> Clock {
    Clock { now, built: INSTALLED, newest: now }
}

fn trusted(now: Time) -> TrustedTime {
    clock(now).check().unwrap()
}

impl Twins {
    fn installed() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let names: Vec<Name> = ["ota.lan", "plug.lan"].map(|name| name.parse().unwrap()).into();
        let real =
            Authority::open_or_create(&folder.path().join("trust"), &names, &clock(INSTALLED)).unwrap();
        let mut dates = Server::new(trusted(INSTALLED));
        dates.refresh(INSTALLED);
        let roots = vec![real.root().clone(), real.next_root().clone()];
        let (met, believed) = (0, 0);
        Self { now: INSTALLED, dates, real, names, roots, met, believed, _folder: folder }
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.dates.refresh(self.now);
        let _ = self.real.refresh(&self.names, &clock(self.now)).unwrap();
        self.compare();
    }

    fn begin(&mut self, bridge: bool, own_name: Option<&str>) {
        let hosts: BTreeSet<_> = own_name.iter().map(|name| name.parse().unwrap()).collect();
        let start = Start { hosts, names: &self.names, next_key: None, bridge };
        self.real.begin(start, &clock(self.now)).unwrap();
        let style = Style { bridge, own_name: own_name.is_some() };
        self.dates.begin(style, own_name.map(str::to_owned), trusted(self.now)).unwrap();
        self.names.extend(own_name.map(|name| name.parse().unwrap()));
        self.roots.push(self.real.next_root().clone());
        self.pass(Duration::ZERO);
    }

    fn step(&mut self, step: Step) {
        self.real.step(step, &clock(self.now)).unwrap();
        self.dates.step(step, self.now).unwrap();
        self.pass(Duration::ZERO);
    }

    /// Both show the same to everybody, with the same dates; and every stack says the same of it.
    fn compare(&mut self) {
        let names = self.names.iter().map(|name| Some(name.to_string()));
        let asked: Vec<Option<String>> = names.chain([None]).collect();
        for name in asked {
            let (presented, chain) = self.dates.chain(name.as_deref()).unwrap();
            assert_eq!(presented, self.real.generations().presented(name.as_deref()), "{name:?}");
            for kind in [KeyKind::P256, KeyKind::Rsa2048] {
                let chains = self.real.chains();
                let real = chains.iter().find(|real| real.presented == presented && real.kind == kind);
                let shown = Shown::new(real.unwrap(), &chain);
                self.meet(&chain, &shown, name.as_deref().unwrap_or("ota.lan"));
            }
        }
    }

    fn meet(&mut self, chain: &Chain, shown: &Shown, name: &str) {
        let lives: Vec<Life> = self.roots.iter().map(Life::from).collect();
        assert_eq!(lives, self.dates.roots(), "the roots live equally long");
        let clocks = [Duration::ZERO, DAY * 10, YEAR * 2, YEAR * 12, YEAR * 40];
        let clocks = clocks.iter().flat_map(|by| [self.now - *by, self.now + *by]);
        let clocks: Vec<Time> = clocks.chain([Time::from_secs(60)]).collect();
        for set in 0..1_usize << self.roots.len() {
            let held: Vec<usize> = (0..self.roots.len()).filter(|root| set >> root & 1 == 1).collect();
            let anchors: Vec<&[u8]> = held.iter().map(|root| self.roots[*root].der().as_ref()).collect();
            let held: Held = held.into_iter().collect();
            for (stack, now) in
                Stack::ALL.into_iter().flat_map(|stack| clocks.iter().map(move |now| (stack, *now)))
            {
                let meeting = Meeting { anchors: &anchors, chain: &shown.der(), name, now };
                let says = judge(&rules(stack), &meeting);
                let simulated = chain.judge(stack, held, &lives, now);
                assert_eq!(
                    says.is_ok(),
                    simulated.is_ok(),
                    "{stack} holds {held}, shown {name} at {now:?}: {:?}, simulated {simulated:?}",
                    says.faults
                );
                self.met += 1;
                self.believed += usize::from(says.is_ok());
            }
        }
    }
}

/// What the real server sends.
struct Shown(Vec<Vec<u8>>);

impl Shown {
    /// With the dates of its twin.
    fn new(real: &ServerChain, twin: &Chain) -> Self {
        let certificates: Vec<Vec<u8>> = real.chain.iter().map(|der| der.to_vec()).collect();
        let lives: Vec<Life> =
            real.chain.iter().map(|der| Life::from(&Certificate::from_der(der).unwrap())).collect();
        let bridge = twin.bridge.map(|bridge| bridge.life);
        assert_eq!(lives, [Some(twin.leaf), bridge].into_iter().flatten().collect::<Vec<_>>());
        Self(certificates)
    }

    fn der(&self) -> Vec<&[u8]> {
        self.0.iter().map(Vec::as_slice).collect()
    }
}

#[test]
fn what_the_simulation_believes_of_plain_dates_the_real_stacks_believe_of_real_certificates() {
    let mut twins = Twins::installed();
    twins.compare();
    twins.pass(DAY * 250);
    twins.pass(YEAR * 20);
    twins.begin(true, Some("ota2.lan"));
    twins.pass(YEAR * 3);
    twins.step(Step::Switch);
    twins.pass(DAY * 300);
    twins.step(Step::Finish);
    twins.pass(YEAR);
    twins.begin(false, None);
    twins.step(Step::Switch);
    twins.step(Step::Finish);
    twins.pass(YEAR * 3);
    println!("{} meetings, {} believed", twins.met, twins.believed);
    assert!(twins.believed > 1_000 && twins.met > twins.believed + 1_000);
}
