//! Calls: kept by name, inlined, or part of the evaluation loop's own machinery.

use std::rc::Rc;

use cevalry_model::ast::{BinOp, Expr, Signature, Stmt, Type};
use lang_c::ast::{CallExpression, Expression};
use lang_c::span::Node;

use super::merge::{Flow, Merging};
use super::state::State;
use super::tree::Tree;
use super::value::{Binding, Value, What};
use super::{Lifter, Outcome, vocab};
use crate::c::ctype::{CType, FunctionType};
use crate::c::types::parameter_nodes;

const INLINE_DEPTH: usize = 24;

impl Lifter<'_> {
    pub fn call(&mut self, st: State, call: &CallExpression) -> Outcome<Tree<Value>> {
        let args = &call.arguments;
        let Expression::Identifier(id) = &call.callee.node else {
            return self.call_value(st, &call.callee, args);
        };
        let name = vocab::spelled(&id.node.name);
        if st.lookup(name).is_some() {
            return self.call_value(st, &call.callee, args);
        }
        match (name, args.as_slice()) {
            ("__builtin_expect", [value, _]) => return self.eval(st, value),
            ("__builtin_unreachable", _) => return self.unreachable(st),
            ("memcpy", [_, _, size]) => {
                if let Some(size) = self.types.constant(size) {
                    return self.copy(st, args, size);
                }
            }
            ("__builtin_isnan", [value]) => {
                return self.eval(st, value)?.bind(&mut |mut st, value| {
                    let value = self.rvalue(&mut st, value)?;
                    let differs = super::fold::plain(BinOp::Ne, value.clone(), value);
                    Ok(Tree::leaf(st, Value::expr(differs, CType::INT)))
                });
            }
            // The offset is read from the frame that execution goes on in.
            ("LOAD_IP", _) => return self.load_instruction_pointer(st),
            ("__atomic_load_n", [pointer, _]) => {
                return self.eval(st, pointer)?.bind(&mut |mut st, pointer| {
                    let place = self.deref(&mut st, pointer)?;
                    let value = self.load(&mut st, place)?;
                    Ok(Tree::leaf(st, value))
                });
            }
            ("__atomic_store_n", [pointer, value, _]) => {
                return self.eval(st, pointer)?.bind(&mut |st, pointer| {
                    self.eval(st, value)?.bind(&mut |mut st, value| {
                        let place = self.deref(&mut st, pointer.clone())?;
                        self.store(&mut st, place, value)?;
                        Ok(Tree::leaf(st, Value::void()))
                    })
                });
            }
            _ => {}
        }
        self.arguments(st, args)?
            .bind(&mut |st, args| self.call_named(st, name, args))
    }

    /// `memcpy` of one value, which C uses to read a pointer at an odd place.
    fn copy(&mut self, st: State, args: &[Node<Expression>], size: i128) -> Outcome<Tree<Value>> {
        self.arguments(st, &args[..2])?.bind(&mut |mut st, ends| {
            let [to, from] = ends.as_slice() else {
                return self.give_up("a copy of memory without two ends");
            };
            let found = [to, from].into_iter().find_map(|end| {
                let ty = end.ty.pointee()?;
                let (bytes, _) = self.types.size_align(ty)?;
                let scalar = !matches!(ty, CType::Record(_) | CType::Array(..) | CType::Void);
                (scalar && i128::from(bytes) == size).then(|| ty.clone())
            });
            let Some(ty) = found else {
                return self.give_up("a copy of memory of unknown shape");
            };
            let from = self.deref(&mut st, from.clone().with_type(ty.clone().pointer()))?;
            let value = self.load(&mut st, from)?;
            let to = self.deref(&mut st, to.clone().with_type(ty.pointer()))?;
            self.store(&mut st, to, value)?;
            Ok(Tree::leaf(st, Value::void()))
        })
    }

    fn arguments(&mut self, st: State, args: &[Node<Expression>]) -> Outcome<Tree<Vec<Value>>> {
        let mut tree = Tree::leaf(st, Vec::new());
        for arg in args {
            tree = tree.bind(&mut |st, values: Vec<Value>| {
                self.eval(st, arg)?.bind(&mut |st, value| {
                    let mut values = values.clone();
                    values.push(value);
                    Ok(Tree::leaf(st, values))
                })
            })?;
        }
        Ok(tree)
    }

    fn call_named(&mut self, mut st: State, name: &str, args: Vec<Value>) -> Outcome<Tree<Value>> {
        if let Some(tree) = self.call_loop(&mut st, name, &args)? {
            return Ok(tree);
        }
        if let Some(ty) = self.primitive(name, &args) {
            return self.plain_call(st, name, &ty, args);
        }
        match self.types.functions.get(name).cloned() {
            Some(function) if function.inline => match &function.body {
                Some(body) => {
                    let body = body.clone();
                    self.inline(st, name, &function.ty, &body, args)
                }
                None => self.give_up(&format!("inline function `{name}` without a body")),
            },
            Some(function) => self.plain_call(st, name, &function.ty, args),
            None => self.give_up(&format!("a call of `{name}`, which is not declared")),
        }
    }

    pub fn object_type(&self) -> CType {
        match self.types.typedef("PyObject") {
            Some(ty) => ty.clone().pointer(),
            None => CType::Void.pointer(),
        }
    }

    /// A call through a pointer.
    fn call_value(
        &mut self,
        st: State,
        callee: &Node<Expression>,
        args: &[Node<Expression>],
    ) -> Outcome<Tree<Value>> {
        self.eval(st, callee)?.bind(&mut |st, callee| {
            self.arguments(st, args)?.bind(&mut |mut st, args| {
                if let What::Function(name) = &callee.what {
                    return self.call_named(st, name, args);
                }
                let ty = match &callee.ty {
                    CType::Pointer(inner) => (**inner).clone(),
                    other => other.clone(),
                };
                let CType::Function(function) = ty else {
                    return self.give_up("a call of what is not a function");
                };
                let pointer = self.rvalue(&mut st, callee.clone())?;
                let args = self.converted(&mut st, &function, args)?;
                let signature = self.signature(&function);
                let call = Expr::Indirect {
                    signature,
                    function: Box::new(pointer),
                    args,
                };
                st.effect = true;
                st.memory_changes();
                Ok(self.called(st, call, &function.result))
            })
        })
    }

    pub fn signature(&self, function: &FunctionType) -> Signature {
        Signature {
            params: function
                .params
                .iter()
                .map(|ty| self.types.template_type(ty))
                .collect(),
            variadic: function.variadic,
            result: self.types.template_type(&function.result),
        }
    }

    fn converted(
        &mut self,
        st: &mut State,
        function: &FunctionType,
        args: Vec<Value>,
    ) -> Outcome<Vec<Expr>> {
        let mut out = Vec::new();
        for (index, arg) in args.into_iter().enumerate() {
            let ty = match function.params.get(index) {
                Some(ty) => ty.clone(),
                None => super::arith::common(&arg.ty, &CType::INT),
            };
            let arg = self.convert(st, arg, &ty)?;
            out.push(self.rvalue(st, arg)?);
        }
        Ok(out)
    }

    fn plain_call(
        &mut self,
        mut st: State,
        name: &str,
        ty: &FunctionType,
        args: Vec<Value>,
    ) -> Outcome<Tree<Value>> {
        let args = self.converted(&mut st, ty, args)?;
        self.plain_call_of(st, name, ty, args)
    }

    fn plain_call_of(
        &mut self,
        mut st: State,
        name: &str,
        ty: &FunctionType,
        mut args: Vec<Expr>,
    ) -> Outcome<Tree<Value>> {
        // A reference is given up under the name that it came with.
        for position in vocab::steals(name) {
            if let Some(arg) = args.get_mut(*position)
                && let Some(held) = equal_name(&st, arg)
            {
                *arg = held;
            }
        }
        if !vocab::pure(name) {
            st.effect = true;
            if !vocab::counts_only(name) {
                st.memory_changes();
            }
        }
        if let Some(plain) = vocab::unless_null(name)
            && let [object] = args.as_slice()
        {
            let there = super::fold::binary(BinOp::Ne, object.clone(), Expr::Null, &CType::SIZE);
            let there = match &there {
                Expr::Int { value, .. } => Some(*value != 0),
                cond => self.decided(&st, cond),
            };
            match there {
                Some(true) => return self.plain_call_of(st, plain, ty, args),
                Some(false) if ty.result == CType::Void => {
                    return Ok(Tree::leaf(st, Value::void()));
                }
                Some(false) => {
                    return Ok(Tree::leaf(st, Value::expr(Expr::Null, ty.result.clone())));
                }
                None => {}
            }
        }
        // What is counted is there.
        if vocab::counts_only(name)
            && let Some(object) = args.first()
        {
            let there = super::fold::binary(BinOp::Ne, object.clone(), Expr::Null, &CType::SIZE);
            st.facts.push((there, true));
        }
        // A new reference is the same object, counted once more.
        if let (Some(counting), [object]) = (vocab::counting(name), args.as_slice()) {
            let object = object.clone();
            let object = self.named(&mut st, Value::expr(object, ty.result.clone()));
            let What::Expr(counted) = &object.what else {
                return self.give_up("a count of what is not an object");
            };
            st.code.push(Stmt::Expr(Expr::Call {
                function: counting.to_owned(),
                args: vec![counted.clone()],
            }));
            return Ok(Tree::leaf(st, object));
        }
        let call = Expr::Call {
            function: name.to_owned(),
            args,
        };
        Ok(self.called(st, call, &ty.result))
    }

    fn called(&mut self, mut st: State, call: Expr, result: &CType) -> Tree<Value> {
        if *result == CType::Void {
            st.code.push(Stmt::Expr(call));
            return Tree::leaf(st, Value::void());
        }
        let ty = self.types.template_type(result);
        let name = self.name(&mut st, None, ty, call);
        self.note_pointee(&name, result);
        Tree::leaf(st, Value::expr(name, result.clone()))
    }

    /// Runs a function's body in place of a call.
    fn inline(
        &mut self,
        mut st: State,
        name: &str,
        ty: &FunctionType,
        body: &Rc<lang_c::ast::FunctionDefinition>,
        args: Vec<Value>,
    ) -> Outcome<Tree<Value>> {
        if self.calls.iter().any(|caller| caller == name) || self.calls.len() > INLINE_DEPTH {
            return self.give_up(&format!("inline function `{name}` is recursive"));
        }
        self.inlined.insert(name.to_owned());
        let params = self
            .types
            .parameters(parameter_nodes(&body.declarator.node));
        let (depth, outer) = (st.scopes.len(), st.function);
        st.scopes.push(Vec::new());
        for ((param, ty), arg) in params.into_iter().zip(args) {
            let arg = self.convert(&mut st, arg, &ty)?;
            let arg = self.named(&mut st, arg);
            let id = self.new_var();
            st.declare(param.as_deref().unwrap_or(""), id, ty, Binding::Value(arg));
        }
        st.function = depth;
        self.calls.push(name.to_owned());
        let flows = self.exec(st, &body.statement);
        self.calls.pop();
        let flows = flows?;
        let values = flows.bind(&mut |mut st, flow| {
            let value = match flow {
                Flow::Return(Some(value)) => self.convert(&mut st, value, &ty.result)?,
                Flow::Return(None) | Flow::Fall => Value::void(),
                _ => return self.give_up("a jump out of an inline function"),
            };
            st.leave_scopes(depth);
            st.function = outer;
            Ok(Tree::leaf(st, value))
        })?;
        Ok(self.collapse_values(values, Merging::Call))
    }

    /// Gives a value that costs something to compute a name, so that it is computed once.
    pub fn named(&mut self, st: &mut State, value: Value) -> Value {
        let What::Expr(expr) = &value.what else {
            return value;
        };
        let cheap = matches!(
            expr,
            Expr::Name(_)
                | Expr::Int { .. }
                | Expr::Float(_)
                | Expr::Null
                | Expr::CStr(_)
                | Expr::Frame
                | Expr::Tstate
                | Expr::Symbol { .. }
                | Expr::AddrOf(_)
        ) || super::fold::is_flag(expr)
            || self.is_known(expr)
            || self.unsettled(expr).is_some()
            || matches!(
                expr,
                Expr::Member { address: true, .. } | Expr::Index { address: true, .. }
            );
        if cheap {
            return value;
        }
        let ty = self.types.template_type(&value.ty);
        let expr = expr.clone();
        let name = self.name(st, None, ty, expr);
        self.note_pointee(&name, &value.ty);
        Value::expr(name, value.ty)
    }

    fn unreachable(&mut self, mut st: State) -> Outcome<Tree<Value>> {
        st.code
            .push(Stmt::Exit(cevalry_model::ast::Exit::Interpret {
                why: "unreachable".to_owned(),
            }));
        Ok(Tree::Left(st.code))
    }

    /// The type of a phi variable for values of this type.
    pub fn variable_type(&self, ty: &CType) -> Type {
        self.types.template_type(ty)
    }
}

/// The value that this path found to be a C variable's address.
fn equal_name(st: &State, symbol: &Expr) -> Option<Expr> {
    if !matches!(symbol, Expr::Symbol { .. }) {
        return None;
    }
    st.facts.iter().find_map(|(fact, holds)| {
        let Expr::Binary { op, left, right } = fact else {
            return None;
        };
        let equal = (*op == BinOp::Eq && *holds) || (*op == BinOp::Ne && !holds);
        (equal && **right == *symbol && matches!(**left, Expr::Name(_))).then(|| (**left).clone())
    })
}
