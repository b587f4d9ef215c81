//! What holds at the present point of a block, and its translation from and to a context.

use crate::jit::context::{Behind, Context, Held, Keywords, Known, Loc, Slot};
use crate::jit::facts;

use super::Emit;
use super::machine::{FRAME, TSTATE};
use super::node::{Anchor, At, Id, Kind, NONE, Node, Table};
use super::reuse::Buffers;
use super::types::Ty;
use super::words::{Word, Zeroed};

/// A local variable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Local {
    /// Its value, or `NONE` while nobody has looked at what is in memory.
    pub node: Id,
    pub behind: Behind,
    /// What is known of a value that has no node.
    pub known: Known,
}

/// Everything that instructions change.
#[derive(Debug)]
pub(crate) struct State {
    pub nodes: Vec<Node>,
    pub locals: Vec<Local>,
    /// How many locals are not in the frame's memory.
    pub stale: u16,
    /// From the bottom. `NONE` where an instruction has put a value into memory by itself.
    pub stack: Vec<Id>,
    /// Depth at the start of the instruction.
    pub base: usize,
    pub vars: Vec<Id>,
    /// The owner of each register and native slot.
    pub gpr: [Id; 16],
    pub xmm: [Id; 16],
    pub native: [Id; 32],
    /// When each register was last used.
    pub gpr_used: [u32; 16],
    pub xmm_used: [u32; 16],
    pub clock: u32,
    /// Native slots keep what they hold although it was loaded: a loop comes back to it.
    pub pinned: bool,
    /// Cell words in use.
    pub cells: u16,
    /// Whether arbitrary code may have run since the start of the instruction.
    pub escaped: bool,
    /// Whether the instruction has let the frame say by itself where it is.
    pub placed: bool,
    /// The unit that the frame's memory has as the running instruction, where that is known.
    pub stored: Option<u32>,
    /// What waits for its call.
    pub keywords: Option<Keywords>,
    /// Words of memory that something is known of.
    pub words: Vec<Word>,
    /// New objects, which hold nothing but what words say.
    pub zeroed: Vec<Zeroed>,
}

impl State {
    /// A state to be filled.
    pub fn blank() -> State {
        State {
            nodes: Vec::new(),
            locals: Vec::new(),
            stale: 0,
            stack: Vec::new(),
            base: 0,
            vars: Vec::new(),
            gpr: [NONE; 16],
            xmm: [NONE; 16],
            native: [NONE; 32],
            gpr_used: [0; 16],
            xmm_used: [0; 16],
            clock: 0,
            pinned: false,
            cells: 0,
            escaped: false,
            stored: None,
            placed: false,
            keywords: None,
            words: Vec::new(),
            zeroed: Vec::new(),
        }
    }

    pub fn from_context(context: &Context, buffers: &mut Buffers) -> Box<State> {
        let mut state = buffers.state();
        state.reset();
        let mut frame = Node::new(Ty::Ptr, Kind::Bits);
        frame.at = At::Gpr(FRAME);
        let mut tstate = Node::new(Ty::Ptr, Kind::Bits);
        tstate.at = At::Gpr(TSTATE);
        state.nodes.extend([frame, tstate]);
        state.locals.extend(context.locals.iter().map(|slot| Local {
            node: NONE,
            behind: slot.behind,
            known: slot.known,
        }));
        for (i, slot) in context.locals.iter().enumerate() {
            state.stale += u16::from(slot.behind == Behind::Stale);
            if slot.held != Held::Memory {
                state.locals[i].node = state.enter_slot(slot, None);
            }
        }
        for (i, slot) in context.stack.iter().enumerate() {
            let id = state.enter_slot(slot, Some(i as u16));
            state.stack.push(id);
        }
        state.base = state.stack.len();
        state.keywords = context.keywords;
        state
    }

    pub fn add(&mut self, node: Node) -> Id {
        self.nodes.push(node);
        (self.nodes.len() - 1) as Id
    }

    /// Whether any local is not in the frame's memory.
    pub fn has_stale_locals(&self) -> bool {
        self.stale > 0
    }

    /// How many locals that are not in the frame's memory have this value.
    pub fn stale_users(&self, id: Id) -> usize {
        if self.stale == 0 {
            return 0;
        }
        let locals = self.locals.iter();
        let stale = locals.filter(|l| l.node == id && l.behind == Behind::Stale);
        stale.count()
    }

    /// The first local that has this value and is not in the frame's memory.
    pub fn stale_local(&self, id: Id) -> Option<usize> {
        if self.stale == 0 {
            return None;
        }
        let mut locals = self.locals.iter();
        locals.position(|l| l.node == id && l.behind == Behind::Stale)
    }

    /// Says what the frame's memory has for local `i`.
    pub fn set_behind(&mut self, i: usize, behind: Behind) {
        let local = &mut self.locals[i];
        self.stale -= u16::from(local.behind == Behind::Stale);
        self.stale += u16::from(behind == Behind::Stale);
        local.behind = behind;
    }

    /// The node of local `i`.
    pub fn local_node(&mut self, i: usize) -> Id {
        let local = self.locals[i];
        if local.node != NONE {
            return local.node;
        }
        let mut node = Node::new(Ty::Object, Kind::Bits);
        if local.known == Known::Unbound {
            node.kind = Kind::Imm(0);
        }
        node.anchor = Anchor::Local(i as u16);
        node.known = local.known;
        let id = self.add(node);
        self.locals[i].node = id;
        id
    }

    fn owner(&self, at: Loc) -> Id {
        match at {
            Loc::Gpr(r) => self.gpr[usize::from(r.0)],
            Loc::Xmm(x) => self.xmm[usize::from(x.0)],
            Loc::Native(n) => self.native[usize::from(n)],
        }
    }

    /// Gives a place to a node.
    pub fn put(&mut self, id: Id, at: Loc) {
        let place = match at {
            Loc::Gpr(r) => {
                self.gpr[usize::from(r.0)] = id;
                At::Gpr(r)
            }
            Loc::Xmm(x) => {
                self.xmm[usize::from(x.0)] = id;
                At::Xmm(x)
            }
            Loc::Native(n) => {
                self.native[usize::from(n)] = id;
                At::Native(n)
            }
        };
        self.nodes[id as usize].at = place;
    }

    /// Gives registers and native slots to the nodes that say they are there.
    pub fn claim_places(&mut self) {
        self.gpr = [NONE; 16];
        self.xmm = [NONE; 16];
        self.native = [NONE; 32];
        for id in 2..self.nodes.len() as Id {
            let at = match self.nodes[id as usize].at {
                At::Gpr(r) => Loc::Gpr(r),
                At::Xmm(x) => Loc::Xmm(x),
                At::Native(n) => Loc::Native(n),
                At::None | At::Stack(_) => continue,
            };
            self.put(id, at);
        }
    }

    /// A value that is unboxed at a place.
    fn raw_at(&mut self, ty: Ty, at: Loc) -> Id {
        let id = self.add(Node::new(ty, Kind::Bits));
        self.put(id, at);
        id
    }

    fn enter_slot(&mut self, slot: &Slot, stack: Option<u16>) -> Id {
        let boxed = |make: fn(Id) -> Kind, raw: Id, ty: usize| {
            let mut node = Node::new(Ty::Object, make(raw));
            node.known = Known::Type(ty);
            node.due = 1;
            node
        };
        match slot.held {
            Held::Memory => {
                let mut node = Node::new(Ty::Object, Kind::Bits);
                node.known = slot.known;
                node.at = At::Stack(stack.unwrap_or(0));
                self.add(node)
            }
            Held::Local(n) => {
                let id = self.local_node(usize::from(n));
                self.nodes[id as usize].due += 1;
                id
            }
            Held::Constant(address) => {
                let mut node = Node::new(Ty::Object, Kind::Imm(address as i64));
                node.known = slot.known;
                node.due = 1;
                self.add(node)
            }
            Held::LongConstant(v) => {
                let raw = self.add(Node::new(Ty::I64, Kind::Imm(v)));
                self.add(boxed(Kind::BoxLong, raw, facts::long_type()))
            }
            Held::FloatConstant(v) => {
                let raw = self.add(Node::new(Ty::F64, Kind::Imm(v as i64)));
                self.add(boxed(Kind::BoxFloat, raw, facts::float_type()))
            }
            Held::Object { at, owned } => {
                let mut id = self.owner(at);
                if id == NONE {
                    let mut node = Node::new(Ty::Object, Kind::Bits);
                    node.known = slot.known;
                    node.anchor = Anchor::Heap;
                    id = self.add(node);
                    self.put(id, at);
                }
                let node = &mut self.nodes[id as usize];
                if owned {
                    node.anchor = Anchor::Own;
                } else {
                    node.due += 1;
                }
                id
            }
            Held::Float(at) => {
                self.enter_box(at, Ty::F64, boxed(Kind::BoxFloat, 0, facts::float_type()))
            }
            Held::Long(at) => {
                self.enter_box(at, Ty::I64, boxed(Kind::BoxLong, 0, facts::long_type()))
            }
            Held::Bool(at) => {
                self.enter_box(at, Ty::I32, boxed(Kind::BoxBool, 0, facts::bool_type()))
            }
        }
    }

    fn enter_box(&mut self, at: Loc, ty: Ty, mut node: Node) -> Id {
        let raw = self.owner(at);
        if raw != NONE {
            let same = self
                .nodes
                .iter()
                .position(|n| n.is_pending() && n.parts()[0] == raw);
            if let Some(id) = same {
                self.nodes[id].due += 1;
                return id as Id;
            }
        }
        let raw = self.raw_at(ty, at);
        node.kind = match node.kind {
            Kind::BoxFloat(_) => Kind::BoxFloat(raw),
            Kind::BoxLong(_) => Kind::BoxLong(raw),
            _ => Kind::BoxBool(raw),
        };
        self.add(node)
    }
}

impl Emit<'_> {
    pub(crate) fn node(&self, id: Id) -> &Node {
        &self.st.nodes[id as usize]
    }

    pub(crate) fn node_mut(&mut self, id: Id) -> &mut Node {
        &mut self.st.nodes[id as usize]
    }

    pub(crate) fn tables(&self) -> &[Table] {
        &self.tables
    }

    pub(crate) fn table(&self, index: u32) -> &Table {
        &self.tables[index as usize]
    }
}
