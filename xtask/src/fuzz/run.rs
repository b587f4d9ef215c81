//! Running batches of programs in a child process, and telling which program ended it.

use std::fmt;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::threshold::Threshold;

const DRIVER: &str = include_str!("python/driver.py");
const LIBRARY: &str = include_str!("python/fuzzlib.py");
const REDUCER: &str = include_str!("python/reduce.py");

/// How many milliseconds of the processor a program may take by the interpreter alone, and for each
/// time that it is run. Of a thousand programs about four do not end, and two take half of it.
const PATIENCE_ALONE: (u32, u32) = (200, 300);

/// How many milliseconds of the processor it may take compiled, once the interpreter has finished it.
const PATIENCE_COMPILED: u32 = 10_000;

/// How long a process may write nothing, also when it does not run at all.
const SILENCE: Duration = Duration::from_secs(120);

/// The signal that ends a process whose program has used up the processor's time.
const SIGPROF: i32 = 27;

/// Runs after which sampling, about once each millisecond, has met most of what a program does.
const HEATING_TURNS: u32 = 16;

/// What a program showed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Shown {
    Lines(Vec<String>),
    /// The process ended in the middle of the program.
    Died(String),
    /// The program did not end.
    Hung,
}

/// A way to run programs.
#[derive(Clone, Debug)]
pub struct Way {
    pub python: PathBuf,
    /// Where to import Cevalry from, and when it compiles; nothing for the interpreter alone.
    pub compiled: Option<(PathBuf, When)>,
    /// How often each program is run, the last time being the one that counts.
    pub turns: u32,
}

impl Way {
    /// How many milliseconds of the processor a program may take.
    fn patience(&self) -> u32 {
        let (first, each) = PATIENCE_ALONE;
        match self.compiled {
            Some(_) => PATIENCE_COMPILED,
            None => first + each * self.turns,
        }
    }
}

/// When functions of a program are compiled.
#[derive(Clone, Copy, Debug)]
pub enum When {
    Threshold(Threshold),
    /// At first sight, after half of the calls.
    Midway,
}

impl When {
    /// How often a program must be run for its code to become hot.
    pub fn turns(self) -> u32 {
        match self {
            When::Threshold(Threshold::Of(0)) | When::Midway => 1,
            When::Threshold(_) => HEATING_TURNS,
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            When::Threshold(threshold) => threshold.fmt(f),
            When::Midway => f.write_str("midway"),
        }
    }
}

/// A folder with the driver in it.
pub struct Workshop {
    folder: tempfile::TempDir,
}

/// Whether to stop behind a program, given its number and what it shows.
type Until<'a> = dyn Fn(usize, &Shown) -> bool + 'a;

impl Workshop {
    /// Lay the driver out in a fresh folder.
    pub fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        for (name, text) in [
            ("driver.py", DRIVER),
            ("fuzzlib.py", LIBRARY),
            ("reduce.py", REDUCER),
        ] {
            fs::write(folder.path().join(name), text)?;
        }
        Ok(Self { folder })
    }

    /// What each program shows. With `until`, stop behind the first program for which it holds.
    pub fn run(
        &self,
        way: &Way,
        programs: &[String],
        until: Option<&Until<'_>>,
    ) -> Result<Vec<Shown>> {
        let mut shown = Vec::new();
        while shown.len() < programs.len() {
            let start = shown.len();
            shown.extend(self.run_process(way, programs, start)?);
            if let Some(until) = until
                && let Some(found) =
                    (start..shown.len()).find(|index| until(*index, &shown[*index]))
            {
                shown.truncate(found + 1);
                break;
            }
        }
        Ok(shown)
    }

    /// Run programs from `start` on until the process ends.
    fn run_process(&self, way: &Way, programs: &[String], start: usize) -> Result<Vec<Shown>> {
        let scratch = tempfile::tempdir_in(self.folder.path())?;
        let batch = scratch.path().join("batch");
        let results = scratch.path().join("results");
        let lines: Vec<String> = programs
            .iter()
            .enumerate()
            .skip(start)
            .map(|(number, source)| serde_json::to_string(&(number, source)))
            .collect::<std::result::Result<_, _>>()?;
        fs::write(&batch, lines.join("\n"))?;
        fs::write(&results, "")?;
        let mut command = self.python(&way.python, "driver.py");
        command
            .args([way.turns, way.patience()].map(|number| number.to_string()))
            .args([&batch, &results])
            .stdout(Stdio::null())
            .stderr(fs::File::create(scratch.path().join("errors"))?);
        if let Some((folder, when)) = &way.compiled {
            command.arg("--import").arg(folder).arg(when.to_string());
        }
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}", way.python.display()))?;
        let status = wait(child, &results)?;
        let text = fs::read_to_string(&results)?;
        let mut shown = Vec::new();
        let mut begun = None;
        for line in text.lines() {
            if let Some(number) = line.strip_prefix("begin ") {
                begun = Some(number);
            } else if let Ok((_, lines)) = serde_json::from_str::<(usize, Vec<String>)>(line) {
                shown.push(Shown::Lines(lines));
                begun = None;
            }
        }
        if shown.len() + start == programs.len() {
            return Ok(shown);
        }
        let errors = fs::read(scratch.path().join("errors"))?;
        let errors = String::from_utf8_lossy(&errors);
        if begun.is_none() && shown.is_empty() {
            bail!(
                "{} does not start:\n{}",
                way.python.display(),
                errors.trim_end()
            );
        }
        shown.push(match status {
            None => Shown::Hung,
            Some(status) if status.signal() == Some(SIGPROF) => Shown::Hung,
            Some(status) => Shown::Died(format!("{status}\n{}", tail(&errors))),
        });
        Ok(shown)
    }

    /// Smaller programs that may fail like this one, the boldest cuts first: some of them, and how
    /// many were looked at. None looked at means that there are no more.
    pub fn smaller(
        &self,
        python: &Path,
        program: &str,
        (start, count): (usize, usize),
    ) -> Result<(usize, Vec<(usize, String)>)> {
        let source = self.folder.path().join("whole.py");
        fs::write(&source, program)?;
        let output = self
            .python(python, "reduce.py")
            .arg(&source)
            .args([start.to_string(), count.to_string()])
            .output()
            .with_context(|| format!("cannot start {}", python.display()))?;
        if !output.status.success() {
            bail!(
                "the reducer failed:\n{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        let mut candidates: Vec<(usize, String)> = String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(|line| serde_json::from_str(line).context("the reducer's output"))
            .collect::<Result<_>>()?;
        let looked_at = candidates.len();
        candidates.retain(|(_, text)| text != program);
        Ok((looked_at, candidates))
    }

    fn python(&self, python: &Path, script: &str) -> Command {
        let mut command = Command::new(python);
        command
            .arg(self.folder.path().join(script))
            .current_dir(self.folder.path())
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| {
                let name = name.to_string_lossy();
                !name.starts_with("PYTHON") && !name.starts_with("CEVALRY")
            }))
            .env("PYTHONHASHSEED", "0")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONFAULTHANDLER", "1")
            .stdin(Stdio::null());
        command
    }
}

/// Wait for the end; a process that writes nothing for too long is ended and has no status.
fn wait(mut child: Child, results: &Path) -> Result<Option<ExitStatus>> {
    let mut written = 0;
    let mut since = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let now = fs::metadata(results)?.len();
        if now != written {
            written = now;
            since = Instant::now();
        }
        if since.elapsed() > SILENCE {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(40));
    }
}

fn tail(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}
