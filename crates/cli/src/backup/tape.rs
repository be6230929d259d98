//! A tar archive (POSIX.1-1988, `ustar`) in one form: what is in it and when it was made decide every byte.
//!
//! Any `tar` reads it. The reader here takes no other form: headers, the filling of the last block and the end are compared with
//! what the writer writes, so that no byte escapes being looked at.

use std::io::{self, Read, Write};

use otary_fleet::{Sha256, Time};
use sha2::Digest as _;

/// tar counts in these.
pub const BLOCK: usize = 512;
/// Bytes that are handled at a time.
const CHUNK: usize = 64 * 1024;
/// An archive ends with so many blocks of zeros.
const END_BLOCKS: usize = 2;

/// Why an archive is not as it was written.
#[derive(Debug, thiserror::Error)]
pub enum TapeFault {
    /// It cannot be read, or what it holds cannot be written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It ends too early.
    #[error("it is cut off at byte {at}")]
    CutOff {
        /// Its length.
        at: u64,
    },
    /// What stands around a file is not what was written there.
    #[error("it is damaged near byte {at}, around `{name}`")]
    Damaged {
        /// Where the block begins.
        at: u64,
        /// The file.
        name: String,
    },
    /// Something follows on its end.
    #[error("something stands behind its end, at byte {at}")]
    Trailing {
        /// Where the archive should end.
        at: u64,
    },
}

/// The header of a file.
pub fn header(name: &str, bytes: u64, made: Time) -> io::Result<[u8; BLOCK]> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name)?;
    header.set_size(bytes);
    header.set_mode(0o600);
    header.set_mtime(made.0 / 1000);
    header.set_uid(0);
    header.set_gid(0);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    Ok(*header.as_bytes())
}

/// Writes an archive.
pub struct Writer<W> {
    to: W,
    made: Time,
}

impl<W: Write> Writer<W> {
    /// One that says it was made then.
    pub const fn new(to: W, made: Time) -> Self {
        Self { to, made }
    }

    /// Puts a file of exactly so many bytes there; gives their digest.
    pub fn put(&mut self, name: &str, bytes: u64, from: impl Read) -> io::Result<Sha256> {
        self.to.write_all(&header(name, bytes, self.made)?)?;
        let digest = copy(bytes, from, &mut self.to)?;
        self.to.write_all(zeros(filling_length(bytes)))?;
        Ok(digest)
    }

    /// Ends it.
    pub fn finish(mut self) -> io::Result<W> {
        self.to.write_all(zeros(END_BLOCKS * BLOCK))?;
        self.to.flush()?;
        Ok(self.to)
    }
}

/// Reads an archive whose contents are known.
pub struct Reader<R> {
    from: R,
    at: u64,
}

impl<R: Read> Reader<R> {
    /// One that begins at this byte of the archive.
    pub const fn new(from: R, at: u64) -> Self {
        Self { from, at }
    }

    /// Where it is.
    pub const fn at(&self) -> u64 {
        self.at
    }

    /// The next block, whatever it is.
    pub fn block(&mut self) -> Result<[u8; BLOCK], TapeFault> {
        let mut block = [0; BLOCK];
        self.fill(&mut block)?;
        Ok(block)
    }

    /// Passes the header of this file.
    pub fn pass_header(&mut self, name: &str, bytes: u64, made: Time) -> Result<(), TapeFault> {
        let at = self.at;
        let expected = header(name, bytes, made)?;
        if self.block()? == expected { Ok(()) } else { Err(TapeFault::Damaged { at, name: name.to_owned() }) }
    }

    /// Writes the bytes of this file, whose header was passed, elsewhere; gives their digest.
    pub fn contents(&mut self, name: &str, bytes: u64, to: impl Write) -> Result<Sha256, TapeFault> {
        let begin = self.at;
        let digest = copy(bytes, &mut self.from, to).map_err(cut_off(begin))?;
        self.at = begin.saturating_add(bytes);
        let at = self.at;
        let mut filling = [0; BLOCK];
        let filling = filling.get_mut(..filling_length(bytes)).unwrap_or_default();
        self.fill(filling)?;
        if filling.iter().all(|byte| *byte == 0) {
            return Ok(digest);
        }
        Err(TapeFault::Damaged { at, name: name.to_owned() })
    }

    /// Passes the archive's end, behind which nothing may stand.
    pub fn end(mut self) -> Result<(), TapeFault> {
        for _ in 0..END_BLOCKS {
            let at = self.at;
            if self.block()? != [0; BLOCK] {
                return Err(TapeFault::Trailing { at });
            }
        }
        if self.from.read(&mut [0])? == 0 { Ok(()) } else { Err(TapeFault::Trailing { at: self.at }) }
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), TapeFault> {
        self.from.read_exact(buffer).map_err(cut_off(self.at))?;
        self.at = self.at.saturating_add(buffer.len() as u64);
        Ok(())
    }
}

fn cut_off(at: u64) -> impl FnOnce(io::Error) -> TapeFault {
    move |error| match error.kind() {
        io::ErrorKind::UnexpectedEof => TapeFault::CutOff { at },
        _ => TapeFault::Io(error),
    }
}

/// Bytes behind a file of this size up to the next block.
fn filling_length(bytes: u64) -> usize {
    // Less than a block fits everywhere.
    usize::try_from(bytes.next_multiple_of(BLOCK as u64) - bytes).unwrap_or_default()
}

fn zeros(length: usize) -> &'static [u8] {
    static ZEROS: [u8; END_BLOCKS * BLOCK] = [0; END_BLOCKS * BLOCK];
    ZEROS.get(..length).unwrap_or(&ZEROS)
}

/// Copies exactly so many bytes; gives their digest.
fn copy(bytes: u64, mut from: impl Read, mut to: impl Write) -> io::Result<Sha256> {
    let (mut left, mut hasher, mut chunk) = (bytes, sha2::Sha256::new(), vec![0; CHUNK]);
    while left > 0 {
        let part = chunk.get_mut(..usize::try_from(left).unwrap_or(CHUNK).min(CHUNK)).unwrap_or_default();
        from.read_exact(part)?;
        hasher.update(&*part);
        to.write_all(part)?;
        left -= part.len() as u64;
    }
    Ok(Sha256(hasher.finalize().into()))
}
