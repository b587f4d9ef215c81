//! Every tree that can be printed parses back to itself.

use cevalry_model::ast::{
    BinOp, Block, CellType, Elem, Exit, Expr, File, Signature, Step, Stmt, Template, Type, UnOp,
};
use cevalry_model::{parse, print};

const TREES: u64 = 300;

#[test]
fn random_trees_survive_printing_and_parsing() {
    for seed in 1..=TREES {
        let mut random = Random {
            state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15),
            names: vec!["value".to_owned()],
        };
        let mut body = vec![Stmt::Let {
            name: "value".to_owned(),
            ty: Type::Object,
            value: Expr::Null,
        }];
        body.extend(random.block(3));
        let file = File {
            templates: vec![Template {
                name: "RANDOM".to_owned(),
                family: None,
                size: 1,
                releases: vec!["3.13.5".to_owned()],
                overrides: None,
                body,
            }],
        };
        let text = print::file(&file);
        let parsed = parse::file("random.tmpl", &text)
            .unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}"));
        assert!(parsed.file == file, "seed {seed} changes:\n{text}");
        assert_eq!(print::file(&parsed.file), text);
    }
}

struct Random {
    state: u64,
    names: Vec<String>,
}

const BINARY: [BinOp; 16] = [
    BinOp::Add,
    BinOp::Sub,
    BinOp::Mul,
    BinOp::Div,
    BinOp::Rem,
    BinOp::And,
    BinOp::Or,
    BinOp::Xor,
    BinOp::Shl,
    BinOp::Shr,
    BinOp::Eq,
    BinOp::Ne,
    BinOp::Lt,
    BinOp::Le,
    BinOp::Gt,
    BinOp::Ge,
];

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % limit
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize].clone()
    }

    fn name(&mut self) -> String {
        let names = self.names.clone();
        self.pick(&names)
    }

    fn ty(&mut self) -> Type {
        let int = Type::Int {
            bits: self.pick(&[8, 16, 32, 64]),
            signed: self.below(2) == 0,
        };
        let array = |elem| Type::Array(Box::new(elem));
        let all = [
            int.clone(),
            Type::F64,
            Type::F32,
            Type::Object,
            Type::Ref,
            Type::Ptr,
            array(Elem::Scalar(Type::Object)),
            array(Elem::Scalar(array(Elem::Struct("PyObject".to_owned())))),
            int,
        ];
        self.pick(&all)
    }

    fn block(&mut self, depth: u64) -> Block {
        let outer = self.names.len();
        let count = self.below(6);
        let block = (0..count).map(|_| self.stmt(depth)).collect();
        self.names.truncate(outer);
        block
    }

    fn stmt(&mut self, depth: u64) -> Stmt {
        let kinds = if depth == 0 { 16 } else { 19 };
        match self.below(kinds) {
            0 => self.declare(|name, ty, value| Stmt::Let { name, ty, value }),
            1 => self.declare(|name, ty, value| Stmt::Var { name, ty, value }),
            2 => self.declare(|name, ty, value| Stmt::Cell {
                name,
                ty: CellType::One(ty),
                value: Some(value),
            }),
            3 => self.declare(|name, ty, _| Stmt::Cell {
                name,
                ty: CellType::Array(ty, 3),
                value: None,
            }),
            4 => Stmt::Assign {
                place: self.place(),
                value: self.expr(3),
            },
            5 => Stmt::Expr(self.call(2)),
            6 => Stmt::Guard {
                cond: self.expr(3),
                exit: self.exit(),
            },
            7 => Stmt::Exit(self.exit()),
            8 => Stmt::Next {
                depth: self.expr(2),
            },
            9 => Stmt::Jump {
                depth: self.expr(2),
                unit: self.expr(2),
            },
            10 => Stmt::Return {
                value: self.expr(2),
            },
            11 => Stmt::EnterFrame {
                depth: self.expr(1),
                frame: self.expr(1),
                unit: self.expr(1),
            },
            12 => Stmt::Yield {
                depth: self.expr(1),
                value: self.expr(1),
            },
            13 => Stmt::CheckEvalBreaker {
                depth: self.expr(1),
                unit: self.expr(1),
            },
            14 => Stmt::Break,
            15 => Stmt::Continue,
            16 => Stmt::If {
                cond: self.expr(2),
                then: self.block(depth - 1),
                otherwise: self.block(depth - 1),
            },
            17 => Stmt::While {
                cond: self.expr(2),
                body: self.block(depth - 1),
            },
            _ => Stmt::Loop {
                body: self.block(depth - 1),
            },
        }
    }

    fn declare(&mut self, make: impl FnOnce(String, Type, Expr) -> Stmt) -> Stmt {
        let names = [
            "left", "type", "self", "next", "cell", "guard", "loop", "x1",
        ];
        let name = self.pick(&names).to_owned();
        let (ty, value) = (self.ty(), self.expr(3));
        self.names.push(name.clone());
        make(name, ty, value)
    }

    fn exit(&mut self) -> Exit {
        match self.below(5) {
            0 => Exit::Deopt,
            1 => Exit::Error {
                depth: self.expr(1),
            },
            2 => Exit::Reraise {
                depth: self.expr(1),
            },
            3 => Exit::Interpret {
                why: "a \"reason\"".to_owned(),
            },
            _ => Exit::Unbound {
                local: self.expr(1),
            },
        }
    }

    fn place(&mut self) -> Expr {
        match self.below(4) {
            0 => Expr::Stack(self.boxed(1)),
            1 => Expr::Local(self.boxed(1)),
            2 => self.member(false, 1),
            _ => self.index(false, 1),
        }
    }

    fn boxed(&mut self, depth: u64) -> Box<Expr> {
        Box::new(self.expr(depth))
    }

    fn path(&mut self, depth: u64) -> Vec<Step> {
        let count = self.below(3);
        (0..count)
            .map(|_| match self.below(2) {
                0 => Step::Field(self.pick(&["type", "ob_item", "_x"]).to_owned()),
                _ => Step::Index(self.expr(depth)),
            })
            .collect()
    }

    fn member(&mut self, address: bool, depth: u64) -> Expr {
        let mut path = vec![Step::Field("ob_type".to_owned())];
        path.extend(self.path(depth));
        Expr::Member {
            base: self.boxed(depth),
            owner: "PyObject".to_owned(),
            path,
            address,
        }
    }

    fn index(&mut self, address: bool, depth: u64) -> Expr {
        Expr::Index {
            base: self.boxed(depth),
            index: self.boxed(depth),
            address,
        }
    }

    fn args(&mut self, depth: u64) -> Vec<Expr> {
        let count = self.below(4);
        (0..count).map(|_| self.expr(depth)).collect()
    }

    fn call(&mut self, depth: u64) -> Expr {
        if self.below(3) == 0 {
            return Expr::Indirect {
                signature: Signature {
                    params: vec![self.ty(), self.ty()],
                    variadic: self.below(2) == 0,
                    result: self.pick(&[Type::Void, Type::Object, Type::F64]),
                },
                function: self.boxed(depth),
                args: self.args(depth),
            };
        }
        Expr::Call {
            function: self.pick(&["Py_DECREF", "_PyErr_Occurred"]).to_owned(),
            args: self.args(depth),
        }
    }

    fn expr(&mut self, depth: u64) -> Expr {
        let kinds = if depth == 0 { 10 } else { 24 };
        let inner = depth.saturating_sub(1);
        match self.below(kinds) {
            0 => Expr::Int {
                value: i128::from(self.below(1 << 40)) - (1 << 39),
                suffix: None,
            },
            1 => Expr::Int {
                value: i128::from(self.below(300)),
                suffix: Some(Type::Int {
                    bits: 64,
                    signed: false,
                }),
            },
            2 => Expr::Float(self.pick(&[0.0, -1.5, 1e300, 0.1])),
            3 => Expr::Null,
            4 => Expr::CStr(self.pick(&["", "a \"b\"\n", "%s"]).to_owned()),
            5 => Expr::Name(self.name()),
            6 => Expr::Oparg,
            7 => self.pick(&[Expr::Frame, Expr::Tstate]),
            8 => Expr::AddrOf(self.name()),
            9 => Expr::Symbol {
                name: "PyFloat_Type".to_owned(),
                path: self.path(0),
            },
            10 => Expr::Cache {
                bits: self.pick(&[16, 32, 64]),
                object: false,
                unit: self.boxed(inner),
            },
            11 => Expr::Cache {
                bits: 64,
                object: true,
                unit: self.boxed(inner),
            },
            12 => Expr::UnitOparg(self.boxed(inner)),
            13 => Expr::UnitOpcode(self.boxed(inner)),
            14 => Expr::InstrPtr(self.boxed(inner)),
            15 => self.place(),
            16 => Expr::StackPtr(self.boxed(inner)),
            17 => Expr::LocalPtr(self.boxed(inner)),
            18 => {
                let address = self.below(2) == 0;
                self.member(address, inner)
            }
            19 => {
                let address = self.below(2) == 0;
                self.index(address, inner)
            }
            20 => Expr::Cast {
                value: self.boxed(inner),
                ty: self.ty(),
            },
            21 => Expr::Unary {
                op: self.pick(&[UnOp::Neg, UnOp::Not, UnOp::BitNot]),
                value: self.boxed(inner),
            },
            22 => match self.below(2) {
                0 => self.call(inner),
                _ => Expr::Select {
                    cond: self.boxed(inner),
                    then: self.boxed(inner),
                    otherwise: self.boxed(inner),
                },
            },
            _ => Expr::Binary {
                op: self.pick(&BINARY),
                left: self.boxed(inner),
                right: self.boxed(inner),
            },
        }
    }
}
