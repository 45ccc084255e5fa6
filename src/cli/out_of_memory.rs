//! Running out of memory is an error like any other, instead of an abort.

use std::alloc::{GlobalAlloc, Layout, System};

/// The system's allocator. When it is out of memory, the program reports that and ends; every file is either complete or as it
/// was, since all are written through temporary files.
struct Allocator;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

// SAFETY: every call is passed on unchanged to the system's allocator and its result is returned, except for a null
// pointer, in which case the call never returns.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps this function's contract, which is the same.
        existing(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above; the pointer came from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        existing(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above; the pointer came from `System`.
        existing(unsafe { System.realloc(pointer, layout, size) }, size)
    }
}

fn existing(pointer: *mut u8, bytes: usize) -> *mut u8 {
    if pointer.is_null() {
        give_up(bytes);
    }
    pointer
}

#[cold]
fn give_up(bytes: usize) -> ! {
    use std::io::Write;
    // No allocation from here on.
    let mut text = [0_u8; 256];
    let mut rest = &mut text[..];
    let _ = writeln!(
        rest,
        "error: out of memory: {bytes} more bytes could not be had; close other programs, raise the limit (ulimit -v), or ask \
         for less (--limit, --batch-size)"
    );
    let unused = rest.len();
    let _ = std::io::stderr().write_all(&text[..text.len() - unused]);
    // Exit at once: what runs at an ordinary exit may need memory.
    #[cfg(unix)]
    // SAFETY: it ends the process and does not touch its memory.
    unsafe {
        libc::_exit(1)
    }
    #[cfg(not(unix))]
    std::process::abort()
}
