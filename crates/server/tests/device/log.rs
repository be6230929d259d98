//! What the server logs, of all tests together: each test looks for lines with a device or peer of its own.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, Once};
use std::time::{Duration, Instant};

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[derive(Clone)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut begun = self.0.lock().unwrap();
        begun.extend(bytes);
        while let Some(end) = begun.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = begun.drain(..=end).collect();
            LINES.lock().unwrap().push(String::from_utf8(line).unwrap());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Begins to keep what is logged.
pub fn capture() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let lines = Lines(Arc::default());
        tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || lines.clone())
            .with_env_filter("debug,hyper=info,rustls=info")
            .init();
    });
}

/// The lines so far that contain all of these texts.
pub fn lines(texts: &[&str]) -> Vec<String> {
    let lines = LINES.lock().unwrap();
    lines.iter().filter(|line| texts.iter().all(|text| line.contains(text))).cloned().collect()
}

/// The first line that contains all of these texts, within ten seconds.
pub fn wait_for(texts: &[&str]) -> String {
    let began = Instant::now();
    loop {
        if let Some(line) = lines(texts).into_iter().next() {
            return line;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "nothing logged with {texts:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
