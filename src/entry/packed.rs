//! Arguments that a call hands over in a tuple, and perhaps a dict.
//!
//! Where the interpreter runs a function by itself, it lets go of both before the function begins.
//! Where the call goes through an entry point or a frame evaluator, both stay until the call is over,
//! and with keywords an array of all arguments too.

use pyo3::ffi;

use super::arguments::Call;
use super::direct::{self, Door, Native};
use super::interp::Frame;
use crate::jit::code::Shape;
use crate::release::layout;

/// What holds the arguments of a call until it is over, as far as nobody else has it.
#[derive(Clone, Copy, Debug)]
pub struct Packed {
    tuple: Option<*mut ffi::PyObject>,
    dict: Option<*mut ffi::PyObject>,
    array: Option<(*mut *mut ffi::PyObject, usize)>,
}

/// Values that a call with a dict takes: the function, an empty slot, the tuple and the dict.
const WITH_DICT: u32 = 4;

impl Packed {
    /// What the interpreter, which runs the caller, has made for the call of a function that arrives at
    /// the entry point with these arguments.
    ///
    /// # Safety
    /// The arguments are those of an entry point, as many as there are; the caller is at that call.
    pub unsafe fn of_entry(
        caller: Frame,
        call: Call,
        (args, count, keywords): (*const *mut ffi::PyObject, usize, bool),
        here: usize,
    ) -> Option<Packed> {
        // SAFETY: by the caller.
        unsafe {
            if keywords {
                let native = direct::native(caller, here, Door::Entry, true)?;
                return with_dict(caller, call, native.tuple?, args as usize)
                    .filter(|found| found.count() == count);
            }
            let items = layout::PyTupleObject::ob_item.offset as usize;
            let tuple = (args as usize).wrapping_sub(items);
            let given = *slot(caller, call, 2) as usize == tuple;
            let made = || direct::native(caller, here, Door::Entry, false).is_some();
            let found = given || (made() && (same_page(tuple, items) || direct::is_tuple(tuple)));
            if !found {
                return None;
            }
            without_dict(tuple).filter(|found| found.count() == count)
        }
    }

    /// The same for a call whose frame the interpreter's entry point has made.
    ///
    /// # Safety
    /// The caller is at that call.
    pub unsafe fn of_frame(caller: Frame, call: Call, here: usize) -> Option<Packed> {
        // SAFETY: by the caller; a call with a dict has one.
        unsafe {
            let keywords = call.values == WITH_DICT && ffi::PyDict_Size(*slot(caller, call, 3)) > 0;
            let Native { tuple, array } = direct::native(caller, here, Door::Evaluator, keywords)?;
            let tuple = tuple.filter(|tuple| direct::is_tuple(*tuple))?;
            if keywords {
                with_dict(caller, call, tuple, array?)
            } else {
                without_dict(tuple)
            }
        }
    }

    /// Whether the arguments are in that tuple.
    pub fn is(&self, tuple: Option<*mut ffi::PyObject>) -> bool {
        tuple.is_some() && self.tuple == tuple
    }

    /// How many arguments there are.
    fn count(&self) -> usize {
        match (self.array, self.tuple) {
            (Some((_, count)), _) => count,
            // SAFETY: a live tuple.
            (None, Some(tuple)) => unsafe { ffi::PyTuple_GET_SIZE(tuple) as usize },
            (None, None) => 0,
        }
    }

    /// Where all arguments stand, and how many.
    pub fn all(&self) -> (*mut *mut ffi::PyObject, usize) {
        match (self.array, self.tuple) {
            (Some(array), _) => array,
            (None, Some(tuple)) => (items(tuple), self.count()),
            (None, None) => (std::ptr::null_mut(), 0),
        }
    }

    /// Drops the references to the arguments.
    ///
    /// # Safety
    /// The call is under way and holds the GIL; the callee's frame keeps the arguments alive.
    pub unsafe fn release(self) {
        // SAFETY: by the caller; what is released belongs to the interpreter's call alone, which
        // drops what it finds there.
        unsafe {
            let of_tuple = self
                .tuple
                .map(|tuple| (items(tuple), ffi::PyTuple_GET_SIZE(tuple) as usize));
            for (first, count) in self.array.into_iter().chain(of_tuple) {
                for i in 0..count {
                    let old = first.add(i).replace(ffi::Py_NewRef(ffi::Py_None()));
                    ffi::Py_DECREF(old);
                }
            }
            if let Some(dict) = self.dict {
                ffi::PyDict_Clear(dict);
            }
        }
    }
}

/// Where a value stands that the call takes.
fn slot(caller: Frame, call: Call, index: usize) -> *mut *mut ffi::PyObject {
    // SAFETY: the frame holds a reference to its code object.
    let locals = unsafe { Shape::of(caller.code() as usize) }.locals;
    caller.slot(locals + call.slot as usize + index)
}

/// Whether the word that many bytes behind an address is on the same page, so that both can be read
/// where one can.
fn same_page(address: usize, distance: usize) -> bool {
    const PAGE: usize = 4096;
    address / PAGE == (address + distance) / PAGE
}

fn items(tuple: *mut ffi::PyObject) -> *mut *mut ffi::PyObject {
    let first = layout::PyTupleObject::ob_item.offset as usize;
    tuple.cast::<u8>().wrapping_add(first).cast()
}

/// # Safety
/// The words of a tuple without items can be read there.
unsafe fn without_dict(tuple: usize) -> Option<Packed> {
    let tuple = tuple as *mut ffi::PyObject;
    // SAFETY: by the caller.
    let alone = unsafe { ffi::PyTuple_CheckExact(tuple) != 0 && ffi::Py_REFCNT(tuple) == 1 };
    alone.then_some(Packed {
        tuple: Some(tuple),
        dict: None,
        array: None,
    })
}

/// What a call with keywords has made, if the array holds what is in the tuple and in the dict.
///
/// # Safety
/// The interpreter itself makes the call; what the other two addresses are is not certain.
unsafe fn with_dict(caller: Frame, call: Call, tuple: usize, array: usize) -> Option<Packed> {
    if call.values != WITH_DICT || !direct::is_tuple(tuple) {
        return None;
    }
    let tuple = tuple as *mut ffi::PyObject;
    // SAFETY: by the caller, and since that is a tuple; the array is read where it can be.
    unsafe {
        let dict = *slot(caller, call, 3);
        if ffi::PyDict_CheckExact(dict) == 0 {
            return None;
        }
        let array = array as *mut *mut ffi::PyObject;
        let mut count = 0;
        let mut is_next = |value| {
            let place = array.wrapping_add(count);
            count += 1;
            direct::is_readable(place as usize) && *place == value
        };
        for i in 0..ffi::PyTuple_GET_SIZE(tuple) {
            if !is_next(ffi::PyTuple_GET_ITEM(tuple, i)) {
                return None;
            }
        }
        let (mut at, mut value) = (0, std::ptr::null_mut());
        while ffi::PyDict_Next(dict, &mut at, std::ptr::null_mut(), &mut value) != 0 {
            if !is_next(value) {
                return None;
            }
        }
        let alone = |object: *mut ffi::PyObject| (ffi::Py_REFCNT(object) == 1).then_some(object);
        Some(Packed {
            tuple: alone(tuple),
            dict: alone(dict),
            array: Some((array, count)),
        })
    }
}
