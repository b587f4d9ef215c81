//! CPython's version numbers.

use std::fmt::{self, Display, Formatter};

/// A release such as `3.13.5` or `3.15.0rc1`, in order of age within a minor release.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Version {
    pub minor: u8,
    pub patch: u8,
    pub stage: Stage,
}

/// How finished a release is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Stage {
    Alpha(u8),
    Beta(u8),
    Candidate(u8),
    Final,
}

impl Version {
    /// Reads `3.MINOR.PATCH`, with `aN`, `bN` or `rcN` behind.
    pub fn parse(text: &str) -> Option<Version> {
        let (minor, rest) = text.strip_prefix("3.")?.split_once('.')?;
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (patch, stage) = rest.split_at(digits);
        let stage = if stage.is_empty() {
            Stage::Final
        } else if let Some(number) = stage.strip_prefix("rc") {
            Stage::Candidate(number.parse().ok()?)
        } else if let Some(number) = stage.strip_prefix('b') {
            Stage::Beta(number.parse().ok()?)
        } else {
            Stage::Alpha(stage.strip_prefix('a')?.parse().ok()?)
        };
        Some(Version {
            minor: minor.parse().ok()?,
            patch: patch.parse().ok()?,
            stage,
        })
    }
}

impl Display for Version {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "3.{}.{}", self.minor, self.patch)?;
        match self.stage {
            Stage::Alpha(n) => write!(f, "a{n}"),
            Stage::Beta(n) => write!(f, "b{n}"),
            Stage::Candidate(n) => write!(f, "rc{n}"),
            Stage::Final => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn versions_print_as_they_parse_and_sort_by_age() {
        let texts = [
            "3.9.2",
            "3.13.0a1",
            "3.13.0b2",
            "3.13.0rc1",
            "3.13.0",
            "3.13.5",
            "3.13.15",
        ];
        let versions: Vec<Version> = texts.iter().map(|t| Version::parse(t).unwrap()).collect();
        let printed: Vec<String> = versions.iter().map(Version::to_string).collect();
        assert_eq!(printed, texts);
        assert!(versions.is_sorted());
        assert_eq!(Version::parse("2.7.18"), None);
        assert_eq!(Version::parse("3.13"), None);
    }
}
