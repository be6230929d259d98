//! Links the program as esp-hal's memory map says.

fn main() {
    println!("cargo::rustc-link-arg-bins=-Tlinkall.x");
}
