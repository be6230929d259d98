//! The account at the provider, from the settings: what an update is asked with.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow};
use otary_fleet::Time;
use otary_trust::Name;
use zeroize::Zeroizing;

use super::endpoint::Endpoint;
use super::plan::Asked;
use crate::advice::{Advise, advised};
use crate::config::Ddns;
use crate::data::quoted;
use crate::platform;

/// Where the protocol has updates taken unless the URL says more.
const PATH: &str = "/nic/update";
/// The longest password, in bytes, with the end of its line.
const MAX_PASSWORD: u64 = 1024;
/// What a provider's URL looks like.
const PROVIDERS: &str = "set ddns.server to your provider's URL, as in https://dynupdate.no-ip.com/nic/update (No-IP), \
                         https://members.dyndns.org/nic/update (Dyn) or https://dyn.dns.he.net/nic/update \
                         (Hurricane Electric)";

/// An account, read anew for each update: a corrected password counts at once.
pub struct Account {
    /// Where updates are taken.
    pub server: Endpoint,
    /// What it is asked with.
    pub asked: Asked,
    /// The password.
    pub password: Zeroizing<String>,
}

impl Account {
    /// The account in the settings, its password out of its file.
    pub fn read(settings: &Ddns) -> Result<Self> {
        let Some(url) = &settings.server else {
            return Err(advised(anyhow!("there is no dynamic-DNS provider in the settings"), PROVIDERS));
        };
        let server = Endpoint::parse(url, "ddns.server", PATH)?;
        let hostname = host_name(needed(settings.hostname.as_deref(), "hostname", "the name to keep")?)?;
        let user = needed(settings.user.as_deref(), "user", "the account at the provider")?;
        let user = plain(user, "user")?;
        if user.contains(':') {
            return Err(anyhow!("ddns.user has a colon, which ends the user in HTTP's Basic"));
        }
        let contact = plain(settings.contact.as_deref().unwrap_or(user), "contact")?;
        let file = needed(settings.password_file.as_deref(), "password_file", "the file with its password")?;
        let (password, written) = password(file)?;
        let server_url = format!("https://{}{}", server.authority(), server.path);
        let asked = Asked {
            server: server_url,
            hostname,
            user: user.to_owned(),
            contact: contact.to_owned(),
            password: written,
        };
        Ok(Self { server, asked, password })
    }
}

fn needed<'a, T: ?Sized>(value: Option<&'a T>, key: &str, what: &str) -> Result<&'a T> {
    value.ok_or_else(|| advised(anyhow!("ddns.server is set and ddns.{key} is not"), format!("it is {what}")))
}

/// A whole host name.
fn host_name(text: &str) -> Result<String> {
    let help = "it is a whole name, as in lamps.ddns.net";
    match text.parse().with_context(|| format!("ddns.hostname {text:?}")).help(help)? {
        Name::Host(host) if host.as_str().contains('.') && !host.as_str().starts_with('*') => {
            Ok(host.as_str().to_owned())
        }
        _ => Err(advised(anyhow!("ddns.hostname {text:?} is no whole host name"), help)),
    }
}

/// A text that can stand in a header.
fn plain<'a>(text: &'a str, key: &str) -> Result<&'a str> {
    let fits =
        !text.is_empty() && text.len() <= 256 && text.chars().all(|c| c == ' ' || c.is_ascii_graphic());
    if fits {
        Ok(text)
    } else {
        Err(anyhow!("ddns.{key} {text:?} is not of 1 to 256 printable ASCII characters"))
    }
}

/// The password in a file, and when that was last written. A file that others may read is refused.
fn password(path: &Path) -> Result<(Zeroizing<String>, Time)> {
    let reading = || format!("reading the password in {}", path.display());
    let file = File::open(path).with_context(reading).help("ddns.password_file names it")?;
    let metadata = file.metadata().with_context(reading)?;
    if platform::mode_for_others(&metadata) != 0 {
        let error = anyhow!("others may read the password in {}", path.display());
        return Err(advised(error, format!("chmod 0600 {}", quoted(path))));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(MAX_PASSWORD).unwrap_or_default()));
    file.take(MAX_PASSWORD).read_to_end(&mut bytes).with_context(reading)?;
    // The error would show the bytes.
    let text = std::str::from_utf8(&bytes).map_err(|_| anyhow!("{} is no text", path.display()))?;
    let password = Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned());
    if password.is_empty() || password.contains(['\r', '\n']) {
        return Err(anyhow!("{} is not one line with a password", path.display()))
            .help("write it there, and nothing else");
    }
    let since_1970 = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    Ok((password, Time::default() + since_1970.unwrap_or(Duration::ZERO)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::create_private_file;
    use std::io::Write;

    /// Whole settings, and the folder with the password's file.
    fn settings() -> (tempfile::TempDir, Ddns) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        create_private_file(&file).unwrap().write_all(b"a secret word\n").unwrap();
        let own = |text: &str| Some(text.to_owned());
        let settings = Ddns {
            server: own("https://dyn.example"),
            hostname: own("Lamps.ddns.net"),
            user: own("me@example.com"),
            password_file: Some(file),
            ..Ddns::default()
        };
        (folder, settings)
    }

    fn refusal(settings: &Ddns) -> String {
        let refused = Account::read(settings).err().expect("it was taken");
        crate::advice::Report(&refused).to_string()
    }

    #[test]
    fn whole_settings_make_an_account() {
        let (_folder, settings) = settings();
        let account = Account::read(&settings).unwrap();
        assert_eq!(account.asked.server, "https://dyn.example/nic/update");
        assert_eq!(account.asked.hostname, "lamps.ddns.net");
        assert_eq!(account.asked.contact, "me@example.com", "the account, unless said");
        assert_eq!(*account.password, "a secret word");
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let own = |text: &str| Some(text.to_owned());
        let (_folder, whole) = settings();
        for (settings, said) in [
            (
                Ddns::default(),
                "help: set ddns.server to your provider's URL, as in https://dynupdate.no-ip.com/",
            ),
            (Ddns { hostname: None, ..whole.clone() }, "ddns.hostname is not\nhelp: it is the name to keep"),
            (Ddns { user: None, ..whole.clone() }, "ddns.user is not"),
            (Ddns { password_file: None, ..whole.clone() }, "ddns.password_file is not"),
            (
                Ddns { hostname: own("lamps"), ..whole.clone() },
                "ddns.hostname \"lamps\" is no whole host name",
            ),
            (Ddns { hostname: own("10.0.0.7"), ..whole.clone() }, "is no whole host name"),
            (Ddns { hostname: own("a.lan&x=y"), ..whole.clone() }, "ddns.hostname \"a.lan&x=y\""),
            (Ddns { user: own("a:b"), ..whole.clone() }, "ddns.user has a colon"),
            (Ddns { contact: own("a\nX: y"), ..whole.clone() }, "ddns.contact"),
            (Ddns { password_file: Some("/no/such".into()), ..whole }, "reading the password in /no/such"),
        ] {
            let refused = refusal(&settings);
            assert!(refused.contains(said), "{refused}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_password_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, settings) = settings();
        let file = settings.password_file.as_deref().unwrap();
        for mode in [0o640, 0o604] {
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
            let refused = refusal(&settings);
            assert!(
                refused.contains("others may read the password") && refused.contains("chmod 0600"),
                "{refused}"
            );
        }
    }

    #[test]
    fn a_file_that_is_not_one_line_is_refused_and_not_shown() {
        let (_folder, settings) = settings();
        for text in ["", "\n", "two\nsecrets\n"] {
            std::fs::write(settings.password_file.as_deref().unwrap(), text).unwrap();
            let refused = refusal(&settings);
            assert!(
                refused.contains("is not one line with a password") && !refused.contains("two"),
                "{refused}"
            );
        }
    }
}
