//! The command line: every subcommand and flag, and where each is carried out.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::repo::Repo;
use crate::{
    bench, build, conformance, coverage, demo, diff, fuzz, packages, show, sync, test, wheel,
};

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
    Diff(diff::Args),
    Coverage(coverage::Args),
    Show(show::Args),
    Build(build::Args),
    Test(test::Args),
    Bench(bench::Args),
    Demo(demo::Args),
    Wheel(wheel::Args),
    Fuzz(fuzz::Args),
    Conformance(conformance::Args),
    Packages(packages::Args),
}

impl Cli {
    /// Carries out the command. The exit code is 0, or what the command documents;
    /// an error is one sentence for the user and exit code 1.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let repo = Repo::here()?;
        match self.command {
            Command::SyncCpython(args) => sync::run(&repo, &args),
            Command::Diff(args) => diff::run(&repo, &args),
            Command::Coverage(args) => coverage::run(&repo, &args),
            Command::Show(args) => show::run(&repo, &args),
            Command::Build(args) => done(build::run(&repo, &args)),
            Command::Test(args) => done(test::run(&repo, &args)),
            Command::Bench(args) => done(bench::run(&repo, &args)),
            Command::Demo(args) => done(demo::run(&repo, &args)),
            Command::Wheel(args) => done(wheel::run(&repo, &args)),
            Command::Fuzz(args) => fuzz::run(&repo, &args),
            Command::Conformance(args) => conformance::run(&repo, &args),
            Command::Packages(args) => packages::run(&repo, &args),
        }
    }
}

/// A command that either does its work or fails.
fn done(outcome: anyhow::Result<()>) -> anyhow::Result<ExitCode> {
    outcome.map(|()| ExitCode::SUCCESS)
}
