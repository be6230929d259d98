//! The log: a line for people, or a JSON object, on standard error.
//!
//! A line for people has the time, the level unless it is `info`, what it is about, a sentence, and the figures:
//! `14:05:07 check_in  0.1 is older than 0.2  device=AA:BB:CC:DD:EE:FF source=192.168.1.23`. What stands in a field
//! came from outside perhaps; control characters in it are escaped.

mod batch;

use std::borrow::Cow;
use std::fmt;
use std::io::{self, IsTerminal};

use anyhow::{Context, Result, bail};
use otary_fleet::is_deceptive;
use otary_server::SPANS;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::{FilterExt, FilterFn, LevelFilter, filter_fn};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::advice::Advise;
use crate::config::{self, LogFormat};
use crate::serve::otel::Export;
use crate::terminal::colours;

/// What is said while a server runs: lines on standard error, and spans to a collector. Dropped, both send what waits.
#[must_use]
pub struct Open {
    _export: Option<Export>,
    _lines: batch::Log,
}

/// Begins to log, until what is returned is dropped.
pub fn start(log: &config::Log, otel: Option<&config::Otel>) -> Result<Open> {
    let filter = filter(&log.level)
        .with_context(|| format!("log.level {:?}", log.level))
        .help("it is error, warn, info, debug or trace, or a filter such as check_in=debug,warn")?;
    let terminal = io::stderr().is_terminal();
    let colours = colours(&io::stderr());
    let (batch, lines) = batch::Batch::start(terminal).context("starting the log")?;
    let layer = tracing_subscriber::fmt::layer().with_writer(batch).with_ansi(colours);
    let layer = match log.format {
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
        LogFormat::Text => layer.event_format(Line { terminal, colours }).boxed(),
    };
    let (export, tracer) = otel.map(Export::begin).transpose()?.flatten().unzip();
    let spans =
        tracer.map(|tracer| tracing_opentelemetry::layer().with_tracer(tracer).with_filter(is_span()));
    // A span is no line. Where nobody exports them nobody is interested, and none is made.
    let lines_alone = filter_fn(|metadata: &Metadata<'_>| !metadata.is_span());
    tracing_subscriber::registry().with(layer.with_filter(filter.and(lines_alone))).with(spans).init();
    Ok(Open { _export: export, _lines: lines })
}

/// Lets otary's own spans through, and nothing that is said in them.
fn is_span() -> FilterFn {
    filter_fn(|metadata| metadata.is_span() && metadata.target() == SPANS)
}

/// The filter that `level` describes. A word that is no level would pass for a subject, and nothing else be logged.
fn filter(level: &str) -> Result<EnvFilter> {
    let is_level = |word: &str| !word.is_empty() && word.parse::<LevelFilter>().is_ok();
    if let Some(word) = level.split(',').map(str::trim).find(|word| !word.contains('=') && !is_level(word)) {
        bail!("{word:?} is no level");
    }
    Ok(EnvFilter::try_new(level)?)
}

/// A line for people.
struct Line {
    /// Somebody watches: local time without the date. Else the line is kept: UTC, whole.
    terminal: bool,
    colours: bool,
}

impl Line {
    /// `code`, and what ends it, if colours are shown.
    const fn colour(&self, code: &'static str) -> (&'static str, &'static str) {
        if self.colours { (code, RESET) } else { ("", "") }
    }
}

const RED: &str = "\x1b[31m";
const YELLOW: &str = "\x1b[33m";
const DIM: &str = "\x1b[2m";
const RESET: &str = "\x1b[0m";

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let now = jiff::Timestamp::now();
        let (dim, reset) = self.colour(DIM);
        if self.terminal {
            let local = now.to_zoned(jiff::tz::TimeZone::system());
            write!(out, "{dim}{}{reset} ", local.strftime("%H:%M:%S"))?;
        } else {
            write!(out, "{now:.3} ")?;
        }
        let level = *event.metadata().level();
        if level != Level::INFO {
            let (colour, reset) = self.colour(colour_of(level));
            write!(out, "{colour}{level}{reset} ")?;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        write!(out, "{:9} {}", subject(event.metadata().target()), fields.message)?;
        writeln!(out, "{dim}{}{reset}", fields.others)
    }
}

const fn colour_of(level: Level) -> &'static str {
    match level {
        Level::ERROR => RED,
        Level::WARN => YELLOW,
        _ => DIM,
    }
}

/// What a line is about: a target that was chosen for it, or the crate that speaks.
fn subject(target: &str) -> &str {
    let name = target.split("::").next().unwrap_or(target);
    name.strip_prefix("otary_").unwrap_or(name)
}

/// An event's message, and its other fields as `key=value`.
#[derive(Default)]
struct Fields {
    message: String,
    others: String,
}

impl Fields {
    fn put(&mut self, field: &Field, value: &str) {
        let clean = clean(value);
        if field.name() == "message" {
            self.message = clean.into_owned();
            return;
        }
        let quote = if clean.is_empty() || clean.contains([' ', '"', '=']) { "\"" } else { "" };
        self.others.extend(["  ", field.name(), "=", quote, &clean, quote]);
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut source = value.source();
        while let Some(error) = source {
            text = format!("{text}: {error}");
            source = error.source();
        }
        self.put(field, &text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, &format!("{value:?}"));
    }
}

/// `text` on one line. There is a line for every check-in, so the usual text is not copied.
fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains(is_deceptive) {
        return text.into();
    }
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        if is_deceptive(c) { clean.extend(c.escape_default()) } else { clean.push(c) }
    }
    clean.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_no_level_is_refused() {
        for level in ["info", "off", "warn,check_in=debug", "otary_server=trace, error"] {
            assert!(filter(level).is_ok(), "{level}");
        }
        for level in ["loud", "", "info,loud", "check_in=loud"] {
            assert!(filter(level).is_err(), "{level}");
        }
    }

    #[test]
    fn what_came_from_outside_stays_on_its_line() {
        assert_eq!(clean("0.1\r\n2026 ERROR\u{1b}[2J"), "0.1\\r\\n2026 ERROR\\u{1b}[2J");
        assert_eq!(subject("otary_server::operator::auth"), "server");
        assert_eq!(subject("check_in"), "check_in");
    }
}
