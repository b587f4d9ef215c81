//! How far down a thread's native stack may reach.

use std::cell::Cell;

thread_local! {
    static LIMIT: Cell<usize> = const { Cell::new(0) };
}

/// What compiled code leaves for the C code that it calls.
const RESERVE: usize = 256 << 10;

/// The lowest address that compiled code of this thread may use.
pub fn limit() -> usize {
    LIMIT.with(|limit| {
        if limit.get() == 0 {
            limit.set(measure().unwrap_or(1));
        }
        limit.get()
    })
}

fn measure() -> Option<usize> {
    let mut attributes = std::mem::MaybeUninit::<libc::pthread_attr_t>::uninit();
    let mut low = std::ptr::null_mut();
    let mut size = 0;
    // SAFETY: asks for the attributes of the running thread, and destroys what it got.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let got = libc::pthread_attr_getstack(attributes.as_ptr(), &mut low, &mut size);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        if got != 0 {
            return None;
        }
    }
    Some(low as usize + RESERVE.min(size / 2))
}
