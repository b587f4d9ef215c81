//! SHA-256 as text.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use thiserror::Error;

/// A SHA-256 in lower-case hexadecimal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sha256Text(String);

#[derive(Debug, Error)]
#[error("`{0}` is not a SHA-256: 64 hexadecimal digits")]
pub struct NotAHash(String);

impl FromStr for Sha256Text {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(NotAHash(text.to_owned()))
        }
    }
}

impl fmt::Display for Sha256Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> Sha256Text {
    let digest = Sha256::digest(bytes);
    Sha256Text(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
