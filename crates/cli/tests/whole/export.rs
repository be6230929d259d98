//! What firmware is given to trust: in every form both roots, and compilers find in it what the authority has.

use std::fs;
use std::process::{Command, Output};

use crate::house::House;

/// The authority's two certificates, as PEM files and as DER.
fn roots(house: &House) -> (String, [Vec<u8>; 2]) {
    let files = ["x/trust/root.crt", "x/trust/next-root.crt"];
    let der = files.map(|file| {
        let text = house.text(file);
        let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, body).unwrap()
    });
    (files.map(|file| house.text(file)).concat(), der)
}

fn house() -> House {
    let house = House::new();
    house.serve("").terminate();
    house
}

/// Runs a program in the house; none if it is not there.
fn run(house: &House, program: &str, words: &[&str]) -> Option<Output> {
    match Command::new(program).args(words).current_dir(house.path("")).output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && said.is_empty(), "{program}: {said}");
            Some(output)
        }
        Err(error) => {
            println!("skipped: {program} cannot be run: {error}");
            None
        }
    }
}

#[test]
fn pem_and_der_are_the_authoritys_own_bytes() {
    let house = house();
    let (pem, der) = roots(&house);
    assert_eq!(house.otary("trust export --data x").printed(), pem);
    assert_eq!(house.otary("trust export --pem --data x").printed(), pem);
    house.otary("trust export --pem --out roots.pem --data x").printed();
    assert_eq!(house.text("roots.pem"), pem);
    let printed = house.otary("trust export --der --out roots.der --data x").printed();
    assert_eq!(printed, "roots-1.der\nroots-2.der\n");
    assert_eq!(["roots-1.der", "roots-2.der"].map(|file| fs::read(house.path(file)).unwrap()), der);

    house.otary("trust rollover begin --data x").printed();
    let during = house.otary("trust export --data x").printed();
    assert!(during.starts_with(&pem) && during.matches("BEGIN CERTIFICATE").count() == 3, "{during}");
}

#[test]
fn the_header_for_arduino_holds_both_roots_for_a_compiler() {
    let house = house();
    house.otary("trust export --arduino --out roots.h --data x").printed();
    // The core's header puts such texts into flash; here there is nothing else.
    house.write("pgmspace.h", "#define PROGMEM\n");
    house.write(
        "main.cpp",
        "#include \"roots.h\"\n#include <cstdio>\nint main() { std::fputs(OTARY_ROOTS, stdout); }\n",
    );
    let flags = ["-std=gnu++11", "-Wall", "-Wextra", "-Werror", "-I.", "main.cpp", "-o", "main"];
    if run(&house, "g++", &flags).is_some() {
        let printed = run(&house, "./main", &[]).unwrap();
        assert_eq!(String::from_utf8(printed.stdout).unwrap().trim_start(), roots(&house).0);
    }
}

#[test]
fn the_header_for_esp_idf_holds_both_roots_for_a_compiler() {
    let house = house();
    house.otary("trust export --esp-idf --out roots.h --data x").printed();
    // The length with the zero at the end is what esp_tls takes as cacert_bytes.
    house.write(
        "main.c",
        "#include \"roots.h\"\n#include <stdio.h>\n\
         int main(void) { return fwrite(OTARY_ROOTS, 1, sizeof OTARY_ROOTS, stdout) != sizeof OTARY_ROOTS; }\n",
    );
    let flags = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "main.c", "-o", "main"];
    if run(&house, "gcc", &flags).is_some() {
        let printed = run(&house, "./main", &[]).unwrap();
        assert_eq!(String::from_utf8(printed.stdout).unwrap(), roots(&house).0 + "\0");
    }
}

#[test]
fn the_rust_source_holds_both_roots_for_a_compiler() {
    let house = house();
    house.otary("trust export --rust --out roots.rs --data x").printed();
    house.write(
        "main.rs",
        "#![deny(warnings)]\nmod roots;\nuse std::io::Write;\n\
         fn main() { for root in roots::OTARY_ROOTS { std::io::stdout().write_all(root).unwrap(); } }\n",
    );
    if run(&house, "rustc", &["--edition", "2021", "main.rs", "-o", "main"]).is_some() {
        let printed = run(&house, "./main", &[]).unwrap();
        assert_eq!(printed.stdout, roots(&house).1.concat());
    }
}

#[test]
fn a_file_that_is_there_is_not_overwritten() {
    let house = house();
    house.write("roots-1.der", "mine");
    let refused = house.otary("trust export --der --out roots.der --data x").refused();
    assert!(refused.contains("roots-1.der is there already\nhelp: "), "{refused}");
    assert_eq!(house.text("roots-1.der"), "mine");
}
