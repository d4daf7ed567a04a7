//! Transfers: both directions at once, as much as asked for, many at a time.

use crate::client::{body_of, describe, fill, get, request, response, send, verify};
use crate::{Args, Case, cases};
use wasip2::clocks::monotonic_clock;
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{FutureIncomingResponse, IncomingBody, Method, OutgoingBody};
use wasip2::io::poll::{Pollable, poll};
use wasip2::io::streams::{InputStream, StreamError};

pub const CASES: &[Case] = cases![
    http_upload "URL BYTES CHUNK",
    http_download "URL CHUNK",
    http_duplex "URL BYTES",
    http_small "URL N",
    http_concurrent "URL N",
    http_slow_reader "URL BYTES MS",
    http_splice "FROM-URL TO-URL",
];

fn http_upload(args: &Args) {
    let (total, chunk) = (args.number(1, "BYTES"), args.number_or(2, 64 * 1024) as usize);
    let start = monotonic_clock::now();
    let request = request(&Method::Post, args.text(0, "URL"), &[]);
    let body = request.body().expect("body");
    let stream = body.write().expect("stream");
    let future = handle(request, None).expect("handle");
    let pollable = stream.subscribe();
    let mut buffer = vec![0; chunk];
    let mut sent = 0;
    while sent < total {
        let permit = stream.check_write().unwrap_or_else(|error| panic!("after {sent} bytes: {}", describe(&error)));
        if permit == 0 {
            pollable.block();
            continue;
        }
        let count = permit.min(chunk as u64).min(total - sent) as usize;
        fill(&mut buffer[..count], sent);
        stream.write(&buffer[..count]).unwrap_or_else(|error| panic!("after {sent} bytes: {}", describe(&error)));
        sent += count as u64;
    }
    stream.blocking_flush().expect("flush");
    drop(pollable);
    drop(stream);
    OutgoingBody::finish(body, None).expect("finish");
    let status = response(&future).expect("a response").status();
    println!("status {status}");
    println!("bytes {sent}");
    println!("ms {}", (monotonic_clock::now() - start) / 1_000_000);
}

fn http_download(args: &Args) {
    let chunk = args.number_or(1, 64 * 1024);
    let start = monotonic_clock::now();
    let incoming = send(request(&Method::Get, args.text(0, "URL"), &[]), None).expect("a response");
    let (body, stream) = body_of(&incoming);
    let (mut total, mut right) = (0, true);
    loop {
        match stream.blocking_read(chunk) {
            Ok(bytes) => {
                assert!(bytes.len() as u64 <= chunk, "a read of {chunk} gave {} bytes", bytes.len());
                right &= verify(&bytes, total);
                total += bytes.len() as u64;
            }
            Err(StreamError::Closed) => break,
            Err(error) => panic!("after {total} bytes: {}", describe(&error)),
        }
    }
    drop(stream);
    drop(IncomingBody::finish(body));
    println!("bytes {total}");
    println!("pattern {}", if right { "right" } else { "other" });
    println!("ms {}", (monotonic_clock::now() - start) / 1_000_000);
}

/// Uploads the pattern and reads the echo at the same time: one poll loop over both directions.
fn http_duplex(args: &Args) {
    let total = args.number(1, "BYTES");
    let request = request(&Method::Post, args.text(0, "URL"), &[]);
    let mut body = Some(request.body().expect("body"));
    let mut output = body.as_ref().map(|body| body.write().expect("stream"));
    let future = handle(request, None).expect("handle");
    // The stream before its body: fields are dropped in this order.
    let mut input: Option<(InputStream, IncomingBody)> = None;
    let (mut sent, mut received) = (0, 0);
    let mut ahead = 0;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        if let Some(stream) = &output {
            let permit = stream.check_write().unwrap_or_else(|error| panic!("write: {}", describe(&error)));
            let count = permit.min(buffer.len() as u64).min(total - sent) as usize;
            // Without a permit even an empty write is refused by some hosts.
            if count > 0 {
                fill(&mut buffer[..count], sent);
                stream.write(&buffer[..count]).expect("a permitted write");
                sent += count as u64;
                ahead = ahead.max(sent - received);
            }
            if sent == total {
                drop(output.take());
                OutgoingBody::finish(body.take().expect("one finish"), None).expect("finish");
            }
        }
        if input.is_none()
            && let Some(result) = future.get()
        {
            let incoming = result.expect("the first get").expect("a response");
            assert_eq!(incoming.status(), 200);
            let (body, stream) = body_of(&incoming);
            input = Some((stream, body));
        }
        if let Some((stream, _)) = &input {
            match stream.read(buffer.len() as u64) {
                Ok(bytes) => {
                    assert!(verify(&bytes, received), "the echo differs at {received}");
                    received += bytes.len() as u64;
                }
                Err(StreamError::Closed) => break,
                Err(error) => panic!("read: {}", describe(&error)),
            }
        }
        wait_any(&[
            output.as_ref().map(|stream| stream.subscribe()),
            input.as_ref().map(|(stream, _)| stream.subscribe()),
            input.is_none().then(|| future.subscribe()),
        ]);
    }
    assert!(output.is_none(), "the server ended its answer before it had the whole request");
    assert_eq!(received, total);
    println!("sent {sent}");
    println!("received {received}");
    println!("ahead {ahead}");
}

fn wait_any(pollables: &[Option<Pollable>]) {
    let waiting: Vec<&Pollable> = pollables.iter().flatten().collect();
    assert!(!poll(&waiting).is_empty());
}

fn http_small(args: &Args) {
    let (url, count) = (args.text(0, "URL"), args.number(1, "N"));
    let start = monotonic_clock::now();
    let mut bytes = 0;
    for _ in 0..count {
        let reply = get(url);
        assert_eq!(reply.status, 200);
        bytes += reply.body.len();
    }
    println!("bytes {bytes}");
    println!("us {}", (monotonic_clock::now() - start) / 1000);
}

/// N requests at once in one poll loop, beside a timer that must keep ticking.
fn http_concurrent(args: &Args) {
    let (url, count) = (args.text(0, "URL"), args.number(1, "N") as usize);
    let mut pending: Vec<Option<FutureIncomingResponse>> =
        (0..count).map(|_| Some(handle(request(&Method::Get, url, &[]), None).expect("handle"))).collect();
    let (mut ticks, mut done) = (0, 0);
    let mut timer = monotonic_clock::subscribe_duration(10_000_000);
    while done < count {
        let open: Vec<usize> = (0..count).filter(|&at| pending[at].is_some()).collect();
        let pollables: Vec<Pollable> =
            open.iter().filter_map(|&at| pending[at].as_ref()).map(|f| f.subscribe()).collect();
        let mut list: Vec<&Pollable> = pollables.iter().collect();
        list.push(&timer);
        let ready = poll(&list);
        drop(pollables);
        for index in ready {
            match open.get(index as usize) {
                None => {
                    ticks += 1;
                    timer = monotonic_clock::subscribe_duration(10_000_000);
                }
                Some(&at) => {
                    let future = pending[at].take().expect("ready once");
                    let result = future.get().expect("ready means there is a result").expect("the first get");
                    assert_eq!(result.expect("a response").status(), 200);
                    done += 1;
                }
            }
        }
    }
    println!("responses {done}");
    println!("ticks {ticks}");
}

/// Reads some bytes, sleeps, and reads the rest: the host must hold the sender back, and count no timeout meanwhile.
fn http_slow_reader(args: &Args) {
    let (first, pause) = (args.number(1, "BYTES"), args.number(2, "MS"));
    let incoming = send(request(&Method::Get, args.text(0, "URL"), &[]), None).expect("a response");
    let (_body, stream) = body_of(&incoming);
    let (mut total, mut slept) = (0, false);
    loop {
        match stream.blocking_read(16 * 1024) {
            Ok(bytes) => {
                assert!(verify(&bytes, total), "the body differs at {total}");
                total += bytes.len() as u64;
            }
            Err(StreamError::Closed) => break,
            Err(error) => panic!("after {total} bytes: {}", describe(&error)),
        }
        if total >= first && !slept {
            slept = true;
            println!("paused at {total}");
            monotonic_clock::subscribe_duration(pause * 1_000_000).block();
        }
    }
    println!("bytes {total}");
}

/// Pours a download into an upload with `blocking-splice`, asking for as much as there can be.
fn http_splice(args: &Args) {
    let incoming = send(request(&Method::Get, args.text(0, "FROM-URL"), &[]), None).expect("a response");
    let (_from_body, from) = body_of(&incoming);
    let request = request(&Method::Post, args.text(1, "TO-URL"), &[]);
    let body = request.body().expect("body");
    let to = body.write().expect("stream");
    let future = handle(request, None).expect("handle");
    let mut total = 0;
    loop {
        match to.blocking_splice(&from, u64::MAX) {
            Ok(count) => total += count,
            Err(StreamError::Closed) => break,
            Err(error) => panic!("after {total} bytes: {}", describe(&error)),
        }
    }
    drop(to);
    OutgoingBody::finish(body, None).expect("finish");
    println!("spliced {total}");
    println!("status {}", response(&future).expect("a response").status());
}
