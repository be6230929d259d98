//! The serial monitor: what a board prints, line by line, to any writer.

use std::io::Write;

/// Where a board's serial port leads. Lines of boards that share a writer never mix: each is one write.
pub struct Console {
    out: Box<dyn Write + Send>,
    prefix: String,
    line: String,
    notes: bool,
}

impl Console {
    /// A monitor that shows what the board prints and nothing else.
    pub fn new(out: impl Write + Send + 'static) -> Self {
        Self { out: Box::new(out), prefix: String::new(), line: String::new(), notes: false }
    }

    /// Puts a board's name before each of its lines.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Self {
        self.prefix = format!("{name} | ");
        self
    }

    /// Also shows what the board cannot know, such as why a connection failed, in lines that begin with `#`.
    #[must_use]
    pub fn with_notes(mut self) -> Self {
        self.notes = true;
        self
    }

    pub(crate) fn print(&mut self, text: &str) {
        self.line.push_str(text);
    }

    pub(crate) fn println(&mut self, text: &str) {
        let line = std::mem::take(&mut self.line);
        self.write(&format!("{line}{text}"));
    }

    pub(crate) fn note(&mut self, text: &str) {
        if self.notes {
            self.write(&format!("# {text}"));
        }
    }

    /// A board goes on when nobody reads its serial port, so a failure to write is none of its business.
    fn write(&mut self, line: &str) {
        let line = format!("{}{line}", self.prefix);
        let _ = self.out.write_all(format!("{}\n", line.trim_end()).as_bytes());
        let _ = self.out.flush();
    }
}
