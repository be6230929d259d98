//! axe-core, which knows the rules of WCAG 2.2 as far as a program can tell, beside the page that it looks at.

use std::path::PathBuf;

use serde_json::Value;

use crate::browser::Browser;

/// The levels A and AA, up to 2.2.
const RULES: &str = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']";

/// The program, read once.
pub struct Axe(String);

impl Axe {
    /// Finds it where CI installs it; none where it is not, and says so.
    pub fn find() -> Option<Self> {
        let folder = std::env::var_os("OTARY_NODE_MODULES").map(PathBuf::from);
        let program =
            folder.and_then(|folder| std::fs::read_to_string(folder.join("axe-core/axe.min.js")).ok());
        if program.is_none() {
            println!("skipped: OTARY_NODE_MODULES has no axe-core");
        }
        program.map(Self)
    }

    /// What is serious or critical on the page as it is shown: each rule with the elements that break it.
    pub fn finds(&self, browser: &Browser) -> Vec<String> {
        browser.runs(&self.0);
        let found = browser.runs_async(&format!(
            "const done = arguments[arguments.length - 1];
             axe.run(document, {{ runOnly: {RULES}, resultTypes: ['violations'] }})
                .then((found) => done(found.violations), (error) => done([{{ id: String(error), impact: 'critical', nodes: [] }}]));"
        ));
        let grave = |rule: &&Value| rule["impact"] == "serious" || rule["impact"] == "critical";
        found.as_array().unwrap().iter().filter(grave).map(told).collect()
    }
}

fn told(rule: &Value) -> String {
    let nodes = rule["nodes"].as_array().unwrap().iter();
    let nodes: Vec<String> =
        nodes.take(5).map(|node| format!("{}\n    {}", node["html"], node["failureSummary"])).collect();
    format!("{}: {}\n  {}", rule["id"], rule["help"], nodes.join("\n  "))
}
