//! The command line: every subcommand and flag, and where each is carried out.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::repo::Repo;
use crate::sync;

/// Cevalry's maintenance tasks.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    SyncCpython(sync::Args),
}

impl Cli {
    /// Carries out the command. The exit code is 0, or what the command documents;
    /// an error is one sentence for the user and exit code 1.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let repo = Repo::here()?;
        match self.command {
            Command::SyncCpython(args) => sync::run(&repo, &args),
        }
    }
}
