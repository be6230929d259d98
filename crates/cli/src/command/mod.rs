//! The commands: one file each, with the options (whose comments are the help texts) and `run`, which carries it out.

pub mod audit;
pub mod campaign;
pub mod cert;
pub mod config;
pub mod ddns;
pub mod demo;
pub mod device;
pub mod doctor;
pub mod explain;
pub mod gc;
pub mod group;
pub mod inspect;
pub mod key;
pub mod login;
pub mod mirror;
pub mod people;
pub mod preflight;
pub mod product;
pub mod push;
pub mod release;
pub mod serve;
pub mod setup_code;
pub mod sim;
pub mod sketch;
pub mod status;
pub mod token;
pub mod trust;

use crate::global::Global;

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Serve(serve::Args),
    Push(Box<push::Args>),
    Preflight(preflight::Args),
    Sketch(sketch::Args),
    Device(device::Args),
    Explain(explain::Args),
    Group(group::Args),
    Campaign(campaign::Args),
    Release(release::Args),
    Product(product::Args),
    Mirror(mirror::Args),
    Status(status::Args),
    Audit(audit::Args),
    Trust(trust::Args),
    Key(key::Args),
    Cert(cert::Args),
    SetupCode(setup_code::Args),
    People(people::Args),
    Token(token::Args),
    Login(login::Args),
    Logout(login::LogoutArgs),
    Gc(gc::Args),
    Inspect(inspect::Args),
    Doctor(doctor::Args),
    Demo(demo::Args),
    Sim(sim::Args),
    Ddns(ddns::Args),
    Config(config::Args),
}

impl Command {
    /// Carries it out.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        match self {
            Self::Serve(args) => serve::run(args, global),
            Self::Sim(args) => sim::run(&args),
            Self::Ddns(args) => ddns::run(&args, global),
            Self::Push(args) => push::run(&args, global),
            Self::Preflight(args) => preflight::run(&args, global),
            Self::Explain(args) => explain::run(&args, global),
            Self::Device(args) => device::run(args, global),
            Self::Group(args) => group::run(args, global),
            Self::Campaign(args) => campaign::run(args, global),
            Self::Release(args) => release::run(args, global),
            Self::Product(args) => product::run(args, global),
            Self::Mirror(args) => mirror::run(args, global),
            Self::SetupCode(args) => setup_code::run(&args, global),
            Self::People(args) => people::run(args, global),
            Self::Token(args) => token::run(args, global),
            Self::Login(args) => login::run(&args, global),
            Self::Logout(args) => login::logout(&args, global),
            Self::Status(args) => status::run(&args, global),
            Self::Audit(args) => audit::run(args, global),
            Self::Gc(args) => gc::run(&args, global),
            Self::Demo(args) => demo::run(args, global),
            Self::Trust(args) => trust::run(args, global),
            Self::Key(args) => key::run(args, global),
            Self::Cert(args) => cert::run(&args),
            Self::Config(args) => config::run(args, global),
            Self::Inspect(args) => inspect::run(&args),
            Self::Doctor(args) => doctor::run(&args, global),
            Self::Sketch(args) => sketch::run(&args, global),
        }
    }
}
