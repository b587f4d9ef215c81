//! Two paths of an instruction that become one again.

use crate::jit::context::{Behind, Known, Loc};

use super::Emit;
use super::asm::Site;
use super::machine::native;
use super::node::{At, Id, Kind, NONE, Node};
use super::state::State;
use super::types::{Flow, Stop, Ty};

/// What differs between the two paths and what it becomes.
#[derive(Clone, Copy, Debug)]
enum Fix {
    /// The node is put into a native slot.
    Move { id: Id, slot: u16 },
    /// A reference that only this path has still to count.
    Count { id: Id, due: u16 },
    /// Another node on each path: both become `new`, which is in a native slot.
    Merge { from: Id, slot: u16 },
}

/// Goes on after two arms. The first has ended with a jump at `join`, in the state `first`; the
/// second ends here.
pub(crate) fn join(e: &mut Emit<'_>, first: State, join: Site, fork: usize) -> Flow {
    if first.locals.len() != e.st.locals.len() || first.vars.len() != e.st.vars.len() {
        return Err(Stop::Unsupported("arms that declare different variables"));
    }
    let mut taken: Vec<u16> = Vec::new();
    let mut slot = |a: &State, b: &State| {
        let free = (0..32u16).find(|&n| {
            a.native[usize::from(n)] == NONE
                && b.native[usize::from(n)] == NONE
                && !taken.contains(&n)
        });
        match free {
            Some(n) => {
                taken.push(n);
                Ok(n)
            }
            None => Err(Stop::Unsupported("too many values at once")),
        }
    };
    let mut target = e.st.clone();
    let mut here = Vec::new();
    let mut there = Vec::new();
    // Slots and variables that the arms have set differently.
    let len = first.stack.len().max(e.st.stack.len());
    let mut phis: Vec<(Place, Id, Id)> = Vec::new();
    for i in 0..len {
        let a = first.stack.get(i).copied().unwrap_or(NONE);
        let b = e.st.stack.get(i).copied().unwrap_or(NONE);
        if a != b || a as usize >= fork && a != NONE {
            phis.push((Place::Stack(i), a, b));
        }
    }
    for i in 0..first.vars.len() {
        let (a, b) = (first.vars[i], e.st.vars[i]);
        if a != b || a as usize >= fork {
            phis.push((Place::Var(i), a, b));
        }
    }
    for i in 0..first.locals.len() {
        let (a, b) = (first.locals[i], e.st.locals[i]);
        if a.node != b.node || a.behind != b.behind {
            if a.behind == Behind::Same && b.behind == Behind::Same {
                target.locals[i].node = NONE;
                target.locals[i].known = Known::Nothing;
                continue;
            }
            return Err(Stop::Unsupported("arms that hold a local differently"));
        }
    }
    for id in 2..fork as Id {
        let (a, b) = (first.nodes[id as usize], e.st.nodes[id as usize]);
        if a.kind != b.kind {
            return Err(Stop::Unsupported("arms that hold a value differently"));
        }
        let node = &mut target.nodes[id as usize];
        node.known = if a.known == b.known {
            a.known
        } else {
            weaker(a.known, b.known)
        };
        node.sizes = a.sizes | b.sizes;
        if a.twin != b.twin || a.twin as usize >= fork {
            node.twin = NONE;
        }
        node.due = a.due.min(b.due);
        if a.due > node.due && !a.is_pending() {
            there.push(Fix::Count {
                id,
                due: a.due - node.due,
            });
        }
        if b.due > node.due && !b.is_pending() {
            here.push(Fix::Count {
                id,
                due: b.due - node.due,
            });
        }
        if a.anchor != b.anchor {
            if a.due > 0 && b.due > 0 {
                return Err(Stop::Unsupported("arms that borrow a value differently"));
            }
            node.anchor = super::node::Anchor::Own;
        }
        if a.at != b.at {
            if a.is_reloadable() && b.is_reloadable() {
                node.at = At::None;
            } else {
                let n = slot(&first, &e.st)?;
                node.at = At::Native(n);
                here.push(Fix::Move { id, slot: n });
                there.push(Fix::Move { id, slot: n });
            }
        }
    }
    target.nodes.truncate(fork);
    for (place, a, b) in phis {
        let Some(node) = merged(a, b, &first, &e.st)? else {
            place.set(&mut target, NONE);
            continue;
        };
        let n = slot(&first, &e.st)?;
        let id = target.add(Node {
            at: At::Native(n),
            ..node
        });
        there.push(Fix::Merge { from: a, slot: n });
        here.push(Fix::Merge { from: b, slot: n });
        place.set(&mut target, id);
    }
    target.escaped |= first.escaped;
    target.clock = target.clock.max(first.clock);
    apply(e, &here)?;
    let skip = if there.is_empty() {
        None
    } else {
        Some(e.asm.jmp())
    };
    e.asm.bind(join);
    e.st = first;
    apply(e, &there)?;
    if let Some(skip) = skip {
        e.asm.bind(skip);
    }
    // Registers belong to whom the common state says.
    target.gpr = [NONE; 16];
    target.xmm = [NONE; 16];
    target.native = [NONE; 32];
    e.st = target;
    for id in 2..e.st.nodes.len() as Id {
        let at = match e.node(id).at {
            At::Gpr(r) => Loc::Gpr(r),
            At::Xmm(x) => Loc::Xmm(x),
            At::Native(n) => Loc::Native(n),
            At::None | At::Stack(_) => continue,
        };
        e.st.put(id, at);
    }
    Ok(())
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Stack(usize),
    Var(usize),
}

impl Place {
    fn set(self, state: &mut State, id: Id) {
        match self {
            Place::Stack(i) => {
                while state.stack.len() <= i {
                    state.stack.push(NONE);
                }
                state.stack[i] = id;
            }
            Place::Var(i) => state.vars[i] = id,
        }
    }
}

/// What is known of a value after two paths.
fn weaker(a: Known, b: Known) -> Known {
    match (a, b) {
        _ if a == b => a,
        (Known::Type(_) | Known::Bound, Known::Type(_) | Known::Bound) => Known::Bound,
        _ => Known::Nothing,
    }
}

/// The node for a value that two paths have made differently.
fn merged(a: Id, b: Id, first: &State, second: &State) -> Flow<Option<Node>> {
    match (a, b) {
        (NONE, NONE) => Ok(None),
        (NONE, _) | (_, NONE) => Err(Stop::Unsupported("arms that set different slots")),
        _ => {
            let (x, y) = (first.nodes[a as usize], second.nodes[b as usize]);
            if x.ty == Ty::F64 || y.ty == Ty::F64 {
                return Err(Stop::Unsupported("arms that make different doubles"));
            }
            let mut node = Node::new(x.ty, Kind::Bits);
            node.known = weaker(x.known, y.known);
            Ok(Some(node))
        }
    }
}

fn apply(e: &mut Emit<'_>, fixes: &[Fix]) -> Flow {
    for &fix in fixes {
        match fix {
            Fix::Count { id, due } => e.flush_by(id, due),
            Fix::Merge { from, .. } => {
                e.place(from);
                let due = e.node(from).due;
                e.flush_by(from, due);
            }
            Fix::Move { id, .. } => {
                if e.node(id).ty == Ty::F64 {
                    e.place_xmm(id);
                } else {
                    e.place(id);
                }
            }
        }
    }
    for &fix in fixes {
        match fix {
            Fix::Count { .. } => {}
            Fix::Merge { from: id, slot } | Fix::Move { id, slot } => {
                if e.node(id).ty == Ty::F64 {
                    let x = e.place_xmm(id);
                    e.asm.store_f64(native(slot), x);
                } else {
                    let r = e.place(id);
                    e.asm.store(native(slot), r, 8);
                }
            }
        }
    }
    Ok(())
}
