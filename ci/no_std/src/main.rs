//! Links scep into a program that has no standard library, and runs it.
//!
//! This program brings its own panic handler. If scep or a crate under it uses std, there are two of them, and the
//! build ends in "found duplicate lang item `panic_impl`". It runs on the host, so no bare-metal target is needed.

#![no_std]
#![no_main]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ffi::{c_char, c_int};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicUsize, Ordering};

// The C library: it calls `main`, and has memcpy and its like, which the compiler counts on.
#[link(name = "c")]
unsafe extern "C" {
    fn abort() -> !;
}

const ARENA_SIZE: usize = 16 << 20;

/// Hands out one arena from its start to its end and takes nothing back.
struct Bump {
    arena: UnsafeCell<[u8; ARENA_SIZE]>,
    used: AtomicUsize,
}

// SAFETY: `used` only grows and is changed atomically, so no two callers are given the same bytes.
unsafe impl Sync for Bump {}

// SAFETY: a block starts at a multiple of the layout's alignment, is inside the arena, and is given out once.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let base = self.arena.get() as usize;
        let mut start = 0;
        let taken = self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                start = (base + used).next_multiple_of(layout.align()) - base;
                start
                    .checked_add(layout.size())
                    .filter(|&end| end <= ARENA_SIZE)
            });
        match taken {
            // SAFETY: start + size <= ARENA_SIZE.
            Ok(_) => unsafe { self.arena.get().cast::<u8>().add(start) },
            Err(_) => core::ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ALLOCATOR: Bump = Bump {
    arena: UnsafeCell::new([0; ARENA_SIZE]),
    used: AtomicUsize::new(0),
};

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: abort may be called at any time.
    unsafe { abort() }
}

/// The alloc crate as shipped is built for unwinding and names this function. Nothing unwinds here.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// A program's exit status: 0 when scep did what it was asked.
#[unsafe(no_mangle)]
extern "C" fn main(_: c_int, _: *const *const c_char) -> c_int {
    #[cfg(feature = "rustcrypto")]
    let _ = core::hint::black_box(scep::crypto::Provider::rustcrypto());

    let not_a_message = core::hint::black_box([0x30, 0x03, 0x02, 0x01, 0x00]);
    match scep::PkiMessage::parse(&not_a_message, &scep::Limits::REQUEST) {
        Err(_) => 0,
        Ok(_) => 1,
    }
}
