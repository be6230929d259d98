//! Mbed TLS 3.6 from the sources inside the crate mbedtls-rs-sys, built with the system's C compiler: once with
//! `MBEDTLS_HAVE_TIME_DATE` and once without, and kept below Cargo's target folder for the next run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use serde_json::Value;

/// A built library.
pub struct Library {
    /// What the compiler needs to find its headers in the same build.
    pub flags: Vec<String>,
    /// The archive.
    pub archive: String,
}

/// The library, built or found built; or why it is not to be had.
pub fn library(kept: &Path, dates: bool) -> Result<Library, String> {
    let sources = sources()?;
    let dir = kept.join(if dates { "library-with-dates" } else { "library-without-dates" });
    fs::create_dir_all(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let flags = flags(&sources, &dir, dates);
    let archive = dir.join("libmbedtls.a");
    if !archive.exists() {
        build(&sources, &dir, &flags, &archive)?;
    }
    Ok(Library { flags, archive: archive.display().to_string() })
}

/// Where Cargo keeps the sources. Cargo fetches them if it has to.
fn sources() -> Result<PathBuf, String> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stacks/mbedtls3/Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--quiet", "--format-version", "1", "--manifest-path", manifest])
        .output()
        .map_err(|error| format!("cargo metadata: {error}"))?;
    if !output.status.success() {
        return Err("Cargo cannot fetch the sources inside mbedtls-rs-sys".to_owned());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    let package = packages.iter().find(|package| package["name"] == "mbedtls-rs-sys");
    let manifest = package.and_then(|package| package["manifest_path"].as_str()).map(PathBuf::from);
    let dir = manifest.and_then(|path| Some(path.parent()?.join("mbedtls")));
    dir.filter(|dir| dir.join("library/x509_crt.c").exists())
        .ok_or_else(|| "mbedtls-rs-sys has no sources of Mbed TLS".to_owned())
}

/// Its stock configuration, with dates or without.
fn flags(sources: &Path, dir: &Path, dates: bool) -> Vec<String> {
    let mut flags = vec![
        "-O1".to_owned(),
        format!("-I{}", sources.join("include").display()),
        format!("-I{}", sources.join("library").display()),
    ];
    if !dates {
        let without = dir.join("without_dates.h");
        fs::write(&without, "#undef MBEDTLS_HAVE_TIME_DATE\n").unwrap();
        flags.push(format!("-DMBEDTLS_USER_CONFIG_FILE=\"{}\"", without.display()));
    }
    flags
}

/// Compiles on every core and moves the archive into place when it is whole.
fn build(sources: &Path, dir: &Path, flags: &[String], archive: &Path) -> Result<(), String> {
    let entries = fs::read_dir(sources.join("library")).map_err(|error| error.to_string())?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let files: Vec<_> = paths.filter(|path| path.extension().is_some_and(|kind| kind == "c")).collect();
    let work = tempfile::tempdir_in(dir).map_err(|error| error.to_string())?;
    let queue = Mutex::new(files.iter());
    let objects = Mutex::new(Vec::new());
    let compile_all = || -> Result<(), String> {
        while let Some(file) = { queue.lock().unwrap().next() } {
            let object = work.path().join(file.with_extension("o").file_name().unwrap());
            run(Command::new("cc").args(flags).arg("-c").arg(file).arg("-o").arg(&object))?;
            objects.lock().unwrap().push(object);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let cores = thread::available_parallelism().map_or(2, usize::from);
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(compile_all)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap())
    })?;
    let whole = work.path().join("whole.a");
    run(Command::new("ar").arg("rcs").arg(&whole).args(objects.into_inner().unwrap()))?;
    fs::rename(&whole, archive).map_err(|error| error.to_string())
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}
