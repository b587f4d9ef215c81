//! Unpacking a source archive.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Component, Path, PathBuf};

use flate2::read::GzDecoder;
use liblzma::read::XzDecoder;

use super::SourceError;

/// What derivation reads; the rest of an archive (documentation, tests) stays packed.
const FOLDERS: [&str; 5] = ["Include", "Modules", "Objects", "Parser", "Python"];

/// Unpacks into `folder` and gives the tree inside.
pub(super) fn unpack(archive: &Path, folder: &Path) -> Result<PathBuf, SourceError> {
    let name = archive.file_name().unwrap_or_default().to_string_lossy();
    let file = BufReader::new(File::open(archive).map_err(SourceError::io(archive))?);
    let reader: Box<dyn Read> = if name.ends_with(".tgz") || name.ends_with(".tar.gz") {
        Box::new(GzDecoder::new(file))
    } else if name.ends_with(".tar.xz") {
        Box::new(XzDecoder::new(file))
    } else {
        return Err(SourceError::UnknownArchive(archive.to_owned()));
    };
    unpack_tar(reader, folder).map_err(|error| SourceError::Damaged {
        path: archive.to_owned(),
        error,
    })
}

fn unpack_tar(mut reader: Box<dyn Read>, folder: &Path) -> io::Result<PathBuf> {
    let mut tree = None;
    let mut tar = tar::Archive::new(&mut reader);
    for entry in tar.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let mut parts = path.components().filter(|part| *part != Component::CurDir);
        let Some(top) = parts.next() else { continue };
        if tree.is_none() {
            tree = Some(folder.join(top));
        }
        let wanted = parts
            .next()
            .is_some_and(|part| FOLDERS.iter().any(|name| part.as_os_str() == *name));
        if wanted {
            // Refuses paths that lead out of the folder.
            entry.unpack_in(folder)?;
        }
    }
    // The checksum stands behind the last entry.
    io::copy(&mut reader, &mut io::sink())?;
    tree.ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "it holds no files"))
}
