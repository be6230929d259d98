//! Debian's nginx as a person who knows it would set it up for this: a worker per core, a line in the access log for
//! each check-in, written in batches as otary's are, 304 by a `map`, the image as a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::Site;
use crate::case::Key;
use crate::process;

/// nginx in the search path, else Debian's package, unpacked beside and never started as a service.
pub fn install(folder: &Path) -> anyhow::Result<PathBuf> {
    if let Some(found) = super::find("nginx") {
        return Ok(found);
    }
    let folder = folder.join("nginx");
    let program = folder.join("usr/sbin/nginx");
    if !program.is_file() {
        fs::create_dir_all(&folder)?;
        download(&folder).context("nginx is not installed\nhelp: apt-get install nginx")?;
    }
    Ok(program)
}

fn download(folder: &Path) -> anyhow::Result<()> {
    let mut command = Command::new("apt-get");
    command.current_dir(folder).args(["download", "nginx"]);
    process::output(command)?;
    let mut entries = fs::read_dir(folder)?.filter_map(Result::ok).map(|entry| entry.path());
    let package = entries.find(|path| path.extension().is_some_and(|end| end == "deb"));
    let mut command = Command::new("dpkg");
    command.arg("-x").arg(package.context("apt-get downloaded nothing")?).arg(folder);
    process::output(command).map(drop)
}

/// With the TLS library that it uses.
pub fn version(program: &Path) -> anyhow::Result<String> {
    let mut command = Command::new(program);
    command.arg("-V");
    let text = process::output(command)?;
    let line = |start: &str| text.lines().find_map(|line| Some(line.strip_prefix(start)?.trim().to_owned()));
    let nginx = line("nginx version: nginx/").context("nginx -V without a version")?;
    let tls = line("built with ").context("nginx -V without a TLS library")?;
    Ok(format!("nginx {nginx}, {tls}"))
}

pub fn command(site: &Site, folder: &Path, key: Key, port: u16) -> anyhow::Result<(Command, String)> {
    let file = folder.join("nginx.conf");
    fs::write(&file, configuration(site, folder, key, port)?)?;
    let mut command = Command::new(&site.nginx);
    command.arg("-p").arg(folder).arg("-e").arg(folder.join("error.log")).arg("-c").arg(file);
    Ok((command, "/firmware.bin".to_owned()))
}

fn configuration(site: &Site, folder: &Path, key: Key, port: u16) -> anyhow::Result<String> {
    let workers = std::thread::available_parallelism()?;
    // Started by root, nginx would give its workers a user who may not read the files of this checkout.
    let user = if nix::unistd::geteuid().is_root() { "user root;" } else { "" };
    let certificate = site.certificates.certificate(key);
    let (certificate, key) = (certificate.display(), site.certificates.key(key));
    let (key, root, version) = (key.display(), site.folder.display(), site.firmware.version);
    let folder = folder.display();
    Ok(format!(
        r#"{user}
daemon off;
worker_processes {workers};
worker_rlimit_nofile 8192;
pid {folder}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    log_format check_in '$time_iso8601 $remote_addr $http_x_esp32_sta_mac $http_x_esp32_version '
                        '$http_x_esp32_sketch_md5 "$request" $status $body_bytes_sent';
    access_log {folder}/access.log check_in buffer=64k flush=1s;
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 120s;
    keepalive_requests 10000000;
    map $http_x_esp32_version $is_up_to_date {{ default 0; "{version}" 1; }}
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_protocols TLSv1.2 TLSv1.3;
        root {root};
        location = /update {{
            if ($is_up_to_date) {{ return 304; }}
            try_files /firmware.bin =404;
        }}
        location = /firmware.bin {{ default_type application/octet-stream; }}
    }}
}}
"#
    ))
}
