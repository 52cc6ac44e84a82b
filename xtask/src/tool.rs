//! Tools that CI does not need: installed under `target/tools` at the version pinned here, on first use.

use std::path::Path;
use std::process::Command;

use crate::process::{cargo, run};
use crate::workspace::root;

/// A program that `cargo install` makes.
pub(crate) struct Tool {
    /// The package, which is also the program's name.
    name: &'static str,
    version: &'static str,
}

pub(crate) const DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };
pub(crate) const MDBOOK: Tool = Tool { name: "mdbook", version: "0.5.4" };
pub(crate) const NEXTEST: Tool = Tool { name: "cargo-nextest", version: "0.9.143" };
pub(crate) const FUZZ: Tool = Tool { name: "cargo-fuzz", version: "0.13.2" };

impl Tool {
    /// A command that starts the tool in the workspace root; installs it first if this version is not there.
    pub(crate) fn command(&self) -> anyhow::Result<Command> {
        let folder = root().join("target/tools");
        let program = folder.join("bin").join(format!("{}{}", self.name, std::env::consts::EXE_SUFFIX));
        if !self.is_installed(&folder) || !program.is_file() {
            run(cargo()
                .arg("install")
                .arg("--root")
                .arg(&folder)
                .args(["--locked", "--version"])
                .args([format!("={}", self.version), self.name.to_owned()]))?;
        }
        let mut command = Command::new(program);
        command.current_dir(root());
        Ok(command)
    }

    /// Reads the list that `cargo install` keeps beside the programs.
    fn is_installed(&self, folder: &Path) -> bool {
        let list = std::fs::read_to_string(folder.join(".crates.toml")).unwrap_or_default();
        list.contains(&format!("\"{} {} ", self.name, self.version))
    }
}
