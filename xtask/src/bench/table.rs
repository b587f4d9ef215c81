//! The table that a measurement ends in.

use std::fmt;

use super::Measured;

/// A benchmark's figures over all rounds.
pub struct Row {
    pub name: String,
    alone: f64,
    compiled: f64,
    /// How many times as fast, of each round, in ascending order.
    pub ratios: Vec<f64>,
    first: f64,
    compile_seconds: f64,
    compiled_code: Option<CompiledCode>,
    peak_alone: f64,
    peak_compiled: f64,
}

/// What compiling made, in the last round.
struct CompiledCode {
    /// Bytecode instructions a second, in millions.
    speed: f64,
    code_bytes: f64,
    metadata_bytes: f64,
}

impl CompiledCode {
    fn new(last: &Measured) -> Option<Self> {
        let bytecodes = last.bytecodes as f64;
        (last.bytecodes > 0).then(|| Self {
            speed: bytecodes / last.compile_seconds / 1e6,
            code_bytes: last.code_bytes as f64 / bytecodes,
            metadata_bytes: last.metadata_bytes as f64 / bytecodes,
        })
    }
}

impl fmt::Display for CompiledCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.1}, {:.0} + {:.0}",
            self.speed, self.code_bytes, self.metadata_bytes
        )
    }
}

impl Row {
    /// Sum up rounds of (interpreter alone, with Cevalry).
    pub fn new(name: &str, pairs: &[(Measured, Measured)]) -> Self {
        let of =
            |value: fn(&(Measured, Measured)) -> f64| median(pairs.iter().map(value).collect());
        let mut ratios: Vec<f64> = pairs
            .iter()
            .map(|(alone, compiled)| alone.steady / compiled.steady)
            .collect();
        ratios.sort_by(f64::total_cmp);
        let (_, last) = pairs[pairs.len() - 1];
        Self {
            name: name.to_owned(),
            alone: of(|pair| pair.0.steady),
            compiled: of(|pair| pair.1.steady),
            ratios,
            first: of(|pair| pair.0.first / pair.1.first),
            compile_seconds: of(|pair| pair.1.compile_seconds),
            compiled_code: CompiledCode::new(&last),
            peak_alone: of(|pair| pair.0.peak_kib as f64) / 1024.0,
            peak_compiled: of(|pair| pair.1.peak_kib as f64) / 1024.0,
        }
    }

    /// A row that has ratios only.
    #[cfg(test)]
    pub fn of_ratios(name: &str, ratios: [f64; 3]) -> Self {
        let run = |steady| Measured {
            first: 1.0,
            steady,
            best: steady,
            peak_kib: 1024,
            compile_seconds: 0.0,
            code_bytes: 0,
            metadata_bytes: 0,
            bytecodes: 0,
        };
        Self::new(name, &ratios.map(|ratio| (run(ratio), run(1.0))))
    }

    /// How many times as fast, in the middle round.
    pub fn ratio(&self) -> f64 {
        self.ratios[self.ratios.len() / 2]
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spread = format!(
            "{:.2}–{:.2}",
            self.ratios[0],
            self.ratios[self.ratios.len() - 1]
        );
        let compiled_code = self
            .compiled_code
            .as_ref()
            .map_or("–".to_owned(), ToString::to_string);
        write!(
            f,
            "{:<24}{:>10.3}{:>10.3}{:>8.2}{:>12}{:>8.2}{:>10.2}{:>18}{:>16}",
            self.name,
            self.alone * 1e3,
            self.compiled * 1e3,
            self.ratio(),
            spread,
            self.first,
            self.compile_seconds * 1e3,
            compiled_code,
            format!("{:.1} → {:.1}", self.peak_alone, self.peak_compiled),
        )
    }
}

/// The line above the rows.
pub fn heading() -> String {
    format!(
        "{:<24}{:>10}{:>10}{:>8}{:>12}{:>8}{:>10}{:>18}{:>16}",
        "benchmark",
        "alone ms",
        "with ms",
        "ratio",
        "spread",
        "first",
        "comp ms",
        "M/s, code+meta",
        "MiB"
    )
}

/// The line below them. Columns: steady time of a run alone and with Cevalry; how many times as
/// fast, its lowest and highest round; the same for the very first iteration; time spent
/// compiling; instructions compiled a second, in millions, and bytes of code and metadata for each;
/// peak memory.
pub fn summary(rows: &[Row]) -> String {
    let mean = geometric_mean(rows.iter().map(Row::ratio));
    format!("geometric mean of {} ratios: {mean:.2}", rows.len())
}

/// The mean of ratios; 1 where there are none.
pub fn geometric_mean(ratios: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = ratios.len().max(1) as f64;
    let logarithms: f64 = ratios.map(f64::ln).sum();
    (logarithms / count).exp()
}

/// The middle value.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::{Measured, Row, heading, summary};

    fn measured(steady: f64, bytecodes: u64) -> Measured {
        Measured {
            first: steady * 2.0,
            steady,
            best: steady,
            peak_kib: 10 * 1024,
            compile_seconds: 0.0015,
            code_bytes: bytecodes * 60,
            metadata_bytes: bytecodes * 100,
            bytecodes,
        }
    }

    #[test]
    fn shows_median_and_spread() {
        let rounds = [(0.2, 0.1), (0.3, 0.1), (0.4, 0.1)];
        let pairs = rounds.map(|(alone, compiled)| (measured(alone, 0), measured(compiled, 4500)));
        let rows = [Row::new("sample", &pairs)];
        assert_eq!(
            format!("{}\n{}\n{}", heading(), rows[0], summary(&rows)),
            "\
benchmark                 alone ms   with ms   ratio      spread   first   comp ms    M/s, code+meta             MiB
sample                     300.000   100.000    3.00   2.00–4.00    3.00      1.50     3.0, 60 + 100     10.0 → 10.0
geometric mean of 1 ratios: 3.00"
        );
    }
}
