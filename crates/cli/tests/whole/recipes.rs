//! The recipes of docs/RECIPES.md, run as they are copied from there, against a real server; and what the Dockerfile names.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use otary_server::operator::Announcement;

use crate::house::{House, Server};

/// A server, the product lamp, and the token of a build machine in `ci.token`.
fn workshop() -> (House, Server) {
    let house = House::new();
    let server = house.serve("");
    house.otary("product add lamp --chips esp32 --data x").printed();
    let token = house.otary("token create ci --scope push --product lamp --data x").printed();
    house.write_secret("ci.token", token);
    fs::copy(house.path("x/trust/page/root.crt"), house.path("page-ca.pem")).unwrap();
    (house, server)
}

fn url(house: &House) -> String {
    Announcement::read(&house.data()).unwrap().unwrap().url
}

fn project(place: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(place)
}

/// A program that knows nothing but the house, `otary`, and what the system has.
fn run(house: &House, program: &str, words: &[&str], variables: &[(&str, &str)]) -> Output {
    let otary = Path::new(env!("CARGO_BIN_EXE_otary")).parent().unwrap();
    let path = format!("{}:{}:/usr/bin:/bin", house.path("bin").display(), otary.display());
    let mut command = Command::new(program);
    command.args(words).current_dir(house.path("")).env_clear().env("PATH", path).env("HOME", house.path(""));
    command.envs(variables.iter().copied()).stdin(Stdio::null()).output().unwrap()
}

#[track_caller]
fn succeeded(output: &Output) {
    assert!(output.status.success(), "{output:#?}");
}

#[track_caller]
fn assert_published(house: &House, version: &str) {
    let listed = house.otary("release list lamp --json --data x").printed();
    assert!(listed.contains(&format!("\"version\": \"{version}\"")), "{listed}");
}

impl House {
    /// Puts a program into the folder where [`run`] looks first.
    fn program(&self, name: &str, text: &str) {
        fs::create_dir(self.path("bin")).unwrap();
        let file = format!("bin/{name}");
        self.write(&file, text);
        fs::set_permissions(self.path(&file), fs::Permissions::from_mode(0o755)).unwrap();
    }
}

fn is_here(program: &str) -> bool {
    let here = Command::new(program).arg("--version").output().is_ok();
    if !here {
        println!("skipped: {program} is not installed");
    }
    here
}

/// What `PlatformIO` does with an extra script: gives it `env`, then runs the custom target that it adds.
const PLATFORMIO: &str = r#"
import builtins, sys

class Env:
    def __init__(self, options):
        self.options, self.targets = options, {}
    def GetProjectOption(self, name, default=None):
        return self.options.get(name, default)
    def AddCustomTarget(self, name, dependencies, actions, title=None, description=None, always_build=True):
        self.targets[name] = (dependencies, actions)
    def subst(self, text):
        return text.replace("$BUILD_DIR", ".").replace("${PROGNAME}", "firmware")

script, *pairs = sys.argv[1:]
env = Env(dict(pair.split("=", 1) for pair in pairs))
scope = {"env": env, "Import": lambda name: None}
exec(compile(open(script).read(), script, "exec"), scope)
dependencies, action = env.targets["ota"]
# SCons calls an action with these names, and takes anything but 0 and None for a failure.
sys.exit(action(target=["ota"], source=[env.subst(dependencies)], env=env) or 0)
"#;

#[test]
fn platformios_target_pushes_what_was_built() {
    if !is_here("python3") {
        return;
    }
    let (house, _server) = workshop();
    house.sample("firmware.bin", "0.3");
    house.write("platformio.py", PLATFORMIO);
    let script = project("docs/recipes/platformio_ota.py").display().to_string();
    let server = format!("custom_otary_server={}", url(&house));
    let ota = |version: &str| {
        let version = format!("custom_otary_version={version}");
        let product = "custom_otary_product=lamp";
        let (ca, token) = ("custom_otary_ca=page-ca.pem", "custom_otary_token_file=ci.token");
        run(&house, "python3", &["platformio.py", &script, product, &version, &server, ca, token], &[])
    };
    succeeded(&ota("0.3"));
    assert_published(&house, "0.3");
    let again = ota("0.3");
    assert!(!again.status.success(), "what is refused fails the build: {again:#?}");
}

#[test]
fn cargos_runner_makes_an_image_and_pushes_it() {
    let (house, _server) = workshop();
    house.sample("image", "0.3");
    house.write("lamp.elf", "what was linked");
    // `espflash save-image --chip CHIP PROGRAM IMAGE`
    let espflash = "#!/bin/sh\n[ \"$1 $2 $3 $4\" = 'save-image --chip esp32 lamp.elf' ] && cp image \"$5\"\n";
    house.program("espflash", espflash);
    let (script, server) = (project("docs/recipes/cargo-runner.sh").display().to_string(), url(&house));
    let words = [
        "--chip",
        "esp32",
        "--product",
        "lamp",
        "--version",
        "0.3",
        "--notes",
        "it's a 'new' one",
        "--server",
    ];
    let words = [
        &[script.as_str()],
        &words[..],
        &[&server, "--ca", "page-ca.pem", "--token-file", "ci.token", "lamp.elf"],
    ];
    succeeded(&run(&house, "sh", &words.concat(), &[]));
    assert_published(&house, "0.3");
    let shown = house.otary("release show lamp 0.3 --json --data x").printed();
    assert!(shown.contains("it's a 'new' one"), "{shown}");
    let bare = run(&house, "sh", &[&script, "lamp.elf"], &[]);
    assert_eq!(bare.status.code(), Some(2));
}

#[test]
fn curl_pushes_without_otary_and_without_its_token_in_a_process_list() {
    if !is_here("curl") {
        return;
    }
    let (house, _server) = workshop();
    house.sample("lamp.bin", "0.3");
    // Tells with which words it was called, and is curl.
    house.program("curl", "#!/bin/sh\necho \"$@\" >> calls\nexec /usr/bin/curl \"$@\"\n");
    let (script, server) = (project("docs/recipes/push.sh").display().to_string(), url(&house));
    let token = house.text("ci.token").trim().to_owned();
    let push = |token: &str| {
        let variables =
            [("OTARY_SERVER", server.as_str()), ("OTARY_CA", "page-ca.pem"), ("OTARY_TOKEN", token)];
        run(&house, "sh", &[&script, "lamp.bin", "lamp", "0.3"], &variables)
    };
    let pushed = push(&token);
    succeeded(&pushed);
    assert_published(&house, "0.3");
    let calls = house.text("calls");
    assert!(calls.lines().count() == 2 && !calls.contains(&token), "{calls}");
    let refused = push("otary_wrong");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("\"code\""), "a refusal says why: {said}");
}

#[test]
fn build_machines_run_the_script_that_was_tried() {
    for place in ["docs/recipes/github.yml", "docs/recipes/gitlab.yml"] {
        let text = fs::read_to_string(project(place)).unwrap();
        assert!(text.contains("sh push.sh .pio/build/lamp/firmware.bin lamp "), "{place}");
        for variable in ["OTARY_SERVER: https://", "OTARY_CA: page-ca.pem"] {
            assert!(text.contains(variable), "{place}: {variable}");
        }
    }
}

/// The words of a JSON array in a line of the Dockerfile.
fn words(line: &str) -> Vec<String> {
    serde_json::from_str(&line[line.find('[').unwrap()..]).unwrap()
}

#[test]
fn everything_that_the_dockerfile_names_exists() {
    let house = House::new();
    let text = fs::read_to_string(project("packaging/Dockerfile")).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let line = |begins: &str| {
        *lines.iter().find(|line| line.starts_with(begins)).unwrap_or_else(|| panic!("{begins}"))
    };
    for copied in lines.iter().filter(|line| line.starts_with("COPY ") && !line.contains("--from")) {
        let sources: Vec<&str> = copied.split_whitespace().skip(1).collect();
        assert!(sources[..sources.len() - 1].iter().all(|source| project(source).exists()), "{copied}");
    }
    let (program, serve) = (words(line("ENTRYPOINT")), words(line("CMD")));
    assert_eq!((program, serve), (vec!["otary".to_owned()], vec!["serve".to_owned()]));
    let check = words(line("HEALTHCHECK"));
    let data = line("ENV OTARY_DATA=").strip_prefix("ENV OTARY_DATA=").unwrap();
    assert!(data.starts_with(line("VOLUME").strip_prefix("VOLUME ").unwrap()));
    // The same two commands, with the folder by the same variable.
    let mut server = house.serve_command("");
    server.env("OTARY_DATA", house.data());
    let server = house.serve_by(server);
    let asked =
        || house.command(&check[1..].join(" ")).env("OTARY_DATA", house.data()).output().unwrap().status;
    assert!(asked().success());
    server.kill();
    fs::rename(house.data(), house.path("gone")).unwrap();
    assert!(!asked().success(), "what is not there is not well");
    assert!(line("USER").ends_with("10001:10001"), "no root inside");
}
