//! What reading a message takes from the heap.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use scep::{Limits, PkiMessage};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    ALLOCATIONS.with(|allocations| allocations.set(allocations.get() + 1));
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations_of(run: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.with(Cell::get);
    run();
    ALLOCATIONS.with(Cell::get) - before
}

fn read_attributes(input: &[u8]) {
    let message = PkiMessage::parse(input, &Limits::REQUEST).unwrap();
    let attributes = message.unverified_attributes();
    black_box((
        attributes.message_type(),
        attributes.transaction_id().as_bytes(),
        attributes.sender_nonce(),
    ));
}

#[test]
fn a_counted_allocation_is_seen() {
    assert_eq!(allocations_of(|| drop(black_box(vec![1_u8]))), 1);
}

#[test]
fn reading_a_der_message_to_its_attributes_allocates_nothing() {
    let der = include_bytes!("../test-vectors/openssl-made/pkcsreq-sha256-aes128.der");
    assert_eq!(allocations_of(|| read_attributes(der)), 0);
}

#[test]
fn reading_a_ber_message_to_its_attributes_takes_one_buffer() {
    let ber = include_bytes!("../test-vectors/openssl-made/pkcsreq-sha256-aes128-indef.ber");
    assert_eq!(allocations_of(|| read_attributes(ber)), 1);
}
