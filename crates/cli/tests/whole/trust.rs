//! The authority leaves the machine in a file and comes back from it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use otary_trust::Authority;

use crate::house::House;

#[test]
fn a_board_believes_a_server_that_was_restored_elsewhere() {
    let house = House::new();
    house.serve("").terminate();
    house.write("x/otary.toml", "drain = \"5s\"\n");
    house.write_secret("passphrase", "a very long passphrase\n");
    house.otary("trust backup a.age --passphrase-file passphrase --data x").printed();
    let exported = house.otary("trust export --data x").printed();

    let restored = house.otary("trust restore a.age --passphrase-file passphrase --data y").printed();
    assert!(restored.contains("Next: otary serve --data y"), "{restored}");
    assert_eq!(house.text("y/otary.toml"), "drain = \"5s\"\n");
    assert_eq!(house.otary("trust export --data y").printed(), exported);
    let shown = house.otary("trust show --data y").printed();
    assert!(shown.contains("The authority was backed up on "), "{shown}");

    let open = |name: &str| Authority::open(&house.path(name).join("trust")).unwrap();
    assert_eq!(open("x").root(), open("y").root());
    assert_eq!(open("x").next_root(), open("y").next_root());
}

#[test]
fn a_backup_is_never_overwritten_and_an_authority_neither() {
    let house = House::new();
    house.serve("").terminate();
    house.write_secret("passphrase", "a very long passphrase\n");
    house.write("a.age", "what was there");
    let refused = house.otary("trust backup a.age --passphrase-file passphrase --data x").refused();
    assert!(refused.contains("a.age is there already"), "{refused}");
    assert_eq!(house.text("a.age"), "what was there");

    house.otary("trust backup b.age --passphrase-file passphrase --data x").printed();
    let refused = house.otary("trust restore b.age --passphrase-file passphrase --data x").refused();
    assert!(refused.contains("trust is not empty"), "{refused}");
}

#[test]
fn where_a_backup_cannot_be_noted_none_is_written() {
    let house = House::new();
    house.serve("").terminate();
    house.write_secret("passphrase", "a very long passphrase\n");
    // What a server that ended leaves there would make the database whole again.
    for beside in ["x/otary.db-wal", "x/otary.db-shm"] {
        let _ = fs::remove_file(house.path(beside));
    }
    house.write("x/otary.db", "no database, and long enough to be looked at".repeat(100));
    house.otary("trust backup a.age --passphrase-file passphrase --data x").refused();
    assert!(!house.path("a.age").exists());
}

#[test]
fn a_key_that_is_missing_is_told_of_and_nothing_without_it_is_called_a_backup() {
    let house = House::new();
    house.serve("").terminate();
    fs::remove_file(house.path("x/trust/root.key")).unwrap();
    house.write_secret("passphrase", "a very long passphrase\n");
    let refused = house.otary("trust backup a.age --passphrase-file passphrase --data x").refused();
    assert!(refused.contains("x/trust/root.key is missing\nhelp: put root.key back, or "), "{refused}");
    assert!(!house.path("a.age").exists());
    let shown = house.otary("trust show --data x").printed();
    assert!(shown.contains("x/trust/root.key is missing"), "{shown}");
    let server = house.serve("");
    house.wait_for("root.key is missing, and without it nothing is renewed");
    server.terminate();
}

#[test]
fn a_backup_that_would_protect_nothing_is_not_made() {
    let house = House::new();
    house.serve("").terminate();
    house.write_secret("passphrase", "short\n");
    let refused = house.otary("trust backup a.age --passphrase-file passphrase --data x").refused();
    assert!(refused.contains("the passphrase has 5 characters"), "{refused}");
    assert!(!house.path("a.age").exists());

    house.write("open", "a very long passphrase\n");
    fs::set_permissions(house.path("open"), Permissions::from_mode(0o644)).unwrap();
    let refused = house.otary("trust backup a.age --passphrase-file open --data x").refused();
    assert!(refused.contains("others may read the passphrase in open\nhelp: chmod 0600 open"), "{refused}");
    assert!(!house.path("a.age").exists());

    let refused = house.otary("trust backup a.age --data x").refused();
    assert!(refused.contains("help: without a terminal, give it by --passphrase-file"), "{refused}");
}
