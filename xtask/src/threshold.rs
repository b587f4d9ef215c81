//! When functions are compiled.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

/// How often sampling must meet a function.
#[derive(Clone, Copy, Debug)]
pub enum Threshold {
    /// As often as for a user who says nothing.
    Default,
    Of(u32),
}

impl FromStr for Threshold {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        match text {
            "default" => Ok(Threshold::Default),
            number => number.parse().map(Threshold::Of),
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Threshold::Default => f.write_str("default"),
            Threshold::Of(threshold) => threshold.fmt(f),
        }
    }
}
