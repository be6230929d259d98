//! `otary mirror`: firmware that somebody else publishes, served by this server.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use otary_fleet::{Channel, ProductName, RiskName, Sha256};
use otary_server::mirror::{FoundFile, Mirror, Reaching, Trust};
use otary_server::operator::{Allowance, MirrorView, NewMirror, Part, Publication, Published};

use crate::advice::advised;
use crate::client::{Client, Connection, path};
use crate::clock;
use crate::command::campaign::WayArgs;
use crate::command::preflight;
use crate::file::read_file;
use crate::global::Global;
use crate::say;
use crate::table::{Table, ago, plain};
use crate::terminal::print_json;

/// Take firmware from somebody else's release page, checked, so that devices need to trust this server alone
///
/// A mirror fetches a manifest (of ESPHome, ESP Web Tools, esp32FOTA or micropython-esp32-ota) or firmware files. What comes goes through all
/// checks of `otary push`. It is published by a person, who sees its digests; or, if a digest or a key vouches for it, by itself.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Add a mirror; it is looked at at once, and not kept if that fails
    Add(Box<Add>),
    /// List the mirrors
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show a mirror, and what was found there last
    Show {
        /// The product
        product: ProductName,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Look now
    Check {
        /// The product
        product: ProductName,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Publish what was found last
    Publish(Box<Publish>),
    /// Stop following; what was published stays
    Remove {
        /// The product
        product: ProductName,
    },
}

#[derive(Debug, clap::Args)]
struct Add {
    /// The product
    product: ProductName,
    /// A manifest, or firmware files: one URL each
    #[arg(long, required = true, value_name = "URL")]
    from: Vec<String>,
    /// Trust files with this SHA-256
    #[arg(long, value_name = "DIGEST", conflicts_with = "key")]
    sha256: Vec<Sha256>,
    /// Trust files signed by this public key (PEM; Ed25519, ECDSA or RSA, as `openssl dgst -sha256 -sign` does)
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// What to put behind a file's URL to get its signature
    #[arg(long, value_name = "TEXT", default_value = Mirror::SUFFIX, requires = "key")]
    signature_suffix: String,
    /// Publish what is trusted by itself, to this channel
    #[arg(long, value_name = "CHANNEL")]
    publish_to: Option<Channel>,
    /// How often to look, in hours; 0: only by `otary mirror check`
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(0..=i64::from(Mirror::MAX_EVERY_HOURS)))]
    every: u32,
    /// Fetch over plain HTTP too, where anybody on the way can change the file
    #[arg(long)]
    allow_http: bool,
    /// Let this host be in this machine's own networks; what is not named has to be on the public Internet
    #[arg(long, value_name = "HOST")]
    allow_host: Vec<String>,
    /// A file of the server's machine with a token for the first URL's host
    #[arg(long, value_name = "FILE")]
    upstream_token_file: Option<PathBuf>,
    /// Publish by itself although that may cut devices off: the risk's name, as the refusal says it
    #[arg(long, value_name = "NAME-OF-RISK", requires = "publish_to")]
    i_know_what_i_do: Vec<RiskName>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct Publish {
    /// The product
    product: ProductName,
    /// The version; that of the manifest without
    #[arg(long)]
    version: Option<String>,
    /// The channel
    #[arg(long, default_value = Channel::STABLE)]
    channel: Channel,
    #[command(flatten)]
    allow: Allow,
    /// Publish it although it may cut devices off: the risk's name, as the refusal says it
    #[arg(long, value_name = "NAME-OF-RISK")]
    i_know_what_i_do: Vec<RiskName>,
    #[command(flatten)]
    way: WayArgs,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// What is most often a mistake, and sometimes meant.
#[derive(Debug, clap::Args)]
struct Allow {
    /// Publish it although the channel has a newer version
    #[arg(long)]
    older: bool,
    /// Publish it although it names another project than the product's last release
    #[arg(long)]
    other_project: bool,
}

/// Carries it out.
pub fn run(args: Args, global: &Global) -> Result<()> {
    let mut client = Client::open(global, &args.connection)?;
    match args.action {
        Action::Add(add) => add.run(&mut client),
        Action::List { json } => {
            let mirrors: Vec<MirrorView> = client.get(&path(["mirrors"]))?;
            if json { print_json(&mirrors) } else { list(&mirrors) }
        }
        Action::Show { product, json } => {
            let mirror = client.get(&path(["mirrors", product.as_str()]))?;
            if json { print_json(&mirror) } else { show(&mirror) }
        }
        Action::Check { product, json } => check(&mut client, &product, json),
        Action::Publish(publish) => publish.run(&mut client),
        Action::Remove { product } => {
            client.delete(&path(["mirrors", product.as_str()]))?;
            Ok(say!("{product} is no longer taken from elsewhere. What was published stays.")?)
        }
    }
}

impl Add {
    fn run(self, client: &mut Client) -> Result<()> {
        let key = self.key.as_ref().map(|file| read_file(file, u64::try_from(Mirror::MAX_KEY)?));
        let key = key.transpose()?.map(String::from_utf8).transpose().context("the key is no text")?;
        let (product, json) = (self.product.clone(), self.json);
        let new = NewMirror {
            product: self.product,
            from: self.from,
            digests: self.sha256.into_iter().collect(),
            suffix: key.is_some().then_some(self.signature_suffix),
            key,
            reach: Reaching {
                plain_http: self.allow_http,
                hosts: self.allow_host.iter().map(|host| host.to_ascii_lowercase()).collect(),
            },
            token_file: self.upstream_token_file.map(std::path::absolute).transpose()?,
            every_hours: self.every,
            publish_to: self.publish_to,
            risks: self.i_know_what_i_do.into_iter().collect(),
            allow: BTreeSet::new(),
        };
        let _added: MirrorView = client.post(&path(["mirrors"]), &new)?;
        let looked = check(client, &product, json);
        if looked.is_err() {
            // The first look tells whether it was meant so. What the removal says would hide what went wrong.
            let _ = client.delete(&path(["mirrors", product.as_str()]));
        }
        looked
    }
}

impl Publish {
    fn run(self, client: &mut Client) -> Result<()> {
        let MirrorView { mirror, released } = client.get(&path(["mirrors", self.product.as_str()]))?;
        let product = &self.product;
        let found = mirror.found.ok_or_else(|| {
            advised(anyhow!("nothing was found yet"), format!("otary mirror check {product}"))
        })?;
        if let Some(version) = released {
            return Err(anyhow!("what was found last is released already, as {product} {version}"));
        }
        let version = self.version.or(found.version).ok_or_else(|| {
            advised(anyhow!("neither manifest nor image says a version"), "say it: --version 0.3")
        })?;
        let allowed =
            [(self.allow.older, Allowance::Older), (self.allow.other_project, Allowance::OtherProject)];
        let part = |file: &FoundFile| Part {
            id: file.artifact.id,
            file: file.artifact.file_name.clone(),
            raw: false,
        };
        let publication = Publication {
            product: product.clone(),
            version,
            channel: Some(self.channel),
            notes: format!("From {}", mirror.from.join(", ")),
            artifacts: found.files.iter().map(part).collect(),
            allow: allowed.into_iter().filter_map(|(said, allowance)| said.then_some(allowance)).collect(),
            risks: self.i_know_what_i_do.into_iter().collect(),
            manifests: Vec::new(),
            sign: None,
            order: otary_fleet::Sequence::default(),
            via: None,
            campaign: self.way.campaign(),
            supersede: self.way.supersedes(),
            dry_run: self.dry_run,
            keep_uploads: false,
        };
        let published: Published = client.post_once(&path(["releases"]), &publication)?;
        if self.json { print_json(&published) } else { tell(&published, self.dry_run) }
    }
}

fn check(client: &mut Client, product: &ProductName, json: bool) -> Result<()> {
    let mirror: MirrorView = client.act(&path(["mirrors", product.as_str(), "check"]))?;
    if json { print_json(&mirror) } else { show(&mirror) }
}

fn tell(published: &Published, dry_run: bool) -> Result<()> {
    for note in &published.notes {
        say!("note: {}", plain(note))?;
    }
    let release = &published.release;
    let would = if dry_run { "Would publish" } else { "Published" };
    say!("{would} {} to {}.", plain(&release.id.to_string()), release.channel)?;
    if let Some(effect) = &published.effect {
        say!("Then {effect}.")?;
    }
    published.preflight.as_ref().map_or(Ok(()), |preflight| preflight::after_push(preflight, !dry_run))
}

fn list(mirrors: &[MirrorView]) -> Result<()> {
    if mirrors.is_empty() {
        return Ok(say!("No mirrors: `otary mirror add PRODUCT --from URL` takes firmware from elsewhere.")?);
    }
    let now = clock::now();
    let mut table = Table::new(["PRODUCT", "FROM", "TRUSTS", "FOUND", "HERE", "LOOKED"]);
    for MirrorView { mirror, released } in mirrors {
        let found = mirror.found.as_ref().map(|found| found.version.as_deref().unwrap_or("no version"));
        let looked = mirror.looked.map_or_else(|| "never".to_owned(), |looked| ago(looked, now));
        table.row([
            mirror.product.to_string(),
            mirror.from.join(", "),
            trusts(mirror).to_owned(),
            found.unwrap_or("-").to_owned(),
            released.as_deref().unwrap_or("-").to_owned(),
            if mirror.failed.is_some() { format!("{looked}, in vain") } else { looked },
        ]);
    }
    Ok(say!("{table}")?)
}

const fn trusts(mirror: &Mirror) -> &'static str {
    match mirror.trust {
        Trust::Digests(_) => "digests",
        Trust::Key { .. } => "a key",
        Trust::Person => "a person",
    }
}

fn show(view: &MirrorView) -> Result<()> {
    let (mirror, now) = (&view.mirror, clock::now());
    say!("{} from {}", mirror.product, mirror.from.join(", "))?;
    let by = match (&mirror.publish_to, trusts(mirror)) {
        (Some(channel), trusted) => format!("what {trusted} vouches for is published to {channel} by itself"),
        (None, trusted) => {
            format!("trusts {trusted}; published by `otary mirror publish {}`", mirror.product)
        }
    };
    say!("  {by}")?;
    if let Some(why) = &mirror.failed {
        say!("  failed     {}", plain(why))?;
    }
    let Some(found) = &mirror.found else { return Ok(say!("  nothing was found yet")?) };
    say!("  found      {}, {}", plain(found.version.as_deref().unwrap_or("no version")), ago(found.at, now))?;
    for file in &found.files {
        let chip = file.artifact.chip.map_or("any chip", |chip| chip.name());
        say!("  file       {} ({chip}, {} bytes)", plain(&file.url), file.artifact.size)?;
        say!("  SHA-256    {}", file.sha256)?;
    }
    let product = &mirror.product;
    match &view.released {
        Some(version) => say!("  released   as {product} {}", plain(version))?,
        None => say!("  not released here yet: compare the digest, then otary mirror publish {product}")?,
    }
    Ok(())
}
