//! Names, types, and what may stand where.

use super::Fault;
use crate::ast::{Block, CellType, Exit, Expr, Stmt, Template, Type};
use crate::release::Release;
use crate::typing::{Binding, Scope};

/// Names that mean something else in a template.
const TAKEN: &[&str] = &[
    "oparg", "frame", "tstate", "stack", "local", "NULL", "addr", "select", "bitnot", "indirect",
];

pub(super) fn check<'a>(release: &Release, template: &'a Template) -> Result<(), Fault<'a>> {
    let whole = |message: &str| {
        Err(Fault {
            at: None,
            message: message.to_owned(),
        })
    };
    if template.size == 0 {
        return whole("`size(0)`: an instruction has at least one code unit");
    }
    if template.releases.is_empty() {
        return whole("the template holds for no release");
    }
    if let Some(overrides) = &template.overrides
        && overrides.upstream.len() != template.releases.len()
    {
        return whole("`upstream` needs one hash for each release");
    }
    let mut checker = Checker {
        scope: Scope::new(release),
        has_family: template.family.is_some(),
        loops: 0,
    };
    if checker.statements(&template.body)? {
        return match template.body.last() {
            Some(last) => Err(Fault::at(last, "control runs off the end of the template")),
            None => whole("the template is empty"),
        };
    }
    Ok(())
}

struct Checker<'r> {
    scope: Scope<'r>,
    has_family: bool,
    loops: usize,
}

impl Checker<'_> {
    /// Checks statements and says whether control can run past their end.
    fn statements<'a>(&mut self, body: &'a [Stmt]) -> Result<bool, Fault<'a>> {
        let mut goes_on = true;
        for stmt in body {
            if !goes_on {
                return Err(Fault::at(stmt, "control never gets here"));
            }
            goes_on = self.statement(stmt)?;
        }
        Ok(goes_on)
    }

    fn block<'a>(&mut self, body: &'a Block) -> Result<bool, Fault<'a>> {
        self.scope.enter();
        let goes_on = self.statements(body);
        self.scope.leave();
        goes_on
    }

    fn looped<'a>(&mut self, body: &'a Block) -> Result<bool, Fault<'a>> {
        self.loops += 1;
        let goes_on = self.block(body);
        self.loops -= 1;
        goes_on
    }

    fn statement<'a>(&mut self, stmt: &'a Stmt) -> Result<bool, Fault<'a>> {
        let fault = |message: String| Fault::at(stmt, message);
        match stmt {
            Stmt::If {
                cond,
                then,
                otherwise,
            } => {
                self.scope.condition(cond).map_err(fault)?;
                let then = self.block(then)?;
                let otherwise = self.block(otherwise)?;
                Ok(then || otherwise)
            }
            Stmt::While { cond, body } => {
                self.scope.condition(cond).map_err(fault)?;
                self.looped(body)?;
                Ok(true)
            }
            Stmt::Loop { body } => {
                self.looped(body)?;
                Ok(breaks(body))
            }
            Stmt::Break | Stmt::Continue if self.loops == 0 => {
                Err(Fault::at(stmt, "there is no loop around this"))
            }
            _ => {
                self.simple(stmt).map_err(fault)?;
                Ok(!ends(stmt))
            }
        }
    }

    fn simple(&mut self, stmt: &Stmt) -> Result<(), String> {
        match stmt {
            Stmt::Let { name, ty, value } => {
                self.declare(name, ty, Some(value), Binding::Let(ty.clone()))
            }
            Stmt::Var { name, ty, value } => {
                self.declare(name, ty, Some(value), Binding::Var(ty.clone()))
            }
            Stmt::Cell { name, ty, value } => {
                let (CellType::One(of) | CellType::Array(of, _)) = ty;
                if matches!(ty, CellType::Array(..)) && value.is_some() {
                    return Err(format!(
                        "the array `{name}` cannot be given a value at once"
                    ));
                }
                self.declare(name, of, value.as_ref(), Binding::Cell(ty.clone()))
            }
            Stmt::Assign { place, value } => {
                self.assignable(place)?;
                let ty = self.scope.infer(place, None)?;
                self.scope.expect(value, &ty, &format!("`{place}`"))
            }
            Stmt::Expr(call) => self.scope.infer(call, None).map(drop),
            Stmt::Guard { cond, exit } => {
                self.scope.condition(cond)?;
                self.exit(exit)
            }
            Stmt::CheckEvalBreaker { depth, unit } | Stmt::Jump { depth, unit } => {
                self.scope.number(depth)?;
                self.scope.number(unit)
            }
            Stmt::Next { depth } => self.scope.number(depth),
            Stmt::Return { value } => self.slot(value),
            Stmt::EnterFrame { depth, frame, unit } => {
                self.scope.number(depth)?;
                self.scope.expect(frame, &Type::Ptr, "a frame")?;
                self.scope.number(unit)
            }
            Stmt::Yield { depth, value } => {
                self.scope.number(depth)?;
                self.slot(value)
            }
            Stmt::Exit(exit) => self.exit(exit),
            Stmt::Break | Stmt::Continue => Ok(()),
            Stmt::If { .. } | Stmt::While { .. } | Stmt::Loop { .. } => {
                unreachable!("statements with blocks are checked by `statement`")
            }
        }
    }

    fn slot(&self, value: &Expr) -> Result<(), String> {
        let slot = self.scope.release.slot_type();
        self.scope.expect(value, &slot, "the value")
    }

    fn declare(
        &mut self,
        name: &str,
        ty: &Type,
        value: Option<&Expr>,
        binding: Binding,
    ) -> Result<(), String> {
        if TAKEN.contains(&name) {
            return Err(format!("`{name}` is a word of the language"));
        }
        if self.scope.find(name).is_ok() {
            return Err(format!("`{name}` is declared already"));
        }
        if *ty == Type::Void {
            return Err(format!("`{name}` cannot be `void`"));
        }
        if let Some(value) = value {
            self.scope.expect(value, ty, &format!("`{name}`"))?;
        }
        self.scope.declare(name, binding);
        Ok(())
    }

    fn assignable(&self, place: &Expr) -> Result<(), String> {
        let Expr::Name(name) = place else {
            return Ok(());
        };
        match self.scope.find(name)? {
            Binding::Var(_) | Binding::Cell(CellType::One(_)) => Ok(()),
            Binding::Let(_) => Err(format!(
                "`{name}` is a `let`: only a `var` is assigned again"
            )),
            Binding::Cell(CellType::Array(..)) => {
                Err(format!("the array `{name}` is assigned element by element"))
            }
        }
    }

    fn exit(&self, exit: &Exit) -> Result<(), String> {
        match exit {
            Exit::Deopt if !self.has_family => {
                Err("`deopt` without `#[family(…)]`: there is no generic member".to_owned())
            }
            Exit::Deopt | Exit::Interpret { .. } => Ok(()),
            Exit::Error { depth } | Exit::Reraise { depth } => self.scope.number(depth),
            Exit::Unbound { local } => self.scope.number(local),
        }
    }
}

/// Whether control never goes on behind a statement without blocks.
fn ends(stmt: &Stmt) -> bool {
    matches!(
        stmt,
        Stmt::Next { .. }
            | Stmt::Jump { .. }
            | Stmt::Return { .. }
            | Stmt::EnterFrame { .. }
            | Stmt::Yield { .. }
            | Stmt::Exit(_)
            | Stmt::Break
            | Stmt::Continue
    )
}

/// Whether a loop's body leaves the loop by `break`.
fn breaks(body: &[Stmt]) -> bool {
    body.iter().any(|stmt| match stmt {
        Stmt::Break => true,
        Stmt::If {
            then, otherwise, ..
        } => breaks(then) || breaks(otherwise),
        _ => false,
    })
}
