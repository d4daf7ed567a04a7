//! Handlers that mean no good.

use crate::exchange::Exchange;
use std::hint::black_box;
use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::http::types::{ErrorCode, Fields, OutgoingResponse, ResponseOutparam};

/// Never lets go of the thread.
pub fn spin(exchange: Exchange) {
    let mut number = exchange.number("from", 1);
    loop {
        number = black_box(number.wrapping_mul(3).wrapping_add(1));
        if number == 0 && black_box(false) {
            break;
        }
    }
    exchange.text("never");
}

/// Waits for ever.
pub fn sleep(exchange: Exchange) {
    subscribe_duration(u64::MAX).block();
    exchange.text("never");
}

pub fn return_before_set(exchange: Exchange) {
    drop(exchange.out);
}

pub fn trap_before_set(_: Exchange) {
    core::arch::wasm32::unreachable();
}

/// The head and some of the body, then a trap.
pub fn trap_after_set(exchange: Exchange) {
    let (size, pause_ms) = (exchange.number("bytes", 5) as usize, exchange.number("ms", 0));
    let reply = exchange.answer(200, &[]);
    let _ = reply.write(&vec![b'x'; size]);
    subscribe_duration(pause_ms * 1_000_000).block();
    core::arch::wasm32::unreachable();
}

/// The head and some of the body, then a loop.
pub fn loop_after_set(exchange: Exchange) {
    let reply = exchange.answer(200, &[]);
    let _ = reply.write(b"then silence");
    subscribe_duration(20_000_000).block();
    loop {
        black_box(0);
    }
}

pub fn set_error(exchange: Exchange) {
    ResponseOutparam::set(exchange.out, Err(ErrorCode::InternalError(Some("the password is hunter2".into()))));
}

/// Sets the same handle again after it was taken.
pub fn answer_twice(exchange: Exchange) {
    let handle = exchange.out.handle();
    ResponseOutparam::set(exchange.out, Ok(OutgoingResponse::new(Fields::new())));
    // SAFETY: this is what must be refused: the handle is not ours any more.
    let again = unsafe { ResponseOutparam::from_handle(handle) };
    ResponseOutparam::set(again, Ok(OutgoingResponse::new(Fields::new())));
    println!("answer_twice survived");
}

/// Panics with something that no client may learn.
pub fn secret(_: Exchange) {
    panic!("the password is hunter2");
}

/// `/memory?mib=N`: takes so much and keeps it.
pub fn memory(exchange: Exchange) {
    let block = vec![1u8; (exchange.number("mib", 1) as usize) << 20];
    let last = block[black_box(block.len() - 1)];
    std::mem::forget(block);
    exchange.text(&format!("took it {last}"));
}

/// Leaves the program rather than the handler.
pub fn exit(_: Exchange) {
    std::process::exit(3);
}

/// Keeps handles for ever.
pub fn leak(exchange: Exchange) {
    for _ in 0..exchange.number("n", 100) {
        std::mem::forget(Fields::new());
    }
    exchange.text("leaked");
}
