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
    let mut path = Path::default();
    if release.deviations.contains_key(&template.name) {
        path.own.give_up();
    }
    walker.block(&template.body, vec![path])?;
    Ok(walker.depths)
}

/// One way through a template, up to some point.
#[derive(Clone, Default)]
struct Path {
    known: Known,
    /// Stack slots that were assigned.
    set: BTreeSet<i128>,
    /// Stack memory was handed out, so that any slot may have been filled.
    open: bool,
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

impl Ways {
    fn extend(&mut self, other: Ways) {
        self.on.extend(other.on);
        self.broken.extend(other.broken);
        self.continued.extend(other.continued);
    }
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
                let mut next = self.statement(stmt, path)?;
                on.append(&mut next.on);
                ways.extend(next);
            }
            on.truncate(PATHS);
            ways.on = on;
        }
        Ok(ways)
    }

    /// Follows a statement, once for either answer to what its numbers depend on.
    fn statement<'a>(&mut self, stmt: &'a Stmt, path: Path) -> Result<Ways, Fault<'a>> {
        let mut undecided = None;
        stmt.each_expr(&mut |expr| {
            undecided = undecided.take().or_else(|| path.known.undecided(expr));
        });
        let Some(name) = undecided else {
            return self.decided(stmt, path);
        };
        let mut ways = Ways::default();
        for null in [false, true] {
            let mut path = path.clone();
            path.known.decide(name, null);
            if null {
                path.own.is_null(name);
            }
            ways.extend(self.statement(stmt, path)?);
        }
        Ok(ways)
    }

    fn decided<'a>(&mut self, stmt: &'a Stmt, mut path: Path) -> Result<Ways, Fault<'a>> {
        let mut objects = Vec::new();
        let mut wrong = None;
        stmt.each_expr(&mut |expr| {
            wrong = wrong.take().or_else(|| self.running(expr, &path));
            self.effects(expr, &mut path);
            objects.push(match (stmt, expr) {
                // What an assigned slot held is not read.
                (Stmt::Assign { place, .. }, Expr::Stack(index) | Expr::Local(index))
                    if std::ptr::eq(place, expr) =>
                {
                    self.object(index, &mut path)
                }
                _ => self.object(expr, &mut path),
            });
        });
        if let Some(index) = wrong {
            return Err(self.unknown(stmt, "the number", index));
        }
        let first = objects.first().copied().unwrap_or(Object::Free);
        match stmt {
            Stmt::Let { name, value, .. } | Stmt::Var { name, value, .. } => {
                let value = eval(value, self.oparg, &path.known);
                path.known.set(name, value);
                path.own.name(name, first);
            }
            Stmt::Cell { name, ty, .. } => {
                path.known.set(name, Value::Running);
                path.own.cell(ty);
            }
            Stmt::Assign { place, value } => {
                self.assign(stmt, place, value, first, &mut path)?;
            }
            Stmt::Guard { cond, exit } => {
                let passes = eval(cond, self.oparg, &path.known);
                if !is_true(passes) {
                    let mut failing = path.clone();
                    failing.assume(cond, false);
                    self.exit(stmt, exit, &failing)?;
                }
                if passes == Value::Number(0) {
                    return Ok(Ways::default());
                }
                path.assume(cond, true);
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
                path.known.set(name, value);
            }
            Expr::Stack(index) => match eval(index, self.oparg, &path.known) {
                Value::Number(index) => {
                    path.set.insert(index);
                }
                Value::Later => path.open = true,
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
            path.assume(cond, true);
            ways = self.block(then, vec![path])?;
        }
        if !is_true(known) {
            let mut path = path;
            path.assume(cond, false);
            ways.extend(self.block(otherwise, vec![path])?);
        }
        Ok(ways)
    }

    /// A loop: turn by turn while it is known whether it goes on, else no turn or one.
    fn repeat<'a>(
        &mut self,
        cond: Option<&Expr>,
        body: &'a [Stmt],
        path: Path,
    ) -> Result<Ways, Fault<'a>> {
        let mut behind = Vec::new();
        let mut turning = vec![path];
        for _ in 0..TURNS {
            for path in std::mem::take(&mut turning) {
                let goes_on = match cond {
                    Some(cond) => eval(cond, self.oparg, &path.known),
                    None => Value::Number(1),
                };
                if goes_on == Value::Number(0) {
                    behind.push(path);
                    continue;
                }
                let turned = if is_true(goes_on) {
                    let ways = self.block(body, vec![path.clone()])?;
                    let on = !ways.on.is_empty() || !ways.continued.is_empty();
                    (!on || ways.broken.is_empty()).then_some(ways)
                } else {
                    None
                };
                match turned {
                    Some(ways) => {
                        behind.extend(ways.broken);
                        turning.extend(ways.on);
                        turning.extend(ways.continued);
                    }
                    // Whether there is another turn depends on what happens in this one.
                    None => behind.extend(self.some_turn(cond.is_some(), goes_on, body, path)?),
                }
            }
            turning.truncate(PATHS);
        }
        Ok(Ways {
            on: behind,
            ..Ways::default()
        })
    }

    /// The paths behind a loop of which any turn is followed.
    fn some_turn<'a>(
        &mut self,
        may_skip: bool,
        goes_on: Value,
        body: &'a [Stmt],
        mut path: Path,
    ) -> Result<Vec<Path>, Fault<'a>> {
        let kind = if goes_on == Value::Later {
            Value::Later
        } else {
            Value::Running
        };
        path.own.give_up();
        body.iter()
            .for_each(|stmt| forget(stmt, kind, &mut path.known));
        let ways = self.block(body, vec![path.clone()])?;
        let mut behind = ways.broken;
        if may_skip {
            behind.push(path);
            behind.extend(ways.on);
            behind.extend(ways.continued);
        }
        Ok(behind)
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
            Expr::StackPtr(_) => path.open = true,
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
        let missing = (0..top).find(|slot| !path.set.contains(slot) && !path.open);
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
                .leave(top, self.release)
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

impl Path {
    fn assume(&mut self, cond: &Expr, holds: bool) {
        self.known.assume(cond, holds);
        self.own.assume(cond, holds);
    }
}

fn is_true(value: Value) -> bool {
    matches!(value, Value::Number(number) if number != 0)
}

/// Variables that such a loop assigns hold what some turn of it left: of which kind, its condition
/// says.
fn forget(stmt: &Stmt, kind: Value, known: &mut Known) {
    if let Stmt::Assign {
        place: Expr::Name(name),
        ..
    } = stmt
    {
        known.set(name, kind);
    }
    stmt.each_inner(&mut |inner| forget(inner, kind, known));
}
