//! What differs between systems: permissions of folders and files, the signals that end a
//! command, and how a terminal is set. Not tested on
//! Windows and macOS.

use std::fs::{DirBuilder, File, Metadata};
use std::io;
use std::path::Path;

pub use otary_server::create_private_file;

/// Makes a folder, and those above it, that only its owner can enter.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Writes the names in a folder to the disk; where a folder cannot be opened, the system sees to that.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// Bytes that this user can write to the disk of `folder`; none where the system does not tell.
pub fn room(folder: &Path) -> io::Result<Option<u64>> {
    #[cfg(unix)]
    {
        let disk = rustix::fs::statvfs(folder)?;
        Ok(Some(disk.f_bavail.saturating_mul(disk.f_frsize)))
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        Ok(None)
    }
}

/// What others than the owner may do, as permission bits; nothing where there are none.
pub fn mode_for_others(metadata: &Metadata) -> u32 {
    #[cfg(unix)]
    {
        std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        0
    }
}

/// What happens to a command when its terminal is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// What the system does: most often it ends at once, under `nohup` it goes on.
    Goes,
    /// It is a request to end.
    Ends,
}

/// The requests to end that come from outside: Ctrl-C, and on Unix SIGTERM and perhaps a closed terminal.
pub struct Ending {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    hang_up: Option<tokio::signal::unix::Signal>,
}

impl Ending {
    /// Takes the signals over from the system, which would end the process at once. In a runtime only.
    pub fn watch(closing: Closing) -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let hang_up = (closing == Closing::Ends).then(|| signal(SignalKind::hangup())).transpose()?;
            Ok(Self { terminate: signal(SignalKind::terminate())?, hang_up })
        }
        #[cfg(not(unix))]
        {
            let _ = closing;
            Ok(Self {})
        }
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        #[cfg(unix)]
        {
            let hung_up = async {
                match &mut self.hang_up {
                    Some(signal) => signal.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = self.terminate.recv() => {}
                _ = hung_up => {}
            }
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// How this process's terminal is set, to be put back when a question whose answer it does not show is broken off.
pub struct Terminal {
    #[cfg(unix)]
    set: Option<(File, rustix::termios::Termios)>,
}

impl Terminal {
    /// As it is now.
    pub fn now() -> Self {
        #[cfg(unix)]
        {
            let terminal = File::open("/dev/tty").ok();
            let set = terminal.and_then(|file| rustix::termios::tcgetattr(&file).ok().map(|set| (file, set)));
            Self { set }
        }
        #[cfg(not(unix))]
        Self {}
    }

    /// Puts it back.
    pub fn restore(&self) {
        #[cfg(unix)]
        if let Some((terminal, set)) = &self.set {
            // The process is ending: nobody could do anything about it.
            let _ = rustix::termios::tcsetattr(terminal, rustix::termios::OptionalActions::Now, set);
        }
    }
}
