//! `otary trust export`: what devices are to trust, in the form that a firmware's source takes.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use otary_trust::Certificate;

use crate::advice::advised;
use crate::data::DataDir;
use crate::file::write_new;
use crate::say;

/// In which form, and where to.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    form: FormArgs,
    /// The file to write instead of printing; for --der the name before the number, as in roots-1.der
    #[arg(long, value_name = "FILE", required_if_eq("der", "true"))]
    out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[group(multiple = false)]
#[allow(clippy::struct_excessive_bools, reason = "words of the command line, one of which may be there")]
struct FormArgs {
    /// As PEM text (this is so unless another form is named)
    #[arg(long)]
    pem: bool,
    /// As DER files, one for each certificate
    #[arg(long)]
    der: bool,
    /// As a header for Arduino sketches, for `setCACert` and for `X509List`
    #[arg(long)]
    arduino: bool,
    /// As Rust source: DER bytes, one slice for each certificate
    #[arg(long)]
    rust: bool,
    /// As a C header for ESP-IDF, for the `cert_pem` of `esp_http_client_config_t`
    #[arg(long)]
    esp_idf: bool,
}

/// Prints or writes it.
pub fn run(args: &Args, data: &DataDir) -> Result<()> {
    let authority = data.open_authority()?;
    let anchors = authority.anchors();
    if args.form.der {
        return write_der(&anchors, args.out.as_deref());
    }
    let text = match &args.form {
        FormArgs { arduino: true, .. } => arduino(&anchors),
        FormArgs { rust: true, .. } => rust(&anchors),
        FormArgs { esp_idf: true, .. } => esp_idf(&anchors),
        _ => pem(&anchors),
    };
    match &args.out {
        Some(file) => write(file, text.as_bytes()),
        None => Ok(say!("{}", text.trim_end())?),
    }
}

fn write_der(anchors: &[&Certificate], out: Option<&Path>) -> Result<()> {
    let stem = out.ok_or_else(|| anyhow!("DER goes to files: name them by --out"))?;
    for (number, anchor) in (1..).zip(anchors) {
        let mut name = stem.with_extension("").into_os_string();
        name.push(format!("-{number}.der"));
        write(Path::new(&name), anchor.der())?;
    }
    Ok(())
}

fn write(file: &Path, contents: &[u8]) -> Result<()> {
    if file.try_exists()? {
        return Err(advised(anyhow!("{} is there already", file.display()), "name a file that is not"));
    }
    write_new(file, |path| std::fs::File::create_new(path), contents)?;
    Ok(say!("{}", file.display())?)
}

fn pem(anchors: &[&Certificate]) -> String {
    anchors.iter().map(|anchor| anchor.pem()).collect()
}

/// What every form says above its certificates.
fn remarks(anchors: &[&Certificate], comment: &str) -> String {
    let mut text = format!(
        "{comment} What a device trusts that is updated by this otary: every certificate here, since the server changes\n\
         {comment} from one to the next in time. Written by `otary trust export`.\n"
    );
    for anchor in anchors {
        let (name, ends) = (anchor.common_name(), crate::table::date(anchor.not_after()));
        let _ = writeln!(text, "{comment}   {name}, until {ends}");
    }
    text
}

fn arduino(anchors: &[&Certificate]) -> String {
    format!(
        "{}#pragma once\n\n#include <pgmspace.h>\n\n\
         // ESP32: client.setCACert(OTARY_ROOTS);\n\
         // ESP8266: BearSSL::X509List roots(OTARY_ROOTS); client.setTrustAnchors(&roots);\n\
         static const char OTARY_ROOTS[] PROGMEM = R\"pem(\n{})pem\";\n",
        remarks(anchors, "//"),
        pem(anchors)
    )
}

fn esp_idf(anchors: &[&Certificate]) -> String {
    let pem = pem(anchors);
    let lines: Vec<String> = pem.lines().map(|line| format!("    \"{line}\\n\"")).collect();
    format!(
        "{}#pragma once\n\n\
         // esp_http_client_config_t config = {{ .url = \"https://...\", .cert_pem = OTARY_ROOTS }};\n\
         static const char OTARY_ROOTS[] =\n{};\n",
        remarks(anchors, "//"),
        lines.join("\n")
    )
}

fn rust(anchors: &[&Certificate]) -> String {
    let mut text = remarks(anchors, "//");
    let _ = writeln!(
        text,
        "\n/// The certificates in DER form.\npub static OTARY_ROOTS: [&[u8]; {}] = [",
        anchors.len()
    );
    for anchor in anchors {
        text.push_str("    &[\n");
        for bytes in anchor.der().chunks(16) {
            let bytes: Vec<String> = bytes.iter().map(|byte| format!("0x{byte:02x}")).collect();
            let _ = writeln!(text, "        {},", bytes.join(", "));
        }
        text.push_str("    ],\n");
    }
    text + "];\n"
}
