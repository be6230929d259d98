//! Console blocks of a Markdown text.

/// A command with what it is said to print.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    /// The line that it stands in, from 1.
    pub line: usize,
    /// Its words; a `\` at the end of a line goes on in the next.
    pub text: String,
    /// The lines that it prints.
    pub prints: Vec<String>,
}

impl Command {
    pub fn is_otary(&self) -> bool {
        self.text.split_whitespace().next() == Some("otary")
    }
}

/// The commands of every block that is fenced as `console`.
pub fn commands(markdown: &str) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    let (mut in_block, mut goes_on) = (false, false);
    for (line, text) in (1..).zip(markdown.lines()) {
        if let Some(fence) = text.strip_prefix("```") {
            in_block = !in_block && fence == "console";
            goes_on = false;
        } else if !in_block {
        } else if goes_on {
            let command = commands.last_mut().unwrap();
            command.text = format!("{} {}", command.text.trim_end_matches('\\').trim_end(), text.trim());
            goes_on = text.ends_with('\\');
        } else if let Some(words) = text.strip_prefix("$ ") {
            commands.push(Command { line, text: words.to_owned(), prints: Vec::new() });
            goes_on = words.ends_with('\\');
        } else {
            let command =
                commands.last_mut().unwrap_or_else(|| panic!("line {line}: output before any command"));
            command.prints.push(text.to_owned());
        }
    }
    commands
}

#[test]
fn only_console_blocks_count_and_a_command_may_go_on_in_the_next_line() {
    let markdown = "```sh\n$ otary no\n```\n\n```console\n$ otary push a.bin \\\n    --version 1\nPublished.\n\n$ otary gc\n```\n";
    let command = |line, text: &str, prints: &[&str]| Command {
        line,
        text: text.to_owned(),
        prints: prints.iter().map(ToString::to_string).collect(),
    };
    let expected =
        [command(6, "otary push a.bin --version 1", &["Published.", ""]), command(10, "otary gc", &[])];
    assert_eq!(commands(markdown), expected);
}
