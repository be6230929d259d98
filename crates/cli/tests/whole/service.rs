//! The unit of systemd, and what systemd says of it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::house::House;

/// `systemd-analyze`, if it is on this machine and of a version that reads a file.
fn analyze(words: &[&str], file: &Path) -> Option<Output> {
    let mut command = Command::new("systemd-analyze");
    let output = command.args(words).arg(file).env("SYSTEMD_COLORS", "0").stdin(Stdio::null()).output();
    output.ok()
}

/// The figure in `Overall exposure level for otary.service: 1.2 OK`.
fn figure(said: &str) -> f64 {
    let line =
        said.lines().find(|line| line.contains("Overall exposure level")).unwrap_or_else(|| panic!("{said}"));
    line.split_whitespace().find_map(|word| word.parse().ok()).unwrap()
}

#[test]
fn the_unit_is_sound_and_leaves_little_exposed() {
    let house = House::new();
    // A program that is there, wherever the test runs.
    for form in ["--binary /bin/true", "--binary /bin/true --user root"] {
        let unit = house.otary(&format!("service print {form}")).printed();
        house.write("otary.service", &unit);
        let file = house.path("otary.service");
        let Some(verified) = analyze(&["verify", "--man=no"], &file) else {
            println!("skipped: systemd-analyze is not here");
            return;
        };
        let said = String::from_utf8_lossy(&verified.stderr).into_owned();
        assert!(verified.status.success() && !said.contains("otary.service:"), "{said}\n{unit}");
        let security = analyze(&["security", "--offline=true", "--no-pager"], &file).unwrap();
        let said = String::from_utf8_lossy(&security.stdout).into_owned();
        println!("{form}: exposure {}", figure(&said));
        assert!(figure(&said) < 2.0 || form.contains("root"), "{said}");
    }
}

#[test]
fn the_packages_unit_is_the_one_that_otary_prints() {
    let house = House::new();
    let printed = house.otary("service print --binary /usr/bin/otary --user otary").printed();
    let packaged = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/otary.service");
    assert_eq!(
        fs::read_to_string(packaged).unwrap(),
        printed,
        "otary service print ... > packaging/otary.service"
    );
}

#[test]
fn it_is_installed_below_a_folder_and_taken_away_again() {
    let house = House::new();
    let told = house.otary("service install --root image --binary /usr/bin/otary").printed();
    let file = "image/etc/systemd/system/otary.service";
    assert!(told.starts_with(&format!("{file} is written.\n")), "{told}");
    assert!(told.contains("systemd-analyze"), "{told}");
    assert!(
        house
            .text(file)
            .contains("\nExecStart=/usr/bin/otary serve --data /var/lib/otary\nDynamicUser=yes\n")
    );
    let told = house.otary("service uninstall --root image").printed();
    assert_eq!(told, format!("{file} is removed. The data stays in /var/lib/otary.\n"));
    let refused = house.otary("service uninstall --root image").refused();
    assert!(refused.starts_with(&format!("error: there is no {file}\n")), "{refused}");
}

#[test]
fn what_would_break_a_unit_is_refused() {
    let house = House::new();
    for binary in ["otary", "/usr/bin/o%i", "/usr/bin/$x", "/a\"b"] {
        assert!(
            house
                .otary(&format!("service print --binary {binary}"))
                .refused()
                .contains("cannot stand in a unit")
        );
    }
    assert_eq!(house.otary("service print --user Ro\\ot").status.code(), Some(2));
}

#[test]
fn completions_and_manual_pages_are_made_of_the_commands() {
    let house = House::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(house.otary(&format!("completions {shell}")).printed().contains("preflight"), "{shell}");
    }
    assert!(house.otary("man").printed().starts_with(".ie \\n(.g"), "roff");
    house.otary("man --out pages").printed();
    for page in ["otary.1", "otary-push.1", "otary-trust-rollover-begin.1"] {
        assert!(house.text(&format!("pages/{page}")).contains(".SH NAME"), "{page}");
    }
}
