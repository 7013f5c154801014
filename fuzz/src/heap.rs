//! An allocator that knows how much a target takes.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Metered;

thread_local! {
    static IN_USE: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Metered = Metered;

/// The most bytes of the heap that `run` has in use at a time, beyond what is in use already.
pub fn peak_of<T>(run: impl FnOnce() -> T) -> (usize, T) {
    let before = IN_USE.get();
    PEAK.set(before);
    let value = run();
    (PEAK.get().saturating_sub(before), value)
}

fn taken(bytes: usize) {
    let in_use = IN_USE.get().saturating_add(bytes);
    IN_USE.set(in_use);
    PEAK.set(PEAK.get().max(in_use));
}

fn given_back(bytes: usize) {
    IN_USE.set(IN_USE.get().saturating_sub(bytes));
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Metered {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        taken(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        given_back(layout.size());
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both are there while the bytes are moved.
        taken(size);
        given_back(layout.size());
        unsafe { System.realloc(pointer, layout, size) }
    }
}
