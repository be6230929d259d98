//! The folder `arduino/otary` as one file: its own files stand where they are included, and of what is said for several
//! forms only what is so for one of them.
//!
//! The folder is a sketch that compiles as it is, so its forms are told apart by the preprocessor. Conditions of ours are
//! `defined(NAME)` and `!defined(NAME)`, with `&&` between them, for names of which somebody says whether they hold. All
//! others, such as those that ask for the version of a core, stay for the compiler.

/// The sketch's main file.
const MAIN: &str = "otary.ino";

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../../arduino/otary/", $name)))),*]
    };
}

/// The files of the sketch, but for `form.h`, where a person says what is asked of the caller here.
static FILES: [(&str, &str); 13] = files![
    "otary.ino",
    "client_esp32.h",
    "client_esp8266.h",
    "clock.h",
    "enc28j60_esp32.h",
    "ethernet_esp8266.h",
    "lan8720_esp32.h",
    "names_esp32.h",
    "secret.h",
    "trial_esp32.h",
    "trust.h",
    "w5500_esp32.h",
    "wifi.h",
];
/// What is included and decided elsewhere.
const FORM: &str = "form.h";

/// The sketch from its first line of code on. `holds` says of a name whether it is defined; nothing if the compiler is to
/// be asked.
pub fn joined(holds: &dyn Fn(&str) -> Option<bool>) -> String {
    let mut text = String::new();
    put(file(MAIN).unwrap_or_default(), holds, &mut text);
    let code = text.find("#include <Arduino.h>").unwrap_or_default();
    text.split_off(code)
}

fn file(name: &str) -> Option<&'static str> {
    let of_form = (name == FORM).then_some("");
    FILES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text).or(of_form)
}

/// An `#if` that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    /// The compiler's.
    Foreign,
    /// Ours: whether it holds here, and whether a part of it has held.
    Ours { holds: bool, held: bool },
}

/// Adds what is so of a file's lines; never two empty lines together.
fn put(lines: &str, holds: &dyn Fn(&str) -> Option<bool>, text: &mut String) {
    let mut conditions: Vec<Condition> = Vec::new();
    for line in lines.lines() {
        if changes(&mut conditions, line, holds) || conditions.iter().any(|condition| !condition.is_open()) {
            continue;
        }
        let included = line.strip_prefix("#include \"").and_then(|rest| file(rest.strip_suffix('"')?));
        match included {
            Some(included) => put(included, holds, text),
            None if line.is_empty() && text.ends_with("\n\n") => {}
            None => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
}

impl Condition {
    const fn is_open(self) -> bool {
        matches!(self, Self::Foreign | Self::Ours { holds: true, .. })
    }
}

/// Whether the line is part of a condition of ours, which it then moves on.
fn changes(conditions: &mut Vec<Condition>, line: &str, holds: &dyn Fn(&str) -> Option<bool>) -> bool {
    if line.starts_with("#if") {
        let ours = line.strip_prefix("#if ").and_then(|asked| all_hold(asked, holds));
        conditions.push(ours.map_or(Condition::Foreign, |holds| Condition::Ours { holds, held: holds }));
        return ours.is_some();
    }
    let Some(Condition::Ours { holds: is_open, held }) = conditions.last_mut() else {
        if line.starts_with("#endif") {
            conditions.pop();
        }
        return false;
    };
    if line.starts_with("#endif") {
        conditions.pop();
        return true;
    }
    let otherwise = match line.strip_prefix("#elif ") {
        Some(asked) => all_hold(asked, holds),
        None => line.starts_with("#else").then_some(true),
    };
    let Some(otherwise) = otherwise else { return false };
    *is_open = otherwise && !*held;
    *held |= otherwise;
    true
}

/// Whether all of what is asked holds; nothing if a part of it is not ours.
fn all_hold(asked: &str, holds: &dyn Fn(&str) -> Option<bool>) -> Option<bool> {
    asked.split(" && ").try_fold(true, |so_far, part| {
        let (wanted, part) = part.strip_prefix('!').map_or((true, part), |part| (false, part));
        let name = part.strip_prefix("defined(")?.strip_suffix(')')?;
        Some(so_far && holds(name)? == wanted)
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn shown(lines: &str, so: &[&str]) -> String {
        let mut text = String::new();
        put(lines, &|name| name.starts_with("OUR").then(|| so.contains(&name)), &mut text);
        text
    }

    #[test]
    fn of_our_conditions_one_part_is_left_and_the_compilers_stay() {
        let lines = "#if defined(OUR_A) && !defined(OUR_B)\na\n#elif defined(OUR_B)\nb\n#else\nneither\n#endif\n\
                     #if CORE >= 3\nnew\n#if defined(OUR_A)\nnew a\n#endif\n#else\nold\n#endif\n";
        let core = |with: &str| format!("#if CORE >= 3\nnew\n{with}#else\nold\n#endif\n");
        assert_eq!(shown(lines, &["OUR_A"]), format!("a\n{}", core("new a\n")));
        assert_eq!(shown(lines, &["OUR_A", "OUR_B"]), format!("b\n{}", core("new a\n")));
        assert_eq!(shown(lines, &[]), format!("neither\n{}", core("")));
    }

    #[test]
    fn what_is_within_a_part_that_does_not_hold_is_gone_with_it() {
        let lines =
            "first\n#if defined(OUR_A)\n#if CORE >= 3\n#error \"old\"\n#else\nx\n#endif\n#endif\n\n\nlast\n";
        assert_eq!(shown(lines, &[]), "first\n\nlast\n");
    }

    #[test]
    fn every_file_of_the_folder_is_in_the_sketch() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../arduino/otary");
        let found = std::fs::read_dir(folder).unwrap();
        for name in found.map(|entry| entry.unwrap().file_name().into_string().unwrap()) {
            assert!(file(&name).is_some(), "{name} is not embedded");
            let including = format!("#include \"{name}\"");
            assert!(
                name == MAIN || FILES.iter().any(|(_, text)| text.contains(&including)),
                "{name} is included nowhere"
            );
        }
    }
}
