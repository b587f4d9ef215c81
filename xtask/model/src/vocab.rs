//! The vocabulary: primitives that have an emitter of their own in `src/emit/`.
//!
//! A call of one of these names becomes a call of the method of the same name in snake case; a
//! call of any other name is a call of a C function.

use crate::ast::Signature;
use crate::data::Effect;
use crate::parse;

/// One primitive.
#[derive(Clone, Copy, Debug)]
pub struct Primitive {
    pub name: &'static str,
    /// More than one where releases differ, or where several types will do.
    pub signatures: &'static [&'static str],
    pub effect: Effect,
    /// References among the arguments that the primitive takes over, by position.
    pub steals: &'static [usize],
    /// Whether the result is a reference that the template owns.
    pub owned: bool,
    /// The result, if any, is the first argument, with one more reference that the template owns.
    pub counts_up: bool,
    /// The method is given the type of its operands, since several will do.
    pub typed: bool,
}

impl Primitive {
    /// Its signatures with that many parameters.
    pub fn signatures(&self, params: usize) -> impl Iterator<Item = Signature> {
        self.signatures
            .iter()
            .map(|text| parse::signature(text).expect("the table holds signatures"))
            .filter(move |signature| signature.params.len() == params)
    }

    /// The method's name: `Py_DECREF` becomes `py_decref`.
    pub fn method(&self) -> String {
        snake_case(self.name)
    }
}

/// The primitive of that name.
pub fn find(name: &str) -> Option<&'static Primitive> {
    PRIMITIVES.iter().find(|primitive| primitive.name == name)
}

const fn one(name: &'static str, signature: &'static [&'static str], effect: Effect) -> Primitive {
    Primitive {
        name,
        signatures: signature,
        effect,
        steals: &[],
        owned: false,
        counts_up: false,
        typed: false,
    }
}

impl Primitive {
    const fn steals(self, steals: &'static [usize]) -> Primitive {
        Primitive { steals, ..self }
    }

    const fn typed(self) -> Primitive {
        Primitive {
            typed: true,
            ..self
        }
    }

    const fn counts_up(self) -> Primitive {
        Primitive {
            counts_up: true,
            ..self
        }
    }

    const fn owned(self) -> Primitive {
        Primitive {
            owned: true,
            ..self
        }
    }
}

use Effect::{Allocates, Escapes, Pure, Raises};

/// Every primitive.
pub const PRIMITIVES: &[Primitive] = &[
    // Reference counts.
    one("Py_INCREF", &["fn(object)"], Allocates).counts_up(),
    one("Py_XINCREF", &["fn(object)"], Allocates).counts_up(),
    one("Py_NewRef", &["fn(object) -> object"], Allocates).counts_up(),
    one("Py_XNewRef", &["fn(object) -> object"], Allocates).counts_up(),
    one("_Py_NewRef", &["fn(object) -> object"], Allocates).counts_up(),
    one("_Py_XNewRef", &["fn(object) -> object"], Allocates).counts_up(),
    one("Py_DECREF", &["fn(object)"], Escapes).steals(&[0]),
    one("Py_XDECREF", &["fn(object)"], Escapes).steals(&[0]),
    one("_Py_DECREF_NO_DEALLOC", &["fn(object)"], Allocates).steals(&[0]),
    one("_Py_DECREF_SPECIALIZED", &["fn(object, ptr)"], Allocates).steals(&[0]),
    one("_Py_IsImmortalLoose", &["fn(object) -> i32"], Pure),
    // Numbers.
    one("PyFloat_FromDouble", &["fn(f64) -> object"], Raises).owned(),
    one(
        "DECREF_INPUTS_AND_REUSE_FLOAT",
        &["fn(object, object, f64) -> object"],
        Raises,
    )
    .steals(&[0, 1])
    .owned(),
    one("PyLong_FromLong", &["fn(i64) -> object"], Raises).owned(),
    one("PyLong_FromSsize_t", &["fn(i64) -> object"], Raises).owned(),
    one("_PyLong_Add", &["fn(object, object) -> object"], Raises).owned(),
    one(
        "_PyLong_Subtract",
        &["fn(object, object) -> object"],
        Raises,
    )
    .owned(),
    one(
        "_PyLong_Multiply",
        &["fn(object, object) -> object"],
        Raises,
    )
    .owned(),
    one("_PyLong_IsCompact", &["fn(object) -> i32"], Pure),
    one("_PyLong_IsNonNegativeCompact", &["fn(object) -> i32"], Pure),
    one("_PyLong_CompactValue", &["fn(object) -> i64"], Pure),
    one("_PyLong_AssignValue", &["fn(*object, i64) -> i32"], Raises),
    one(
        "COMPARISON_BIT",
        &["fn(f64, f64) -> i32", "fn(i64, i64) -> i32"],
        Pure,
    )
    .typed(),
    // Frames.
    // Takes the function over when it succeeds.
    one("_PyFrame_Push", &["fn(ptr, object) -> ptr"], Raises),
    one(
        "_PyFrame_PushUnchecked",
        &[
            "fn(ptr, object, i32) -> ptr",
            "fn(ptr, ref, i32, ptr) -> ptr",
        ],
        Allocates,
    )
    .steals(&[1]),
    one(
        "_PyThreadState_HasStackSpace",
        &["fn(ptr, i32) -> i32", "fn(ptr, u64) -> i32"],
        Pure,
    ),
    one("_PyEvalFrameClearAndPop", &["fn(ptr, ptr)"], Escapes),
    one("_PyEval_FrameClearAndPop", &["fn(ptr, ptr)"], Escapes),
    one("_PyThreadState_PopFrame", &["fn(ptr, ptr)"], Allocates),
    one(
        "_Py_EnterRecursiveCallTstate",
        &["fn(ptr, ptr) -> i32"],
        Raises,
    ),
    one(
        "_Py_EnterRecursiveCallTstateUnchecked",
        &["fn(ptr)"],
        Allocates,
    ),
    one("_Py_LeaveRecursiveCallTstate", &["fn(ptr)"], Allocates),
    one("_Py_EnterRecursivePy", &["fn(ptr) -> i32"], Allocates),
    one("_Py_LeaveRecursiveCallPy", &["fn(ptr)"], Allocates),
    // What the loop hands from one instruction to the next (3.11's keyword names of a call).
    one("kwnames", &["fn() -> object"], Allocates),
    one("set_kwnames", &["fn(object)"], Allocates),
    // Room on the native stack.
    one("_Py_get_machine_stack_pointer", &["fn() -> u64"], Pure),
    // Stack references.
    one("PyStackRef_NULL", &["fn() -> ref"], Pure),
    one("PyStackRef_None", &["fn() -> ref"], Pure),
    one("PyStackRef_True", &["fn() -> ref"], Pure),
    one("PyStackRef_False", &["fn() -> ref"], Pure),
    one("PyStackRef_IsNull", &["fn(ref) -> i32"], Pure),
    one("PyStackRef_IsNone", &["fn(ref) -> i32"], Pure),
    one("PyStackRef_IsTrue", &["fn(ref) -> i32"], Pure),
    one("PyStackRef_IsFalse", &["fn(ref) -> i32"], Pure),
    one("PyStackRef_IsError", &["fn(ref) -> i32"], Pure),
    one("PyStackRef_IsValid", &["fn(ref) -> i32"], Pure),
    one("PyStackRef_IsHeapSafe", &["fn(ref) -> i32"], Pure),
    one("PyStackRef_IsTaggedInt", &["fn(ref) -> i32"], Pure),
    one("PyStackRef_TagInt", &["fn(i64) -> ref"], Pure),
    one("PyStackRef_UntagInt", &["fn(ref) -> i64"], Pure),
    one(
        "PyStackRef_IncrementTaggedIntNoOverflow",
        &["fn(ref) -> ref"],
        Pure,
    ),
    one("PyStackRef_Wrap", &["fn(ptr) -> ref"], Pure),
    one("PyStackRef_Unwrap", &["fn(ref) -> ptr"], Pure),
    one("PyStackRef_AsPyObjectBorrow", &["fn(ref) -> object"], Pure),
    one("PyStackRef_Borrow", &["fn(ref) -> ref"], Pure),
    one(
        "PyStackRef_FromPyObjectBorrow",
        &["fn(object) -> ref"],
        Pure,
    ),
    one(
        "PyStackRef_FromPyObjectImmortal",
        &["fn(object) -> ref"],
        Pure,
    ),
    one("PyStackRef_FromPyObjectSteal", &["fn(object) -> ref"], Pure)
        .steals(&[0])
        .owned(),
    one(
        "PyStackRef_FromPyObjectStealMortal",
        &["fn(object) -> ref"],
        Pure,
    )
    .steals(&[0])
    .owned(),
    one(
        "PyStackRef_FromPyObjectNew",
        &["fn(object) -> ref"],
        Allocates,
    )
    .owned(),
    one(
        "PyStackRef_FromPyObjectNewMortal",
        &["fn(object) -> ref"],
        Allocates,
    )
    .owned(),
    one(
        "PyStackRef_AsPyObjectSteal",
        &["fn(ref) -> object"],
        Allocates,
    )
    .steals(&[0])
    .owned(),
    one(
        "PyStackRef_AsPyObjectNew",
        &["fn(ref) -> object"],
        Allocates,
    )
    .owned(),
    one("PyStackRef_MakeHeapSafe", &["fn(ref) -> ref"], Allocates)
        .steals(&[0])
        .owned(),
    one("PyStackRef_DUP", &["fn(ref) -> ref"], Allocates).owned(),
    one("PyStackRef_CLOSE", &["fn(ref)"], Escapes).steals(&[0]),
    one("PyStackRef_XCLOSE", &["fn(ref)"], Escapes).steals(&[0]),
    one("PyStackRef_CLOSE_SPECIALIZED", &["fn(ref, ptr)"], Allocates).steals(&[0]),
];

/// `Py_DECREF` as `py_decref`, `PyStackRef_AsPyObjectBorrow` as
/// `py_stack_ref_as_py_object_borrow`.
fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.trim_start_matches('_').chars().collect();
    let mut out = String::new();
    for (i, &c) in chars.iter().enumerate() {
        let in_capitals = i > 1 && chars[i - 1].is_ascii_uppercase() && chars[i - 2] != '_';
        let starts_word = i > 0
            && c.is_ascii_uppercase()
            && chars[i - 1] != '_'
            && (!chars[i - 1].is_ascii_uppercase()
                || (in_capitals && chars.get(i + 1).is_some_and(char::is_ascii_lowercase)));
        if starts_word {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{PRIMITIVES, snake_case};
    use crate::parse;

    #[test]
    fn methods_are_named_in_snake_case() {
        assert_eq!(snake_case("Py_DECREF"), "py_decref");
        assert_eq!(snake_case("_PyLong_IsCompact"), "py_long_is_compact");
        assert_eq!(
            snake_case("DECREF_INPUTS_AND_REUSE_FLOAT"),
            "decref_inputs_and_reuse_float"
        );
        assert_eq!(
            snake_case("PyStackRef_AsPyObjectBorrow"),
            "py_stack_ref_as_py_object_borrow"
        );
        assert_eq!(snake_case("Py_XNewRef"), "py_xnew_ref");
        assert_eq!(snake_case("PyLong_FromSsize_t"), "py_long_from_ssize_t");
        assert_eq!(snake_case("PyStackRef_IsNULL"), "py_stack_ref_is_null");
    }

    #[test]
    fn every_signature_parses_and_names_are_unique() {
        for (i, primitive) in PRIMITIVES.iter().enumerate() {
            for text in primitive.signatures {
                assert!(parse::signature(text).is_ok(), "{}", primitive.name);
            }
            assert!(PRIMITIVES[..i].iter().all(|p| p.name != primitive.name));
        }
    }
}
