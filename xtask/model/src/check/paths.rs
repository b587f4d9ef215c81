//! Every path through a template, for the first few arguments: what it leaves on the stack was put
//! there, depths are known when emitting, exits that re-run the instruction come before any effect,
//! and owned references are given away once.

use std::collections::BTreeSet;

use super::eval::{Known, Value, eval};
use super::own::{Facts, Object, Ownership};
use super::{Depths, Fault};
use crate::ast::{Exit, Expr, Stmt, Template};
use crate::data::Effect;
use crate::release::Release;
use crate::vocab;

/// The arguments that paths are followed for.
const OPARGS: std::ops::Range<i128> = 0..8;
/// Loops turn at most this often, and a template has at most this many paths; what goes beyond is
/// not looked at.
const TURNS: usize = 64;
const PATHS: usize = 4096;

pub(super) fn check<'a>(release: &Release, template: &'a Template) -> Result<(), Fault<'a>> {
    for oparg in OPARGS {
        depths(release, template, oparg)?;
    }
    Ok(())
}

/// The changes of depth with which a template goes on in its frame, for one argument.
pub(super) fn depths<'a>(
    release: &Release,
    template: &'a Template,
    oparg: i128,
) -> Result<Depths, Fault<'a>> {
    let mut walker = Walker {
        release,
        oparg,
        depths: Depths::default(),
    };
    walker.block(&template.body, vec![Path::default()])?;
    Ok(walker.depths)
}

/// One way through a template, up to some point.
#[derive(Clone, Default)]
struct Path {
    known: Known,
    /// Stack slots that were assigned.
    set: BTreeSet<i128>,
    /// Memory at and above this slot was handed out, so that anything may be there.
    open: Option<i128>,
    /// Something happened that must not happen twice.
    effect: bool,
    own: Ownership,
}

/// The paths that leave a block each way.
#[derive(Default)]
struct Ways {
    on: Vec<Path>,
    broken: Vec<Path>,
    continued: Vec<Path>,
}

struct Walker<'r> {
    release: &'r Release,
    oparg: i128,
    depths: Depths,
}

impl Walker<'_> {
    fn block<'a>(&mut self, body: &'a [Stmt], entering: Vec<Path>) -> Result<Ways, Fault<'a>> {
        let mut ways = Ways {
            on: entering,
            ..Ways::default()
        };
        for stmt in body {
            let mut on = Vec::new();
            for path in std::mem::take(&mut ways.on) {
                let next = self.statement(stmt, path)?;
                on.extend(next.on);
                ways.broken.extend(next.broken);
                ways.continued.extend(next.continued);
            }
            on.truncate(PATHS);
            ways.on = on;
        }
        Ok(ways)
    }

    fn statement<'a>(&mut self, stmt: &'a Stmt, mut path: Path) -> Result<Ways, Fault<'a>> {
        let mut objects = Vec::new();
        let mut wrong = None;
        stmt.each_expr(&mut |expr| {
            wrong = wrong.take().or_else(|| self.running(expr, &path));
            self.effects(expr, &mut path);
            objects.push(self.object(expr, &mut path));
        });
        if let Some(index) = wrong {
            return Err(self.unknown(stmt, "the number", index));
        }
        let first = objects.first().copied().unwrap_or(Object::Free);
        match stmt {
            Stmt::Let { name, value, .. } | Stmt::Var { name, value, .. } => {
                let value = eval(value, self.oparg, &path.known);
                path.known.insert(name.clone(), value);
                path.own.name(name, first);
            }
            Stmt::Cell { name, ty, .. } => {
                path.known.insert(name.clone(), Value::Running);
                path.own.cell(ty);
            }
            Stmt::Assign { place, value } => {
                self.assign(stmt, place, value, first, &mut path)?;
            }
            Stmt::Guard { cond, exit } => {
                let mut failing = path.clone();
                failing.own.assume(cond, false);
                self.exit(stmt, exit, &failing)?;
                path.own.assume(cond, true);
            }
            Stmt::If {
                cond,
                then,
                otherwise,
            } => return self.conditional(cond, then, otherwise, path),
            Stmt::While { cond, body } => return self.repeat(Some(cond), body, path),
            Stmt::Loop { body } => return self.repeat(None, body, path),
            Stmt::Break => {
                return Ok(Ways {
                    broken: vec![path],
                    ..Ways::default()
                });
            }
            Stmt::Continue => {
                return Ok(Ways {
                    continued: vec![path],
                    ..Ways::default()
                });
            }
            Stmt::CheckEvalBreaker { depth, unit } => {
                self.known(stmt, "the depth", depth, &path)?;
                self.known(stmt, "the code unit", unit, &path)?;
            }
            Stmt::Expr(_) => {}
            Stmt::Return { .. } => return Ok(Ways::default()),
            Stmt::EnterFrame { depth, unit, .. } => {
                path.own.give_up();
                self.known(stmt, "the code unit", unit, &path)?;
                self.leave(stmt, depth, &path)?;
                return Ok(Ways::default());
            }
            Stmt::Yield { depth, .. } => {
                path.own.give_up();
                self.leave(stmt, depth, &path)?;
                return Ok(Ways::default());
            }
            Stmt::Jump { depth, unit } => {
                self.known(stmt, "the code unit", unit, &path)?;
                self.leave(stmt, depth, &path)?;
                return Ok(Ways::default());
            }
            Stmt::Next { depth } => {
                self.leave(stmt, depth, &path)?;
                return Ok(Ways::default());
            }
            Stmt::Exit(exit) => {
                self.exit(stmt, exit, &path)?;
                return Ok(Ways::default());
            }
        }
        Ok(Ways {
            on: vec![path],
            ..Ways::default()
        })
    }

    fn assign<'a>(
        &self,
        stmt: &'a Stmt,
        place: &Expr,
        value: &Expr,
        object: Object,
        path: &mut Path,
    ) -> Result<(), Fault<'a>> {
        let facts = Facts {
            release: self.release,
            oparg: self.oparg,
            known: &path.known,
        };
        path.own.assign(place, object, &facts);
        match place {
            Expr::Name(name) => {
                let value = eval(value, self.oparg, &path.known);
                path.known.insert(name.clone(), value);
            }
            Expr::Stack(index) => match eval(index, self.oparg, &path.known) {
                Value::Number(index) => {
                    path.set.insert(index);
                }
                Value::Later => path.open = Some(i128::MIN),
                Value::Running => return Err(self.unknown(stmt, "the slot", index)),
            },
            _ => path.effect = true,
        }
        Ok(())
    }

    fn conditional<'a>(
        &mut self,
        cond: &Expr,
        then: &'a [Stmt],
        otherwise: &'a [Stmt],
        path: Path,
    ) -> Result<Ways, Fault<'a>> {
        let known = eval(cond, self.oparg, &path.known);
        let mut ways = Ways::default();
        if known != Value::Number(0) {
            let mut path = path.clone();
            path.own.assume(cond, true);
            ways = self.block(then, vec![path])?;
        }
        if matches!(known, Value::Number(0) | Value::Later | Value::Running) {
            let mut path = path;
            path.own.assume(cond, false);
            let other = self.block(otherwise, vec![path])?;
            ways.on.extend(other.on);
            ways.broken.extend(other.broken);
            ways.continued.extend(other.continued);
        }
        Ok(ways)
    }

    /// A loop: turn by turn while its condition is known, else no turn or one.
    fn repeat<'a>(
        &mut self,
        cond: Option<&Expr>,
        body: &'a [Stmt],
        path: Path,
    ) -> Result<Ways, Fault<'a>> {
        let mut behind = Vec::new();
        let mut turning = vec![path];
        if cond.is_none() {
            turning[0].own.give_up();
            body.iter()
                .for_each(|stmt| forget(stmt, Value::Running, &mut turning[0].known));
        }
        for turn in 0..TURNS {
            let mut next = Vec::new();
            for path in turning {
                let known = match cond {
                    Some(cond) => eval(cond, self.oparg, &path.known),
                    None => Value::Number(1),
                };
                match known {
                    Value::Number(0) => behind.push(path),
                    Value::Number(_) => next.push(path),
                    Value::Later | Value::Running if turn > 0 => behind.push(path),
                    Value::Later | Value::Running => {
                        let mut path = path;
                        path.own.give_up();
                        body.iter()
                            .for_each(|stmt| forget(stmt, known, &mut path.known));
                        behind.push(path.clone());
                        next.push(path);
                    }
                }
            }
            if next.is_empty() {
                break;
            }
            let ways = self.block(body, next)?;
            behind.extend(ways.broken);
            turning = ways.on;
            turning.extend(ways.continued);
            // A loop that only a `break` leaves is followed for one turn.
            if cond.is_none() {
                break;
            }
        }
        Ok(Ways {
            on: behind,
            ..Ways::default()
        })
    }

    /// A number inside the expression that has to be known when code is emitted, and is not.
    fn running<'e>(&self, expr: &'e Expr, path: &Path) -> Option<&'e Expr> {
        if let Expr::Stack(number)
        | Expr::StackPtr(number)
        | Expr::Local(number)
        | Expr::LocalPtr(number)
        | Expr::Cache { unit: number, .. }
        | Expr::UnitOparg(number)
        | Expr::UnitOpcode(number)
        | Expr::InstrPtr(number) = expr
            && eval(number, self.oparg, &path.known) == Value::Running
        {
            return Some(number);
        }
        let mut found = None;
        expr.each_child(&mut |child| found = found.take().or_else(|| self.running(child, path)));
        found
    }

    fn known<'a>(
        &self,
        stmt: &'a Stmt,
        what: &str,
        expr: &Expr,
        path: &Path,
    ) -> Result<(), Fault<'a>> {
        match eval(expr, self.oparg, &path.known) {
            Value::Running => Err(self.unknown(stmt, what, expr)),
            Value::Number(_) | Value::Later => Ok(()),
        }
    }

    fn object(&self, expr: &Expr, path: &mut Path) -> Object {
        let facts = Facts {
            release: self.release,
            oparg: self.oparg,
            known: &path.known,
        };
        path.own.value(expr, &facts)
    }

    fn effects(&self, expr: &Expr, path: &mut Path) {
        expr.each_child(&mut |child| self.effects(child, path));
        match expr {
            Expr::StackPtr(index) => {
                let index = match eval(index, self.oparg, &path.known) {
                    Value::Number(index) => index,
                    Value::Later | Value::Running => i128::MIN,
                };
                path.open = Some(path.open.map_or(index, |open| open.min(index)));
            }
            Expr::Call { function, .. } => {
                let effect = match vocab::find(function) {
                    Some(primitive) => primitive.effect,
                    None => match self.release.vocabulary.functions.get(function) {
                        Some(declared) => declared.effect,
                        None => Effect::Escapes,
                    },
                };
                path.effect |= effect != Effect::Pure;
            }
            Expr::Indirect { .. } => path.effect = true,
            _ => {}
        }
    }

    fn exit<'a>(&mut self, stmt: &'a Stmt, exit: &Exit, path: &Path) -> Result<(), Fault<'a>> {
        match exit {
            Exit::Deopt => Ok(()),
            Exit::Error { depth } | Exit::Reraise { depth } => self.leave(stmt, depth, path),
            Exit::Unbound { local } => match eval(local, self.oparg, &path.known) {
                Value::Running => Err(self.unknown(stmt, "the local", local)),
                Value::Number(_) | Value::Later => self.untouched(stmt, "unbound", path),
            },
            Exit::Interpret { .. } => self.untouched(stmt, "interpret", path),
        }
    }

    fn untouched<'a>(&self, stmt: &'a Stmt, exit: &str, path: &Path) -> Result<(), Fault<'a>> {
        if path.effect {
            let message = format!(
                "`{exit}` runs the instruction again, but something has happened before it"
            );
            return Err(Fault::at(stmt, message));
        }
        Ok(())
    }

    /// Every slot above the entry depth that the path leaves on the stack has a value.
    fn leave<'a>(&mut self, stmt: &'a Stmt, depth: &Expr, path: &Path) -> Result<(), Fault<'a>> {
        let top = match eval(depth, self.oparg, &path.known) {
            Value::Number(top) => top,
            Value::Later => return Ok(()),
            Value::Running => return Err(self.unknown(stmt, "the depth", depth)),
        };
        match stmt {
            Stmt::Next { .. } => self.depths.next.insert(top),
            Stmt::Jump { .. } => self.depths.jump.insert(top),
            Stmt::EnterFrame { .. } => self.depths.enter_frame.insert(top),
            _ => self.depths.other.insert(top),
        };
        let missing = (0..top)
            .find(|slot| !path.set.contains(slot) && path.open.is_none_or(|open| *slot < open));
        match missing {
            Some(slot) => {
                let oparg = self.oparg;
                let message = format!(
                    "with an argument of {oparg}, `stack[{slot}]` is left on the stack but never set"
                );
                Err(Fault::at(stmt, message))
            }
            None => path
                .own
                .leave(top)
                .map_err(|message| Fault::at(stmt, message)),
        }
    }

    fn unknown<'a>(&self, stmt: &'a Stmt, what: &str, expr: &Expr) -> Fault<'a> {
        Fault::at(
            stmt,
            format!("{what} `{expr}` is not known when code is emitted"),
        )
    }
}

/// Variables that such a loop assigns hold what some turn of it left: of which kind, its condition
/// says.
fn forget(stmt: &Stmt, kind: Value, known: &mut Known) {
    if let Stmt::Assign {
        place: Expr::Name(name),
        ..
    } = stmt
    {
        known.insert(name.clone(), kind);
    }
    stmt.each_inner(&mut |inner| forget(inner, kind, known));
}
