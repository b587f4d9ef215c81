//! Finding hot code: a thread asks the interpreter, about once a millisecond, to look at what
//! it is running. Code that is not found costs nothing. The interpreter's main thread is asked; while
//! it waits for something, the thread looks by itself.

use std::ffi::{c_int, c_uint, c_void};
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::{PyAnyMethods, PyDictMethods, PyResult, Python};
use pyo3::types::PyDict;
use pyo3::wrap_pyfunction;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::interp::{Frame, Thread};
use super::policy;
use crate::jit;

/// The shortest time between samples.
const SHORTEST: Duration = Duration::from_millis(1);
/// The longest, while samples find nothing new.
const LONGEST_BUSY: Duration = Duration::from_millis(16);
/// The longest, while the process computes nothing.
const LONGEST_IDLE: Duration = Duration::from_millis(250);
/// Samples without news after which the time between samples doubles.
const PATIENCE: u32 = 64;
/// Pauses that the main thread has for an answer.
const ANSWER: u32 = 8;
/// Code objects that are counted at a time.
const CROWD: usize = 4096;

/// Which thread may go on; the others end.
static GENERATION: AtomicU64 = AtomicU64::new(0);
/// A sample has been asked for and not been taken.
static ASKED: AtomicBool = AtomicBool::new(false);
/// Samples since one found something new.
static QUIET: AtomicU32 = AtomicU32::new(0);
/// A fork has ended the thread.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// Where the frame is that called for the fork: its address and its code unit.
static FORKING: Mutex<Option<(usize, u32)>> = Mutex::new(None);
static SAMPLER: Mutex<Option<JoinHandle<()>>> = Mutex::new(None);
/// Samples by code object. None holds a reference, which programs would see: code that has come to
/// the address of other code since gets warm sooner.
static COUNTS: Mutex<FxHashMap<usize, u32>> = Mutex::new(FxHashMap::with_hasher(FxBuildHasher));

/// Begin.
pub fn start(py: Python<'_>) -> PyResult<()> {
    stop();
    register(py)?;
    spawn()
}

fn spawn() -> PyResult<()> {
    let generation = GENERATION.fetch_add(1, Ordering::Relaxed) + 1;
    ASKED.store(false, Ordering::Relaxed);
    QUIET.store(0, Ordering::Relaxed);
    // SAFETY: the GIL is held.
    let interp = unsafe { ffi::PyInterpreterState_Get() } as usize;
    let signals = block_signals();
    let thread = std::thread::Builder::new()
        .name("cevalry".to_owned())
        .stack_size(1024 * 1024)
        .spawn(move || watch(generation, interp));
    restore_signals(&signals);
    let thread = thread.map_err(|error| {
        PyRuntimeError::new_err(format!("cannot start the thread that samples: {error}"))
    })?;
    *sampler() = Some(thread);
    Ok(())
}

/// A new thread inherits the mask. Signals are for the program's own threads: its system calls
/// must be interrupted by them.
fn block_signals() -> libc::sigset_t {
    let mut all = std::mem::MaybeUninit::uninit();
    let mut before = std::mem::MaybeUninit::uninit();
    // SAFETY: both sets are filled in by these calls.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
        before.assume_init()
    }
}

fn restore_signals(mask: &libc::sigset_t) {
    // SAFETY: the mask is the one that the thread had.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, mask, std::ptr::null_mut()) };
}

/// End, and wait for the thread.
pub fn stop() {
    end_thread();
    counts().clear();
}

/// Whether there was a thread to end.
fn end_thread() -> bool {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    let Some(thread) = sampler().take() else {
        return false;
    };
    thread.thread().unpark();
    // SAFETY: whoever begins or ends the sampling holds the GIL.
    let py = unsafe { Python::assume_attached() };
    // It may be waiting for the GIL. A panic over there has ended the sampling, which is all that is
    // asked for.
    py.detach(|| thread.join().ok());
    true
}

fn sampler() -> std::sync::MutexGuard<'static, Option<JoinHandle<()>>> {
    SAMPLER.lock().unwrap_or_else(|lock| lock.into_inner())
}

/// Stop before the interpreter ends, and go on in forked processes. Done once.
fn register(py: Python<'_>) -> PyResult<()> {
    static REGISTERED: AtomicBool = AtomicBool::new(false);
    if REGISTERED.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    let at_exit = wrap_pyfunction!(end, py)?;
    py.import("atexit")?.call_method1("register", (at_exit,))?;
    let hooks = PyDict::new(py);
    let resume = wrap_pyfunction!(after_fork, py)?;
    hooks.set_item("before", wrap_pyfunction!(before_fork, py)?)?;
    hooks.set_item("after_in_parent", &resume)?;
    hooks.set_item("after_in_child", &resume)?;
    py.import("os")?
        .call_method("register_at_fork", (), Some(&hooks))?;
    Ok(())
}

#[pyo3::pyfunction]
fn end() {
    policy::disable();
}

/// The interpreter warns of forks in processes with several threads.
#[pyo3::pyfunction]
fn before_fork() {
    INTERRUPTED.store(end_thread(), Ordering::Relaxed);
}

/// The warning comes after this, so the thread must come even later.
#[pyo3::pyfunction]
fn after_fork() {
    if !INTERRUPTED.swap(false, Ordering::Relaxed) {
        return;
    }
    *forking() = running().next().map(place);
    resume_later();
}

fn resume_later() {
    // SAFETY: the GIL is held. Without room in the queue, nothing more is sampled.
    unsafe { ffi::Py_AddPendingCall(Some(resume), std::ptr::null_mut()) };
}

fn forking() -> std::sync::MutexGuard<'static, Option<(usize, u32)>> {
    FORKING.lock().unwrap_or_else(|lock| lock.into_inner())
}

/// The frames of the calling thread, which holds the GIL, innermost first.
fn running() -> impl Iterator<Item = Frame> {
    // SAFETY: the GIL is held, so that there is a thread state.
    let first = unsafe { Thread::current() }.frame();
    std::iter::successors(first, |frame| frame.previous()).filter(|frame| frame.runs().is_some())
}

fn place(frame: Frame) -> (usize, u32) {
    (frame.as_ptr() as usize, frame.unit(frame.code()))
}

/// Whether what is running belongs to a fork still: hooks of others come after ours.
fn is_forking() -> bool {
    let Some(fork) = *forking() else {
        return false;
    };
    running().skip(1).any(|frame| place(frame) == fork)
}

extern "C" fn resume(_: *mut c_void) -> c_int {
    // A panic must not reach the interpreter. Without the thread, nothing more is sampled.
    let _ = catch_unwind(|| {
        if is_forking() {
            return resume_later();
        }
        *forking() = None;
        if policy::is_enabled() && policy::threshold() > 0 && sampler().is_none() {
            spawn().ok();
        }
    });
    0
}

/// The thread: asks for samples until another generation begins.
fn watch(generation: u64, interp: usize) {
    let mut pause = SHORTEST;
    let mut used = processor_time();
    let mut unanswered = 0;
    loop {
        std::thread::park_timeout(pause);
        if GENERATION.load(Ordering::Relaxed) != generation {
            return;
        }
        let quiet = QUIET.load(Ordering::Relaxed) / PATIENCE;
        let between = (SHORTEST * (1 << quiet.min(4))).min(LONGEST_BUSY);
        // Counted from the last sample on: a process that shares its processors with many others
        // computes little in any one pause.
        let now = processor_time();
        if now.saturating_sub(used) < between / 8 {
            pause = (pause * 2).min(LONGEST_IDLE);
            continue;
        }
        used = now;
        pause = between;
        if !ASKED.swap(true, Ordering::Relaxed) {
            unanswered = 0;
            ask(interp);
            continue;
        }
        unanswered += 1;
        if unanswered == ANSWER {
            unanswered = 0;
            if !memory_is_traced() {
                // Not while the interpreter ends.
                Python::try_attach(|_| look());
            }
        }
    }
}

/// Whether tracemalloc traces. It would trace the thread state that this thread needs to look by
/// itself, waits for the GIL to do so, and in 3.11 and the first releases of 3.13 does not survive
/// that somebody stops it meanwhile.
fn memory_is_traced() -> bool {
    /// One in which nobody traces anything.
    const DOMAIN: c_uint = 0xcea1_0000;
    const NOT_TRACED: c_int = -2;
    // SAFETY: needs no GIL, and there is nothing to forget.
    unsafe { PyTraceMalloc_Untrack(DOMAIN, 0) != NOT_TRACED }
}

unsafe extern "C" {
    fn PyTraceMalloc_Untrack(domain: c_uint, address: usize) -> c_int;
}

fn ask(interp: usize) {
    // SAFETY: any thread may add a pending call, with or without the GIL. The interpreter is
    // alive: this thread is joined before it ends.
    unsafe {
        if ffi::Py_AddPendingCall(Some(sample), std::ptr::null_mut()) < 0 {
            ASKED.store(false, Ordering::Relaxed);
            return;
        }
        #[cfg(not(Py_3_13))]
        super::interp::request_attention(interp as *mut ffi::PyInterpreterState);
        #[cfg(Py_3_13)]
        let _ = interp;
    }
}

/// Processor time that the whole process has used.
fn processor_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the clock exists on Linux, and the struct is ours.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Runs in the interpreter's main thread, between two instructions.
extern "C" fn sample(_: *mut c_void) -> c_int {
    ASKED.store(false, Ordering::Relaxed);
    // A panic must not reach the interpreter, which could do nothing about it.
    let _ = catch_unwind(look);
    0
}

/// Looks at what each thread runs. The GIL is held.
fn look() {
    if !policy::is_enabled() {
        return;
    }
    QUIET.fetch_add(1, Ordering::Relaxed);
    // SAFETY: callers hold the GIL.
    let mut thread = unsafe {
        let interp = ffi::PyInterpreterState_Get();
        Thread::new(ffi::PyInterpreterState_ThreadHead(interp))
    };
    while let Some(running) = thread {
        let frame = running.frame();
        count(frame);
        count(frame.and_then(Frame::previous));
        thread = running.next();
    }
}

fn count(frame: Option<Frame>) {
    let Some((function, code)) = frame.and_then(Frame::runs) else {
        return;
    };
    // SAFETY: the frame holds a reference to its code object.
    if unsafe { jit::is_prepared(code) } {
        // SAFETY: as above.
        if unsafe { jit::entry_of(code) }.is_some() {
            policy::install(function);
        }
        // SAFETY: as above.
        unsafe { jit::meet(code) };
        return;
    }
    let enough = {
        let mut counts = counts();
        if counts.len() >= CROWD {
            counts.clear();
        }
        let times = counts.entry(code as usize).or_default();
        *times += 1;
        let enough = *times >= policy::threshold();
        if enough {
            // Other code may come to this address.
            counts.remove(&(code as usize));
        }
        enough
    };
    if enough && policy::hot(code, function) {
        QUIET.store(0, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { jit::meet(code) };
    }
}

fn counts() -> MutexGuard<'static, FxHashMap<usize, u32>> {
    COUNTS.lock().unwrap_or_else(PoisonError::into_inner)
}
