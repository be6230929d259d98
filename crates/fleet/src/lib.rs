//! Devices, releases and the pure rules of who gets what, when, and why.
//!
//! Plain records and pure functions: no clock, no I/O, no randomness. Time comes in as [`Time`]; what is known comes
//! in as a [`View`]; what is decided goes out as a [`Decision`] with its [`Reason`]. Replaying the same input gives
//! the same decisions.
//!
//! Three promises shape every rule here:
//!
//! - **Identity is by digest.** The version text that a client sends is a hint; the digest of what it runs is a fact.
//! - **A claim is not a fact.** The headers of a stock client are unauthenticated. What a stranger says under a
//!   device's address can change what is *shown* of that device, never what the device itself is answered: brakes are
//!   kept per [`Claimant`], and a decision rests on the check-in at hand.
//! - **Every answer has a reason** with its figures and one sentence for people.

mod access;
mod agent;
mod anchor;
mod artifact;
mod brief;
mod campaign;
mod catalogue;
mod check_in;
mod controller;
mod decide;
mod decision;
mod device;
mod digest;
mod due;
mod embedded;
mod event;
mod explain;
mod facts;
mod generation;
mod group;
mod intent;
mod ledger;
mod mac;
mod manifest;
mod name;
pub mod notice;
mod observe;
mod order;
mod peek;
mod preflight;
mod product;
mod proof;
pub mod query;
mod reason;
mod release;
mod rhythm;
mod risk;
mod rollover;
#[cfg(feature = "schema")]
mod schema;
mod seconds;
mod span;
mod text;
mod time;
mod trial;
mod version;

pub use access::{Account, Grants, Scope, Session, Token};
pub use agent::{AgentWords, Cause, DeviceClock, Ending, Report, Reported};
pub use anchor::{Anchor, AnchorId};
pub use artifact::{Artifact, FileSystem, Kind, Variant, Wanted};
pub use brief::{Answered, Brief, BriefFacts, Cohort, Runs};
pub use campaign::{
    Campaign, CampaignId, Common, Days, Gate, Need, Opening, Openings, Pace, PaceError, Plan, PlanError,
    Roster, RosterEntry, Rules, Share, State, Stop, StopNotice, Tally, Test, UnknownZone, Wave, WaveTally,
    Weight, Window, WindowError, Zone, advance, opening,
};
pub use catalogue::{Catalogue, Target};
pub use check_in::{Build, CheckIn, Claimant, Dialect, Mode, Network, Transport};
pub use controller::{
    Action, ActionId, ActionState, Agreement, Controller, Execution, Feedback, Finished, Told, Unheard,
    UpdateMode, recall, tell,
};
pub use decide::{ViaError, View, begins, check_via, decide, prove};
pub use decision::{Decision, Verdict};
pub use device::{Attempt, Device, Installed, SeenBuild, SeenHandshake, SeenNetwork, Snapshot, Standing};
pub use digest::{DigestError, Md5, Sha256};
pub use due::{Act, Due, Patience, due};
pub use embedded::{Embedded, FoundCertificate, FoundKey};
pub use event::{Event, EventKind, Moved};
pub use explain::{Change, Explanation, explain, explain_check_in};
pub use facts::{Findings, ReadError, Wrapped, read, unpack};
pub use generation::{Generation, GenerationId, Generations, Handshake, Phase, Presented, Rollover};
pub use group::{Group, GroupName, Membership};
pub use intent::{Forced, Held};
pub use ledger::{Accepts, Claim, Entry, Holds};
pub use mac::{Mac, MacError};
pub use manifest::{ManifestBytes, ManifestError, SignedManifest};
pub use name::{DeviceName, DeviceNameError};
pub use observe::{Delivery, delivered, observe};
pub use order::{Order, compare, rank};
pub use otary_image::Chip;
pub use peek::peek;
pub use preflight::{Candidate, Obstacle, Outlook, Preflight, Refusals, Refuser};
pub use product::{NameError, Product, ProductName};
pub use proof::{Credential, CredentialKind, Evidence, Proof};
pub use query::{Facts, Query, QueryError};
pub use reason::{Reason, Topic};
pub use release::{Channel, Release, ReleaseId, Sequence};
pub use rhythm::{Lapse, Rhythm};
pub use risk::{Examined, Expected, Risk, RiskName, UnknownRisk, examine};
pub use rollover::{Beginning, GivenUp, Misstep, Step, Straggler, cut_off};
#[cfg(feature = "schema")]
pub use schema::ChipSchema;
pub use span::Span;
pub use text::is_deceptive;
pub use time::Time;
pub use trial::{Course, Ended, Outcome, Polls, Source, Trial, TrialState};
pub use version::Version;
