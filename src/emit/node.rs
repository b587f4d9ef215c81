//! Values of a block: what is known of each, and where its bits are.

use crate::jit::context::{Gpr, Known, Xmm};

use super::types::{Symbol, Ty};

/// A value in the table of nodes.
pub(crate) type Id = u32;

/// No node.
pub(crate) const NONE: Id = u32::MAX;
/// The running frame.
pub(crate) const FRAME_NODE: Id = 0;
/// The thread state.
pub(crate) const TSTATE_NODE: Id = 1;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Known bits; for narrow integers, extended as the type says.
    Imm(i64),
    /// Bits that are at the node's place. Above the type's width they mean nothing.
    Bits,
    /// `ob_type` of an object.
    TypeOf(Id),
    /// A pointer plus a distance.
    Address {
        base: Id,
        disp: i32,
    },
    /// A function of a comparison's outcome or of an int's size.
    Table(u32),
    /// The lowest digit of an unboxed int.
    Digit(Id),
    /// An object that nobody has asked the pointer of: its unboxed value.
    BoxFloat(Id),
    BoxLong(Id),
    BoxBool(Id),
    /// A slice that nobody has asked the pointer of: start, stop and step, each with a reference
    /// of its own. NULL stands for `None`.
    Slice([Id; 3]),
}

/// Where a value's bits are, besides what its kind says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum At {
    None,
    Gpr(Gpr),
    Xmm(Xmm),
    Native(u16),
    /// The frame's memory for stack slot `n`, which owns the object.
    Stack(u16),
}

/// What keeps an object alive whose increments are still due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Anchor {
    /// A reference of our own.
    Own,
    /// The frame's memory for a local, which holds this very object.
    Local(u16),
    /// Something on the heap that may let go of it.
    Heap,
}

/// One value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Node {
    pub ty: Ty,
    pub kind: Kind,
    pub at: At,
    pub known: Known,
    /// Increments of the reference count that the template has made and the code has not yet.
    /// For a box without a pointer: all references.
    pub due: u16,
    pub anchor: Anchor,
    /// The unboxed value of an object that has a pointer as well.
    pub twin: Id,
    /// Which binary operator's function this is the address of, counted as the instruction does.
    pub operator: Option<u8>,
    /// The C symbol whose address this is.
    pub symbol: Option<Symbol>,
    /// The object that this is, 0 where that is not known.
    pub object: usize,
    /// For an unboxed int: which sizes in digits (-3 to 3) it may have.
    pub sizes: u8,
}

/// All sizes that an int of 64 bits may have.
pub(crate) const ANY_SIZE: u8 = 0x7f;

impl Node {
    pub fn new(ty: Ty, kind: Kind) -> Node {
        Node {
            ty,
            kind,
            at: At::None,
            known: Known::Nothing,
            due: 0,
            anchor: Anchor::Own,
            twin: NONE,
            operator: None,
            symbol: None,
            object: 0,
            sizes: ANY_SIZE,
        }
    }

    /// Whether the bits can be had again after the register is given to something else.
    pub fn is_reloadable(&self) -> bool {
        match self.kind {
            Kind::Bits => matches!(self.anchor, Anchor::Local(_)),
            Kind::BoxFloat(_) | Kind::BoxLong(_) | Kind::BoxBool(_) | Kind::Slice(_) => false,
            _ => true,
        }
    }

    pub fn imm(&self) -> Option<i64> {
        match self.kind {
            Kind::Imm(v) => Some(v),
            _ => None,
        }
    }

    /// Whether this is an object without a pointer.
    pub fn is_pending(&self) -> bool {
        matches!(
            self.kind,
            Kind::BoxFloat(_) | Kind::BoxLong(_) | Kind::BoxBool(_) | Kind::Slice(_)
        )
    }

    /// The bounds of a slice without a pointer.
    pub fn bounds(&self) -> Option<[Id; 3]> {
        match self.kind {
            Kind::Slice(bounds) => Some(bounds),
            _ => None,
        }
    }

    /// The nodes that this one is computed from.
    pub fn parts(&self) -> [Id; 4] {
        match self.kind {
            Kind::Slice([start, stop, step]) => [start, stop, step, self.twin],
            Kind::TypeOf(x)
            | Kind::Digit(x)
            | Kind::BoxFloat(x)
            | Kind::BoxLong(x)
            | Kind::BoxBool(x)
            | Kind::Address { base: x, .. } => [x, self.twin, NONE, NONE],
            _ => [NONE, self.twin, NONE, NONE],
        }
    }
}

/// What a [`Table`] is a function of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Domain {
    /// The order of two integers or pointers of a type: outcomes 1 to 3.
    Ints(Ty, Id, Id),
    /// The order of two doubles: outcomes 0 to 3.
    Floats(Id, Id),
    /// The number of digits of an unboxed int, with its sign: -3 to 3 as 0 to 6.
    Size(Id),
}

/// Outcomes of a comparison.
pub(crate) const UNORDERED: usize = 0;
pub(crate) const LESS: usize = 1;
pub(crate) const GREATER: usize = 2;
pub(crate) const EQUAL: usize = 3;

/// A value for each outcome.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Table {
    pub domain: Domain,
    pub values: [i64; 7],
}

impl Table {
    /// The values that the outcome depends on.
    pub fn operands(&self) -> [Id; 2] {
        match self.domain {
            Domain::Ints(_, a, b) | Domain::Floats(a, b) => [a, b],
            Domain::Size(x) => [x, NONE],
        }
    }

    /// Which outcomes there are, as bits.
    pub fn outcomes(&self) -> u8 {
        match self.domain {
            Domain::Ints(..) => 0b1110,
            Domain::Floats(..) => 0b1111,
            Domain::Size(_) => ANY_SIZE,
        }
    }

    /// The outcomes for which the value is not 0.
    pub fn truth(&self) -> u8 {
        let set = (0..7).filter(|&i| self.values[i] != 0);
        set.fold(0, |set, i| set | 1 << i) & self.outcomes()
    }
}

impl Node {
    /// Whether the frame's memory for local `i` says everything about the node.
    pub fn is_just_local(&self, i: u16) -> bool {
        self.due == 0
            && self.twin == NONE
            && match self.kind {
                Kind::Bits => self.anchor == Anchor::Local(i),
                Kind::Imm(v) => v == 0,
                _ => false,
            }
    }
}

/// Moves a node and what it is computed from into a new table of nodes.
pub(crate) fn keep(
    id: Id,
    old: &[Node],
    kept: &mut Vec<Node>,
    map: &mut [Id],
    tables: &mut [Table],
) -> Id {
    if id == NONE || map[id as usize] != NONE {
        return if id == NONE { NONE } else { map[id as usize] };
    }
    let mut node = old[id as usize];
    let new = kept.len() as Id;
    map[id as usize] = new;
    kept.push(node);
    let mut go = |id, tables: &mut [Table]| keep(id, old, kept, map, tables);
    node.twin = go(node.twin, tables);
    node.kind = match node.kind {
        Kind::TypeOf(x) => Kind::TypeOf(go(x, tables)),
        Kind::Digit(x) => Kind::Digit(go(x, tables)),
        Kind::BoxFloat(x) => Kind::BoxFloat(go(x, tables)),
        Kind::BoxLong(x) => Kind::BoxLong(go(x, tables)),
        Kind::BoxBool(x) => Kind::BoxBool(go(x, tables)),
        Kind::Slice(bounds) => Kind::Slice(bounds.map(|x| go(x, tables))),
        Kind::Address { base, disp } => Kind::Address {
            base: go(base, tables),
            disp,
        },
        Kind::Table(t) => {
            let domain = match tables[t as usize].domain {
                Domain::Ints(ty, a, b) => Domain::Ints(ty, go(a, tables), go(b, tables)),
                Domain::Floats(a, b) => Domain::Floats(go(a, tables), go(b, tables)),
                Domain::Size(x) => Domain::Size(go(x, tables)),
            };
            tables[t as usize].domain = domain;
            Kind::Table(t)
        }
        kind => kind,
    };
    kept[new as usize] = node;
    new
}
