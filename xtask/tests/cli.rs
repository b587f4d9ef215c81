//! The command line: one sentence for each failure, and exit codes.

use std::path::Path;
use std::process::Command;

/// Exit code, standard output and standard error.
fn xtask(args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(args)
        .output()
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn failure(args: &[&str]) -> String {
    let (code, out, err) = xtask(args);
    assert_eq!((code, out.as_str()), (1, ""), "{err}");
    err
}

#[test]
fn a_source_that_is_not_there() {
    assert_eq!(
        failure(&["sync-cpython", "3.13.5", "--source", "/nowhere/at/all"]),
        "error: /nowhere/at/all: there is no such folder or archive\n"
    );
}

#[test]
fn a_tree_that_does_not_parse() {
    let tree = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = tree.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("Include/patchlevel.h", "#define PY_VERSION \"3.13.5\"\n");
    write("Python/ceval.c", "int x;\n\nint f(void) { return ]; }\n");
    let source = tree.path().display().to_string();
    let err = failure(&["sync-cpython", "3.13.5", "--source", &source]);
    assert!(
        err.starts_with("error: Python/ceval.c:3: the C does not parse at `"),
        "{err}"
    );
}

#[test]
fn a_release_without_a_recorded_hash() {
    assert_eq!(
        failure(&["sync-cpython", "3.13.77"]),
        "error: no SHA-256 is recorded for 3.13.77; give the published one of \
         Python-3.13.77.tar.xz with --sha256\n"
    );
}

#[test]
fn a_hash_other_than_the_recorded_one() {
    let other = "0".repeat(64);
    let err = failure(&["sync-cpython", "3.13.5", "--sha256", &other]);
    assert!(
        err.starts_with(&format!(
            "error: --sha256 says {other}, but 93e583f243454e6e9e4588ca2c2662206ad961659863277afcdb96801647d640"
        )),
        "{err}"
    );
}

#[test]
fn a_release_that_was_never_synced() {
    let err = failure(&["diff", "3.11.2", "3.13.77"]);
    assert!(
        err.starts_with("error: 3.13.77 has not been synced; there are 3.11.2, "),
        "{err}"
    );
    assert_eq!(
        failure(&["show", "NO_SUCH_OPCODE"]),
        "error: NO_SUCH_OPCODE: no synced release has this opcode\n"
    );
}

#[test]
fn coverage_as_json() {
    let (code, out, _) = xtask(&["coverage", "--json"]);
    assert_eq!(code, 0);
    let coverage: serde_json::Value = serde_json::from_str(&out).unwrap();
    let release = &coverage["releases"]["3.11.2"];
    let count = |name: &str| release[name].as_u64().unwrap();
    let left = release["left"].as_array().unwrap();
    assert_eq!(
        count("opcodes"),
        count("derived") + count("overridden") + left.len() as u64
    );
    for entry in left {
        assert!(entry["opcode"].is_string() && entry["reason"].is_string());
    }
}

#[test]
fn nothing_is_written_by_a_failure() {
    let status = |path: &Path| {
        let output = Command::new("git")
            .args(["status", "--porcelain", "templates", "cpython-versions"])
            .current_dir(path)
            .output()
            .unwrap();
        output.stdout
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let before = status(&root);
    failure(&["sync-cpython", "3.13.5", "--source", "/nowhere/at/all"]);
    assert_eq!(status(&root), before);
}
