//! The real TLS stacks, asked directly whether a chain is good: Mbed TLS and BearSSL through two small C programs
//! that are built here, OpenSSL through its command, rustls through webpki.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use otary_fleet::Time;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tempfile::TempDir;

/// What a client knows, and what it is shown.
#[derive(Clone, Copy)]
pub struct Meeting<'a> {
    pub name: &'a str,
    pub now: Time,
    pub anchors: &'a [&'a [u8]],
    pub chain: &'a [&'a [u8]],
}

/// The TLS stacks that this machine has.
pub struct Stacks {
    dir: TempDir,
    all: Vec<Stack>,
}

/// A TLS stack.
pub enum Stack {
    /// Built from the C file of this name, as the devices' firmware would be.
    Device {
        name: &'static str,
        program: PathBuf,
    },
    OpenSsl,
    Webpki,
}

impl Stacks {
    /// Builds what can be built; says what is missing.
    pub fn here() -> Self {
        let dir = TempDir::new().unwrap();
        let mbedtls = build(dir.path(), "mbedtls", "mbedtls/x509_crt.h", &["-lmbedx509", "-lmbedcrypto"]);
        let bearssl = build(dir.path(), "bearssl", "bearssl.h", &["-lbearssl"]);
        let all = mbedtls.into_iter().chain(bearssl).chain([Stack::OpenSsl, Stack::Webpki]).collect();
        Self { dir, all }
    }

    /// Asks every stack: `ok`, or the first thing that is wrong (trust, name, date, usage, parse).
    pub fn ask(&self, meeting: Meeting<'_>) -> Vec<(&Stack, String)> {
        self.all.iter().map(|stack| (stack, stack.verify(self.dir.path(), meeting))).collect()
    }

    /// Asks every stack; they have to agree on this.
    pub fn assert_all(&self, verdict: &str, meeting: Meeting<'_>) {
        for (stack, said) in self.ask(meeting) {
            assert_eq!(said, verdict, "{} about {:?}", stack.name(), meeting.name);
        }
    }
}

impl Stack {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Device { name, .. } => name,
            Self::OpenSsl => "openssl",
            Self::Webpki => "webpki",
        }
    }

    fn verify(&self, dir: &Path, meeting: Meeting<'_>) -> String {
        match self {
            Self::Device { program, .. } => run(program, dir, meeting),
            Self::OpenSsl => openssl(dir, meeting),
            Self::Webpki => rustls(meeting),
        }
    }
}

fn build(dir: &Path, name: &'static str, header: &str, libraries: &[&str]) -> Option<Stack> {
    let compiler = |arguments: &[&str]| {
        let output = Command::new("cc").args(arguments).output();
        output.is_ok_and(|output| {
            print!("{}", String::from_utf8_lossy(&output.stderr));
            output.status.success()
        })
    };
    let probe = dir.join("probe.c");
    fs::write(&probe, format!("#if !__has_include(<{header}>)\n#error \"no {header}\"\n#endif\n")).unwrap();
    if !compiler(&["-fsyntax-only", probe.to_str().unwrap()]) {
        println!("skipped: {name}, since a C compiler or <{header}> is not installed");
        return None;
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stacks").join(name).with_extension("c");
    let path = dir.join(name);
    let mut arguments = vec!["-std=c11", "-Wall", "-Wextra", "-Werror", "-o", path.to_str().unwrap()];
    arguments.push(source.to_str().unwrap());
    arguments.extend_from_slice(libraries);
    assert!(compiler(&arguments), "{name}.c does not build");
    Some(Stack::Device { name, program: path })
}

fn store(dir: &Path, stem: &str, certificates: &[&[u8]]) -> Vec<PathBuf> {
    let save = |(index, der): (usize, &&[u8])| {
        let path = dir.join(format!("{stem}-{index}.der"));
        fs::write(&path, der).unwrap();
        path
    };
    certificates.iter().enumerate().map(save).collect()
}

fn run(program: &Path, dir: &Path, meeting: Meeting<'_>) -> String {
    let output = Command::new(program)
        .args([&meeting.now.secs().to_string(), meeting.name, &meeting.anchors.len().to_string()])
        .args(store(dir, "anchor", meeting.anchors))
        .args(store(dir, "chain", meeting.chain))
        .output()
        .unwrap();
    assert!(output.status.success(), "{} ended with {}", program.display(), output.status);
    let verdict = String::from_utf8(output.stdout).unwrap();
    verdict.trim().replace("expired", "date").replace("future", "date")
}

fn openssl(dir: &Path, meeting: Meeting<'_>) -> String {
    let pem = |stem: &str, certificates: &[&[u8]]| {
        let path = dir.join(stem);
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
