//! What the tests share: the data of a small made-up release, and expectations in files.

use std::fs;
use std::path::{Path, PathBuf};

use cevalry_model::release::Release;

pub fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// The releases of the made-up data, oldest first.
pub fn releases(minor: u8) -> Vec<Release> {
    Release::load(&tests().join("data"), minor).unwrap_or_else(|error| panic!("{error}"))
}

/// Compares with the text of a file, or rewrites the file.
pub fn expect_file(path: &Path, found: &str) {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(path, found).unwrap();
        return;
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == expected,
        "{} does not hold what comes out now; UPDATE_EXPECT=1 rewrites it. Now:\n{found}",
        path.display()
    );
}

/// The templates of a folder, in order of name: path, file name and text.
pub fn templates(folder: &str) -> Vec<(PathBuf, String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(tests().join(folder)).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "tmpl")
        {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, name, text));
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{folder} holds no templates");
    found
}
