//! Sources from folders, archives and a server on this machine.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::thread;

use liblzma::write::XzEncoder;

use super::{Downloads, Sha256Text, Source, sha256};
use crate::release::Release;

fn release() -> Release {
    "3.13.5".parse().unwrap()
}

/// A tree with the two files that are looked at.
fn tree(folder: &Path, version: &str) -> PathBuf {
    let tree = folder.join(format!("Python-{version}"));
    fs::create_dir_all(tree.join("Python")).unwrap();
    fs::create_dir_all(tree.join("Include")).unwrap();
    fs::write(tree.join("Python/ceval.c"), "int x;\n").unwrap();
    let patchlevel = format!("/* release */\n#define PY_VERSION \"{version}\"\n");
    fs::write(tree.join("Include/patchlevel.h"), patchlevel).unwrap();
    tree
}

fn archive(folder: &Path) -> Vec<u8> {
    let mut tar = tar::Builder::new(XzEncoder::new(Vec::new(), 6));
    tar.append_dir_all("Python-3.13.5", tree(folder, "3.13.5"))
        .unwrap();
    tar.into_inner().unwrap().finish().unwrap()
}

/// Answers requests with `bytes`, of which `sent` arrive, under the address that is given back.
fn serve(bytes: Vec<u8>, sent: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let got = stream.read(&mut request).unwrap();
            let request = String::from_utf8_lossy(&request[..got]).into_owned();
            let head = if request.starts_with("GET /ftp/python/3.13.5/Python-3.13.5.tar.xz ") {
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", bytes.len())
            } else {
                "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned()
            };
            stream.write_all(head.as_bytes()).unwrap();
            if head.contains("200") {
                stream.write_all(&bytes[..sent]).unwrap();
            }
        }
    });
    format!("http://{address}/ftp/python")
}

fn failure(result: Result<Source, super::SourceError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn a_download_is_checked_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = archive(folder.path());
    let hash = sha256(&bytes);
    let cache = folder.path().join("cache");
    let sent = bytes.len();
    let downloads = Downloads::new(&serve(bytes, sent), cache.clone());
    let source = Source::download(&downloads, &release(), &hash).unwrap();
    assert!(source.tree().join("Python/ceval.c").is_file());

    let nowhere = Downloads::new("http://127.0.0.1:1", cache);
    let again = Source::download(&nowhere, &release(), &hash).unwrap();
    assert!(again.tree().join("Python/ceval.c").is_file());
}

#[test]
fn a_download_with_another_hash_is_refused_and_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = archive(folder.path());
    let found = sha256(&bytes);
    let wanted: Sha256Text = "0".repeat(64).parse().unwrap();
    let cache = folder.path().join("cache");
    let sent = bytes.len();
    let server = serve(bytes, sent);
    let downloads = Downloads::new(&server, cache.clone());
    let message = failure(Source::download(&downloads, &release(), &wanted));
    assert_eq!(
        message,
        format!(
            "{server}/3.13.5/Python-3.13.5.tar.xz: the archive has SHA-256 {found}, not {wanted}; \
             it is not what was published, or --sha256 is wrong"
        )
    );
    assert!(!cache.join("Python-3.13.5.tar.xz").exists());
}

#[test]
fn a_download_that_stops_early_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = archive(folder.path());
    let hash = sha256(&bytes);
    let size = bytes.len();
    let server = serve(bytes, size / 2);
    let downloads = Downloads::new(&server, folder.path().join("cache"));
    assert_eq!(
        failure(Source::download(&downloads, &release(), &hash)),
        format!(
            "{server}/3.13.5/Python-3.13.5.tar.xz: the download ended after {} of {size} bytes; \
             run the command again",
            size / 2
        )
    );
}

#[test]
fn without_a_network_there_is_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let downloads = Downloads::new("http://127.0.0.1:1", folder.path().join("cache"));
    let hash = "0".repeat(64).parse().unwrap();
    let message = failure(Source::download(&downloads, &release(), &hash));
    assert!(
        message.starts_with("http://127.0.0.1:1/3.13.5/Python-3.13.5.tar.xz: "),
        "{message}"
    );
    assert!(
        message.ends_with("check the network, or give a folder or archive with --source"),
        "{message}"
    );
}

#[test]
fn local_sources_that_will_not_do() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let shown = |name: &str| at(name).display().to_string();
    let local = |name: &str| failure(Source::local(&at(name), &release()));

    assert_eq!(
        local("none"),
        format!("{}: there is no such folder or archive", shown("none"))
    );
    fs::create_dir(at("empty")).unwrap();
    assert_eq!(
        local("empty"),
        format!(
            "{}: not a CPython source tree, it has no Python/ceval.c",
            shown("empty")
        )
    );
    fs::write(at("file.zip"), "x").unwrap();
    assert_eq!(
        local("file.zip"),
        format!(
            "{}: not a source archive; give a folder, a .tgz, a .tar.gz or a .tar.xz",
            shown("file.zip")
        )
    );
    tree(folder.path(), "3.13.4");
    assert_eq!(
        local("Python-3.13.4"),
        format!(
            "{}:2: this is the source of 3.13.4, not of 3.13.5; give the version that the source has",
            shown("Python-3.13.4/Include/patchlevel.h")
        )
    );
    let bytes = archive(folder.path());
    fs::write(at("cut.tar.xz"), &bytes[..bytes.len() / 2]).unwrap();
    let message = local("cut.tar.xz");
    assert!(
        message.starts_with(&format!(
            "{}: the archive is truncated or damaged (",
            shown("cut.tar.xz")
        )),
        "{message}"
    );
    fs::write(at("whole.tar.xz"), &bytes).unwrap();
    assert!(Source::local(&at("whole.tar.xz"), &release()).is_ok());
}
