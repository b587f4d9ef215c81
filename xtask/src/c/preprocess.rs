//! Running the C preprocessor over `Python/ceval.c`.
//!
//! Plain preprocessing loses the macros that carry meaning. A header is slipped in at the start
//! of the evaluation function that takes their definitions away, so that they reach the syntax
//! tree as calls.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use super::error::Error;

const EVALUATION_FUNCTION: &str = "_PyEval_EvalFrameDefault(PyThreadState *tstate, ";
const STAND_INS: [(&str, &str); 3] = [
    ("pyconfig.h", include_str!("include/pyconfig.h")),
    ("stdatomic.h", include_str!("include/stdatomic.h")),
    ("cevalry_vocabulary.h", include_str!("include/vocabulary.h")),
];
const OPTIONS: [&str; 12] = [
    "-E",
    "-x",
    "c",
    // The text comes from a pipe, so its own folder has to be named first.
    "-IPython",
    "-IInclude",
    "-IInclude/internal",
    "-IInclude/internal/mimalloc",
    "-DPy_BUILD_CORE",
    "-DNDEBUG",
    "-DUSE_COMPUTED_GOTOS=0",
    "-D_Alignas(x)=",
    "-D__uint128_t=unsigned long",
];

/// The macros that [`preprocess`] keeps as calls.
pub fn vocabulary_macros() -> impl Iterator<Item = &'static str> {
    STAND_INS[2]
        .1
        .lines()
        .filter_map(|line| line.strip_prefix("#undef "))
}

/// The text of `Python/ceval.c` with everything it includes, line markers kept.
pub fn preprocess(tree: &Path) -> Result<String, Error> {
    let path = tree.join("Python/ceval.c");
    if !path.is_file() {
        return Err(Error::NoEvaluationLoop(tree.to_owned()));
    }
    let source = fs::read_to_string(&path).map_err(|source| Error::Read { path, source })?;
    run(tree, with_vocabulary(&source))
}

/// Slips the vocabulary header in behind the opening brace of the evaluation function.
fn with_vocabulary(source: &str) -> String {
    let mut out = String::from("# 1 \"Python/ceval.c\"\n");
    let mut inside = false;
    let mut done = false;
    for (index, line) in source.lines().enumerate() {
        out.push_str(line);
        out.push('\n');
        inside |= line.contains(EVALUATION_FUNCTION) && !line.trim_end().ends_with(';');
        if inside && !done && line.trim_end().ends_with('{') {
            out.push_str("#include \"cevalry_vocabulary.h\"\n");
            out.push_str(&format!("# {} \"Python/ceval.c\"\n", index + 2));
            done = true;
        }
    }
    out
}

fn run(tree: &Path, source: String) -> Result<String, Error> {
    let stand_ins = tempfile::tempdir().map_err(Error::NoPreprocessor)?;
    for (name, text) in STAND_INS {
        fs::write(stand_ins.path().join(name), text).map_err(Error::NoPreprocessor)?;
    }
    let mut child = Command::new("gcc")
        .current_dir(tree)
        .arg("-I")
        .arg(stand_ins.path())
        .args(OPTIONS)
        .arg("-")
        // Nothing but the tree decides what is read.
        .env_remove("CPATH")
        .env_remove("C_INCLUDE_PATH")
        .env_remove("DEPENDENCIES_OUTPUT")
        .env_remove("SUNPRO_DEPENDENCIES")
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Error::NoPreprocessor)?;
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let feeder = thread::spawn(move || stdin.write_all(source.as_bytes()));
    let output = child.wait_with_output().map_err(Error::NoPreprocessor)?;
    // A broken pipe here means that gcc stopped early, and its own message says why.
    let _ = feeder.join();
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        let first = message
            .lines()
            .find(|line| line.contains("error"))
            .or(message.lines().next())
            .unwrap_or("no message");
        return Err(Error::Preprocess(first.to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
