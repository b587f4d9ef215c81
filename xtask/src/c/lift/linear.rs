//! Offsets that are linear in values known when code is emitted.

use cevalry_model::ast::{BinOp, Expr, Type, UnOp};

/// `constant + Σ factor · term`, terms in a fixed order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Linear {
    pub constant: i64,
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq)]
struct Term {
    value: Expr,
    factor: i64,
    /// Whether the value is 64 bits wide rather than 32.
    wide: bool,
}

impl Linear {
    pub fn constant(constant: i64) -> Self {
        Self {
            constant,
            terms: Vec::new(),
        }
    }

    /// Takes an integer expression apart. `wide` says whether it is 64 bits wide.
    pub fn of(value: &Expr, wide: bool) -> Self {
        match value {
            Expr::Int { value, .. } => Self::constant(*value as i64),
            Expr::Binary { op, left, right } => match op {
                BinOp::Add => Self::of(left, wide).plus(&Self::of(right, wide), 1),
                BinOp::Sub => Self::of(left, wide).plus(&Self::of(right, wide), -1),
                BinOp::Mul => match (&**left, &**right) {
                    (_, Expr::Int { value, .. }) => Self::of(left, wide).scaled(*value as i64),
                    (Expr::Int { value, .. }, _) => Self::of(right, wide).scaled(*value as i64),
                    _ => Self::term(value.clone(), wide),
                },
                _ => Self::term(value.clone(), wide),
            },
            Expr::Unary {
                op: UnOp::Neg,
                value,
            } => Self::of(value, wide).scaled(-1),
            // Arguments of instructions are never negative, so widening them changes nothing.
            Expr::Cast {
                value: inner,
                ty: Type::Int { bits: 32 | 64, .. },
            } if small(inner) => Self::of(inner, false),
            _ => Self::term(value.clone(), wide),
        }
    }

    fn term(value: Expr, wide: bool) -> Self {
        let wide = wide && !small(&value);
        Self {
            constant: 0,
            terms: vec![Term {
                value,
                factor: 1,
                wide,
            }],
        }
    }

    /// `self + factor · other`
    pub fn plus(&self, other: &Self, factor: i64) -> Self {
        let mut sum = self.clone();
        sum.constant += other.constant * factor;
        for term in &other.terms {
            match sum.terms.iter_mut().find(|known| known.value == term.value) {
                Some(known) => known.factor += term.factor * factor,
                None => sum.terms.push(Term {
                    factor: term.factor * factor,
                    ..term.clone()
                }),
            }
        }
        sum.terms.retain(|term| term.factor != 0);
        sum.terms
            .sort_by_cached_key(|term| format!("{}", term.value));
        sum
    }

    pub fn offset(&self, constant: i64) -> Self {
        Self {
            constant: self.constant + constant,
            terms: self.terms.clone(),
        }
    }

    fn scaled(&self, factor: i64) -> Self {
        Self::default().plus(self, factor)
    }

    /// The value where nothing but the constant is left.
    pub fn as_constant(&self) -> Option<i64> {
        self.terms.is_empty().then_some(self.constant)
    }

    /// The difference of two offsets where it is a constant.
    pub fn distance(&self, other: &Self) -> Option<i64> {
        self.plus(other, -1).as_constant()
    }

    /// The offset as an expression; 64 bits wide if a term is.
    pub fn to_expr(&self) -> Expr {
        let wide = self.is_wide();
        let int = |value: i64| Expr::Int {
            value: i128::from(value),
            suffix: None,
        };
        let binary = |op, left, right| Expr::Binary {
            op,
            left: Box::new(left),
            right: Box::new(right),
        };
        let mut sum: Option<Expr> = None;
        let leading_constant = self.constant != 0 && self.terms.iter().all(|t| t.factor < 0);
        if leading_constant {
            sum = Some(int(self.constant));
        }
        let (positive, negative): (Vec<_>, Vec<_>) =
            self.terms.iter().partition(|term| term.factor > 0);
        for term in positive.into_iter().chain(negative) {
            let mut value = term.value.clone();
            if wide && !term.wide {
                value = Expr::Cast {
                    value: Box::new(value),
                    ty: Type::Int {
                        bits: 64,
                        signed: true,
                    },
                };
            }
            if term.factor.abs() != 1 {
                value = binary(BinOp::Mul, value, int(term.factor.abs()));
            }
            sum = Some(match (sum, term.factor > 0) {
                (None, true) => value,
                (None, false) => Expr::Unary {
                    op: UnOp::Neg,
                    value: Box::new(value),
                },
                (Some(sum), true) => binary(BinOp::Add, sum, value),
                (Some(sum), false) => binary(BinOp::Sub, sum, value),
            });
        }
        match sum {
            None => int(self.constant),
            Some(sum) if leading_constant || self.constant == 0 => sum,
            Some(sum) if self.constant < 0 => binary(BinOp::Sub, sum, int(-self.constant)),
            Some(sum) => binary(BinOp::Add, sum, int(self.constant)),
        }
    }

    pub fn is_wide(&self) -> bool {
        self.terms.iter().any(|term| term.wide)
    }
}

/// Whether an expression is 32 bits wide and never negative.
fn small(value: &Expr) -> bool {
    match value {
        Expr::Oparg | Expr::UnitOparg(_) => true,
        Expr::Cast {
            value,
            ty: Type::Int {
                bits: 32,
                signed: true,
            },
        } => {
            matches!(**value, Expr::Cache { bits: 16, .. })
        }
        Expr::Int { value, .. } => *value >= 0,
        Expr::Binary { op, left, right } => match op {
            BinOp::Add | BinOp::Mul | BinOp::Shr | BinOp::Or => small(left) && small(right),
            BinOp::And => small(left) || small(right),
            BinOp::Eq | BinOp::Ne | BinOp::Lt | BinOp::Le | BinOp::Gt | BinOp::Ge => true,
            _ => false,
        },
        _ => false,
    }
}
