//! An update, as it is sent: `GET /nic/update?hostname=..&myip=..` with the account in HTTP's Basic.

use std::net::IpAddr;

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HOST, USER_AGENT};
use http::{HeaderValue, Request};
use zeroize::Zeroizing;

use super::Account;

/// An update of the account's name.
pub struct Update<'a> {
    /// Whose.
    pub account: &'a Account,
    /// To which address; none: the provider is to see itself.
    pub address: Option<IpAddr>,
}

impl Update<'_> {
    /// What stands behind the port: a name and an address need no escape in a query.
    fn target(&self) -> String {
        let Account { server, asked, .. } = self.account;
        let joint = if server.path.contains('?') { '&' } else { '?' };
        let address = self.address.map(|address| format!("&myip={address}")).unwrap_or_default();
        format!("{}{joint}hostname={}{address}", server.path, asked.hostname)
    }

    /// The program, its version and whom to write to: No-IP's form, which it requires.
    fn agent(&self) -> String {
        user_agent(Some(&self.account.asked.contact))
    }

    /// The request.
    pub fn to_request(&self) -> Result<Request<()>> {
        let Account { server, asked, password } = self.account;
        let plain = Zeroizing::new(format!("{}:{}", asked.user, **password));
        let basic = Zeroizing::new(format!("Basic {}", STANDARD.encode(plain.as_bytes())));
        let mut authorization = HeaderValue::from_str(&basic)?;
        authorization.set_sensitive(true);
        let request = Request::get(self.target())
            .header(HOST, server.authority())
            .header(USER_AGENT, self.agent())
            .header(AUTHORIZATION, authorization);
        Ok(request.body(())?)
    }

    /// The request as lines for people, without the password.
    pub fn shown(&self) -> [String; 4] {
        let Account { server, asked, .. } = self.account;
        [
            format!("GET https://{}{}", server.authority(), self.target()),
            format!("Host: {}", server.authority()),
            format!("User-Agent: {}", self.agent()),
            format!("Authorization: Basic (user {}, and the password, which is not shown)", asked.user),
        ]
    }
}

/// What otary calls itself.
pub fn user_agent(contact: Option<&str>) -> String {
    let contact = contact.map(|contact| format!(" {contact}")).unwrap_or_default();
    format!("otary/{}{contact}", env!("CARGO_PKG_VERSION"))
}
