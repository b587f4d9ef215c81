//! Members that hand-written primitives look at.

use crate::release::layout::{PyCodeObject, PyFloatObject, PyObject, PyTupleObject};

pub const OB_TYPE: i32 = PyObject::ob_type.offset;
pub const OB_FVAL: i32 = PyFloatObject::ob_fval.offset;
pub const OB_ITEM: i32 = PyTupleObject::ob_item.offset;
pub const CO_CONSTS: i32 = PyCodeObject::co_consts.offset;
pub const CO_NAMES: i32 = PyCodeObject::co_names.offset;
