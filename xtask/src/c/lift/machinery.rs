//! What the evaluation loop does to itself: dispatch, its registers, its frames.

use cevalry_model::ast::{BinOp, Expr};

use super::linear::Linear;
use super::state::State;
use super::tree::Tree;
use super::value::{Base, Value, What};
use super::{Lifter, Outcome, fold, value, vocab};
use crate::c::ctype::CType;

impl Lifter<'_> {
    /// What the evaluation loop does to itself.
    pub(super) fn call_loop(
        &mut self,
        st: &mut State,
        name: &str,
        args: &[Value],
    ) -> Outcome<Option<Tree<Value>>> {
        let whole = |st: &mut State| std::mem::take(st);
        let done = |st: &mut State| Some(Tree::leaf(std::mem::take(st), Value::void()));
        let first = args.first().map(|value| &value.what);
        Ok(match (name, first) {
            ("DISPATCH" | "NOTRACE_DISPATCH", _) => {
                let st = whole(st);
                Some(Tree::Left(self.dispatch(st)?))
            }
            ("DISPATCH_INLINED", Some(_)) => {
                st.saved_depth = st.depth();
                st.set("frame", args[0].clone());
                let st = whole(st);
                Some(Tree::Left(self.dispatch(st)?))
            }
            ("DISPATCH_GOTO", _) if self.only_extends(st) => {
                let st = whole(st);
                Some(Tree::Left(self.dispatch(st)?))
            }
            ("DISPATCH_SAME_OPARG" | "DISPATCH_GOTO", _) => {
                return self.give_up("dispatches to another opcode");
            }
            ("CHECK_EVAL_BREAKER", _) => {
                self.check_eval_breaker(st)?;
                done(st)
            }
            ("_PyThreadState_GET" | "PyThreadState_Get", None) => {
                let Some(value) = st.value_of("tstate").cloned() else {
                    return self.give_up("no thread state");
                };
                Some(Tree::leaf(whole(st), value))
            }
            ("LOAD_SP", _) => {
                let value = self.saved_stack_pointer(st);
                st.set("stack_pointer", value);
                done(st)
            }
            (
                "cevalry_unit_opcode" | "cevalry_unit_oparg",
                Some(What::Code(Base::Own, unit, 0)),
            ) => {
                let at = Box::new(unit.to_expr());
                let expr = match name {
                    "cevalry_unit_oparg" => Expr::UnitOparg(at),
                    _ => Expr::UnitOpcode(at),
                };
                Some(Tree::leaf(whole(st), Value::expr(expr, CType::INT)))
            }
            ("_Py_OPARG" | "_Py_OPCODE", Some(What::Expr(Expr::Cache { bits: 16, unit, .. }))) => {
                let expr = match name {
                    "_Py_OPARG" => Expr::UnitOparg(unit.clone()),
                    _ => Expr::UnitOpcode(unit.clone()),
                };
                Some(Tree::leaf(whole(st), Value::expr(expr, CType::INT)))
            }
            (
                "read_u16" | "read_u32" | "read_u64" | "read_obj",
                Some(What::Code(Base::Own, unit, 0)),
            ) => {
                let Some(function) = self.types.functions.get(name) else {
                    return self.give_up("an undeclared cache reader");
                };
                let ty = function.ty.result.clone();
                let (bits, object) = match &ty {
                    CType::Int { bits, .. } => (*bits, false),
                    _ => (64, true),
                };
                let expr = Expr::Cache {
                    bits,
                    object,
                    unit: Box::new(unit.to_expr()),
                };
                Some(Tree::leaf(whole(st), Value::expr(expr, ty)))
            }
            ("_PyFrame_SetStackPointer", Some(What::Expr(Expr::Frame))) => {
                let What::Stack(Base::Own, at) = &args[1].what else {
                    return self.give_up("an unknown stack pointer given to the frame");
                };
                // From here on the collector may look at the stack.
                st.flush(Some(at));
                st.saved_depth = Some(at.clone());
                done(st)
            }
            ("_PyFrame_GetStackPointer", Some(What::Expr(Expr::Frame) | What::Caller)) => {
                let value = self.saved_stack_pointer(st);
                Some(Tree::leaf(whole(st), value))
            }
            ("_PyFrame_StackPush", Some(What::Caller)) => {
                st.pushed = args.get(1).cloned();
                done(st)
            }
            ("_PyThreadState_PopFrame", Some(_)) if args.get(1).is_some_and(is_own_frame) => {
                return self.give_up("moves the running frame into a generator");
            }
            (clear, _) if vocab::CLEAR_FRAME.contains(&clear) && args.iter().any(is_own_frame) => {
                st.cleared = true;
                let ty = args.last().map_or(CType::Void, |frame| frame.ty.clone());
                Some(Tree::leaf(
                    whole(st),
                    Value {
                        what: What::Caller,
                        ty,
                    },
                ))
            }
            _ => None,
        })
    }

    /// Whether all that has happened is that the next instruction's argument was extended by this
    /// one's, as the decoder does.
    pub(super) fn only_extends(&self, st: &State) -> bool {
        let (Some(unit), Some(oparg)) = (st.unit(), st.value_of("oparg")) else {
            return false;
        };
        let next = Expr::UnitOparg(Box::new(unit.to_expr()));
        let shifted = fold::plain(BinOp::Shl, Expr::Oparg, value::int(8));
        let either = [
            fold::plain(BinOp::Or, shifted.clone(), next.clone()),
            fold::plain(BinOp::Or, next, shifted),
        ];
        matches!(&oparg.what, What::Expr(expr) if either.contains(expr))
    }

    pub(super) fn load_instruction_pointer(&mut self, mut st: State) -> Outcome<Tree<Value>> {
        let Some(old) = st.value_of("next_instr").cloned() else {
            return self.give_up("no instruction pointer");
        };
        if self.runs_own_frame(&st) {
            return self.give_up("reloads its own instruction pointer");
        }
        let what = What::Code(Base::Other, Linear::default(), 0);
        st.set("next_instr", Value { what, ty: old.ty });
        Ok(Tree::leaf(st, Value::void()))
    }

    pub(super) fn saved_stack_pointer(&self, st: &State) -> Value {
        let what = match (self.runs_own_frame(st), &st.saved_depth) {
            (true, Some(depth)) => What::Stack(Base::Own, depth.clone()),
            (true, None) => What::Stack(Base::Own, st.depth().unwrap_or_default()),
            (false, _) => What::Stack(Base::Other, Linear::default()),
        };
        let ty = st
            .value_of("stack_pointer")
            .map_or(CType::Void, |value| value.ty.clone());
        Value { what, ty }
    }

    /// Whether `frame` is still the frame that the instruction began in.
    pub fn runs_own_frame(&self, st: &State) -> bool {
        st.value_of("frame").is_none_or(is_own_frame)
    }
}

pub(super) fn is_own_frame(value: &Value) -> bool {
    value.what == What::Expr(Expr::Frame)
}
