//! Two paths of an instruction that become one again.

use crate::jit::context::{Behind, Gpr, Known};

use super::asm::{Mem, Site};
use super::keep::Kept;
use super::machine::{NATIVE_SLOTS, R11, RAX, native};
use super::node::{Anchor, At, Id, Kind, NONE, Node};
use super::offsets::OB_TYPE;
use super::state::State;
use super::types::{Flow, Stop, Ty};
use super::{Emit, LOST};

/// What one of the paths has still to do.
#[derive(Clone, Copy, Debug)]
enum Fix {
    /// The node is put into a native slot.
    Move { id: Id, slot: u16 },
    /// Increments that only this path has left.
    Count { id: Id, due: u16 },
    /// A value that is another node on the other path.
    Merge { from: Id, slot: u16 },
}

/// One of the two paths: the state that it ends in, and what it has still to do.
struct Path {
    st: Box<State>,
    fixes: Vec<Fix>,
}

/// Where the arms began.
#[derive(Debug)]
pub(crate) struct Fork {
    /// How many nodes there were.
    pub nodes: usize,
    /// What is needed behind the arms, where that is known.
    pub kept: Option<Kept>,
}

/// Goes on after two arms. The first has ended with a jump at `join`, in the state `first`; the
/// second ends here.
pub(crate) fn join(e: &mut Emit<'_>, first: Box<State>, join: Site, fork: &Fork) -> Flow {
    let kept = fork.kept.as_ref();
    let fork = fork.nodes;
    let mut one = Path {
        st: first,
        fixes: Vec::new(),
    };
    let mut target = e.copy_state();
    let blank = e.buffers.state();
    let mut two = Path {
        st: std::mem::replace(&mut e.st, blank),
        fixes: Vec::new(),
    };
    if one.st.placed != two.st.placed {
        return Err(Stop::Unsupported("a frame that one of two paths places"));
    }
    let mut slots = Slots::default();
    let phis = different(&one.st, &two.st, fork, kept)?;
    locals(&one.st, &two.st, &mut target)?;
    // A merged value takes a reference of its own with it.
    for &(_, a, b) in &phis {
        for (path, id) in [(&mut one, a), (&mut two, b)] {
            if id == NONE {
                continue;
            }
            let node = &mut path.st.nodes[id as usize];
            if node.due > 0 && !node.is_pending() {
                node.due -= 1;
                path.fixes.push(Fix::Count { id, due: 1 });
            }
        }
    }
    let mut needed = std::mem::take(&mut e.buffers.needed);
    needed.clear(0);
    for id in 2..fork as Id {
        let (a, b) = (&one.st.nodes[id as usize], &two.st.nodes[id as usize]);
        let inside = a.twin as usize >= fork && a.twin != NONE;
        if a == b && !inside {
            target.nodes[id as usize] = *b;
            continue;
        }
        let lost = a.at != b.at && !e.careful && {
            if needed.is_empty() {
                needed.clear(fork);
                needed.add(&one.st, kept, e.tables());
                needed.add(&two.st, kept, e.tables());
            }
            !needed.has(id)
        };
        common(id, lost, &mut one, &mut two, &mut target, &mut slots, fork)?;
    }
    e.buffers.needed = needed;
    target.nodes.truncate(fork);
    for (place, a, b) in phis {
        if (a, b) == (NONE, NONE) {
            place.set(&mut target, NONE);
            continue;
        }
        let node = merged(a, b, &one.st, &two.st)?;
        let n = slots.take(&one.st, &two.st)?;
        let id = target.add(Node {
            at: At::Native(n),
            ..node
        });
        one.fixes.push(Fix::Merge { from: a, slot: n });
        two.fixes.push(Fix::Merge { from: b, slot: n });
        place.set(&mut target, id);
    }
    target.escaped |= one.st.escaped;
    target.join_words(&one.st, fork);
    if target.stored != one.st.stored {
        target.stored = None;
    }
    target.clock = target.clock.max(one.st.clock);
    two.finish(e)?;
    let skip = if one.fixes.is_empty() {
        None
    } else {
        Some(e.asm.jmp())
    };
    e.asm.bind(join);
    one.finish(e)?;
    if let Some(skip) = skip {
        e.asm.bind(skip);
    }
    e.replace_state(target);
    e.st.claim_places();
    e.let_go(kept);
    Ok(())
}

impl Path {
    /// Does what there is to do, where the path ends. What is where has been agreed upon: no
    /// other value may be moved on the way.
    fn finish(self, e: &mut Emit<'_>) -> Flow {
        e.replace_state(self.st);
        for fix in self.fixes {
            match fix {
                Fix::Count { id, due } => e.count_in_place(id, due)?,
                Fix::Merge { from: id, slot } | Fix::Move { id, slot } => e.copy_to(id, slot)?,
            }
        }
        Ok(())
    }
}

impl Emit<'_> {
    /// Makes increments without giving the node a register.
    fn count_in_place(&mut self, id: Id, due: u16) -> Flow {
        if self.is_null(id) || self.is_immortal_constant(id) {
            return Ok(());
        }
        if let At::Gpr(r) = self.node(id).at {
            self.add_references(r, due, false);
            return Ok(());
        }
        self.asm.push_reg(RAX);
        self.bits_to(RAX, id)?;
        self.add_references(RAX, due, false);
        self.asm.pop_reg(RAX);
        Ok(())
    }

    /// Copies a value into a native slot without giving it a register.
    fn copy_to(&mut self, id: Id, slot: u16) -> Flow {
        let node = self.node(id);
        match (node.at, node.imm().map(i32::try_from)) {
            (At::Gpr(r), _) => self.asm.store(native(slot), r, 8),
            (At::Xmm(x), _) => self.asm.store_f64(native(slot), x),
            (At::None, Some(Ok(v))) => self.asm.store_imm(native(slot), v, 8),
            _ => {
                self.bits_to(R11, id)?;
                self.asm.store(native(slot), R11, 8);
            }
        }
        Ok(())
    }

    /// Loads a value into a register that belongs to nobody.
    fn bits_to(&mut self, r: Gpr, id: Id) -> Flow {
        let node = *self.node(id);
        match (node.at, node.kind) {
            (At::Gpr(from), _) => self.asm.mov(r, from),
            (At::Native(n), _) => self.asm.load(r, native(n), 8, false),
            (At::Stack(k), _) => {
                let m = self.stack_mem(usize::from(k));
                self.asm.load(r, m, 8, false);
            }
            (At::None, Kind::Imm(v)) => self.asm.mov_imm(r, v),
            (At::None, Kind::TypeOf(x)) => {
                self.bits_to(r, x)?;
                self.asm.load(r, Mem::new(r, OB_TYPE), 8, false);
            }
            (At::None, Kind::Address { base, disp }) => {
                self.bits_to(r, base)?;
                self.asm.lea(r, Mem::new(r, disp));
            }
            (At::None, Kind::Bits) => match node.anchor {
                Anchor::Local(n) => {
                    let m = self.local_mem(usize::from(n));
                    self.asm.load(r, m, 8, false);
                }
                _ => self.failed = Some(LOST),
            },
            _ => return Err(Stop::Unsupported("arms that make a value differently")),
        }
        Ok(())
    }
}

/// Native slots that are free on both paths.
#[derive(Default)]
struct Slots {
    taken: Vec<u16>,
}

impl Slots {
    fn take(&mut self, a: &State, b: &State) -> Flow<u16> {
        let free = (0..NATIVE_SLOTS).find(|&n| {
            let i = usize::from(n);
            a.native[i] == NONE && b.native[i] == NONE && !self.taken.contains(&n)
        });
        match free {
            Some(n) => {
                self.taken.push(n);
                Ok(n)
            }
            None => Err(Stop::Unsupported("too many values at once")),
        }
    }
}

/// Slots and variables that the arms have set differently.
fn different(a: &State, b: &State, fork: usize, kept: Option<&Kept>) -> Flow<Vec<(Place, Id, Id)>> {
    let mut found = Vec::new();
    for i in 0..a.stack.len().max(b.stack.len()) {
        let x = a.stack.get(i).copied().unwrap_or(NONE);
        let y = b.stack.get(i).copied().unwrap_or(NONE);
        if x != y || (x as usize >= fork && x != NONE) {
            if (x == NONE) != (y == NONE) {
                return Err(Stop::Unsupported("arms that set different slots"));
            }
            found.push((Place::Stack(i), x, y));
        }
    }
    // What an arm declares is its own.
    for i in 0..a.vars.len().min(b.vars.len()) {
        let (x, y) = (a.vars[i], b.vars[i]);
        if kept.is_some_and(|kept| !kept.has(i)) {
            continue;
        }
        if x != y || x as usize >= fork {
            found.push((Place::Var(i), x, y));
        }
    }
    Ok(found)
}

/// Locals that the arms have set differently are in memory, or the arms cannot be joined.
fn locals(a: &State, b: &State, target: &mut State) -> Flow {
    for i in 0..a.locals.len() {
        let (x, y) = (a.locals[i], b.locals[i]);
        if x.node == y.node && x.behind == y.behind {
            continue;
        }
        if x.behind != Behind::Same || y.behind != Behind::Same {
            return Err(Stop::Unsupported("arms that hold a local differently"));
        }
        target.locals[i].node = NONE;
        target.locals[i].known = Known::Nothing;
    }
    Ok(())
}

/// Makes the two paths agree on a node from before them.
fn common(
    id: Id,
    lost: bool,
    one: &mut Path,
    two: &mut Path,
    target: &mut State,
    slots: &mut Slots,
    fork: usize,
) -> Flow {
    let (a, b) = (one.st.nodes[id as usize], two.st.nodes[id as usize]);
    if a.kind != b.kind {
        return Err(Stop::Unsupported("arms that hold a value differently"));
    }
    if a.due != b.due && a.bounds().is_some() {
        // One has let go of the bounds too.
        return Err(Stop::Unsupported("arms that drop a value differently"));
    }
    let node = &mut target.nodes[id as usize];
    node.known = weaker(a.known, b.known);
    node.sizes = a.sizes | b.sizes;
    if a.twin != b.twin || (a.twin as usize >= fork && a.twin != NONE) {
        node.twin = NONE;
    }
    node.due = a.due.min(b.due);
    if !a.is_pending() {
        for (path, due) in [(&mut *one, a.due), (&mut *two, b.due)] {
            if due > node.due {
                let due = due - node.due;
                path.st.nodes[id as usize].due -= due;
                path.fixes.push(Fix::Count { id, due });
            }
        }
    }
    if a.anchor != b.anchor {
        if node.due > 0 {
            return Err(Stop::Unsupported("arms that borrow a value differently"));
        }
        node.anchor = Anchor::Heap;
    }
    if a.at != b.at {
        if lost || (a.is_reloadable() && b.is_reloadable() && node.anchor == a.anchor) {
            // A value that is asked for although it was lost makes the instruction be emitted
            // anew, with care.
            node.at = At::None;
        } else {
            let slot = slots.take(&one.st, &two.st)?;
            node.at = At::Native(slot);
            one.fixes.push(Fix::Move { id, slot });
            two.fixes.push(Fix::Move { id, slot });
        }
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
fn merged(a: Id, b: Id, first: &State, second: &State) -> Flow<Node> {
    let (x, y) = (first.nodes[a as usize], second.nodes[b as usize]);
    if (x.ty == Ty::F64) != (y.ty == Ty::F64) {
        return Err(Stop::Unsupported("arms that make different values"));
    }
    let mut node = Node::new(x.ty, Kind::Bits);
    node.known = weaker(x.known, y.known);
    node.anchor = Anchor::Heap;
    Ok(node)
}
