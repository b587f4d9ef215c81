//! Jumps inside a block in their shortest form, once all of it is there.

use super::asm::{Asm, Jump, NOP};

/// The opcode of a call.
const CALL: u8 = 0xe8;

/// Memory that is used again.
#[derive(Debug, Default)]
pub(crate) struct Spare {
    long: Vec<Long>,
    shifts: Vec<(u32, u32)>,
    pub code: Vec<u8>,
}

impl Spare {
    /// Takes back what a block was moved with.
    pub fn take_back(&mut self, shifts: Vec<(u32, u32)>) {
        self.shifts = shifts;
    }
}

/// A jump with a distance of 32 bits, and what has become of it.
#[derive(Clone, Copy, Debug)]
struct Long {
    /// Where the instruction starts, and where it ends.
    start: u32,
    end: u32,
    target: u32,
    /// Its length at present.
    len: u32,
    conditional: bool,
}

/// Code that has moved: what stood where.
pub(crate) struct Moved {
    pub code: Vec<u8>,
    /// Where each jump ended that is shorter now, and by how many bytes everything behind has
    /// moved.
    pub shifts: Vec<(u32, u32)>,
}

impl Moved {
    /// The new place of an instruction, or of what is inside of one that has kept its length.
    pub fn place(&self, old: u32) -> u32 {
        place(&self.shifts, old)
    }
}

fn place(shifts: &[(u32, u32)], old: u32) -> u32 {
    let behind = shifts.partition_point(|&(end, _)| end <= old);
    match behind {
        0 => old,
        n => old - shifts[n - 1].1,
    }
}

/// Shortens the jumps of a block. In front of `cold`, code moves by even numbers of bytes: some of it
/// is where it is for its address.
pub(crate) fn relax(asm: &mut Asm, spare: &mut Spare, cold: u32) -> Moved {
    let (code, jumps) = asm.parts();
    let mut long = std::mem::take(&mut spare.long);
    long.clear();
    let far = jumps.iter().filter(|jump| !jump.short);
    long.extend(far.filter_map(|jump| Long::of(code, jump)));
    thread(&mut long);
    let mut shifts = std::mem::take(&mut spare.shifts);
    shifts.clear();
    loop {
        let mut changed = false;
        for jump in long.iter_mut().filter(|jump| jump.len > 3) {
            let distance =
                i64::from(place(&shifts, jump.target)) - i64::from(place(&shifts, jump.end));
            let odd = u32::from(!jump.conditional && jump.start < cold);
            let len = match i8::try_from(distance + i64::from(odd)) {
                _ if jump.target == jump.end => odd,
                Ok(_) => 2 + odd,
                Err(_) => continue,
            };
            if len < jump.len {
                jump.len = len;
                changed = true;
            }
        }
        if !changed {
            break;
        }
        let mut moved = 0;
        shifts.clear();
        for jump in &long {
            let saved = jump.end - jump.start - jump.len;
            if saved > 0 {
                moved += saved;
                shifts.push((jump.end, moved));
            }
        }
    }
    let mut moved = Moved {
        code: std::mem::take(&mut spare.code),
        shifts,
    };
    moved.code.clear();
    moved.code.reserve(code.len());
    moved.write(code, &long, jumps);
    spare.long = long;
    moved
}

impl Long {
    fn of(code: &[u8], jump: &Jump) -> Option<Long> {
        let site = jump.site as usize;
        let (start, conditional) = match code[site - 1] {
            // A call has the same shape, and stays.
            CALL => return None,
            0xe9 => (jump.site - 1, false),
            second if code[site - 2] == 0x0f && second & 0xf0 == 0x80 => (jump.site - 2, true),
            _ => return None,
        };
        Some(Long {
            start,
            end: jump.site + 4,
            target: jump.target,
            len: jump.site + 4 - start,
            conditional,
        })
    }
}

/// Whether a function of the block is called: the opcode is that of no jump.
fn is_call(code: &[u8], jump: &Jump) -> bool {
    !jump.short && code[jump.site as usize - 1] == CALL
}

/// Lets jumps to jumps lead to where those lead.
fn thread(long: &mut [Long]) {
    for i in 0..long.len() {
        // A loop that does nothing would have no end.
        for _ in 0..8 {
            let target = long[i].target;
            let Ok(next) = long.binary_search_by_key(&target, |jump| jump.start) else {
                break;
            };
            if long[next].conditional || next == i {
                break;
            }
            long[i].target = long[next].target;
        }
    }
}

impl Moved {
    fn write(&mut self, code: &[u8], long: &[Long], jumps: &[Jump]) {
        let mut from = 0;
        for jump in long {
            self.code.extend(&code[from as usize..jump.start as usize]);
            from = jump.end;
            let opcode = code[jump.end as usize - 5];
            let end = self.place(jump.end);
            let distance = self.place(jump.target).wrapping_sub(end);
            match (jump.len, jump.conditional) {
                (0, _) => {}
                (2, true) => self.code.extend([opcode & 0x0f | 0x70, distance as u8]),
                (1, _) => self.code.push(NOP),
                (2, false) => self.code.extend([0xeb, distance as u8]),
                (3, false) => self.code.extend([0xeb, (distance + 1) as u8, NOP]),
                _ => {
                    let start = jump.start as usize;
                    self.code.extend(&code[start..jump.end as usize - 4]);
                    self.code.extend(distance.to_le_bytes());
                }
            }
        }
        self.code.extend(&code[from as usize..]);
        // What was short before may be shorter now.
        for jump in jumps.iter().filter(|jump| jump.short) {
            let at = self.place(jump.site);
            let distance = self.place(jump.target) as i32 - (at as i32 + 1);
            self.code[at as usize] = distance as u8;
        }
        for call in jumps.iter().filter(|jump| is_call(code, jump)) {
            let at = self.place(call.site);
            let distance = self.place(call.target).wrapping_sub(at + 4);
            let at = at as usize;
            self.code[at..at + 4].copy_from_slice(&distance.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Spare, relax};
    use crate::emit::asm::Asm;

    #[test]
    fn calls_inside_a_block_follow_what_moves() {
        let mut asm = Asm::default();
        let call = asm.call();
        let jump = asm.jmp();
        asm.ret();
        asm.bind(jump);
        asm.ret();
        asm.bind(call);
        asm.ret();
        let moved = relax(&mut asm, &mut Spare::default(), 0);
        // The jump loses three bytes.
        let expected = [0xe8, 4, 0, 0, 0, 0xeb, 1, 0xc3, 0xc3, 0xc3];
        assert_eq!(moved.code, expected);
    }

    #[test]
    fn what_is_not_cold_moves_by_even_numbers_of_bytes() {
        let mut asm = Asm::default();
        let over = asm.jmp();
        asm.ret();
        asm.bind(over);
        asm.ret();
        let next = asm.jmp();
        asm.bind(next);
        asm.ret();
        let cold = asm.here();
        let back = asm.jmp();
        asm.ret();
        asm.bind(back);
        asm.ret();
        let moved = relax(&mut asm, &mut Spare::default(), cold);
        let expected = [0xeb, 2, 0x90, 0xc3, 0xc3, 0x90, 0xc3, 0xeb, 1, 0xc3, 0xc3];
        assert_eq!(moved.code, expected);
    }
}
