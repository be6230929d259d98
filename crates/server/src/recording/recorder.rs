//! The recorder: writes a recording while the server serves, bounded in size, and never in its way: what cannot be written
//! ends the recording and nothing else.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use otary_fleet::{
    Catalogue, CheckIn, Decision, Delivery, Device, Mac, Openings, Sha256, Time, View, decide, delivered,
    observe,
};

use super::{Input, Line, Offered, digest};
use crate::create_private_file;

/// Devices whose records are known to the recording. Beyond that it is begun anew, which costs a line for each.
const MAX_DEVICES: usize = 100_000;

/// What is recorded, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The file. The one before it is kept beside it, with `.1` at the end of its name.
    pub file: PathBuf,
    /// The most bytes that a file takes; two are kept.
    pub max_bytes: u64,
}

/// Writes a recording.
#[derive(Debug)]
pub struct Recorder {
    recording: Recording,
    /// None: it ended, since the file could not be written.
    state: Mutex<Option<State>>,
}

#[derive(Debug)]
struct State {
    file: File,
    bytes: u64,
    catalogue: Option<Arc<Catalogue>>,
    /// What may be begun, as the recording leaves it.
    openings: Openings,
    /// The digest of each record as the recording leaves it.
    devices: HashMap<Mac, Sha256>,
}

impl Recorder {
    /// Begins a recording. A file that is there is kept as the one before it.
    pub fn begin(recording: Recording) -> io::Result<Self> {
        let state = State::begin(&recording.file)?;
        Ok(Self { recording, state: Mutex::new(Some(state)) })
    }

    /// Notes a check-in that was decided on, before it is observed.
    pub(crate) fn check_in(
        &self,
        check_in: &CheckIn,
        catalogue: &Arc<Catalogue>,
        view: View<'_>,
        answered: &Decision,
        now: Time,
    ) {
        let device = view.device;
        self.write(|state| {
            state.meet(catalogue, device, now)?;
            state.open(view.openings, now)?;
            let decision = decide(check_in, view, now);
            let record = device.map(digest).transpose()?;
            if let Some(mut after) = device.cloned() {
                observe(&mut after, check_in, answered, catalogue, now);
                state.devices.insert(after.mac, digest(&after)?);
            }
            let answered = (*answered != decision).then(|| Box::new(answered.clone()));
            let (check_in, decision) = (Box::new(check_in.clone()), Box::new(decision));
            state.line(&Line { at: now, input: Input::CheckIn { check_in, record, decision, answered } })
        });
    }

    /// Notes the end of a transfer, before it is folded into the record.
    pub(crate) fn delivery(
        &self,
        catalogue: &Arc<Catalogue>,
        device: &Device,
        delivery: Delivery,
        now: Time,
    ) {
        self.write(|state| {
            state.meet(catalogue, Some(device), now)?;
            let (mut after, record) = (device.clone(), digest(device)?);
            delivered(&mut after, delivery, now);
            state.devices.insert(after.mac, digest(&after)?);
            state.line(&Line { at: now, input: Input::Delivery { device: device.mac, record, delivery } })
        });
    }

    fn write(&self, work: impl FnOnce(&mut State) -> io::Result<()>) {
        let mut place = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(state) = place.as_mut() else { return };
        let full =
            |state: &State| state.bytes >= self.recording.max_bytes || state.devices.len() >= MAX_DEVICES;
        let written = work(state).and_then(|()| {
            if full(state) {
                *state = State::begin(&self.recording.file)?;
            }
            Ok(())
        });
        if let Err(error) = written {
            let error: &dyn std::error::Error = &error;
            tracing::error!(file = %self.recording.file.display(), error, "the recording ends: it cannot be written");
            *place = None;
        }
    }
}

impl State {
    fn begin(path: &Path) -> io::Result<Self> {
        match fs::rename(path, before(path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = create_private_file(path)?;
        Ok(Self { file, bytes: 0, catalogue: None, openings: Openings::default(), devices: HashMap::new() })
    }

    /// Notes the catalogue and the device's record where the recording does not know them.
    fn meet(&mut self, catalogue: &Arc<Catalogue>, device: Option<&Device>, now: Time) -> io::Result<()> {
        if !self.catalogue.as_ref().is_some_and(|known| Arc::ptr_eq(known, catalogue)) {
            self.line(&Line { at: now, input: Input::Catalogue(Box::new(Offered::of(catalogue))) })?;
            self.catalogue = Some(Arc::clone(catalogue));
        }
        let Some(device) = device else { return Ok(()) };
        if self.devices.get(&device.mac) != Some(&digest(device)?) {
            self.line(&Line { at: now, input: Input::Device { device: Box::new(device.clone()) } })?;
        }
        Ok(())
    }

    /// Notes what may be begun where the recording does not know it.
    fn open(&mut self, openings: &Openings, now: Time) -> io::Result<()> {
        if self.openings != *openings {
            let openings = openings.iter().collect();
            self.line(&Line { at: now, input: Input::Openings { openings } })?;
        }
        self.openings.clone_from(openings);
        Ok(())
    }

    /// Each line is written by itself: what a crash leaves is whole but for the last one.
    fn line(&mut self, line: &Line) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.file.write_all(&text)?;
        self.bytes += u64::try_from(text.len()).unwrap_or(u64::MAX);
        Ok(())
    }
}

/// The recording before this one.
fn before(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".1");
    name.into()
}
