//! The agent on Linux, a file for a flash chip: `linux FLASH HOST:PORT CA.der ROOT-RECORD`. TLS goes by the system's clock.
use anyhow::{Error, Result};
use embedded_storage::nor_flash::ReadNorFlash as _;
use otary_agent::wire::{Identity, UnixSeconds};
use otary_agent::{Agent, Anchors, Config, Input, Layout, Lost, Millis, Moment, Policy, Step};
use otary_image::{Candidate, Chip, Otadata, Rollback, Slots, TABLE_OFFSET, TABLE_SIZE, Table};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::{fs, net::TcpStream, sync::Arc, thread, time};
pub(crate) type Flash = embedded_storage_file::NorMemoryInFile<1, 4, 4096>;

fn main() -> Result<()> {
    let [flash, server, ca, root] = [1, 2, 3, 4].map(|n| std::env::args().nth(n).unwrap_or_default());
    let mut flash = Flash::new(&flash, usize::try_from(fs::metadata(&flash)?.len())?)?;
    loop {
        power_cycle(&mut flash, (&server, &fs::read(&ca)?), &fs::read(&root)?)?;
    }
}

pub(crate) fn power_cycle(flash: &mut Flash, server: (&str, &[u8]), root: &[u8]) -> Result<()> {
    let (mut table, mut otadata) = ([0; TABLE_SIZE], [0; 0x2000]);
    flash.read(TABLE_OFFSET, &mut table).map_err(Error::msg)?;
    let layout = Layout::find(&Table::parse(&table)?)?;
    flash.read(layout.otadata.offset, &mut otadata).map_err(Error::msg)?;
    let boot = Otadata::parse(&otadata)?.boot(Slots { count: 2, factory: false }, Rollback::Disabled);
    let running = u8::from(boot.candidates().next() == Some(Candidate::Slot(1)));
    let identity = Identity { product: "lamp", hardware: "linux", chip: Chip::Esp32C3, device: [2; 6] };
    let policy = Policy::default();
    let config = Config { identity, version: None, release: 0, root, layout, running, policy };
    let (mut agent, mut step) = Agent::start(config, now(), flash)?;
    while step != Step::Restart {
        let request = match step {
            Step::CheckIn => "/update HTTP/1.1".to_owned(),
            Step::Fetch { what, from } => format!("{what} HTTP/1.1\r\nRange: bytes={from}-"),
            _ => String::new(),
        };
        if let Step::Sleep { until } = step {
            thread::sleep(time::Duration::from_millis(until.since(now().uptime).0));
        }
        step = match step {
            Step::CheckIn | Step::Fetch { .. } => exchange(&mut agent, flash, server, &request)
                .unwrap_or_else(|_| agent.step(now(), Input::Lost(Lost::Closed), flash)),
            Step::SelfTest => agent.step(now(), Input::SelfTest(true), flash),
            _ => agent.step(now(), Input::Tick, flash),
        };
    }
    Ok(())
}

fn exchange(agent: &mut Agent, flash: &mut Flash, to: (&str, &[u8]), request: &str) -> Result<Step> {
    let (mut roots, mut piece) = (RootCertStore::empty(), vec![0; 4096]);
    let mut trust = |der: &[u8]| _ = roots.add(der.to_vec().into());
    (agent.anchors(flash, &mut piece, &mut trust)? == Anchors::CompiledIn).then(|| trust(to.1));
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = to.0.split(':').next().unwrap_or_default().to_owned().try_into()?;
    let tls = ClientConnection::new(Arc::new(config), name)?;
    let mut stream = BufReader::new(StreamOwned::new(tls, TcpStream::connect(to.0)?));
    let request = format!("{request}\r\nOtary-Check-In: {}", agent.check_in(&mut [0; 512])?);
    write!(stream.get_mut(), "GET {request}\r\nHost: {}\r\nConnection: close\r\n\r\n", to.0)?;
    let lines = stream.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let head: Vec<String> = lines.map(|line| line.to_lowercase()).collect();
    let find = |of| head.iter().find_map(|l| l.strip_prefix(of)?.split([' ', '-']).next()?.parse().ok());
    let [length, retry_after] = ["content-length: ", "retry-after: "].map(find);
    let [status, from] = ["http/1.1 ", "content-range: bytes "].map(find).map(Option::unwrap_or_default);
    let head = Input::Head { status: u16::try_from(status)?, from, length, retry_after };
    let mut step = agent.step(now(), head, flash);
    while step == Step::Read {
        piece.clear();
        stream.by_ref().take(4096).read_to_end(&mut piece)?;
        step = agent.step(now(), if piece.is_empty() { Input::Ended } else { Input::Body(&piece) }, flash);
    }
    Ok(step)
}

fn now() -> Moment {
    let now = time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
    Moment { uptime: Millis::from_secs(now), wall: Some(UnixSeconds(now)), random: rand::random() }
}
