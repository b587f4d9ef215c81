//! Errors that point into a template.

use proc_macro2::Span;

/// A line and a column, both counted from 1.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

impl From<Span> for Place {
    fn from(span: Span) -> Self {
        let start = span.start();
        Place {
            line: start.line,
            column: start.column + 1,
        }
    }
}

/// Something wrong in a template, with the line it stands on.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{file}:{}:{}: {message}\n    {text}", place.line, place.column)]
pub struct SourceError {
    pub file: String,
    pub place: Place,
    pub message: String,
    /// The line's text, without leading blanks.
    pub text: String,
}

impl SourceError {
    pub fn new(file: &str, source: &str, place: Place, message: impl Into<String>) -> Self {
        let line = source.lines().nth(place.line.saturating_sub(1));
        SourceError {
            file: file.to_owned(),
            place,
            message: message.into(),
            text: line.unwrap_or("").trim().to_owned(),
        }
    }

    pub(crate) fn from_syn(file: &str, source: &str, error: &syn::Error) -> Self {
        let mut place = Place::from(error.span());
        // At the end of the input `syn` has no token to point at and answers with the start.
        if place == (Place { line: 1, column: 1 }) && error.to_string().contains("end of input") {
            place = Place {
                line: source.lines().count().max(1),
                column: source.lines().last().map_or(1, |l| l.chars().count() + 1),
            };
        }
        let message = match error.to_string() {
            text if text.starts_with("cannot parse string") => {
                "brackets or quotes do not match from here on".to_owned()
            }
            text => text,
        };
        SourceError::new(file, source, place, message)
    }
}
