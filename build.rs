//! Generates the emitters of the CPython release that this build is for, and sets its
//! configuration flags.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The minor releases of Python 3 that the runtime knows the frames and objects of.
const SUPPORTED: [u8; 2] = [11, 13];

fn main() -> ExitCode {
    pyo3_build_config::use_pyo3_cfgs();
    for input in ["build.rs", "templates", "cpython-versions"] {
        println!("cargo::rerun-if-changed={input}");
    }
    match generate() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            for line in message.lines() {
                println!("cargo::error={line}");
            }
            ExitCode::FAILURE
        }
    }
}

fn generate() -> Result<(), String> {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let minor = pyo3_build_config::get().version().minor;
    if !SUPPORTED.contains(&minor) {
        return Err(format!(
            "Cevalry runs on CPython 3.{} and 3.{}, but this build is for Python 3.{minor}; \
             set PYO3_PYTHON to another interpreter",
            SUPPORTED[0], SUPPORTED[1]
        ));
    }
    let code = cevalry_model::build::generate(&root, minor).map_err(|error| error.to_string())?;
    let path = Path::new(&variable("OUT_DIR")?).join("emitters.rs");
    fs::write(&path, code.to_string())
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("cargo did not set {name}: {error}"))
}
