//! The members of frame and thread state that the evaluation loop itself keeps up to date.
//!
//! Templates do not mention them: a terminator or exit says what they become.

use cevalry_model::ast::{Expr, Step};

use super::linear::Linear;
use super::state::State;
use super::value::{Base, Value, What};
use super::{Lifter, Outcome};
use crate::c::ctype::CType;

const THREAD: &str = "PyThreadState";
const FRAME: &str = "_PyInterpreterFrame";

/// An offset without the conversions that C makes on the way: it fits.
fn unwidened(value: &Expr) -> &Expr {
    match value {
        Expr::Cast { value, .. } => unwidened(value),
        other => other,
    }
}

impl Lifter<'_> {
    /// A member read from the running frame that is followed rather than read.
    pub fn load_frame(
        &self,
        st: &State,
        base: &Expr,
        owner: &str,
        path: &[Step],
        ty: &CType,
    ) -> Option<Value> {
        let [Step::Field(field)] = path else {
            return None;
        };
        let what = match (base, owner, field.as_str()) {
            (Expr::Frame, FRAME, "instr_ptr" | "prev_instr") => {
                What::Code(Base::Own, st.frame_unit.clone(), 0)
            }
            (Expr::Frame, FRAME, "previous") => What::Caller,
            (Expr::Frame, FRAME, "return_offset") => {
                What::Expr(st.return_offset.as_ref()?.to_expr())
            }
            (_, THREAD | "_PyCFrame", "current_frame") => {
                return st.value_of("frame").cloned();
            }
            _ => return None,
        };
        Some(Value {
            what,
            ty: ty.clone(),
        })
    }

    /// Takes note of a store to a followed member; `false` when the store is an ordinary one.
    pub fn store_frame(
        &mut self,
        st: &mut State,
        base: &Expr,
        owner: &str,
        path: &[Step],
        value: &Value,
    ) -> Outcome<bool> {
        let [Step::Field(field)] = path else {
            return Ok(false);
        };
        Ok(match (base, owner, field.as_str(), &value.what) {
            (Expr::Frame, FRAME, "instr_ptr" | "prev_instr", What::Code(Base::Own, unit, 0)) => {
                st.frame_unit = unit.clone();
                true
            }
            (Expr::Frame, FRAME, "return_offset", _) => {
                let value = self.rvalue(st, value.clone())?;
                let value = self.resolve(st, &value);
                st.return_offset = Some(Linear::of(unwidened(&value), false));
                true
            }
            (Expr::Frame, FRAME, "stacktop", _) => true,
            // Linking frames is what entering one means.
            (_, FRAME, "previous", What::Expr(Expr::Frame)) => true,
            (Expr::Frame, FRAME, "previous", _) => true,
            (_, THREAD | "_PyCFrame", "current_frame", _) => true,
            (_, THREAD, "cframe", _) | (_, "_PyCFrame", "use_tracing", _) => true,
            // Room for recursion is taken and given back with the frame.
            (Expr::Tstate, THREAD, "py_recursion_remaining" | "recursion_remaining", _) => {
                let entering = !self.runs_own_frame(st);
                if entering && let What::Expr(value) = &value.what {
                    let place = Expr::Member {
                        base: Box::new(base.clone()),
                        owner: owner.to_owned(),
                        path: path.to_vec(),
                        address: false,
                    };
                    st.room.push((place, value.clone()));
                }
                entering
            }
            _ => false,
        })
    }

    /// The pointer that a local struct of the evaluation function stands for.
    pub fn alias(&self, value: &Value) -> Option<Value> {
        matches!(value.ty, CType::Pointer(_)).then(|| value.clone())
    }
}
