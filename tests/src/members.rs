//! Clusters of several nodes as processes.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::process::{Node, PATIENCE, until};
use crate::{binary, packetstream};

/// Nodes of one cluster, with the operator's bundle.
pub struct Members {
    pub nodes: Vec<Node>,
    /// The folder of the authority and the operator.
    pub operator: String,
    folder: PathBuf,
}

impl Members {
    /// So many nodes, all of them active. `extra` goes to each.
    ///
    /// # Panics
    /// When they do not find each other, as all here.
    pub fn start(folder: &Path, count: usize, extra: &[&str]) -> Self {
        let mut members = Self::found(folder);
        for number in 1..=count {
            members.join(&format!("n{number}"), extra, &[]);
        }
        members.settle(count);
        members
    }

    /// A cluster without nodes.
    ///
    /// # Panics
    /// When its authority cannot be made.
    pub fn found(folder: &Path) -> Self {
        let operator = folder.join("operator").to_str().expect("text").to_owned();
        let made = packetstream(&["cluster", "init", "--data", &operator]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self { nodes: Vec::new(), operator, folder: folder.to_owned() }
    }

    /// A new bundle.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn invite(&self, role: &str, name: &str, seeds: &[&str]) -> String {
        let path = self.folder.join(format!("{name}.bundle")).to_str().expect("text").to_owned();
        let mut args = vec!["cluster", "invite", "--role", role, "--name", name, "-o", &path, "--data", &self.operator];
        seeds.iter().for_each(|seed| args.extend(["--seed", seed]));
        let made = packetstream(&args);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        path
    }

    /// Starts one more node, which joins through the others.
    ///
    /// # Panics
    /// When it does not start.
    pub fn join(&mut self, name: &str, extra: &[&str], within: &[&str]) {
        let bundle = self.invite("node", name, &[]);
        let seeds: Vec<String> = self.nodes.iter().map(|node| node.address.clone()).collect();
        let mut args = vec!["--bundle", &bundle];
        seeds.iter().for_each(|seed| args.extend(["--seed", seed]));
        args.extend(extra);
        self.nodes.push(Node::start_with(&self.folder.join(name), &args, within));
    }

    /// Runs a command with the operator's bundle through one node.
    pub fn run(&self, through: usize, args: &[&str]) -> Output {
        self.nodes[through].run_as(&format!("{}/operator.bundle", self.operator), args)
    }

    /// An import that goes on, through whichever node answers, beginning with the first; see [`said_by`].
    ///
    /// # Panics
    /// When there is no binary.
    #[must_use]
    pub fn import(&self, file: &str, host: &str) -> Child {
        let bundle = format!("{}/operator.bundle", self.operator);
        let mut args = vec!["import", file, "--host", host, "--json", "--bundle", &bundle];
        self.nodes.iter().for_each(|node| args.extend(["--peer", &node.address]));
        Command::new(binary("packetstream")).args(args).stdout(Stdio::piped()).spawn().expect("the binary is there")
    }

    /// What a command that must succeed says.
    ///
    /// # Panics
    /// When it does not succeed.
    pub fn text(&self, through: usize, args: &[&str]) -> String {
        let output = self.run(through, args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// The status through one node, if it answers.
    #[must_use]
    pub fn status(&self, through: usize) -> Option<Value> {
        let output = self.run(through, &["status", "--json"]);
        serde_json::from_slice(&output.stdout).ok()
    }

    /// Waits until so many members are active, in the eyes of each node, and nothing moves any more.
    ///
    /// # Panics
    /// When it does not come to that.
    pub fn settle(&self, count: usize) {
        for through in 0..self.nodes.len() {
            until(&format!("{count} active members in the eyes of node {through}"), PATIENCE, || {
                let status = self.status(through)?;
                let members = status["cluster"]["members"].as_array()?;
                let active = members.iter().filter(|member| member["state"] == "active" && member["health"] == "alive");
                // Those who became active only now are not in the map yet.
                let active =
                    active.filter(|member| member["partitions"].as_u64() > Some(0) && member["in_sync"] == true);
                (active.count() == count && status["cluster"]["maps"] == 1).then_some(())
            });
        }
    }

    /// How many chunks a node holds.
    #[must_use]
    pub fn chunks(&self, through: usize) -> Option<u64> {
        self.status(through)?["chunks"].as_u64()
    }
}

/// What an import says, an object a line.
///
/// # Panics
/// When it was asked before, or at a line that is none.
pub fn said_by(import: &mut Child) -> impl Iterator<Item = Value> + use<> {
    let said = BufReader::new(import.stdout.take().expect("piped"));
    said.lines().map_while(Result::ok).map(|line| serde_json::from_str(&line).expect("one object a line"))
}
