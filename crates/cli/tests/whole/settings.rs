//! Settings as a user meets them: shown with their origin, refused with what would be right.

use crate::house::House;

#[test]
fn each_setting_is_shown_with_where_it_came_from() {
    let house = House::new();
    std::fs::create_dir(house.data()).unwrap();
    house.write("x/otary.toml", "drain = \"5s\"\n[retention]\nevents = \"7d\"\n");
    let mut command = house.command("config show --data x --set retention.events=8d");
    let output = command.env("OTARY_LISTEN_HTTPS", ":8443").output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    for (key, value, from) in [
        ("data", "x", "--data"),
        ("drain", "5s", "x/otary.toml"),
        ("listen.https", ":8443", "OTARY_LISTEN_HTTPS"),
        ("listen.http", ":3000", "default"),
        ("retention.events", "8d", "--set"),
    ] {
        let line = shown.lines().find(|line| line.split_whitespace().next() == Some(key)).unwrap();
        assert_eq!(line.split_whitespace().collect::<Vec<_>>(), [key, value, from]);
    }
}

#[test]
fn a_mistyped_key_keeps_a_server_from_starting() {
    let house = House::new();
    std::fs::create_dir(house.data()).unwrap();
    house.write("x/otary.toml", "[listen]\nhtps = \":3443\"\n");
    let refused = house.otary("serve --data x").refused();
    assert_eq!(
        refused,
        "error: unknown key listen.htps in x/otary.toml\n\
         help: did you mean listen.https? `otary config show` lists every setting\n"
    );
    assert!(!house.data().join("otary.db").exists(), "nothing was begun");
}

#[test]
fn the_settings_that_the_docs_show_are_settings() {
    let docs = ["NAMES", "SIGNALS", "TRUST"].map(|page| {
        let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");
        std::fs::read_to_string(format!("{docs}/{page}.md")).unwrap()
    });
    let docs = docs.concat();
    let blocks: Vec<&str> =
        docs.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() >= 3, "the docs show no settings");
    for block in blocks {
        let house = House::new();
        house.write("otary.toml", block);
        let shown = house.otary("config show --config otary.toml").printed();
        let set = shown.lines().filter(|line| line.ends_with("otary.toml")).count();
        assert_eq!(set, block.lines().filter(|line| line.contains(" = ")).count(), "{shown}");
    }
}

#[test]
fn a_wrong_command_line_ends_with_2_and_a_closed_pipe_with_nothing() {
    let house = House::new();
    assert_eq!(house.otary("serve --no-such-option").status.code(), Some(2));

    let mut command = house.command("config show");
    let mut child =
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_bare_otary_says_what_people_do_with_it() {
    let printed = House::new().otary("").printed();
    let tasks: Vec<&str> = printed.lines().filter_map(|line| line.strip_prefix("  otary ")).collect();
    let commands: Vec<&str> = tasks.iter().filter_map(|task| task.split_whitespace().next()).collect();
    assert_eq!(commands, ["serve", "push", "sketch", "device", "demo"]);
}
