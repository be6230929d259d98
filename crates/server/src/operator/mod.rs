//! What operators do: products, releases, devices, tokens. Every operation exists once, as a route of one [`Router`]:
//! the command line sends its requests to it in process when it works on a data directory, and over HTTPS when a
//! server works on that directory already.
//!
//! What a caller may rely on:
//!
//! - A request is carried out whole or not at all; what is refused leaves nothing behind.
//! - What is answered is on disk.
//! - Every refusal is a [`ProblemDocument`] with a stable code, a sentence and, where there is one, a way out.
//! - Every request but the owner's own shows a token of sufficient [scope](otary_fleet::Scope); every change is kept
//!   as an event with the token's name.
//! - The routes guard no transport: whoever serves them puts TLS around them, and says who asks with [`Peer`].
//!
//! # Routes
//!
//! All are under `/api/v1` and speak JSON, uploads excepted. Beside them there are `GET /metrics` (read) in the text format of
//! Prometheus, and without a token `GET /health` and `GET /ready`: see `docs/SIGNALS.md`.
//!
//! | scope | route | what |
//! |---|---|---|
//! | read | `GET /access` | what the token shown may do |
//! | read | `GET /status` | counts, room, limits |
//! | read | `GET /products`, `GET /products/{product}` | products |
//! | read | `GET /releases?product=`, `GET /releases/{product}/{version}` | releases with their files |
//! | read | `GET /devices?after=&limit=&where=`, `GET /devices/{mac}` | devices, all or those that a query finds; one with its events and its next answer |
//! | read | `GET /campaigns?product=`, `GET /campaigns/{number}` | campaigns, what they have shown and what comes next |
//! | read | `GET /explain/{mac}` | what a device would be answered, by which rule, and what would change it |
//! | read | `GET /preflight/{product}/{version}?channel=&group=` | which devices would not take a release |
//! | read | `GET /mirrors`, `GET /mirrors/{product}` | what is taken from elsewhere, and what was found there |
//! | read | `GET /trust`, `GET /trust/ledger`, `GET /trust/rollover` | the authority; the fleet by anchor; whom a step cuts off |
//! | read | `GET /signing`, `GET /signing/numbers/{product}` | the root records; a product's release numbers |
//! | read | `GET /audit?after=&limit=&since=&device=`, `GET /audit/head`, `GET /audit/verification?head=` | the audit log, its last entry, whether it is what was written |
//! | push | `POST /artifacts?file=&raw=` | upload a file: its facts |
//! | push | `DELETE /artifacts/{sha256}` | drop an upload that no release holds |
//! | push | `POST /releases` | publish uploads, or say what that would do (`dry_run`) |
//! | operate | `POST /products`, `PATCH /products/{product}` | add, set |
//! | operate | `POST /releases/{product}/{version}/{withdraw, restore, pin, unpin}`, `DELETE` without the last part | |
//! | operate | `POST /devices/{mac}/{assign, release, resume}`, `DELETE` without the last part | |
//! | operate | `POST /devices/{mac}/{pin, unpin, force, unforce, hold, unhold, zone}` | what is wanted of one device, whatever is meant for others |
//! | operate | `POST /devices/{mac}/{enroll, disenroll}` | issue it a credential, by its digest, and assign it; take one or all back |
//! | read | `GET /groups`, `GET /groups/{name}` | groups of devices, with the number of their members |
//! | operate | `PUT /groups/{name}`, `POST /groups/{name}/{add, remove}`, `DELETE` without the last part | by hand or by a query |
//! | operate | `POST /campaigns`, `POST /campaigns/{number}/{pause, resume, approve, abort, roll-back}` | send a release out, and the steps |
//! | operate | `POST /mirrors`, `DELETE /mirrors/{product}`, `POST /mirrors/{product}/check` | take firmware from elsewhere, stop that, look now |
//! | operate | `GET /webhooks`, `GET /webhooks/{name}/deliveries?limit=`, `GET /mail` | who is told of what happens, and what went out |
//! | own | `POST /webhooks`, `DELETE /webhooks/{name}`, `POST /webhooks/{name}/test`, `POST /mail/test` | tell somebody, nobody any more, try it |
//! | operate | `GET /tokens`, `POST /tokens`, `DELETE /tokens/{name}` | |
//! | operate | `POST /gc` | let go of what is no longer kept |
//! | operate | `POST /trust/renew` | new server certificates |
//! | operate | `POST /trust/rollover`, `POST /trust/rollover/{switch, finish, abort}` | begin, and the steps |
//! | owner | `POST /trust/adopt`, `POST /trust/next-key`, `DELETE /trust/next-key` | what private keys pass through |
//! | operate | `POST /signing/material`, `POST /signing/records` | what a root record takes from here; the next one |
//! | owner | `POST /signing/release-key`, `DELETE /signing/release-key` | a release key that this server holds |
//! | operate | `POST /authority/backed-up` | note that the authority was backed up |
//!
//! [`Router`]: axum::Router

mod actor;
mod announcement;
mod artifacts;
mod audit;
mod auth;
mod campaigns;
mod devices;
mod effect;
mod enrolment;
mod explain;
mod groups;
mod health;
mod intents;
mod ledger;
mod mail;
mod metrics;
mod mirrors;
mod notices;
mod preflight;
mod problem;
mod products;
mod publish;
mod record;
mod refusal;
mod releases;
mod request;
mod review;
mod router;
mod secret;
mod signing;
mod site;
mod status;
mod throttle;
mod tokens;
mod trust;
mod webhooks;

pub use actor::Kind as ActorKind;
pub use announcement::Announcement;
pub use artifacts::Uploaded;
pub use audit::{LogLine, LogPage};
pub use auth::{Access, LocalOwner, Peer};
pub use campaigns::{
    ByCampaign, CampaignSettings, CampaignView, NewCampaign, Progress, Resumption, RollBack, Superseded,
};
pub use devices::{Answer, Assignment, DeviceLine, DevicePage, DeviceView, Runs};
pub use effect::{Effect, Forecast, Group};
pub use enrolment::{Disenrolment, Enrolment};
pub use groups::{GroupMembers, GroupSettings, GroupView};
pub use health::Health;
pub use intents::{DeviceZone, WantedVersion};
pub use ledger::{AnchorLine, Held, Ledger, Losses, Role};
pub use mail::MailView;
pub use metrics::signals;
pub use mirrors::{MirrorView, NewMirror, follow_mirrors};
pub use notices::follow_notices;
pub use problem::{PROBLEM_JSON, PrivateCause, Problem, ProblemDocument};
pub use products::{NewProduct, ProductChange, ProductView, SecretChange};
pub use publish::{Part, Publication, Published};
pub use refusal::{Allowance, Refusal};
pub use releases::{ReleaseView, ReleasedFile};
pub use review::{FileRisk, Review};
pub use router::router;
pub use secret::{Secret, SecretError};
pub use signing::{
    Anchor, FileSignature, HeldKey, Material, NewRecord, Numbers, OrderProblem, RecordLine, ServerSigning,
    SigningView, Unsigned,
};
pub use site::{AUTHORITY_BACKED_UP, Operator, Site};
pub use status::{Collected, Status};
pub use tokens::{CreatedToken, NewToken, TokenView};
pub use trust::{Adoption, Begin, ElsewhereView, LeafView, NextKey, RolloverView, TrustView};
pub use webhooks::{CreatedWebhook, NewWebhook, WebhookView};
