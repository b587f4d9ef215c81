//! What importing the module costs.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::table::median;
use crate::process;
use crate::python::Python;

const ROUNDS: usize = 9;

/// Prints milliseconds and KiB of resident memory, after what the package itself imports is in.
const SCRIPT: &str = r"
import os, sys, time

def resident():
    with open('/proc/self/statm') as statm:
        return int(statm.read().split()[1]) * os.sysconf('SC_PAGESIZE') / 1024

before = resident()
start = time.perf_counter()
import cevalry
print((time.perf_counter() - start) * 1e3, resident() - before)
";

/// One line for people: the median over several fresh processes.
pub fn measure(python: &Python, import: &Path) -> Result<String> {
    let mut times = Vec::new();
    let mut sizes = Vec::new();
    for _ in 0..ROUNDS {
        let mut command = Command::new(&python.command);
        command.args(["-c", SCRIPT]).env("PYTHONPATH", import);
        let printed = process::output(&mut command)?;
        let (time, size) = printed
            .trim()
            .split_once(' ')
            .with_context(|| format!("import printed {printed:?}, not its time and size"))?;
        times.push(time.parse()?);
        sizes.push(size.parse()?);
    }
    Ok(format!(
        "import: {:.2} ms, {:.2} MiB",
        median(times),
        median(sizes) / 1024.0
    ))
}
