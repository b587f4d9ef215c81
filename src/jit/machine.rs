//! Where things stand in the native frame of a compiled function.
//!
//! The prologue pushes `rbp` and five saved registers, then makes room for what follows:
//!
//! ```text
//! [rbp - 48]            lowest address that the native stack may reach
//! [rbp - 56 - 8 * n]    native slot n
//! [rsp + 8 * n]         cell n; calls put their stack arguments into the first ones
//! ```

/// Slots for values that are in no register.
pub const NATIVE_SLOTS: usize = 32;
/// Slots for variables in memory and stack arguments.
pub const CELL_SLOTS: usize = 24;
/// Distance of `rsp` from `rbp` while a block runs; a multiple of 16.
pub const FRAME_BYTES: i32 = 48 + 8 * (NATIVE_SLOTS + CELL_SLOTS) as i32;
/// Distance of the native stack's limit from `rbp`.
pub const LIMIT: i32 = -48;

/// Distance of native slot `n` from `rbp`.
pub const fn native_slot(n: u16) -> i32 {
    -56 - 8 * n as i32
}

/// Distance of cell `n` from `rsp`.
pub const fn cell_slot(n: u16) -> i32 {
    8 * n as i32
}

const _: () = assert!(FRAME_BYTES % 16 == 0);
