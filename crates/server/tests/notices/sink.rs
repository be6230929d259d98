//! A mail server on loopback that takes everything and keeps it: SMTP with STARTTLS or with TLS from the first byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A mail as it came.
#[derive(Debug, Clone, Default)]
pub struct Mail {
    /// Whether it came under TLS.
    pub secured: bool,
    /// What was shown to sign in, in base64.
    pub account: Option<String>,
    pub from: String,
    pub to: Vec<String>,
    /// Headers and text, as they crossed the wire.
    pub text: String,
}

pub struct Sink {
    pub address: SocketAddr,
    /// Its certificate, PEM.
    pub certificate: String,
    mails: Arc<Mutex<Vec<Mail>>>,
    answer: Arc<Mutex<&'static str>>,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Way {
    Starttls,
    Implicit,
    /// It offers no TLS.
    Plain,
}

trait Line: Read + Write {}
impl<T: Read + Write> Line for T {}

impl Sink {
    pub fn start(way: Way) -> Self {
        let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(signed.signing_key.serialize_der()).unwrap();
        let config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![signed.cert.der().clone()], key)
                .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (mails, answer): (Arc<Mutex<Vec<Mail>>>, _) = (Arc::default(), Arc::new(Mutex::new("250 kept")));
        let address = listener.local_addr().unwrap();
        let sink = Self {
            address,
            certificate: signed.cert.pem(),
            mails: Arc::clone(&mails),
            answer: Arc::clone(&answer),
        };
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (config, mails, answer) = (Arc::clone(&config), Arc::clone(&mails), Arc::clone(&answer));
                // A client that hangs up is no failure of the sink's.
                thread::spawn(move || receive(stream.unwrap(), way, &config, &mails, &answer));
            }
        });
        sink
    }

    /// Answers this to mails from now on.
    pub fn answers(&self, answer: &'static str) {
        *self.answer.lock().unwrap() = answer;
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap().clone()
    }
}

fn receive(
    stream: TcpStream,
    way: Way,
    config: &Arc<ServerConfig>,
    mails: &Mutex<Vec<Mail>>,
    answer: &Mutex<&'static str>,
) -> Option<()> {
    let secure = |stream| StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), stream);
    if way == Way::Implicit {
        return talk(&mut secure(stream), true, true, "", mails, answer).map(drop);
    }
    let offer = if way == Way::Starttls { "250-STARTTLS\r\n" } else { "" };
    let mut plain = stream;
    if talk(&mut plain, false, true, offer, mails, answer)? {
        talk(&mut secure(plain), true, false, "", mails, answer)?;
    }
    Some(())
}

/// Talks until the end, or until TLS is to begin: true. Behind STARTTLS it does not greet again.
fn talk(
    line: &mut dyn Line,
    secured: bool,
    greets: bool,
    offer: &str,
    mails: &Mutex<Vec<Mail>>,
    answer: &Mutex<&'static str>,
) -> Option<bool> {
    let mut mail = Mail { secured, ..Mail::default() };
    let mut reader = BufReader::with_capacity(1, line);
    let say = |reader: &mut BufReader<&mut dyn Line>, text: &str| {
        reader.get_mut().write_all(text.as_bytes()).and_then(|()| reader.get_mut().flush()).ok()
    };
    if greets {
        say(&mut reader, "220 sink\r\n")?;
    }
    loop {
        let mut text = String::new();
        if reader.read_line(&mut text).ok()? == 0 {
            return Some(false);
        }
        let command = text.trim_end();
        let word = command.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match word.as_str() {
            "EHLO" => say(&mut reader, &format!("250-sink\r\n{offer}250 AUTH PLAIN LOGIN\r\n"))?,
            "STARTTLS" => {
                say(&mut reader, "220 go\r\n")?;
                return Some(true);
            }
            "AUTH" => {
                mail.account = command.split(' ').nth(2).map(str::to_owned);
                say(&mut reader, "235 welcome\r\n")?;
            }
            "MAIL" => {
                command.clone_into(&mut mail.from);
                say(&mut reader, "250 ok\r\n")?;
            }
            "RCPT" => {
                mail.to.push(command.to_owned());
                say(&mut reader, "250 ok\r\n")?;
            }
            "DATA" => {
                say(&mut reader, "354 speak\r\n")?;
                while !mail.text.ends_with("\r\n.\r\n") {
                    reader.read_line(&mut mail.text).ok()?;
                }
                mails.lock().unwrap().push(mail.clone());
                let answer = *answer.lock().unwrap();
                say(&mut reader, &format!("{answer}\r\n"))?;
            }
            "QUIT" => {
                say(&mut reader, "221 bye\r\n")?;
                return Some(false);
            }
            _ => say(&mut reader, "250 ok\r\n")?,
        }
    }
}
