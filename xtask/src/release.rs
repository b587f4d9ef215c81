//! CPython release numbers.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A release such as `3.13.5` or `3.15.0rc1`, ordered by age.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Release {
    pub major: u16,
    pub minor: u16,
    pub patch: u16,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Stage {
    Alpha(u16),
    Beta(u16),
    Candidate(u16),
    Final,
}

#[derive(Debug, Error)]
#[error("`{0}` is not a CPython release; write it as 3.13.5 or 3.15.0rc1")]
pub struct NotARelease(String);

impl Release {
    /// `3.13`
    pub fn minor(&self) -> String {
        format!("{}.{}", self.major, self.minor)
    }

    /// The folder on python.org's server, which holds pre-releases too: `3.15.0`.
    pub fn folder(&self) -> String {
        format!("{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl FromStr for Release {
    type Err = NotARelease;

    fn from_str(text: &str) -> Result<Self, NotARelease> {
        parse(text).ok_or_else(|| NotARelease(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Release> {
    let mut parts = text.splitn(3, '.');
    let major = number(parts.next()?)?;
    let minor = number(parts.next()?)?;
    let rest = parts.next()?;
    let digits = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (patch, stage) = rest.split_at(digits);
    let patch = number(patch)?;
    let stage = if stage.is_empty() {
        Stage::Final
    } else if let Some(n) = stage.strip_prefix("rc") {
        Stage::Candidate(number(n)?)
    } else if let Some(n) = stage.strip_prefix('b') {
        Stage::Beta(number(n)?)
    } else if let Some(n) = stage.strip_prefix('a') {
        Stage::Alpha(number(n)?)
    } else {
        return None;
    };
    Some(Release {
        major,
        minor,
        patch,
        stage,
    })
}

/// A number as a release spells it: digits only, no leading zero.
fn number(text: &str) -> Option<u16> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let canonical = text == "0" || !text.starts_with('0');
    (plain && canonical).then(|| text.parse().ok())?
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
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
    use super::Release;

    #[test]
    fn releases_round_trip_and_are_ordered_by_age() {
        let texts = [
            "3.9.2",
            "3.11.2",
            "3.13.5",
            "3.13.15",
            "3.15.0a7",
            "3.15.0b1",
            "3.15.0rc1",
            "3.15.0",
        ];
        let releases: Vec<Release> = texts.iter().map(|text| text.parse().unwrap()).collect();
        let back: Vec<String> = releases.iter().map(Release::to_string).collect();
        assert_eq!(back, texts);
        assert!(releases.is_sorted());
    }

    #[test]
    fn other_text_is_refused() {
        for text in [
            "", "3", "3.13", "3.13.", "3.13.05", "3.13.5.1", "3.13.5rc", "3.13.5x1", "v3.13.5",
            "3.13.-1",
        ] {
            assert!(text.parse::<Release>().is_err(), "{text}");
        }
    }
}
