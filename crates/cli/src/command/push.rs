//! `otary push`: files become a release.

mod secrets;
mod signing;

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::ValueEnum;
use otary_fleet::{Channel, ProductName, RiskName, Scope, Sequence, Version};
use otary_server::operator::{Access, Allowance, Part, Publication, Published, Uploaded};
use regex::Regex;

use crate::advice::{Advise, advised};
use crate::client::{Client, Connection, PushedFile, path};
use crate::clock;
use crate::command::campaign::GoingArgs;
use crate::command::preflight;
use crate::command::release::print_facts;
use crate::global::Global;
use crate::say;
use crate::table::{plain, sentence};
use crate::terminal::print_json;
use secrets::Secrets;
use signing::SigningArgs;

/// Publish a release: firmware files that the devices of a product are offered
///
/// A release has one file for each chip and kind: an app (firmware.bin; of a merged factory image the app is taken, an
/// ESP8266's may be gzipped) or a file system; beside it Tasmota's NAME-minimal.bin and NAME-safeboot.bin. What the files are is read from them and printed, and with it what will
/// happen to how many devices. What no device could install is refused.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// The product that they are for; the first one of all is made by itself
    #[arg(long)]
    product: ProductName,

    /// The version to publish them as
    #[arg(long, conflicts_with = "version_from")]
    version: Option<String>,

    /// Take the version from the file names: a regular expression with a group, such as 'lamp-(.+)\.bin'
    #[arg(long, value_name = "PATTERN")]
    version_from: Option<Regex>,

    /// The channel to publish to
    #[arg(long, default_value = Channel::STABLE)]
    channel: Channel,

    /// What is new, for people
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    notes: String,

    /// Take the files as they are, for products that allow it and clients that know what to do with them
    #[arg(long, value_enum)]
    kind: Option<KindName>,

    /// Send the program before the file system [default: the file system first]
    #[arg(long)]
    app_first: bool,

    #[command(flatten)]
    allow: Allow,

    /// Publish it although it may cut devices off, or give a secret away: the risk's name, as the refusal says it
    #[arg(long, value_name = "NAME-OF-RISK")]
    i_know_what_i_do: Vec<RiskName>,

    /// Look for the secrets in this file, one a line, in the images; they are not sent to the server
    #[arg(long, value_name = "FILE")]
    secret_from: Option<PathBuf>,

    /// The version that whoever runs something older gets first
    #[arg(long, value_name = "VERSION")]
    via: Option<Version>,

    #[command(flatten)]
    going: GoingArgs,

    /// Only say what would happen, and keep nothing
    #[arg(long)]
    dry_run: bool,

    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    signing: SigningArgs,

    #[command(flatten)]
    connection: Connection,
}

/// What is most often a mistake, and sometimes meant.
#[derive(Debug, clap::Args)]
struct Allow {
    /// Make the product if there is none of that name, although there are others
    #[arg(long)]
    new_product: bool,

    /// Publish it although the channel has a newer version
    #[arg(long)]
    older: bool,

    /// Publish it although it names another project than the product's last release
    #[arg(long)]
    other_project: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KindName {
    /// Opaque: encrypted, or of another maker's making
    Raw,
}

/// Carries it out.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<()> {
    args.going.check()?;
    let files = args.files.iter().map(|path| PushedFile::read(path)).collect::<anyhow::Result<Vec<_>>>()?;
    let mut publication = args.publication(&files)?;
    let secrets = args.secret_from.as_deref().map(Secrets::read).transpose()?;
    let key = args.signing.key()?;
    let mut client = if args.signing.on_server() {
        Client::open_with_keys(global, &args.connection)?
    } else {
        Client::open(global, &args.connection)?
    };
    check_access(&mut client, &args.product)?;
    args.signing.sign(key.as_ref(), &files, &mut publication, &mut client)?;
    let uploads = upload(&mut client, &files, args.kind.is_some())?;
    publication.artifacts =
        uploads.iter().zip(&files).map(|(upload, file)| part(upload, file, args)).collect();
    let mut published: Published = client.post_once(&path(["releases"]), &publication)?;
    if let Some(secrets) = secrets {
        published.notes.extend(secrets.notes(&files, &args.product, &mut client)?);
    }
    if args.json {
        return print_json(&published);
    }
    print(&published, &uploads, args)
}

impl Args {
    fn publication(&self, files: &[PushedFile]) -> anyhow::Result<Publication> {
        let allowances = [
            (self.allow.new_product, Allowance::NewProduct),
            (self.allow.older, Allowance::Older),
            (self.allow.other_project, Allowance::OtherProject),
        ];
        Ok(Publication {
            product: self.product.clone(),
            version: self.version(files)?,
            channel: Some(self.channel.clone()),
            notes: self.notes.clone(),
            artifacts: Vec::new(),
            allow: allowances.into_iter().filter_map(|(said, allowance)| said.then_some(allowance)).collect(),
            risks: self.i_know_what_i_do.iter().copied().collect(),
            manifests: Vec::new(),
            sign: None,
            order: if self.app_first { Sequence::AppFirst } else { Sequence::FilesFirst },
            via: self.via.clone(),
            campaign: self.going.campaign(),
            supersede: self.going.supersedes(),
            dry_run: self.dry_run,
            keep_uploads: false,
        })
    }

    fn version(&self, files: &[PushedFile]) -> anyhow::Result<String> {
        match (&self.version, &self.version_from) {
            (Some(version), _) => Ok(version.clone()),
            (None, Some(pattern)) => version_from(pattern, files),
            (None, None) => Err(advised(anyhow!("which version is it?"), proposal(files))),
        }
    }
}

/// The version that the file names agree on.
fn version_from(pattern: &Regex, files: &[PushedFile]) -> anyhow::Result<String> {
    let mut agreed: Option<(&PushedFile, &str)> = None;
    for file in files {
        let found = pattern.captures(&file.name).and_then(|captures| captures.get(1));
        let found = found.with_context(|| format!("{} does not match {pattern}", file.name));
        let found = found.help("the pattern needs a group around the version: 'lamp-(.+)\\.bin'")?.as_str();
        match agreed {
            Some((first, version)) if version != found => {
                return Err(anyhow!("{} is of {version} and {} of {found}", first.name, file.name));
            }
            _ => agreed = Some((file, found)),
        }
    }
    agreed.map(|(_, version)| version.to_owned()).context("no file")
}

/// What the first image says of itself, if that means anything.
fn proposal(files: &[PushedFile]) -> String {
    let now = clock::now();
    let own = files.iter().find_map(|file| {
        let found = otary_fleet::read(&file.bytes, &file.name, now, false).ok()?;
        Some((&file.name, found.artifact.proposed_version?))
    });
    match own {
        Some((name, own)) => format!("{name} calls itself {}: --version {0}", plain(&own)),
        None => "say --version 0.3, or --version-from PATTERN to take it from the file's name".to_owned(),
    }
}

/// Learns whether a push is allowed before anything is sent that takes long.
fn check_access(client: &mut Client, product: &ProductName) -> anyhow::Result<()> {
    let access: Access = client.get(&path(["access"]))?;
    if !access.grants.allows(Scope::Push, Some(product)) {
        let who = access.who.unwrap_or_else(|| "whoever shows no token".to_owned());
        let error = anyhow!("{who} may {}, not push {product}", access.grants);
        return Err(advised(error, "otary token create NAME --scope push"));
    }
    Ok(())
}

/// Uploads every file, or none: what was uploaded before one is refused goes again.
fn upload(client: &mut Client, files: &[PushedFile], raw: bool) -> anyhow::Result<Vec<Uploaded>> {
    let mut uploads: Vec<Uploaded> = Vec::new();
    for file in files {
        match client.upload(file, raw) {
            Ok(upload) => uploads.push(upload),
            Err(error) => {
                for upload in &uploads {
                    // It may belong to a release already, or the connection be gone: then `gc` sees to it.
                    let _ = client.delete(&path(["artifacts", &upload.artifact.id.to_string()]));
                }
                return Err(error);
            }
        }
    }
    Ok(uploads)
}

fn part(upload: &Uploaded, file: &PushedFile, args: &Args) -> Part {
    Part { id: upload.artifact.id, file: file.name.clone(), raw: args.kind.is_some() }
}

fn print(published: &Published, uploads: &[Uploaded], args: &Args) -> anyhow::Result<()> {
    let dry_run = args.dry_run;
    for artifact in &published.artifacts {
        print_facts(artifact)?;
    }
    say!("")?;
    let of_files = uploads
        .iter()
        .flat_map(|upload| upload.notes.iter().map(|note| format!("{}: {note}", upload.artifact.file_name)));
    for note in of_files.chain(published.notes.iter().cloned()) {
        say!("note: {}", plain(&note))?;
    }
    print_accepted(published)?;
    let release = &published.release;
    let would = if dry_run { "Would publish" } else { "Published" };
    let product = match (published.new_product, dry_run) {
        (false, _) => String::new(),
        (true, false) => format!(" The product {} is new.", release.id.product),
        (true, true) => format!(" The product {} would be new.", release.id.product),
    };
    say!("{would} {} to {}.{product}", plain(&release.id.to_string()), release.channel)?;
    print_signed(published, args.signing.on_server())?;
    print_campaign(published, dry_run)?;
    if let Some(effect) = &published.effect {
        say!("{}.", sentence(&effect.to_string()))?;
    }
    if let Some(preflight) = &published.preflight {
        preflight::after_push(preflight, !dry_run)?;
    }
    Ok(())
}

/// How it goes out.
fn print_campaign(published: &Published, dry_run: bool) -> anyhow::Result<()> {
    for ended in &published.superseded {
        let ends = if dry_run { "would end" } else { "is over" };
        say!("Campaign {} ({}) {ends}.", ended.campaign, plain(&ended.release.to_string()))?;
    }
    let Some(campaign) = &published.campaign else { return Ok(()) };
    let shares: Vec<String> = campaign.waves.iter().map(|wave| wave.share.to_string()).collect();
    let (goes, id) = (if dry_run { "It would go" } else { "It goes" }, campaign.id);
    say!("{goes} out by campaign {id}, to {} of the devices.", shares.join(", then "))?;
    if !dry_run {
        say!(
            "`otary campaign show {id}` says how it goes; it stops by itself if devices fail or fall silent."
        )?;
    }
    Ok(())
}

/// By which key it is signed, and what that is worth.
fn print_signed(published: &Published, on_server: bool) -> anyhow::Result<()> {
    let Some(signed) = &published.signed else { return Ok(()) };
    say!("Signed as release number {} by the key {}.", signed.number, signed.key)?;
    if on_server {
        say!("The server keeps that key, which is weaker: whoever takes over the server can sign, too.")?;
    }
    Ok(())
}

/// The risks that were accepted: who accepts one by its name should see once more what it means.
fn print_accepted(published: &Published) -> anyhow::Result<()> {
    for review in &published.reviews {
        for risk in &review.accepted {
            say!("accepted: {}: {}: {}", risk.name(), plain(&review.file), plain(&risk.to_string()))?;
        }
    }
    Ok(())
}
