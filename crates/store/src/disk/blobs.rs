//! The folder of blobs. A file there is whole: it was synced under another name before it got its own.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use otary_fleet::{Artifact, Sha256, Time};
use sha2::Digest;
use tempfile::NamedTempFile;

use super::blob_cache::BlobCache;
use super::folder::{self, Folder, reading, writing};
use crate::newest::time_of;
use crate::sync::lock;
use crate::{Blob, BlobWriter, StoreError, blob};

#[derive(Debug)]
pub(super) struct Blobs {
    root: PathBuf,
    tmp: PathBuf,
    cache: BlobCache,
    /// Held while a file is put in place, or judged and removed.
    placing: Mutex<()>,
}

impl Blobs {
    pub(super) fn open(folder: &Folder, cache_bytes: usize) -> Self {
        let cache = BlobCache::new(cache_bytes);
        Self { root: folder.blobs(), tmp: folder.tmp(), cache, placing: Mutex::default() }
    }

    pub(super) fn begin(self: &Arc<Self>) -> Result<Writer, StoreError> {
        let file = NamedTempFile::new_in(&self.tmp).map_err(writing(&self.tmp))?;
        Ok(Writer { file, hasher: sha2::Sha256::new(), length: 0, blobs: Arc::clone(self) })
    }

    /// Size and time of a blob's file.
    pub(super) fn facts(&self, id: &Sha256) -> Result<(u64, Time), StoreError> {
        let path = self.path(id);
        let facts = fs::metadata(&path).map_err(missing(id, &path))?;
        Ok((facts.len(), facts.modified().map(time_of).unwrap_or_default()))
    }

    /// The bytes, checked when they are read from disk. `size` is what the record says, if there is one.
    pub(super) fn get(&self, id: &Sha256, size: Option<u64>) -> Result<Blob, StoreError> {
        self.cache.get(id, || self.load(id, size))
    }

    fn load(&self, id: &Sha256, size: Option<u64>) -> Result<Vec<u8>, StoreError> {
        let path = self.path(id);
        let file = File::open(&path).map_err(missing(id, &path))?;
        let found = file.metadata().map_err(reading(&path))?.len();
        if let Some(expected) = size.filter(|size| *size != found) {
            return Err(StoreError::WrongSize { name: *id, expected, found });
        }
        let mut bytes = Vec::with_capacity(usize::try_from(found.min(Artifact::MAX_SIZE)).unwrap_or(0));
        file.take(Artifact::MAX_SIZE).read_to_end(&mut bytes).map_err(reading(&path))?;
        let found = Sha256::of(&bytes);
        if found == *id { Ok(bytes) } else { Err(StoreError::Damaged { name: *id, found }) }
    }

    /// Puts a synced file in place. One that is there already is replaced by the same bytes: it counts as new from
    /// then on, and is mended if it was damaged.
    fn place(&self, file: NamedTempFile, id: &Sha256) -> Result<(), StoreError> {
        let path = self.path(id);
        let folder = path.parent().unwrap_or(&self.root);
        let _placing = lock(&self.placing);
        folder::create(folder)?;
        file.persist(&path).map_err(|failed| writing(&path)(failed.error))?;
        folder::sync(folder)?;
        // Also when the folder was there: who made it may have been killed before this.
        folder::sync(&self.root)
    }

    /// Removes a blob if its file is older than `before`. Returns its size if it was removed.
    pub(super) fn remove(&self, id: &Sha256, before: Option<Time>) -> Result<Option<u64>, StoreError> {
        let path = self.path(id);
        let _placing = lock(&self.placing);
        let (size, at) = match self.facts(id) {
            Err(StoreError::NoBlob(_)) => return Ok(None),
            facts => facts?,
        };
        if before.is_some_and(|before| at >= before) {
            return Ok(None);
        }
        fs::remove_file(&path).map_err(writing(&path))?;
        self.cache.remove(id);
        Ok(Some(size))
    }

    /// The names of all blobs. Files that otary did not put there are passed over.
    pub(super) fn names(&self) -> Result<Vec<Sha256>, StoreError> {
        let mut names = Vec::new();
        for (head, folder) in entries(&self.root)? {
            if head.len() == 2 && folder.is_dir() {
                let tails = entries(&folder)?.into_iter().map(|(tail, _)| tail);
                names.extend(tails.filter_map(|tail| format!("{head}{tail}").parse::<Sha256>().ok()));
            }
        }
        Ok(names)
    }

    fn path(&self, id: &Sha256) -> PathBuf {
        path_in(&self.root, id)
    }
}

/// Where a blob lies in the folder of blobs.
pub(super) fn path_in(root: &Path, id: &Sha256) -> PathBuf {
    let name = id.to_string();
    let (head, tail) = name.split_at(2);
    root.join(head).join(tail)
}

fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, StoreError> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(reading(folder))? {
        let entry = entry.map_err(reading(folder))?;
        entries.extend(entry.file_name().into_string().ok().map(|name| (name, entry.path())));
    }
    Ok(entries)
}

fn missing(id: &Sha256, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    move |error| match error.kind() {
        io::ErrorKind::NotFound => StoreError::NoBlob(*id),
        _ => reading(path)(error),
    }
}

/// A blob on its way to the folder, in a file of `tmp/` that goes when this is dropped.
pub(super) struct Writer {
    file: NamedTempFile,
    hasher: sha2::Sha256,
    length: u64,
    blobs: Arc<Blobs>,
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        blob::check_growth(self.length, bytes.len())?;
        let written = self.file.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        self.length += u64::try_from(written).unwrap_or(u64::MAX);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl BlobWriter for Writer {
    fn commit(self: Box<Self>) -> Result<Sha256, StoreError> {
        let Self { file, hasher, blobs, .. } = *self;
        file.as_file().sync_all().map_err(writing(file.path()))?;
        let id = Sha256(hasher.finalize().into());
        blobs.place(file, &id)?;
        Ok(id)
    }
}
