//! Reads what a Rust test program prints, line by line, as it comes.
//!
//! The test programs run with `--show-output`, because only so does a test that passed without trying
//! anything get to say why (`skipped: reason`), and one that tried a great many to say how many (`counted: text`). What
//! passing tests print is otherwise kept from the screen.

use crate::tally::Tally;

/// A test that passed and said that it tried nothing, or not all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotTried {
    pub test: String,
    pub reason: String,
}

/// Sums and remarks so far, over any number of test programs.
#[derive(Debug, Default)]
pub struct Reader {
    pub tally: Tally,
    pub not_tried: Vec<NotTried>,
    /// What tests counted, in the order in which it was read.
    pub counted: Vec<String>,
    /// Inside the captured output of passing tests; the test whose output it is, once named.
    passing_output: Option<String>,
}

/// What to do with a line that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Echo {
    Show,
    Hide,
}

impl Reader {
    pub fn read(&mut self, line: &str) -> Echo {
        if let Some(result) = parse_result(line) {
            self.tally.add(result);
            self.passing_output = None;
            return Echo::Show;
        }
        match line {
            "successes:" => self.passing_output = Some(String::new()),
            "failures:" => self.passing_output = None,
            _ => {}
        }
        let Some(test) = &mut self.passing_output else { return Echo::Show };
        if let Some(name) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) {
            name.clone_into(test);
        } else if let Some(reason) = line.trim_start().strip_prefix("skipped") {
            let reason = reason.trim_start_matches([':', ' ']).to_owned();
            self.not_tried.push(NotTried { test: test.clone(), reason });
        } else if let Some(text) = line.strip_prefix("counted: ") {
            self.counted.push(text.to_owned());
        }
        Echo::Hide
    }
}

/// `test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s`
fn parse_result(line: &str) -> Option<Tally> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut tally = Tally::default();
    for count in counts.split("; ") {
        match count.split_once(' ') {
            Some((number, "passed")) => tally.passed = number.parse().ok()?,
            Some((number, "failed")) => tally.failed = number.parse().ok()?,
            Some((number, "ignored")) => tally.skipped = number.parse().ok()?,
            _ => {}
        }
    }
    Some(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two programs: one with a failure and a test that tried nothing, then doc tests.
    const OUTPUT: &str = "
running 4 tests
test corpus::every_image ... ok
test rate::late ... ignored
test rate::holds ... FAILED
test rate::opens ... ok

successes:

---- corpus::every_image stdout ----
looking for images
skipped: OTARY_FIRMWARE is not set

---- rate::opens stdout ----
opened after 3 tries
counted: 3 tries
skipped the slow half: no clock

successes:
    corpus::every_image
    rate::opens

failures:

---- rate::holds stdout ----
skipped: this is a failure's text and no remark
assertion failed

failures:
    rate::holds

test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s


running 1 test
test crates/image/src/lib.rs - (line 3) ... ok

successes:

successes:
    crates/image/src/lib.rs - (line 3)

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.31s
";

    #[test]
    fn counts_are_summed_over_all_programs() {
        let mut reader = Reader::default();
        for line in OUTPUT.lines() {
            reader.read(line);
        }
        assert_eq!(reader.tally, Tally { passed: 3, failed: 1, skipped: 1 });
        assert_eq!(reader.tally.to_string(), "3 passed, 1 failed, 1 skipped");
    }

    #[test]
    fn a_test_that_tried_nothing_is_named_with_its_reason() {
        let mut reader = Reader::default();
        for line in OUTPUT.lines() {
            reader.read(line);
        }
        let not_tried: Vec<_> =
            reader.not_tried.iter().map(|one| (one.test.as_str(), one.reason.as_str())).collect();
        let expected = [
            ("corpus::every_image", "OTARY_FIRMWARE is not set"),
            ("rate::opens", "the slow half: no clock"),
        ];
        assert_eq!(not_tried, expected);
    }

    #[test]
    fn what_passing_tests_counted_is_kept() {
        let mut reader = Reader::default();
        for line in OUTPUT.lines() {
            reader.read(line);
        }
        assert_eq!(reader.counted, ["3 tries"]);
    }

    #[test]
    fn the_screen_shows_failures_and_hides_what_passing_tests_print() {
        let mut reader = Reader::default();
        let shown: Vec<&str> = OUTPUT.lines().filter(|line| reader.read(line) == Echo::Show).collect();
        assert!(shown.contains(&"assertion failed"));
        assert!(shown.contains(&"test rate::holds ... FAILED"));
        assert!(!shown.contains(&"opened after 3 tries"));
        assert_eq!(shown.iter().filter(|line| line.starts_with("test result")).count(), 2);
    }

    #[test]
    fn other_lines_that_speak_of_results_are_not_counted() {
        let mut reader = Reader::default();
        for line in
            ["test result: unknown", "the test result: ok. 3 passed; ", "", "test result: ok. x passed;"]
        {
            reader.read(line);
        }
        assert_eq!(reader.tally, Tally::default());
    }
}
