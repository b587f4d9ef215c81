//! Instances whose `__init__` runs without a frame: memory of a new object is known before anything is
//! stored there, so that the callee's guards on it are none.
//!
//! Nothing that leads back to the call may happen once the object is there. So all that entering asks is
//! asked before, and the object is made without running code: where the collector is due, the call is
//! made with a frame.

use pyo3::ffi;
use smallvec::SmallVec;

use crate::jit::context::Known;
use crate::jit::standins::attributes::DICT;
use crate::jit::standins::instances;
#[cfg(Py_3_12)]
use crate::release::layout::PyManagedDictPointer;
use crate::release::layout::{PyDictValues, PyTypeObject};

use super::Emit;
use super::asm::Cc;
use super::call::{Call, Target};
use super::frameless::Frameless;
use super::node::{Id, Kind, Node};
use super::pushing::Callee;
use super::table::none_address;
use super::types::{Effect, Flow, Stop, Ty, Val};
use super::words::Zeroed;

/// Calls that the interpreter nests to initialise an instance: that of the class, and `__init__`.
pub(crate) const INIT_DEPTH: i32 = 2;

/// A class whose instances are made so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fresh {
    pub class: Val,
    pub version: u32,
    /// Where its values are, if they are in it.
    #[cfg(Py_3_12)]
    values: i32,
}

impl Fresh {
    /// That of a live class, where its instances have values of their own and nothing else.
    pub fn of(class: usize, called: Val, version: u32) -> Option<Fresh> {
        // SAFETY: a live class.
        let fits = unsafe { instances::has_only_values(class as *mut ffi::PyTypeObject) };
        fits.then_some(Fresh {
            class: called,
            version,
            #[cfg(Py_3_12)]
            // SAFETY: as above; the size of instances does not change.
            values: unsafe {
                crate::jit::code::read::<i64>(class, PyTypeObject::tp_basicsize.offset) as i32
            },
        })
    }
}

impl Emit<'_> {
    /// A new instance that a callee without a frame has initialised.
    pub(crate) fn init_frameless(
        &mut self,
        init: &Callee,
        args: &[Val],
        fresh: Fresh,
    ) -> Flow<Option<Val>> {
        let null = self.null();
        let args: SmallVec<[Val; 8]> = [null].into_iter().chain(args.iter().copied()).collect();
        self.run_frameless(init, &args, true, Some(fresh))
    }

    /// Makes the instance that the callee initialises, if local `i` is that and it is not there yet.
    pub(crate) fn make_if_asked(&mut self, i: usize) -> Flow {
        let Some(callee) = self.in_place.callees.last() else {
            return Ok(());
        };
        let Frameless {
            first,
            fresh: Some(fresh),
            made: None,
            ..
        } = *callee
        else {
            return Ok(());
        };
        if i > 0 {
            return Ok(());
        }
        let object = self.make_fresh(&fresh)?;
        self.py_incref(object)?;
        self.st.stack[first] = object.0;
        if let Some(callee) = self.in_place.callees.last_mut() {
            callee.made = Some(object);
        }
        Ok(())
    }

    /// A new instance, of which it is known what it holds. Exits lead back to the call up to here, and
    /// none may follow.
    pub(crate) fn make_fresh(&mut self, fresh: &Fresh) -> Flow<Val> {
        let tstate = self.tstate();
        let object = self.emit_call(&Call {
            target: Target::Address(instances::allocate_quietly as *const () as usize),
            result: Ty::Object,
            variadic: false,
            // It lets go of nothing: what is borrowed stays, and nothing has to be taken back where it fails.
            effect: Effect::Pure,
            steals: 0,
            new_reference: true,
            args: &[fresh.class, tstate],
        })?;
        self.place(object.0);
        let context = self.snapshot(0);
        let r = self.place(object.0);
        self.asm.test(true, r, r);
        self.need_frame_if(Cc::E, context);
        self.effects = true;
        self.node_mut(object.0).known = Known::Bound;
        self.know_fresh(object.0, fresh);
        Ok(object)
    }

    /// Says what the memory of a new instance holds.
    fn know_fresh(&mut self, object: Id, fresh: &Fresh) {
        let class = Val(self.st.add(Node::new(Ty::Object, Kind::TypeOf(object))));
        let version = self.steady_key(class.0, &PyTypeObject::tp_version_tag);
        self.word_reads(version, fresh.version.into());
        self.know_values(object, fresh);
    }

    #[cfg(not(Py_3_12))]
    fn know_values(&mut self, object: Id, _fresh: &Fresh) {
        use crate::jit::standins::attributes::VALUES;
        /// Where values say in which order they were set, from their start downwards: how many there are,
        /// behind the size of what stands before them.
        const SET: i32 = -2;
        let dict = self.word_key(object, DICT, Ty::Ptr);
        self.word_reads(dict, 0);
        let Some(values) = self.word_key(object, VALUES, Ty::Ptr) else {
            return;
        };
        self.word_is_bound(values);
        let Some(base) = self.behind(values) else {
            return;
        };
        let first = PyDictValues::values.offset;
        self.st.zeroed.push(Zeroed {
            base,
            first,
            end: first + 8 * instances::MOST_VALUES,
        });
        self.word_reads(Some(base.at(SET, Ty::U8)), 0);
    }

    #[cfg(Py_3_12)]
    fn know_values(&mut self, object: Id, fresh: &Fresh) {
        let at = self.address(object, DICT);
        let Some(dict) = self.steady_key(at, &PyManagedDictPointer::dict) else {
            return;
        };
        self.word_reads(Some(dict), 0);
        let base = dict.base();
        let at = |offset: i32| fresh.values + offset;
        self.word_reads(Some(base.at(at(PyDictValues::valid.offset), Ty::U8)), 1);
        self.word_reads(Some(base.at(at(PyDictValues::size.offset), Ty::U8)), 0);
        let first = at(PyDictValues::values.offset);
        self.st.zeroed.push(Zeroed {
            base,
            first,
            end: first + 8 * instances::MOST_VALUES,
        });
    }

    /// The new instance, which its `__init__` has filled: that has returned `None`.
    pub(crate) fn finish_fresh(&mut self, object: Val, result: Val) -> Flow<Val> {
        if self.node(result.0).imm() != Some(none_address()) {
            return Err(Stop::Unsupported("an `__init__` that may return something"));
        }
        self.py_decref(result)?;
        Ok(object)
    }
}
