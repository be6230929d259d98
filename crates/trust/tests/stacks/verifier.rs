//! The real TLS stacks, asked directly whether a chain is good: those of the devices through small C programs that are
//! built here, OpenSSL through its command, rustls through webpki.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use otary_trust::verdict::{Library, Meeting, Rules};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tempfile::TempDir;

use crate::mbedtls3;

/// The device stacks that this machine has; built once for all tests.
pub static PROGRAMS: LazyLock<Vec<Program>> = LazyLock::new(build_all);

/// What is built once and kept for the next run.
pub fn kept() -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stacks");
    fs::create_dir_all(&dir).unwrap();
    dir
}

/// A device's TLS library as a program.
pub struct Program {
    pub name: &'static str,
    pub library: Library,
    /// Whether this build looks at dates.
    pub dates: bool,
    path: PathBuf,
}

impl Program {
    /// The rules that should say the same.
    pub fn rules(&self) -> Rules {
        Rules::of(self.library, self.dates)
    }

    /// Asks about many meetings in one run: a line for each, flags and number.
    pub fn ask(&self, meetings: &[Meeting<'_>]) -> Vec<String> {
        let mut text = String::new();
        for meeting in meetings {
            let (anchors, chain) = (meeting.anchors.len(), meeting.chain.len());
            writeln!(text, "{} {} {anchors} {chain}", meeting.now.secs(), meeting.name).unwrap();
            for der in meeting.anchors.iter().chain(meeting.chain) {
                der.iter().for_each(|byte| write!(text, "{byte:02x}").unwrap());
                text.push('\n');
            }
        }
        let dir = TempDir::new().unwrap();
        let input = dir.path().join("meetings");
        fs::write(&input, text).unwrap();
        let output = Command::new(&self.path).stdin(File::open(&input).unwrap()).output().unwrap();
        assert!(output.status.success(), "{} ended with {}", self.name, output.status);
        let lines: Vec<_> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), meetings.len(), "{}", self.name);
        lines
    }
}

/// Builds what can be built; says what is missing.
fn build_all() -> Vec<Program> {
    let mut programs = Vec::new();
    let debian = |flags: &[&str]| flags.iter().map(|&flag| flag.to_owned()).collect::<Vec<_>>();
    if has_header("Mbed TLS 2.28", "mbedtls/x509_crt.h") {
        let flags = debian(&["-lmbedx509", "-lmbedcrypto"]);
        programs.push(build("mbedtls-2", "mbedtls.c", Library::MbedTls2, true, &flags));
    }
    for (name, dates) in [("mbedtls-3", true), ("mbedtls-3-no-dates", false)] {
        match mbedtls3::library(&kept(), dates) {
            Ok(library) => {
                let flags: Vec<_> = library.flags.into_iter().chain([library.archive]).collect();
                programs.push(build(name, "mbedtls.c", Library::MbedTls3, dates, &flags));
            }
            Err(why) => println!("skipped: {name}, since {why}"),
        }
    }
    if has_header("BearSSL", "bearssl.h") {
        programs.push(build("bearssl", "bearssl.c", Library::BearSsl, true, &debian(&["-lbearssl"])));
    }
    programs
}

fn has_header(name: &str, header: &str) -> bool {
    let probe = kept().join(format!("{}.probe.c", header.replace('/', "-")));
    fs::write(&probe, format!("#include <stddef.h>\n#include <{header}>\n")).unwrap();
    let has = Command::new("cc").arg("-fsyntax-only").arg(&probe).output();
    let has = has.is_ok_and(|output| output.status.success());
    if !has {
        println!("skipped: {name}, since a C compiler or <{header}> is not installed");
    }
    has
}

fn build(name: &'static str, source: &str, library: Library, dates: bool, flags: &[String]) -> Program {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stacks");
    let path = kept().join(name);
    let output = Command::new("cc")
        .args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-o"])
        .args([&path, &sources.join(source)])
        .args(flags)
        .output()
        .unwrap();
    assert!(output.status.success(), "{source}: {}", String::from_utf8_lossy(&output.stderr));
    Program { name, library, dates, path }
}

/// A stack that may be asked what a server's certificate is worth.
pub enum Stack {
    /// A device's, built to look at dates.
    Device(&'static Program),
    OpenSsl,
    Webpki,
}

/// Every stack that this machine has.
pub fn stacks() -> impl Iterator<Item = Stack> {
    let devices = PROGRAMS.iter().filter(|program| program.dates).map(Stack::Device);
    devices.chain([Stack::OpenSsl, Stack::Webpki])
}

/// Asks every stack; they have to agree on this: `ok`, or the only thing that is wrong (trust, name, date).
pub fn assert_all(verdict: &str, meeting: Meeting<'_>) {
    for stack in stacks() {
        assert_eq!(stack.verify(meeting), verdict, "{} about {:?}", stack.name(), meeting.name);
    }
}

impl Stack {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Device(program) => program.name,
            Self::OpenSsl => "openssl",
            Self::Webpki => "webpki",
        }
    }

    /// Whether it knows iPAddress entries.
    pub fn knows_addresses(&self) -> bool {
        !matches!(self, Self::Device(program) if program.library != Library::MbedTls3)
    }

    pub fn verify(&self, meeting: Meeting<'_>) -> String {
        match self {
            Self::Device(program) => {
                let said = program.ask(&[meeting]).concat();
                let flags = said.rsplit_once(' ').map_or("", |(flags, _)| flags);
                flags.replace("expired", "date").replace("future", "date")
            }
            Self::OpenSsl => openssl(meeting),
            Self::Webpki => rustls(meeting),
        }
    }
}

fn openssl(meeting: Meeting<'_>) -> String {
    let dir = TempDir::new().unwrap();
    let pem = |stem: &str, certificates: &[&[u8]]| {
        let path = dir.path().join(stem);
        let texts: Vec<String> = certificates
            .iter()
            .map(|der| otary_trust::Certificate::from_der(der).unwrap().pem().to_owned())
            .collect();
        fs::write(&path, texts.concat()).unwrap();
        path
    };
    let name_option =
        if meeting.name.parse::<std::net::IpAddr>().is_ok() { "-verify_ip" } else { "-verify_hostname" };
    let output = Command::new("openssl")
        .args(["verify", "-x509_strict", "-purpose", "sslserver", "-no-CApath", "-no-CAstore"])
        .args([name_option, meeting.name, "-attime", &meeting.now.secs().to_string()])
        .arg("-CAfile")
        .arg(pem("anchors.pem", meeting.anchors))
        .arg("-untrusted")
        .arg(pem("chain.pem", meeting.chain))
        .arg(pem("leaf.pem", &meeting.chain[..1]))
        .output()
        .unwrap();
    if output.status.success() {
        return "ok".to_owned();
    }
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let number = text.split("error ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or("");
    match number {
        "62" | "64" => "name".to_owned(),
        "20" => "trust".to_owned(),
        "9" | "10" => "date".to_owned(),
        _ => text,
    }
}

fn rustls(meeting: Meeting<'_>) -> String {
    let der: Vec<CertificateDer<'_>> = meeting.chain.iter().map(|&der| der.into()).collect();
    let anchors: Vec<CertificateDer<'_>> = meeting.anchors.iter().map(|&der| der.into()).collect();
    let anchors: Vec<_> = anchors.iter().map(|der| webpki::anchor_from_trusted_cert(der).unwrap()).collect();
    let leaf = webpki::EndEntityCert::try_from(&der[0]).unwrap();
    let verified = leaf.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &anchors,
        &der[1..],
        UnixTime::since_unix_epoch(Duration::from_secs(meeting.now.secs())),
        webpki::KeyUsage::server_auth(),
        None,
        None,
    );
    let name = ServerName::try_from(meeting.name).unwrap();
    match verified.and_then(|_| leaf.verify_is_valid_for_subject_name(&name)) {
        Ok(()) => "ok",
        Err(webpki::Error::UnknownIssuer) => "trust",
        Err(webpki::Error::CertNotValidForName(_)) => "name",
        Err(webpki::Error::CertExpired { .. } | webpki::Error::CertNotValidYet { .. }) => "date",
        Err(error) => return format!("{error:?}"),
    }
    .to_owned()
}
