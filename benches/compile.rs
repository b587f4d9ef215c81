//! How many bytecode instructions are compiled a second, over small programs of many kinds.

use std::ffi::CString;
use std::time::Duration;

use cevalry::emit::view::Doors;
use cevalry::entry::{policy, refuse};
use cevalry::jit;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pyo3::prelude::{Bound, PyAny, PyAnyMethods, PyModule, PyResult, Python};

/// Each run makes code objects anew, so that everything is compiled again.
const RUNNER: &str = "
import contextlib, io

def run(source):
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(source, 'programs.py', 'exec'), {'__name__': '__main__'})
";

const PROGRAMS: &str = include_str!("../tests/python/cases/runtime/programs.py");

fn compile_throughput(criterion: &mut Criterion) {
    Python::initialize();
    Python::attach(|py| {
        let run = prepare(py).expect("the runner is valid Python");
        let once = || run.call1((PROGRAMS,)).expect("the programs run");
        once();
        let before = jit::stats().bytecodes;
        once();
        let instructions = jit::stats().bytecodes - before;
        let mut group = criterion.benchmark_group("compile");
        group.throughput(Throughput::Elements(instructions));
        group.bench_function("programs", |bencher| {
            bencher.iter_custom(|turns| {
                let before = jit::stats().compile_ns;
                for _ in 0..turns {
                    once();
                }
                Duration::from_nanos(jit::stats().compile_ns - before)
            });
        });
        group.finish();
        policy::disable();
    });
}

/// Switch the compiler on and give the function that runs the programs.
fn prepare(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    refuse::check(py).expect("an interpreter that Cevalry runs on");
    jit::init(Doors::default()).expect("memory for machine code");
    let source = CString::new(RUNNER).expect("no NUL in the runner");
    let runner = PyModule::from_code(py, &source, c"runner.py", c"runner")?;
    policy::enable(py, 0)?;
    runner.getattr("run")
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).measurement_time(Duration::from_secs(3));
    targets = compile_throughput
}
criterion_main!(benches);
