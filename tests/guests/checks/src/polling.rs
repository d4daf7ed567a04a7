//! Pollables: what is ready, how often it may be asked, and that a busy guest does not starve the host.

use crate::client::{request, response};
use crate::{Args, Case, cases};
use wasip2::cli::{stdin, stdout};
use wasip2::clocks::monotonic_clock::{now, subscribe_duration, subscribe_instant};
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::Method;
use wasip2::io::poll::poll;

pub const CASES: &[Case] = cases![
    pollable_correct,
    stream_pollable_correct,
    poll_duplicates,
    poll_mixed "[URL]",
    poll_many "N",
    poll_busy "MS [URL]",
    poll_ready_busy "MS [URL]",
];

fn sorted(mut indices: Vec<u32>) -> Vec<u32> {
    indices.sort();
    indices
}

/// One pollable twice and two pollables of one stream: all are reported.
fn pollable_correct(_: &Args) {
    let stream = stdin::get_stdin();
    let first = stream.subscribe();
    first.block();
    assert_eq!(sorted(poll(&[&first, &first])), [0, 1], "the same pollable twice");
    let second = stream.subscribe();
    assert_eq!(sorted(poll(&[&first, &second])), [0, 1], "two pollables of one stream");
    drop(first);
    assert!(second.ready(), "a pollable does not need its sibling");
    drop(second);
}

/// Stdin must have data or be at its end. Stdout takes nine writes, each after a wait.
fn stream_pollable_correct(_: &Args) {
    let input = stdin::get_stdin();
    let pollable = input.subscribe();
    pollable.block();
    assert!(pollable.ready());
    drop(pollable);
    drop(input);

    let output = stdout::get_stdout();
    for turn in 0..9 {
        let pollable = output.subscribe();
        pollable.block();
        assert!(pollable.ready());
        drop(pollable);
        let permit = output.check_write().expect("permit");
        assert!(permit >= 50, "turn {turn}: the stream is ready but takes only {permit} bytes");
        output.write(&[b'0' + turn; 50]).expect("write");
    }
    output.blocking_flush().expect("flush");
    output.blocking_write_and_flush(b"\n").expect("newline");
}

fn poll_duplicates(_: &Args) {
    let (ready, never) = (subscribe_duration(0), subscribe_instant(u64::MAX));
    ready.block();
    assert_eq!(sorted(poll(&[&never, &ready, &never, &ready, &ready])), [1, 3, 4]);
    for _ in 0..100 {
        assert_eq!(poll(&[&never, &ready]), [1], "what is ready stays ready");
        assert!(ready.ready() && !never.ready());
    }
}

/// Stdin, a timer, a file-less clock and a request in one list: whatever is ready is reported, nothing else.
fn poll_mixed(args: &Args) {
    let future = handle(request(&Method::Get, &args.url_or(0, "/get"), &[]), None).expect("handle");
    let never = subscribe_instant(u64::MAX);
    let pollable = future.subscribe();
    let timer = subscribe_duration(30_000_000_000);
    let indices = poll(&[&never, &pollable, &timer]);
    assert_eq!(indices, [1], "only the request can be ready");
    drop(pollable);
    assert_eq!(response(&future).expect("a response").status(), 200);
    let output = stdout::get_stdout();
    let writable = output.subscribe();
    assert_eq!(poll(&[&never, &writable, &timer]), [1], "stdout takes bytes");
}

/// A long list: only the one that is ready is reported.
fn poll_many(args: &Args) {
    let count = args.number(0, "N") as usize;
    let mut all: Vec<_> = (0..count).map(|_| subscribe_instant(u64::MAX)).collect();
    all[count / 2] = subscribe_duration(1_000_000);
    assert_eq!(poll(&all.iter().collect::<Vec<_>>()), [count as u32 / 2]);
}

/// A fresh zero timer for each poll, as some runtimes do to make poll not wait: the request must still arrive.
fn poll_busy(args: &Args) {
    let limit = now() + args.number(0, "MS") * 1_000_000;
    let future = handle(request(&Method::Get, &args.url_or(1, "/get"), &[]), None).expect("handle");
    let pollable = future.subscribe();
    let mut turns = 0u64;
    loop {
        turns += 1;
        let zero = subscribe_duration(0);
        if poll(&[&zero, &pollable]).contains(&1) {
            break;
        }
        assert!(now() < limit, "the request did not arrive within {turns} polls");
    }
    println!("turns {turns}");
    drop(pollable);
    assert_eq!(response(&future).expect("a response").status(), 200);
}

/// Never polls: asks one pollable again and again whether it is ready.
fn poll_ready_busy(args: &Args) {
    let limit = now() + args.number(0, "MS") * 1_000_000;
    let future = handle(request(&Method::Get, &args.url_or(1, "/get"), &[]), None).expect("handle");
    let pollable = future.subscribe();
    let mut turns = 0u64;
    while !pollable.ready() {
        turns += 1;
        assert!(now() < limit, "the request was not ready within {turns} questions");
    }
    println!("turns {turns}");
    drop(pollable);
    assert_eq!(response(&future).expect("a response").status(), 200);
}
