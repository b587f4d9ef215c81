//! Standard output.

use std::io::{self, ErrorKind, Write};

/// Prints a text. A reader that has seen enough, such as `head`, is no failure.
pub fn print(text: &str) -> io::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
