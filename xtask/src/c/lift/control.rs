//! Leaving an instruction: the loop's labels and dispatch as terminators and exits.

use cevalry_model::ast::{Exit, Expr, Stmt};

use super::linear::Linear;
use super::merge::Flow;
use super::state::State;
use super::tree::Tree;
use super::value::What;
use super::{Lifter, Outcome};

impl Lifter<'_> {
    /// A `goto` in the body of the opcode itself.
    pub fn goto(&mut self, mut st: State, label: &str) -> Outcome<Tree<Flow>> {
        if !self.calls.is_empty() {
            return Ok(Tree::leaf(st, Flow::Goto(label.to_owned())));
        }
        if let Some(count) = popped_by(label) {
            let depth = self.depth(&st)?.offset(-count);
            let exit = Exit::Error {
                depth: depth.to_expr(),
            };
            return Ok(self.leave(st, &depth, exit));
        }
        Ok(match label {
            "exception_unwind" => {
                let depth = self.depth(&st)?;
                let exit = Exit::Reraise {
                    depth: depth.to_expr(),
                };
                self.leave(st, &depth, exit)
            }
            "miss" => self.deopt(st)?,
            "unbound_local_error" => self.unbound(st)?,
            "handle_eval_breaker" => {
                self.check_eval_breaker(&mut st)?;
                Tree::Left(self.dispatch(st)?)
            }
            "start_frame" | "resume_frame" => {
                if self.runs_own_frame(&st) {
                    return self.give_up("starts its own frame again");
                }
                if label == "start_frame" {
                    // The label takes the room for this frame: what was taken is for another one.
                    for (place, value) in std::mem::take(&mut st.room) {
                        st.code.push(Stmt::Assign { place, value });
                    }
                }
                Tree::Left(self.dispatch(st)?)
            }
            // The frame is still the same, and so is its stack.
            "resume_with_error" if self.runs_own_frame(&st) => {
                let depth = self.depth(&st)?;
                let exit = Exit::Error {
                    depth: depth.to_expr(),
                };
                self.leave(st, &depth, exit)
            }
            "exit_unwind" | "resume_with_error" => return self.give_up("unwinds frames"),
            "dispatch_opcode" => return self.give_up("dispatches to another opcode"),
            other if self.is_fallback(other) => self.deopt(st)?,
            _ => Tree::leaf(st, Flow::Goto(label.to_owned())),
        })
    }

    /// Whether a label is the start of the generic member's body: `PRED_` up to 3.13,
    /// `PREDICTED_` since. The preprocessor may have put the opcode's number where its name was.
    fn is_fallback(&self, label: &str) -> bool {
        let target = label
            .strip_prefix("PREDICTED_")
            .or_else(|| label.strip_prefix("PRED_"));
        match (target, &self.base) {
            (Some(target), Some(base)) => target == base || target.parse() == Ok(self.base_number),
            _ => false,
        }
    }

    fn leave(&mut self, mut st: State, depth: &Linear, exit: Exit) -> Tree<Flow> {
        st.flush(Some(depth));
        st.code.push(Stmt::Exit(exit));
        Tree::Left(st.code)
    }

    fn deopt(&mut self, mut st: State) -> Outcome<Tree<Flow>> {
        if st.effect {
            let depth = self.depth(&st)?;
            if depth.as_constant() != Some(0) {
                return self.give_up("falls back with the stack moved");
            }
            st.flush(Some(&depth));
        }
        st.code.push(Stmt::Exit(Exit::Deopt));
        Ok(Tree::Left(st.code))
    }

    fn unbound(&mut self, mut st: State) -> Outcome<Tree<Flow>> {
        match st.value_of("oparg").map(|value| &value.what) {
            Some(What::Expr(Expr::Oparg)) => {
                let local = Expr::Oparg;
                st.code.push(Stmt::Exit(Exit::Unbound { local }));
                Ok(Tree::Left(st.code))
            }
            // The second half of a superinstruction is an instruction of its own, which raises.
            Some(What::Expr(Expr::UnitOparg(unit))) => {
                let unit = (**unit).clone();
                let depth = self.depth(&st)?;
                st.flush(Some(&depth));
                st.code.push(Stmt::Jump {
                    depth: depth.to_expr(),
                    unit,
                });
                Ok(Tree::Left(st.code))
            }
            _ => self.give_up("an unbound local of unknown number"),
        }
    }

    pub fn depth(&self, st: &State) -> Outcome<Linear> {
        match st.depth() {
            Some(depth) => Ok(depth),
            None => self.give_up("the stack pointer is not followed here"),
        }
    }

    pub fn check_eval_breaker(&mut self, st: &mut State) -> Outcome<()> {
        let depth = self.depth(st)?;
        let Some(unit) = st.unit() else {
            return self.give_up("the instruction pointer is not followed here");
        };
        st.flush(Some(&depth));
        st.effect = true;
        st.memory_changes();
        st.code.push(Stmt::CheckEvalBreaker {
            depth: depth.to_expr(),
            unit: unit.to_expr(),
        });
        Ok(())
    }

    /// Goes on with the next instruction, wherever the instruction pointer now points.
    pub fn dispatch(&mut self, mut st: State) -> Outcome<Vec<Stmt>> {
        let frame = st.value_of("frame").map(|value| value.what.clone());
        match frame {
            Some(What::Expr(Expr::Frame)) => self.go_on(st),
            Some(What::Caller) => {
                let Some(value) = st.pushed.take() else {
                    return self.give_up("leaves its frame without a result");
                };
                let cleared = st.cleared;
                self.leave_frame(st, value, cleared)
            }
            Some(What::Expr(frame)) => {
                let Some(depth) = st.saved_depth.clone() else {
                    return self.give_up("enters a frame without saving the stack pointer");
                };
                // Without an offset of its own, the frame goes on behind what it last ran.
                let offset = st.return_offset.clone().unwrap_or(Linear::constant(1));
                let unit = st.frame_unit.plus(&offset, 1);
                st.flush(Some(&depth));
                self.publish(&mut st)?;
                st.code.push(Stmt::EnterFrame {
                    depth: depth.to_expr(),
                    frame,
                    unit: unit.to_expr(),
                });
                Ok(st.code)
            }
            _ => self.give_up("goes on in a frame that is not followed"),
        }
    }

    fn go_on(&mut self, mut st: State) -> Outcome<Vec<Stmt>> {
        let depth = self.depth(&st)?;
        let Some(unit) = st.unit() else {
            return self.give_up("the instruction pointer is not followed here");
        };
        st.flush(Some(&depth));
        self.publish(&mut st)?;
        let depth = depth.to_expr();
        st.code.push(match unit.as_constant() {
            Some(unit) if unit == self.size => Stmt::Next { depth },
            _ => Stmt::Jump {
                depth,
                unit: unit.to_expr(),
            },
        });
        Ok(st.code)
    }

    /// Leaves the frame with a result: for good if it has been cleared, else suspended.
    pub fn leave_frame(
        &mut self,
        mut st: State,
        value: super::value::Value,
        cleared: bool,
    ) -> Outcome<Vec<Stmt>> {
        let value = self.rvalue(&mut st, value)?;
        if cleared {
            st.code.push(Stmt::Return { value });
            return Ok(st.code);
        }
        let Some(depth) = st.saved_depth.clone() else {
            return self.give_up("leaves the evaluation loop");
        };
        st.flush(Some(&depth));
        st.code.push(Stmt::Yield {
            depth: depth.to_expr(),
            value,
        });
        Ok(st.code)
    }

    /// Hands on what the loop keeps from one instruction to the next outside the frame.
    fn publish(&mut self, st: &mut State) -> Outcome<()> {
        let Some(id) = st.root("call_shape") else {
            return Ok(());
        };
        let Some(variable) = st.vars.get(&id) else {
            return Ok(());
        };
        let super::value::Binding::Record(parts) = &variable.binding else {
            return Ok(());
        };
        for (field, value) in parts.clone() {
            let value = self.rvalue(st, value)?;
            if self.is_inherited(&value) {
                continue;
            }
            st.code.push(Stmt::Expr(Expr::Call {
                function: format!("set_{field}"),
                args: vec![value],
            }));
        }
        Ok(())
    }

    fn is_inherited(&self, value: &Expr) -> bool {
        matches!(value, Expr::Name(name) if self.inherited.contains(name))
    }
}

/// How many values a label such as `pop_2_error` drops before the exception unwinds.
fn popped_by(label: &str) -> Option<i64> {
    if label == "error" {
        return Some(0);
    }
    label
        .strip_prefix("pop_")?
        .strip_suffix("_error")?
        .parse()
        .ok()
}
