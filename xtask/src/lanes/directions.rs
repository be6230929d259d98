//! Dependencies point one way, and some things stay out of some crates.
//!
//! Dev-dependencies are no edges: a test may reach for anything. A crate without a row in the table fails, so
//! that a new one is placed by decision.

use std::collections::{BTreeSet, HashMap};
use std::fs;

use anyhow::Context as _;
use cargo_metadata::{DependencyKind, Metadata, Node, PackageId};

use super::sizes;
use crate::lane::Notes;
use crate::workspace::Workspace;

/// What each crate of ours may depend on, by ARCHITECTURE.md.
const EDGES: &[(&str, &[&str])] = &[
    ("otary-image", &[]),
    ("otary-wire", &["otary-image"]),
    ("otary-agent", &["otary-wire", "otary-image"]),
    ("otary-fleet", &["otary-wire", "otary-image"]),
    ("otary-trust", &["otary-fleet", "otary-wire", "otary-image"]),
    ("otary-store", &["otary-fleet"]),
    ("otary-sim", &["otary-agent", "otary-trust", "otary-fleet", "otary-wire", "otary-image"]),
    ("otary-server", &["otary-store", "otary-trust", "otary-fleet", "otary-wire", "otary-image"]),
    ("otary-page", &["otary-server", "otary-fleet"]),
    (
        "otary-cli",
        &[
            "otary-page",
            "otary-server",
            "otary-sim",
            "otary-store",
            "otary-trust",
            "otary-fleet",
            "otary-agent",
            "otary-wire",
            "otary-image",
        ],
    ),
];

/// What each crate must not even reach through others: the rules decide without clock, socket or database.
const KEPT_OUT: &[(&str, &[&str])] = &[
    ("otary-image", &["axum", "hyper", "rusqlite", "tokio"]),
    ("otary-wire", &["axum", "hyper", "rusqlite", "tokio"]),
    // Neither an executor nor a socket: the driver of the firmware has them.
    ("otary-agent", &["axum", "embassy-executor", "embassy-net", "hyper", "rusqlite", "smoltcp", "tokio"]),
    ("otary-fleet", &["axum", "hyper", "rusqlite", "tokio"]),
];

/// Crates that only these of ours may name. SQL lives in the store. HTTP lives in the server; the command line is the
/// client of its operator API, over a connection or, on the data directory, by calling the same router.
const OWNED: &[(&str, &[&str])] = &[
    ("rusqlite", &["otary-store"]),
    ("axum", &["otary-server", "otary-page", "otary-cli"]),
    ("hyper", &["otary-server", "otary-cli"]),
    ("hyper-util", &["otary-server", "otary-cli"]),
    ("http-body-util", &["otary-server", "otary-page", "otary-cli"]),
];

/// What pure code does not say: time comes in as a value, and so does everything from outside.
const IMPURE: &[&str] = &[
    "SystemTime",
    "Instant",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "std::env",
    "std::fs",
    "std::process",
    "std::thread",
];
const PURE_FOLDERS: &[&str] =
    &["crates/fleet/src", "crates/image/src", "crates/wire/src", "crates/agent/src"];

pub fn run(workspace: &Workspace, _: &mut Notes) -> anyhow::Result<()> {
    let metadata = workspace.metadata()?;
    let graph = Graph::new(&metadata)?;
    let mut faults = Vec::new();
    for (id, name) in graph.ours() {
        faults.extend(edge_faults(name, &graph.direct(id)));
        faults.extend(kept_out_faults(name, &graph.reached(id)));
    }
    faults.extend(impure_sources(workspace)?);
    for fault in &faults {
        println!("{fault}");
    }
    anyhow::ensure!(faults.is_empty(), "{} dependencies point the wrong way", faults.len());
    Ok(())
}

fn edge_faults(name: &str, direct: &BTreeSet<&str>) -> Vec<String> {
    let Some((_, allowed)) = EDGES.iter().find(|(row, _)| *row == name) else {
        return vec![format!("{name} has no row in the table of edges")];
    };
    let ours = direct.iter().filter(|to| to.starts_with("otary-") && !allowed.contains(to));
    let wrong = ours.map(|to| format!("{name} -> {to} is not an edge of ARCHITECTURE.md"));
    let owned = OWNED.iter().filter(|(of, owners)| !owners.contains(&name) && direct.contains(of));
    wrong
        .chain(
            owned.map(|(of, owners)| format!("{name} -> {of}, which is for {} alone", owners.join(" and "))),
        )
        .collect()
}

fn kept_out_faults(name: &str, reached: &BTreeSet<&str>) -> Vec<String> {
    let kept_out = KEPT_OUT.iter().filter(|(row, _)| *row == name).flat_map(|(_, kept_out)| *kept_out);
    let found = kept_out.filter(|to| reached.contains(*to));
    found.map(|to| format!("{name} reaches {to}, directly or through others")).collect()
}

fn impure_sources(workspace: &Workspace) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    for path in sizes::sources(workspace.root())? {
        let path = path.strip_prefix(workspace.root())?;
        if !PURE_FOLDERS.iter().any(|folder| path.starts_with(folder)) {
            continue;
        }
        let text = fs::read_to_string(workspace.root().join(path))?;
        let found = IMPURE.iter().filter(|word| text.contains(**word));
        faults.extend(found.map(|word| format!("{}: {word} in pure code", path.display())));
    }
    Ok(faults)
}

/// Who depends on whom for more than tests.
struct Graph<'a> {
    nodes: HashMap<&'a PackageId, &'a Node>,
    names: HashMap<&'a PackageId, &'a str>,
    members: &'a [PackageId],
}

impl<'a> Graph<'a> {
    fn new(metadata: &'a Metadata) -> anyhow::Result<Self> {
        let resolve = metadata.resolve.as_ref().context("cargo metadata resolved nothing")?;
        Ok(Self {
            nodes: resolve.nodes.iter().map(|node| (&node.id, node)).collect(),
            names: metadata.packages.iter().map(|package| (&package.id, package.name.as_str())).collect(),
            members: &metadata.workspace_members,
        })
    }

    /// The product's crates; tooling is not shipped and has no direction.
    fn ours(&self) -> impl Iterator<Item = (&'a PackageId, &'a str)> {
        let named = self.members.iter().filter_map(|id| Some((id, *self.names.get(id)?)));
        named.filter(|(_, name)| name.starts_with("otary-"))
    }

    fn edges(&self, id: &PackageId) -> impl Iterator<Item = &'a PackageId> {
        let dependencies = self.nodes.get(id).map(|node| node.deps.iter()).into_iter().flatten();
        dependencies
            .filter(|to| to.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal))
            .map(|to| &to.pkg)
    }

    fn direct(&self, id: &PackageId) -> BTreeSet<&'a str> {
        self.edges(id).filter_map(|to| self.names.get(to).copied()).collect()
    }

    fn reached(&self, id: &'a PackageId) -> BTreeSet<&'a str> {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![id];
        while let Some(id) = waiting.pop() {
            waiting.extend(self.edges(id).filter(|to| seen.insert(*to)));
        }
        seen.into_iter().filter_map(|id| self.names.get(id).copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_that_the_table_does_not_have_is_named() {
        let faults = edge_faults("otary-fleet", &BTreeSet::from(["otary-image", "otary-store", "serde"]));
        assert_eq!(faults, ["otary-fleet -> otary-store is not an edge of ARCHITECTURE.md"]);
    }

    #[test]
    fn a_crate_that_nobody_placed_is_refused() {
        let faults = edge_faults("otary-new", &BTreeSet::new());
        assert_eq!(faults, ["otary-new has no row in the table of edges"]);
    }

    #[test]
    fn sql_outside_the_store_is_refused() {
        let faults = edge_faults("otary-server", &BTreeSet::from(["rusqlite", "hyper"]));
        assert_eq!(faults, ["otary-server -> rusqlite, which is for otary-store alone"]);
        assert!(edge_faults("otary-store", &BTreeSet::from(["rusqlite"])).is_empty());
    }

    #[test]
    fn a_runtime_reached_through_others_is_found() {
        let faults = kept_out_faults("otary-fleet", &BTreeSet::from(["bytes", "tokio"]));
        assert_eq!(faults, ["otary-fleet reaches tokio, directly or through others"]);
    }

    #[test]
    fn this_workspace_is_walked_to_its_ends() {
        let metadata = Workspace::find().unwrap().metadata().unwrap();
        let graph = Graph::new(&metadata).unwrap();
        let (server, _) = graph.ours().find(|(_, name)| *name == "otary-server").unwrap();
        assert!(graph.direct(server).contains("hyper"));
        assert!(!graph.direct(server).contains("rusqlite"));
        assert!(graph.reached(server).contains("rusqlite"), "through the store");
    }

    #[test]
    fn the_table_has_no_cycle() {
        let mut placed: Vec<&str> = Vec::new();
        for (name, allowed) in EDGES {
            assert!(name != &"otary-cli" || placed.len() + 1 == EDGES.len());
            assert!(allowed.iter().all(|to| placed.contains(to)), "{name} comes before what it needs");
            placed.push(name);
        }
    }
}
