//! `otary cert self-signed`: a key and its certificate, by names or as an OpenSSL request file says.

use std::fs::{self, File};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use otary_fleet::Time;
use otary_trust::{Addresses, Certificate, Clock, ConfigFault, KeyKind, Name, PrivateKey, Request};

use crate::advice::advised;
use crate::clock;
use crate::data::quoted;
use crate::file::{read_text, write_new};
use crate::platform::create_private_file;
use crate::say;
use crate::table::{count, date};
use crate::terminal::in_two_lines;
use crate::verdicts::Verdicts;

/// Make a key and a self-signed certificate, and see what devices say of it
///
/// By names it has the form that every device accepts. From a request file it has the subject, the names and the
/// extensions that `openssl req -x509 -nodes -config FILE` gives it; what otary does not follow is refused, with its
/// line. Where OpenSSL would ask, the file's defaults are taken. Either way the certificate begins a week ago, for devices
/// whose clocks are behind.
///
/// Files that are there already are never overwritten.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A name by which devices reach the server; again for more
    #[arg(long, value_name = "NAME", required_unless_present_any = ["ip", "config"])]
    name: Vec<Name>,
    /// An address by which they reach it; again for more
    #[arg(long, value_name = "ADDRESS")]
    ip: Vec<IpAddr>,
    /// Put an address in as an address only, not as a host name too, which older devices need
    #[arg(long)]
    strict_san: bool,
    /// An OpenSSL request file that says all of this instead
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "ip", "strict_san"])]
    config: Option<PathBuf>,
    /// How long it is valid [default: what the file says as `default_days`, else 730]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=i64::from(Request::MAX_DAYS)))]
    days: Option<u32>,
    /// An RSA key with 2048, 3072 or 4096 bits [default with a request file: what it says, else 2048]
    #[arg(long, value_name = "BITS", value_parser = rsa)]
    rsa: Option<KeyKind>,
    /// A P-256 key: smaller, and cheaper for the server [default with names]
    #[arg(long, conflicts_with = "rsa")]
    p256: bool,
    /// Where the certificate goes
    #[arg(long, value_name = "FILE", default_value = "server.crt")]
    out_cert: PathBuf,
    /// Where the key goes, for its owner alone to read
    #[arg(long, value_name = "FILE", default_value = "server.key")]
    out_key: PathBuf,
}

/// Days that a certificate lives unless said.
const DAYS: u32 = 730;
/// The largest request file that is read, in bytes.
const MAX_CONFIG: u64 = 64 * 1024;

/// Makes both files and prints the verdicts.
pub fn run(args: &Args) -> Result<()> {
    for (file, option) in [(&args.out_key, "--out-key"), (&args.out_cert, "--out-cert")] {
        if file.try_exists().with_context(|| format!("looking at {}", file.display()))? {
            let error = anyhow!("{} is there already", file.display());
            return Err(advised(error, format!("it is not overwritten: name another file with {option}")));
        }
    }
    let request = args.request()?;
    let days = args.days.or(request.days()).unwrap_or(DAYS);
    let now = Clock { now: clock::now(), built: clock::built(), newest: Time::default() };
    let trusted = now.check().map_err(|fault| advised(fault.into(), fault.help()))?;
    let (certificate, key) = request.self_sign(days, trusted)?;
    write_both(&certificate, &key, args)?;
    tell(&certificate, &key, days, args)
}

impl Args {
    fn request(&self) -> Result<Request> {
        let chosen = if self.p256 { Some(KeyKind::P256) } else { self.rsa };
        if let Some(file) = &self.config {
            let text = read_text(file, MAX_CONFIG)?;
            let read = Request::from_openssl(&text);
            let read = read.and_then(|request| match chosen {
                Some(key) => request.with_key(key),
                None => Ok(request),
            });
            return read.map_err(|fault| unfollowed(file, fault));
        }
        let form = if self.strict_san { Addresses::Strict } else { Addresses::Twice };
        let names: Vec<Name> =
            self.name.iter().cloned().chain(self.ip.iter().copied().map(Name::from)).collect();
        let request = Request::for_names(&names, form, chosen.unwrap_or(KeyKind::P256));
        request.map_err(|error| match error.help() {
            Some(help) => advised(error.into(), help),
            None => error.into(),
        })
    }
}

fn rsa(bits: &str) -> Result<KeyKind, &'static str> {
    match bits {
        "2048" => Ok(KeyKind::Rsa2048),
        "3072" => Ok(KeyKind::Rsa3072),
        "4096" => Ok(KeyKind::Rsa4096),
        _ => Err("2048, 3072 or 4096"),
    }
}

fn unfollowed(file: &Path, fault: ConfigFault) -> anyhow::Error {
    let help = match fault {
        ConfigFault::Digest { .. } => "leave out --p256, or take `default_md` out of the file",
        ConfigFault::EmptySubject { .. } => {
            "write `prompt = no` into [req], or `CN_default = ...` beside a question"
        }
        _ => "nothing was made: take it out, or make the certificate by `otary cert self-signed --name`",
    };
    advised(anyhow::Error::new(fault).context(file.display().to_string()), help)
}

/// Writes the key, then the certificate; if that fails, no key is left alone.
fn write_both(certificate: &Certificate, key: &PrivateKey, args: &Args) -> Result<()> {
    write_new(&args.out_key, create_private_file, key.pem()?.as_bytes())?;
    let written = write_new(&args.out_cert, |path| File::create_new(path), certificate.pem().as_bytes());
    if written.is_err() {
        // It was made a moment ago, and nobody has it.
        let _ = fs::remove_file(&args.out_key);
    }
    written
}

fn tell(certificate: &Certificate, key: &PrivateKey, days: u32, args: &Args) -> Result<()> {
    let (crt, end) = (args.out_cert.display(), date(certificate.not_after()));
    say!("{crt}, for {}, to {end}, with this SHA-256:", count(days.into(), "day"))?;
    in_two_lines(&certificate.fingerprint().to_string()).into_iter().try_for_each(|line| say!("  {line}"))?;
    say!("{}, its {} key: keep it to yourself.", args.out_key.display(), key.kind())?;
    let verdicts = Verdicts::of(&[certificate], &[certificate], clock::now());
    say!("\nWhat devices say that trust {crt}:\n\n{verdicts}")?;
    say!("\nNext: otary serve --cert {} --key {}", quoted(&args.out_cert), quoted(&args.out_key))?;
    Ok(())
}
