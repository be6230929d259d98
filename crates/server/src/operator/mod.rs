//! What operators do: products, releases, devices, tokens. Every operation exists once, as a route of one [`Router`]:
//! the command line sends its requests to it in process when it works on a data directory, and over HTTPS when a
//! server works on that directory already.
//!
//! What a caller may rely on:
//!
//! - A request is carried out whole or not at all; what is refused leaves nothing behind.
//! - What is answered is on disk.
//! - Every refusal is a [`ProblemDocument`] with a stable code, a sentence and, where there is one, a way out.
//! - Every request but the owner's own shows a token or a session of sufficient [scope](otary_fleet::Scope); every change is kept
//!   as an event with who made it and from where. What protects that is told in `docs/ACCESS.md`.
//! - The routes guard no transport: whoever serves them puts TLS around them, and says who asks with [`Peer`].
//!
//! The routes are one [`table`]: each with the scope that it takes and what it is about. They are under `/api/v1` and speak JSON,
//! uploads excepted; beside them are the pages of `docs/SIGNALS.md`. Somebody may have a scope on everything, or on single products.
//!
//! [`Router`]: axum::Router

mod actor;
mod address;
mod announcement;
mod artifacts;
mod attempts;
mod audit;
mod auth;
mod browser;
mod campaigns;
mod census;
mod codes;
mod conditions;
mod device_list;
mod devices;
mod digests;
mod effect;
mod enrolment;
mod events;
mod explain;
mod forgery;
mod groups;
mod health;
mod hosts;
mod intents;
mod keys;
mod ledger;
mod mail;
mod metrics;
mod mirrors;
mod notices;
mod openapi;
mod page_anchor;
mod pages;
mod password;
mod people;
mod places;
mod preflight;
mod problem;
mod products;
mod publish;
mod record;
mod refusal;
mod releases;
mod request;
mod review;
mod rights;
mod router;
mod routes;
mod secret;
mod session;
mod setup;
mod signing;
mod site;
mod sketch;
mod start;
mod status;
mod throttle;
mod tokens;
mod trust;
mod webhooks;

pub use actor::Kind as ActorKind;
pub use address::{encode, path};
pub use announcement::Announcement;
pub use artifacts::Uploaded;
pub use audit::{LogLine, LogPage};
pub use auth::{Access, LocalOwner, Peer};
pub use campaigns::{
    ByCampaign, CampaignPage, CampaignSettings, CampaignView, NewCampaign, Progress, Resumption, RollBack,
    Superseded, TestView,
};
pub use census::ActivityView;
pub use codes::CODES;
pub use device_list::DevicePage;
pub use devices::{Answer, Assignment, DeviceLine, DeviceView, Runs};
pub use effect::{Effect, Forecast, Group};
pub use enrolment::{Disenrolment, Enrolment};
pub use forgery::CSRF_HEADER;
pub use groups::{GroupMembers, GroupSettings, GroupView};
pub use health::Health;
pub use hosts::Hosts;
pub use intents::{DeviceZone, WantedVersion};
pub use ledger::{AnchorLine, Held, Ledger, Losses, Role};
pub use mail::MailView;
pub use metrics::signals;
pub use mirrors::{MirrorView, NewMirror, follow_mirrors};
pub use notices::follow_notices;
pub use openapi::openapi;
pub use otary_store::{Finding, Verification};
pub use password::Password;
pub use people::{NewPerson, PersonChange, PersonView};
pub use problem::{PROBLEM_JSON, PrivateCause, Problem, ProblemDocument};
pub use products::{NewProduct, ProductChange, ProductView, SecretChange};
pub use publish::{Part, Publication, Published};
pub use refusal::{Allowance, Refusal};
pub use releases::{ReleasePage, ReleaseView, ReleasedFile};
pub use review::{FileRisk, Review};
pub use router::router;
pub use routes::{On, RouteLine, table};
pub use secret::{Secret, SecretError};
pub use session::{COOKIE as SESSION_COOKIE, PasswordChange, SignIn};
pub use setup::{CreatedCode, Setup, SetupCode, SetupCodeError};
pub use signing::{
    Anchor, FileSignature, HeldKey, Material, NewRecord, Numbers, OrderProblem, RecordLine, ServerSigning,
    SigningView, Unsigned,
};
pub use site::{AUTHORITY_BACKED_UP, Operator, STALL, Site};
pub use sketch::SketchView;
pub use start::StartView;
pub use status::{Collected, Status};
pub use tokens::{CreatedToken, NewToken, TokenView};
pub use trust::{
    Adoption, Begin, ElsewhereView, LeafView, NextKey, PageAuthorityView, RolloverView, TrustView,
};
pub use webhooks::{CreatedWebhook, NewWebhook, WebhookView};
