//! What must not come back: handles dropped in the wrong order, and calls that break a rule of the interface.

use crate::client::{body_of, request, send};
use crate::{Args, Case, cases};
use std::io::Write;
use wasip2::cli::{stdin, stdout};
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{IncomingBody, Method, OutgoingBody, OutgoingRequest};
use wasip2::io::poll::poll;
use wasip2::random::random::get_random_bytes;

pub const CASES: &[Case] = cases![
    trap_drop_stream_with_pollable,
    trap_drop_output_stream_with_pollable,
    trap_drop_future_with_pollable "[URL]",
    trap_drop_trailers_with_pollable "[URL]",
    trap_drop_outgoing_body_with_stream,
    trap_finish_outgoing_body_with_stream,
    trap_drop_incoming_body_with_stream "[URL]",
    trap_finish_incoming_body_with_stream "[URL]",
    trap_empty_poll,
    trap_write_without_permit,
    trap_write_zeroes_without_permit,
    trap_write_too_large,
    trap_write_zeroes_too_large,
    trap_random_too_large "[BYTES]",
    trap_panic "[TEXT]",
    trap_unreachable,
    trap_memory_access,
    trap_stack_overflow,
];

/// Marks the line after which nothing may be printed.
fn about_to_trap() {
    println!("about to trap");
    std::io::stdout().flush().expect("flush");
}

fn trap_drop_stream_with_pollable(_: &Args) {
    let stream = stdin::get_stdin();
    let _pollable = stream.subscribe();
    about_to_trap();
    drop(stream);
}

fn trap_drop_output_stream_with_pollable(_: &Args) {
    let stream = stdout::get_stdout();
    let _pollable = stream.subscribe();
    about_to_trap();
    drop(stream);
}

fn trap_drop_future_with_pollable(args: &Args) {
    let future = handle(request(&Method::Get, &args.url_or(0, "/get"), &[]), None).expect("handle");
    let _pollable = future.subscribe();
    about_to_trap();
    drop(future);
}

fn trap_drop_trailers_with_pollable(args: &Args) {
    let incoming = send(request(&Method::Get, &args.url_or(0, "/get"), &[]), None).expect("a response");
    let future = IncomingBody::finish(incoming.consume().expect("consume"));
    let _pollable = future.subscribe();
    about_to_trap();
    drop(future);
}

fn outgoing_body() -> (OutgoingRequest, OutgoingBody) {
    let request = request(&Method::Post, "http://127.0.0.1/", &[]);
    let body = request.body().expect("body");
    (request, body)
}

fn trap_drop_outgoing_body_with_stream(_: &Args) {
    let (_request, body) = outgoing_body();
    let _stream = body.write().expect("stream");
    about_to_trap();
    drop(body);
}

fn trap_finish_outgoing_body_with_stream(_: &Args) {
    let (_request, body) = outgoing_body();
    let _stream = body.write().expect("stream");
    about_to_trap();
    let _ = OutgoingBody::finish(body, None);
}

fn trap_drop_incoming_body_with_stream(args: &Args) {
    let incoming = send(request(&Method::Get, &args.url_or(0, "/get"), &[]), None).expect("a response");
    let (body, _stream) = body_of(&incoming);
    about_to_trap();
    drop(body);
}

fn trap_finish_incoming_body_with_stream(args: &Args) {
    let incoming = send(request(&Method::Get, &args.url_or(0, "/get"), &[]), None).expect("a response");
    let (body, _stream) = body_of(&incoming);
    about_to_trap();
    drop(IncomingBody::finish(body));
}

fn trap_empty_poll(_: &Args) {
    about_to_trap();
    poll(&[]);
}

/// One byte more than the permit, on a body nobody reads.
fn trap_write_without_permit(_: &Args) {
    let (_request, body) = outgoing_body();
    let stream = body.write().expect("stream");
    let permit = stream.check_write().unwrap_or(0);
    about_to_trap();
    let _ = stream.write(&vec![0; permit as usize + 1]);
}

fn trap_write_zeroes_without_permit(_: &Args) {
    let stream = stdout::get_stdout();
    let permit = stream.check_write().expect("permit");
    about_to_trap();
    let _ = stream.write_zeroes(permit + 1);
}

fn trap_write_too_large(_: &Args) {
    let stream = stdout::get_stdout();
    about_to_trap();
    let _ = stream.blocking_write_and_flush(&[b'x'; 4097]);
}

fn trap_write_zeroes_too_large(_: &Args) {
    let stream = stdout::get_stdout();
    about_to_trap();
    let _ = stream.blocking_write_zeroes_and_flush(4097);
}

fn trap_random_too_large(args: &Args) {
    let length = args.number_or(0, (64 << 20) + 1);
    about_to_trap();
    println!("{} bytes came back", get_random_bytes(length).len());
}

fn trap_panic(args: &Args) {
    about_to_trap();
    panic!("{}", args.0.first().map_or("asked to panic", String::as_str));
}

fn trap_unreachable(_: &Args) {
    about_to_trap();
    core::arch::wasm32::unreachable();
}

fn trap_memory_access(_: &Args) {
    about_to_trap();
    let beyond = core::hint::black_box(0xFFFF_FFF0usize as *const u64);
    println!("{}", unsafe { beyond.read_volatile() });
}

fn trap_stack_overflow(_: &Args) {
    about_to_trap();
    println!("{}", descend(core::hint::black_box(1)));
}

#[inline(never)]
fn descend(depth: u64) -> u64 {
    let frame = core::hint::black_box([depth; 64]);
    if depth == 0 { 0 } else { descend(depth + 1).wrapping_add(frame[(depth % 64) as usize]) }
}
