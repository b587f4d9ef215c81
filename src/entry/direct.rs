//! Telling calls that the interpreter makes from those that are made on the way to them, and where
//! it keeps what it hands over.
//!
//! Where a call hands its arguments over in something else than a tuple, the interpreter makes a
//! tuple of it, which it keeps on the native stack only; so does a call with keywords an array of all
//! arguments. An entry point or an evaluator may have been called for that call, or by what is
//! iterated over for the tuple. The evaluation of a frame has a mark on the native stack, and what
//! the interpreter calls itself stands always as far below it, and so does what it keeps; that is
//! learned from calls where there is no doubt.

use std::ffi::CStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use pyo3::ffi;
use pyo3::prelude::{Bound, PyAny, PyResult, Python};
use pyo3::types::{PyDict, PyDictMethods};

use super::functions;
use super::interp::{Frame, Thread};
use crate::jit::code::read;
use crate::release::layout;

/// How a call arrives at us.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Door {
    /// By a function's entry point.
    Entry,
    /// By the frame evaluator, when the interpreter's own entry point has made the frame.
    Evaluator,
}

/// What is known of calls that arrive by one door, with keywords or without. All are distances below
/// the mark of the caller's evaluation.
struct Way {
    /// Of a variable of the function at the door; 0 before it is known.
    door: AtomicUsize,
    /// Of the pointer to the tuple; 0 where it is not found.
    tuple: AtomicUsize,
    /// Of the pointer to the array of all arguments; 0 where there is none.
    array: AtomicUsize,
}

impl Way {
    const fn unknown() -> Way {
        Way {
            door: AtomicUsize::new(0),
            tuple: AtomicUsize::new(0),
            array: AtomicUsize::new(0),
        }
    }

    fn of(door: Door, keywords: bool) -> &'static Way {
        static WAYS: [Way; 4] = [const { Way::unknown() }; 4];
        &WAYS[2 * usize::from(door == Door::Evaluator) + usize::from(keywords)]
    }
}

/// What the interpreter keeps for a call on the native stack, as it was learned from others: where
/// these point to has to be looked at with care.
#[derive(Clone, Copy, Debug)]
pub struct Native {
    pub tuple: Option<usize>,
    pub array: Option<usize>,
}

/// What is called to learn from, and what it is given.
struct Probe {
    argument: usize,
    named: usize,
    seen: Vec<Seen>,
}

/// What a call of the probe shows.
struct Seen {
    door: usize,
    tuples: Vec<usize>,
    arrays: Vec<usize>,
}

/// The function that is called to learn from, meanwhile.
static FUNCTION: AtomicUsize = AtomicUsize::new(0);

static PROBE: Mutex<Option<Probe>> = Mutex::new(None);

/// How many frames are looked through for the mark.
const MOST_FRAMES: usize = 64;

const WORD: usize = size_of::<usize>();

/// Learn what there is to know of calls through a door, which is open.
pub fn learn(py: Python<'_>, door: Door) -> PyResult<()> {
    if Way::of(door, true).door.load(Ordering::Relaxed) != 0 {
        return Ok(());
    }
    // It packs no tuple of its own, which would look like that of the call.
    let probe = py.eval(c"lambda _, **__: None", None, None)?;
    if door == Door::Entry {
        functions::lead_in(probe.as_ptr().cast());
    }
    // In a tuple that is there, and in one that the call makes.
    let plain = [c"probe(*tuple([argument]))", c"probe(*[argument])"];
    let named = [
        c"probe(*tuple([argument]), **{'named': named})",
        c"probe(*[argument], **{'named': named})",
    ];
    for (keywords, calls) in [(false, plain), (true, named)] {
        let seen = watch(py, &probe, &calls)?;
        let [one, other] = &seen[..] else {
            continue;
        };
        if one.door != other.door {
            continue;
        }
        let way = Way::of(door, keywords);
        // The one nearest to the mark is in the frame of the evaluation or of what it calls for every
        // such call. Below there may be what another function has left behind.
        let common = |one: &[usize], other: &[usize]| {
            let found = one.iter().filter(|place| other.contains(place)).min();
            found.copied().unwrap_or(0)
        };
        let store = |known: &AtomicUsize, found| known.store(found, Ordering::Relaxed);
        store(&way.tuple, common(&one.tuples, &other.tuples));
        store(&way.array, common(&one.arrays, &other.arrays));
        store(&way.door, one.door);
    }
    Ok(())
}

/// Makes calls of the probe.
fn watch(py: Python<'_>, probe: &Bound<'_, PyAny>, calls: &[&CStr]) -> PyResult<Vec<Seen>> {
    let (argument, named) = (PyDict::new(py), PyDict::new(py));
    let locals = PyDict::new(py);
    locals.set_item("probe", probe)?;
    locals.set_item("argument", &argument)?;
    locals.set_item("named", &named)?;
    *state() = Some(Probe {
        argument: argument.as_ptr() as usize,
        named: named.as_ptr() as usize,
        seen: Vec::new(),
    });
    FUNCTION.store(probe.as_ptr() as usize, Ordering::Relaxed);
    let made = calls
        .iter()
        .try_for_each(|call| py.eval(call, None, Some(&locals)).map(drop));
    FUNCTION.store(0, Ordering::Relaxed);
    let seen = state().take().map(|probe| probe.seen);
    made.map(|()| seen.unwrap_or_default())
}

fn state() -> std::sync::MutexGuard<'static, Option<Probe>> {
    PROBE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether this is a call to learn from, which is over then. `here` is the address of a variable of
/// the function at the door.
#[inline]
pub fn tells(thread: Thread, callable: *mut ffi::PyObject, here: usize) -> bool {
    if callable as usize != FUNCTION.load(Ordering::Relaxed) {
        return false;
    }
    if let Some(mark) = thread.frame().and_then(mark_of)
        && let Some(probe) = state().as_mut()
    {
        look(probe, mark, here);
    }
    true
}

/// The same for a frame that has been made.
#[inline]
pub fn tells_frame(thread: Thread, frame: Frame, here: usize) {
    if FUNCTION.load(Ordering::Relaxed) != 0
        && let Some((function, _)) = frame.runs()
    {
        tells(thread, function.cast(), here);
    }
}

fn look(probe: &mut Probe, mark: usize, here: usize) {
    let items = layout::PyTupleObject::ob_item.offset;
    let mut seen = Seen {
        door: mark.wrapping_sub(here),
        tuples: Vec::new(),
        arrays: Vec::new(),
    };
    for at in (here.next_multiple_of(WORD)..mark).step_by(WORD) {
        // SAFETY: both ends are on the native stack of this thread. What a word points to is read
        // only where it can be.
        unsafe {
            let word: usize = read(at, 0);
            let holds = |offset: i32, value: usize| {
                let place = word.wrapping_add_signed(offset as isize);
                is_readable(place) && read::<usize>(place, 0) == value
            };
            if holds(items, probe.argument) && is_tuple(word) {
                seen.tuples.push(mark - at);
            } else if holds(0, probe.argument) && holds(WORD as i32, probe.named) {
                seen.arrays.push(mark - at);
            }
        }
    }
    probe.seen.push(seen);
}

/// Whether there seems to be a tuple at an address, which may be any.
pub fn is_tuple(address: usize) -> bool {
    let size = layout::PyVarObject::ob_size.offset as usize;
    let readable = is_readable(address) && is_readable(address.wrapping_add(size));
    // SAFETY: what is read can be.
    readable
        && unsafe {
            let kind: usize = read(address, layout::PyObject::ob_type.offset);
            kind == &raw const ffi::PyTuple_Type as usize
        }
}

/// Whether the word at an address, which may be any, can be read.
pub fn is_readable(address: usize) -> bool {
    /// None of the ways to change a mask, which the kernel looks at after it has read the new one.
    const NO_WAY: i32 = -1;
    if !address.is_multiple_of(WORD) {
        return false;
    }
    // SAFETY: the kernel reads, says that it cannot, or does nothing.
    unsafe {
        let nothing = std::ptr::null_mut::<u8>();
        libc::syscall(libc::SYS_rt_sigprocmask, NO_WAY, address, nothing, WORD);
        *libc::__errno_location() != libc::EFAULT
    }
}

/// What the interpreter, which runs the caller, keeps for the call that the caller is at; `None`
/// where something else than the interpreter itself may have called us.
pub fn native(caller: Frame, here: usize, door: Door, keywords: bool) -> Option<Native> {
    let way = Way::of(door, keywords);
    let distance = way.door.load(Ordering::Relaxed);
    let mark = mark_of(caller)?;
    if distance == 0 || mark.checked_sub(here) != Some(distance) {
        return None;
    }
    let word = |place: &AtomicUsize| match place.load(Ordering::Relaxed) {
        0 => None,
        // SAFETY: what is nearer to the mark than we are is on the native stack of this thread.
        place => Some(unsafe { read::<usize>(mark - place, 0) }),
    };
    Some(Native {
        tuple: word(&way.tuple),
        array: word(&way.array),
    })
}

/// The mark of the evaluation that runs the frame.
fn mark_of(frame: Frame) -> Option<usize> {
    let frames = std::iter::successors(Some(frame), |frame| frame.previous());
    let mark = frames.take(MOST_FRAMES).find(|frame| frame.is_mark())?;
    Some(mark.slot(0) as usize)
}
