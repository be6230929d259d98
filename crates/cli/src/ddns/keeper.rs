//! Looks at the address, and tells the provider when it is time: once, or again and again in a thread of its own.

use std::net::IpAddr;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::runtime::Runtime;

use super::Account;
use super::answer::{Answer, Trouble};
use super::https::Client;
use super::plan::{Known, Step, learn, obstacle, step};
use super::request::Update;
use super::{address, memory};
use crate::clock;
use crate::config::{Ddns, Published};
use crate::data::DataDir;

/// How often the address of an interface is looked at.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// How often another server is asked for the public one (Dyn: no more often than every ten minutes).
const ASK_EVERY: Duration = Duration::from_mins(10);

/// Keeps one name.
pub struct Keeper {
    settings: Ddns,
    data: DataDir,
    runtime: Runtime,
    /// What was said last: it is said once.
    said: Option<String>,
}

/// What came of one look.
#[derive(Debug)]
pub enum Outcome {
    /// An update was sent for this address.
    Sent {
        /// The name.
        hostname: String,
        /// The address; none if it was left to the provider.
        address: Option<IpAddr>,
        /// What came back.
        answer: Answer,
    },
    /// Nothing was sent: the provider has the address.
    Kept {
        /// The name.
        hostname: String,
        /// What it has.
        known: Known,
    },
    /// Nothing was sent: the provider is to be left alone until then.
    Waiting(otary_fleet::Time),
    /// Nothing was sent: the provider has refused.
    Stopped {
        /// What it answered.
        answer: String,
        /// What can be done.
        help: String,
    },
}

/// A keeper at work, until dropped. What it waits for then is not waited for: nothing of it can be half done.
pub struct Keeping(#[expect(dead_code, reason = "its end is what the thread waits for")] Sender<()>);

impl Outcome {
    /// What came of a step that sends nothing.
    fn resting(step: Step<'_>, hostname: &str) -> Option<Self> {
        match step {
            Step::Send => None,
            Step::Kept(known) => Some(Self::Kept { hostname: hostname.to_owned(), known }),
            Step::Wait(until) => Some(Self::Waiting(until)),
            Step::Stopped { answer, help } => {
                Some(Self::Stopped { answer: answer.to_owned(), help: help.to_owned() })
            }
        }
    }
}

impl Keeper {
    /// A keeper of the name in the settings, which must be whole.
    pub fn new(settings: &Ddns, data: &DataDir) -> Result<Self> {
        Account::read(settings)?;
        Client::new(settings.ca_file.as_deref())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { settings: settings.clone(), data: data.clone(), runtime, said: None })
    }

    /// What would be sent now, whether it is time or not, as lines for people.
    pub fn draft(&self) -> Result<[String; 4]> {
        let account = Account::read(&self.settings)?;
        let client = Client::new(self.settings.ca_file.as_deref())?;
        let address = self.runtime.block_on(address::find(&self.settings, &client))?;
        Ok(Update { account: &account, address }.shown())
    }

    /// Looks once, and sends an update if it is time.
    pub fn look(&self) -> Result<Outcome> {
        let account = Account::read(&self.settings)?;
        let client = Client::new(self.settings.ca_file.as_deref())?;
        let state = memory::recall(&self.data);
        let hostname = &account.asked.hostname;
        // Whoever has to leave the provider alone leaves its address service alone too (No-IP).
        let held = obstacle(state.as_ref(), &account.asked, clock::now());
        if let Some(resting) = held.and_then(|step| Outcome::resting(step, hostname)) {
            return Ok(resting);
        }
        let address = self.runtime.block_on(address::find(&self.settings, &client))?;
        let next = step(state.as_ref(), &account.asked, address, clock::now());
        if let Some(resting) = Outcome::resting(next, hostname) {
            return Ok(resting);
        }
        let hostname = hostname.clone();
        let answer = self.send(&client, &Update { account: &account, address })?;
        let learnt = learn(state, account.asked, address, &answer, clock::now());
        memory::remember(&self.data, &learnt).context("remembering what the provider has")?;
        Ok(Outcome::Sent { hostname, address, answer })
    }

    fn send(&self, client: &Client, update: &Update<'_>) -> Result<Answer> {
        let request = update.to_request()?;
        Ok(match self.runtime.block_on(client.send(&update.account.server, request)) {
            Ok(reply) => Answer::parse(reply.status, &reply.body).asked_for(update.address),
            Err(error) => Answer::Later(Trouble::Unreachable(format!("{error:#}"))),
        })
    }

    /// Looks again and again, in a thread.
    pub fn start(mut self) -> Result<Keeping> {
        let (end, ended) = mpsc::channel::<()>();
        let work = move || {
            loop {
                let looked = self.look();
                self.tell(&looked);
                if ended.recv_timeout(self.pause()) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        };
        thread::Builder::new().name("ddns".into()).spawn(work)?;
        Ok(Keeping(end))
    }

    const fn pause(&self) -> Duration {
        match self.settings.address {
            Published::Public => ASK_EVERY,
            Published::Lan | Published::At(_) => LOOK_EVERY,
        }
    }

    /// Logs what came of a look; the same trouble once.
    fn tell(&mut self, looked: &Result<Outcome>) {
        let trouble = match looked {
            Ok(Outcome::Sent {
                hostname,
                address,
                answer: answer @ (Answer::Good(_) | Answer::NoChange(_)),
            }) => {
                let at =
                    address.map_or_else(|| "its public address".to_owned(), |address| address.to_string());
                tracing::info!(target: "ddns", "{hostname} leads to {at} ({answer})");
                self.said = None;
                return;
            }
            Ok(Outcome::Kept { .. } | Outcome::Waiting(_)) => return,
            Ok(Outcome::Sent { hostname, answer: Answer::Refused(refusal), .. }) => {
                format!("{hostname} is not kept any more: {refusal}; {}", refusal.help())
            }
            Ok(Outcome::Sent { hostname, answer, .. }) => format!("{hostname} is not up to date: {answer}"),
            Ok(Outcome::Stopped { answer, help }) => {
                format!("the name is not kept since the provider answered {answer}; {help}")
            }
            Err(error) => format!("the name is not kept: {error:#}"),
        };
        if self.said.as_ref() != Some(&trouble) {
            tracing::warn!(target: "ddns", "{trouble}");
            self.said = Some(trouble);
        }
    }
}
