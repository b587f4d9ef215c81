//! Versions that say which object something is.
//!
//! CPython gives keys of dicts and functions a version when somebody asks for it, never gives the
//! same one twice, and takes it away when they change (`_PyDictKeys_GetVersionForCurrentState`,
//! `_PyFunction_GetVersionForCurrentState`; from 3.12 on functions have the version of their code).
//! Behind a guard that the version is the one that is there now, the object is the one that is there
//! now, and what never changes in it is known.

use crate::jit::code::read;

use super::Emit;
use super::node::Id;
use super::sight::Seen;
use super::suppose::WAIT;
use super::types::{Field, Ty, Val};

/// What an object's version says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Identity {
    /// Which object it is.
    Itself,
    /// Which object this member points at.
    Member(&'static str),
}

/// A member that is a version, and what it says.
const VERSIONS: [(&str, Identity); 2] = [
    ("PyDictKeysObject.dk_version", Identity::Itself),
    (
        "PyFunctionObject.func_version",
        Identity::Member("PyFunctionObject.func_code"),
    ),
];

/// A version that the instruction has loaded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loaded {
    version: Id,
    /// What it is now.
    now: u64,
    base: Id,
    /// The object that the base is now.
    object: usize,
    identity: Identity,
}

/// An object whose version a guard has found to be the present one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identified {
    base: Id,
    object: usize,
    identity: Identity,
}

impl Identified {
    /// An object that its version says something of.
    pub fn new(base: Id, object: usize, identity: Identity) -> Identified {
        Identified {
            base,
            object,
            identity,
        }
    }

    /// A value that is a certain object.
    pub fn itself(base: Id, object: usize) -> Identified {
        Identified {
            base,
            object,
            identity: Identity::Itself,
        }
    }

    /// A function that has the code object that this one has now.
    pub fn code_of(function: Id, object: usize) -> Identified {
        Identified {
            base: function,
            object,
            identity: Identity::Member("PyFunctionObject.func_code"),
        }
    }
}

impl Emit<'_> {
    /// Notes that a member was loaded, if it is a version that can be seen.
    pub(crate) fn note_version(&mut self, version: Id, base: Id, field: &Field) {
        let Some((_, identity)) = VERSIONS.iter().find(|(name, _)| *name == field.name) else {
            return;
        };
        match (self.seen(version), self.seen(base)) {
            (Seen::Bits(now), Seen::Bits(object)) if now != 0 => self.versions.push(Loaded {
                version,
                now,
                base,
                object: object as usize,
                identity: *identity,
            }),
            // Making a frame for a function that is not known takes half as much code again.
            (Seen::Hidden | Seen::Unknown, _)
                if self.instr.doubtful && *identity != Identity::Itself =>
            {
                self.fail(WAIT);
            }
            _ => {}
        }
    }

    /// A value was found to be a known one: if it is the version of an object that is there now,
    /// that is the object.
    pub(crate) fn identify(&mut self, value: Id, known: i64) {
        let found = self.versions.iter().find(|v| v.version == value);
        if let Some(loaded) = found
            && loaded.now == known as u64
        {
            let Loaded {
                base,
                object,
                identity,
                ..
            } = *loaded;
            self.identified
                .push(Identified::new(base, object, identity));
            self.learn_version(value, object, identity);
        }
    }

    /// The address of the object that a value is known to be, for what never changes in it.
    pub(crate) fn identified_object(&self, base: Id) -> Option<usize> {
        let mut all = self.identified.iter();
        let found = all.find(|i| i.base == base && i.identity == Identity::Itself);
        found.map(|i| i.object)
    }

    /// The value of a member that a version has said.
    pub(crate) fn identified_member(&mut self, base: Id, field: &Field) -> Option<Val> {
        let wanted = Identity::Member(field.name);
        let mut all = self.identified.iter();
        let object = all.find(|i| i.base == base && i.identity == wanted)?.object;
        // SAFETY: the object was there when its version was read, and nothing has run since.
        let member = unsafe { read::<usize>(object, field.offset) };
        Some(self.known_bits(Ty::Object, member as u64))
    }
}
