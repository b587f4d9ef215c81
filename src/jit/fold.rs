//! Computing with values that are known.

use crate::emit::types::Ty;

/// A binary operator of the template language.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Op {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    And,
    Or,
    Xor,
    Shl,
    Shr,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// Width in bits, and whether the type is signed.
fn shape(ty: Ty) -> (u32, bool) {
    match ty {
        Ty::I8 => (8, true),
        Ty::U8 => (8, false),
        Ty::I16 => (16, true),
        Ty::U16 => (16, false),
        Ty::I32 => (32, true),
        Ty::U32 | Ty::F32 => (32, false),
        Ty::I64 => (64, true),
        Ty::U64 | Ty::F64 | Ty::Object | Ty::Ref | Ty::Ptr | Ty::Void => (64, false),
    }
}

/// The value as its type sees it: upper bits are copies of the sign, or zero.
pub fn truncate(ty: Ty, bits: u64) -> u64 {
    let (width, signed) = shape(ty);
    let shift = 64 - width;
    if signed {
        ((bits << shift) as i64 >> shift) as u64
    } else {
        bits << shift >> shift
    }
}

/// The sum, difference or product of integers, where 64 bits hold it.
pub fn exact(op: Op, a: i64, b: i64) -> Option<u64> {
    let v = match op {
        Op::Add => a.checked_add(b),
        Op::Sub => a.checked_sub(b),
        Op::Mul => a.checked_mul(b),
        _ => None,
    };
    v.map(|v| v as u64)
}

/// The result of an operator, or `None` where C leaves it undefined.
pub fn binary(op: Op, ty: Ty, a: u64, b: u64) -> Option<u64> {
    if ty == Ty::F64 {
        return float(op, f64::from_bits(a), f64::from_bits(b));
    }
    let (width, signed) = shape(ty);
    let (a, b) = (truncate(ty, a), truncate(ty, b));
    let (sa, sb) = (a as i64, b as i64);
    let order = if signed { sa.cmp(&sb) } else { a.cmp(&b) };
    let result = match op {
        Op::Add => a.wrapping_add(b),
        Op::Sub => a.wrapping_sub(b),
        Op::Mul => a.wrapping_mul(b),
        Op::Div if signed => sa.checked_div(sb)? as u64,
        Op::Div => a.checked_div(b)?,
        Op::Rem if signed => sa.checked_rem(sb)? as u64,
        Op::Rem => a.checked_rem(b)?,
        Op::And => a & b,
        Op::Or => a | b,
        Op::Xor => a ^ b,
        Op::Shl | Op::Shr if b >= u64::from(width) => return None,
        Op::Shl => a << b,
        Op::Shr if signed => (sa >> b) as u64,
        Op::Shr => a >> b,
        Op::Eq => return Some(u64::from(order.is_eq())),
        Op::Ne => return Some(u64::from(order.is_ne())),
        Op::Lt => return Some(u64::from(order.is_lt())),
        Op::Le => return Some(u64::from(order.is_le())),
        Op::Gt => return Some(u64::from(order.is_gt())),
        Op::Ge => return Some(u64::from(order.is_ge())),
    };
    Some(truncate(ty, result))
}

fn float(op: Op, a: f64, b: f64) -> Option<u64> {
    let truth = |truth: bool| Some(u64::from(truth));
    match op {
        Op::Add => Some((a + b).to_bits()),
        Op::Sub => Some((a - b).to_bits()),
        Op::Mul => Some((a * b).to_bits()),
        Op::Div => Some((a / b).to_bits()),
        Op::Eq => truth(a == b),
        Op::Ne => truth(a != b),
        Op::Lt => truth(a < b),
        Op::Le => truth(a <= b),
        Op::Gt => truth(a > b),
        Op::Ge => truth(a >= b),
        Op::Rem | Op::And | Op::Or | Op::Xor | Op::Shl | Op::Shr => None,
    }
}

/// A conversion between integers, and between integers and doubles.
pub fn cast(bits: u64, from: Ty, to: Ty) -> u64 {
    match (from, to) {
        (Ty::F64, Ty::F64) => bits,
        (Ty::F64, _) => truncate(to, f64::from_bits(bits) as i64 as u64),
        (_, Ty::F64) if shape(from).1 => (truncate(from, bits) as i64 as f64).to_bits(),
        (_, Ty::F64) => (truncate(from, bits) as f64).to_bits(),
        _ => truncate(to, truncate(from, bits)),
    }
}

/// Reads a scalar from memory.
///
/// # Safety
/// `address` is that of a scalar of the type.
pub unsafe fn read(ty: Ty, address: u64) -> u64 {
    use crate::jit::code;
    let at = address as usize;
    // SAFETY: by the caller.
    unsafe {
        match shape(ty).0 {
            8 => truncate(ty, code::read::<u8>(at, 0).into()),
            16 => truncate(ty, code::read::<u16>(at, 0).into()),
            32 => truncate(ty, code::read::<u32>(at, 0).into()),
            _ => code::read::<u64>(at, 0),
        }
    }
}
