//! Iterators whose layout no header tells: it is read off one that is made for it.

use std::sync::OnceLock;

use pyo3::ffi::{self, PyObject};

use crate::jit::code::read;
use crate::jit::facts;
use crate::release::layout::{PyObject as Head, PyTypeObject};

/// An iterator over ints that counts: item `index` is `start + index * step`.
#[derive(Clone, Copy, Debug)]
pub struct Counter {
    pub index: i32,
    pub start: i32,
    pub step: i32,
    pub len: i32,
}

/// An iterator that has its sequence and an index.
#[derive(Clone, Copy, Debug)]
pub struct Walker {
    pub index: i32,
    /// The sequence, or NULL at the end.
    pub sequence: i32,
    /// Whether that is a list; else a tuple.
    pub list: bool,
}

#[derive(Clone, Copy, Debug)]
pub enum Layout {
    Counter(Counter),
    Walker(Walker),
}

/// A type of iterators.
#[derive(Clone, Copy, Debug)]
pub struct Iterator {
    pub object_type: usize,
    /// The C function that gives the next item.
    pub next: usize,
    pub layout: Layout,
}

static KNOWN: OnceLock<Vec<Iterator>> = OnceLock::new();

/// The iterators that are known. The first time makes objects, with the collector stopped.
pub fn known() -> &'static [Iterator] {
    KNOWN.get_or_init(|| {
        // SAFETY: the GIL is held.
        unsafe {
            let collects = ffi::PyGC_Disable();
            let found = [
                counter(),
                walker(ffi::PyList_New(3), true),
                walker(ffi::PyTuple_New(3), false),
            ];
            if collects != 0 {
                ffi::PyGC_Enable();
            }
            found.into_iter().flatten().collect()
        }
    })
}

/// The iterator of a live object's type.
pub fn of_type(object_type: usize) -> Option<&'static Iterator> {
    known().iter().find(|it| it.object_type == object_type)
}

/// The words of an object behind its head.
unsafe fn words(object: *mut PyObject) -> Vec<usize> {
    let head = size_of::<PyObject>() as i32;
    // SAFETY: by the caller: a live object of a type that says how large it is.
    unsafe {
        let size = (*ffi::Py_TYPE(object)).tp_basicsize as i32;
        (head..size)
            .step_by(8)
            .map(|at| read(object as usize, at))
            .collect()
    }
}

/// Where a word is, if it is there once.
fn offset(words: &[usize], word: usize) -> Option<i32> {
    let mut places = (0..words.len()).filter(|&i| words[i] == word);
    let place = places.next()?;
    let once = places.next().is_none();
    once.then(|| (size_of::<PyObject>() + 8 * place) as i32)
}

/// Makes one step and says which word has gone from 0 to 1, if no other changed.
unsafe fn index(iterator: *mut PyObject) -> Option<i32> {
    // SAFETY: by the caller: a live iterator.
    unsafe {
        let before = words(iterator);
        let item = ffi::PyIter_Next(iterator);
        ffi::PyErr_Clear();
        ffi::Py_XDECREF(item);
        let after = words(iterator);
        let mut changed = (0..before.len()).filter(|&i| before[i] != after[i]);
        let place = changed.next()?;
        let counts = changed.next().is_none() && (before[place], after[place]) == (0, 1);
        counts.then(|| (size_of::<PyObject>() + 8 * place) as i32)
    }
}

unsafe fn describe(iterator: *mut PyObject, layout: Layout) -> Iterator {
    // SAFETY: by the caller: a live iterator, whose type is built in.
    unsafe {
        let object_type: usize = read(iterator as usize, Head::ob_type.offset);
        Iterator {
            object_type,
            next: read(object_type, PyTypeObject::tp_iternext.offset),
            layout,
        }
    }
}

unsafe fn counter() -> Option<Iterator> {
    const START: usize = 1_000_003;
    const STEP: usize = 7;
    const LEN: usize = 1009;
    // SAFETY: by the caller; ranges run no Python code.
    unsafe {
        let range = ffi::PyObject_CallFunction(
            (&raw mut ffi::PyRange_Type).cast(),
            c"nnn".as_ptr(),
            START,
            START + STEP * LEN,
            STEP,
        );
        if range.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        let iterator = ffi::PyObject_GetIter(range);
        ffi::Py_DECREF(range);
        if iterator.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        let words = words(iterator);
        let found = (|| {
            Some(Counter {
                start: offset(&words, START)?,
                step: offset(&words, STEP)?,
                len: offset(&words, LEN)?,
                index: index(iterator)?,
            })
        })();
        let found = found.map(|counter| describe(iterator, Layout::Counter(counter)));
        ffi::Py_DECREF(iterator);
        found
    }
}

unsafe fn walker(sequence: *mut PyObject, list: bool) -> Option<Iterator> {
    // SAFETY: by the caller: a new sequence, whose items are made here.
    unsafe {
        if sequence.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        for i in 0..3 {
            let none = ffi::Py_NewRef(ffi::Py_None());
            match list {
                true => ffi::PyList_SET_ITEM(sequence, i, none),
                false => ffi::PyTuple_SET_ITEM(sequence, i, none),
            };
        }
        let iterator = ffi::PyObject_GetIter(sequence);
        ffi::Py_DECREF(sequence);
        if iterator.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        let words = words(iterator);
        let found = (|| {
            Some(Walker {
                sequence: offset(&words, sequence as usize)?,
                index: index(iterator)?,
                list,
            })
        })();
        let found = found.map(|walker| describe(iterator, Layout::Walker(walker)));
        ffi::Py_DECREF(iterator);
        found
    }
}

/// The type of the sequence of a walker.
impl Walker {
    pub fn sequence_type(&self) -> usize {
        match self.list {
            true => facts::list_type(),
            false => facts::tuple_type(),
        }
    }
}
