//! The name of the server in the sketch's URL. It is one of those in the server's certificate, or no device would
//! believe the server.

use std::net::IpAddr;

use anyhow::{Context, Result, anyhow};
use otary_server::sketch::Host;
use otary_trust::{HostName, Name};

use crate::advice::{Advise, advised};
use crate::serve::Names;

/// The name `asked` for, if the certificate with these `names` is for it.
pub fn find(names: &[Name], asked: &str) -> Result<Host> {
    let name: Name = asked.parse().with_context(|| format!("--host {asked}")).help(
        "a name is what stands in a URL between https:// and the port: lamp-server.lan, or 192.168.1.70",
    )?;
    let host = Host::new(name.clone());
    let host = host.with_context(|| format!("no sketch can use {name}")).help(listed(names))?;
    if !names.iter().any(|known| covers(known, &name)) {
        return Err(advised(
            anyhow!("the server's certificate is not for {name}, so devices would not believe it"),
            format!("{}; `otary serve --name {name}` adds this one", listed(names)),
        ));
    }
    Ok(host)
}

/// The best of the certificate's `names`: the first that its owner gave, else an address, which every device
/// understands (the one that the server is `listening` on, if it is one), else what the machine calls itself.
pub fn choose(names: &[Name], machine: &Names, listening: Option<IpAddr>) -> Result<Host> {
    let rank = |name: &&Name| match name {
        name if machine.given.contains(name) => 0,
        name if machine.host.contains(name) => 4,
        Name::Host(_) => 1,
        Name::Address(address) if Some(*address) == listening => 2,
        Name::Address(_) => 3,
    };
    let host = |name: &Name| Host::new(name.clone()).ok().filter(|host| !host.is_loopback());
    let usable = names.iter().filter(|name| host(name).is_some());
    usable.min_by_key(rank).and_then(host).ok_or_else(|| {
        advised(
            anyhow!("the server's certificate has no name by which a device could reach it"),
            "`otary serve --name NAME` adds one",
        )
    })
}

/// Whether a certificate's name is for `name` (RFC 6125, section 6.4.3: a wildcard stands for one label).
fn covers(known: &Name, name: &Name) -> bool {
    let suffix = |known: &HostName| known.as_str().strip_prefix('*').map(str::to_owned);
    match (known, name) {
        (Name::Host(known), Name::Host(name)) if known != name => suffix(known).is_some_and(|suffix| {
            let label = name.as_str().strip_suffix(&suffix);
            label.is_some_and(|label| !label.is_empty() && !label.contains('.'))
        }),
        _ => known == name,
    }
}

/// The names that would do, for people.
fn listed(names: &[Name]) -> String {
    let usable: Vec<String> =
        names.iter().filter(|name| Host::new((*name).clone()).is_ok()).map(ToString::to_string).collect();
    if usable.is_empty() {
        "it has no name that would do".to_owned()
    } else {
        format!("it has {}", usable.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(certificate: &[&str], given: &[&str]) -> String {
        let names =
            |texts: &[&str]| -> Vec<Name> { texts.iter().map(|text| text.parse().unwrap()).collect() };
        let machine = Names { given: names(given), host: names(&["pi", "pi.local"]), interfaces: Vec::new() };
        choose(&names(certificate), &machine, None).unwrap().to_string()
    }

    #[test]
    fn the_address_that_the_server_listens_on_comes_before_others() {
        let names: Vec<Name> = ["10.0.0.7", "192.168.1.7"].map(|text| text.parse().unwrap()).into();
        let machine = Names { given: Vec::new(), host: Vec::new(), interfaces: Vec::new() };
        for (listening, chosen) in
            [("192.168.1.7", "192.168.1.7"), ("::", "10.0.0.7"), ("127.0.0.1", "10.0.0.7")]
        {
            let host = choose(&names, &machine, Some(listening.parse().unwrap())).unwrap();
            assert_eq!(host.to_string(), chosen);
        }
    }

    #[test]
    fn a_name_that_its_owner_gave_comes_before_an_address_and_the_machines_own_name_after_it() {
        let own = ["pi", "pi.local", "localhost", "10.0.0.7", "fd00::7", "127.0.0.1"];
        assert_eq!(chosen(&own, &[]), "10.0.0.7");
        assert_eq!(chosen(&["pi", "pi.local", "localhost", "127.0.0.1"], &[]), "pi");
        assert_eq!(
            chosen(&[&["ota.lan"][..], &own].concat(), &[]),
            "ota.lan",
            "as in `serve --name ota.lan`"
        );
        assert_eq!(chosen(&own, &["pi.local"]), "pi.local", "its owner named it in the settings");
        assert_eq!(
            chosen(&own, &["other.lan"]),
            "10.0.0.7",
            "the certificate does not have the new name yet"
        );
    }
}
