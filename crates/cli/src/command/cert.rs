//! `otary cert`: single certificates, made without an authority or looked at, with what devices say of them.

mod made;
mod presented;
mod show;
mod view;

use std::path::Path;

use anyhow::{Context, Result};
use otary_trust::Certificate;

use crate::advice::Advise;
use crate::file::read_file;

/// Make a self-signed certificate, or see one and what devices say of it
///
/// A server that makes its own authority (`otary serve` without more) needs none of this: its certificate is renewed by
/// itself. A self-signed one is what a device trusts as it is, until the day on which it ends.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    SelfSigned(made::Args),
    Show(show::Args),
}

/// The largest file of certificates that is read, in bytes.
const MAX_CHAIN: u64 = 256 * 1024;

/// Does what was asked for.
pub fn run(args: &Args) -> Result<()> {
    match &args.action {
        Action::SelfSigned(args) => made::run(args),
        Action::Show(args) => show::run(args),
    }
}

/// The certificates in a file, PEM or DER.
fn read_chain(file: &Path) -> Result<Vec<Certificate>> {
    let bytes = read_file(file, MAX_CHAIN)?;
    let is_text = bytes.windows(BEGIN.len()).any(|window| window == BEGIN);
    let read = if is_text {
        Certificate::chain_from_pem(&bytes)
    } else {
        Certificate::from_der(&bytes).map(|certificate| vec![certificate])
    };
    read.with_context(|| file.display().to_string())
        .help("a certificate is a file with -----BEGIN CERTIFICATE----- in it, or its DER form")
}

const BEGIN: &[u8] = b"-----BEGIN ";
