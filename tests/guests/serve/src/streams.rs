//! Bodies: streamed both ways, given up, declared wrongly, never ended.

use crate::exchange::{Exchange, read_all};
use std::time::Duration;
use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::http::types::{Fields, IncomingBody, OutgoingBody, OutgoingResponse, ResponseOutparam};
use wasip2::io::streams::StreamError;

/// The request's body comes back while it still arrives, its content type and trailers too.
pub fn echo(exchange: Exchange) {
    let body = exchange.request.consume().expect("the body is taken once");
    assert!(exchange.request.consume().is_err(), "the body was taken twice");
    let kind = exchange.header("content-type").unwrap_or("application/octet-stream".into());
    let reply = exchange.answer(200, &[("content-type", &kind)]);
    let input = body.stream().expect("the stream is taken once");
    let copied = read_all(&input, |bytes| reply.write(bytes));
    drop(input);
    if copied.is_err() {
        println!("echo ended: {copied:?}");
        return;
    }
    let future = IncomingBody::finish(body);
    let trailers = loop {
        match future.get() {
            Some(result) => break result.expect("asked once").ok().flatten(),
            None => future.subscribe().block(),
        }
    };
    drop(reply.stream);
    OutgoingBody::finish(reply.body, trailers.map(|fields| fields.clone())).expect("the body is whole");
}

/// A body with trailers of its own.
pub fn trailers(exchange: Exchange) {
    let reply = exchange.answer(200, &[("trailer", "x-sum")]);
    reply.write(b"body").expect("the client is there");
    drop(reply.stream);
    let fields = Fields::from_list(&[("x-sum".into(), b"42".to_vec())]).expect("legal");
    OutgoingBody::finish(reply.body, Some(fields)).expect("the body is whole");
}

/// `/bytes/N`: so many bytes, byte i being i % 251.
pub fn bytes(exchange: Exchange) {
    let mut left = exchange.argument().and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
    let reply = exchange.answer(200, &[]);
    let block: Vec<u8> = (0..251 * 256).map(|at| (at % 251) as u8).collect();
    while left > 0 {
        let now = left.min(block.len());
        if let Err(error) = reply.write(&block[..now]) {
            println!("bytes ended: {error:?}");
            return;
        }
        left -= now;
    }
    reply.finish();
}

/// `/length/N?declared=M`: N bytes where M were declared.
pub fn length(exchange: Exchange) {
    let bytes = exchange.argument().and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
    let declared = exchange.number("declared", bytes as u64).to_string();
    let reply = exchange.answer(200, &[("content-length", &declared)]);
    let written = reply.write(&vec![b'x'; bytes]).is_ok();
    drop(reply.stream);
    let finished = OutgoingBody::finish(reply.body, None);
    println!("length written {written} finished {finished:?}");
}

fn pause(time: Duration) {
    subscribe_duration(time.as_nanos() as u64).block();
}

/// Server-sent events: `n` of them, `ms` apart; for ever without `n`.
pub fn sse(exchange: Exchange) {
    let (events, pause_ms) = (exchange.number("n", u64::MAX), exchange.number("ms", 10));
    let reply = exchange.answer(200, &[("content-type", "text/event-stream"), ("cache-control", "no-store")]);
    for event in 0..events {
        if let Err(error) = reply.write(format!("id: {event}\ndata: event {event}\n\n").as_bytes()) {
            println!("sse ended after {event}: {error:?}");
            return;
        }
        pause(Duration::from_millis(pause_ms));
    }
    reply.finish();
}

/// Writes until the stream is closed and says so on standard output.
pub fn until_closed(exchange: Exchange) {
    let reply = exchange.answer(200, &[]);
    let mut written = 0;
    loop {
        match reply.write(&[b'x'; 16 * 1024]) {
            Ok(()) => written += 16 * 1024,
            Err(StreamError::Closed) => break println!("closed after {written}"),
            Err(error) => break println!("failed after {written}: {error:?}"),
        }
        pause(Duration::from_millis(1));
    }
}

/// Reads a piece every `ms` milliseconds and answers with the count.
pub fn read_slowly(exchange: Exchange) {
    let pause_ms = exchange.number("ms", 10);
    let body = exchange.request.consume().expect("the body is taken once");
    let stream = body.stream().expect("the stream is taken once");
    let read = read_all(&stream, |_| {
        pause(Duration::from_millis(pause_ms));
        Ok(())
    });
    drop(stream);
    match read {
        Ok(total) => exchange.text(&total.to_string()),
        Err(error) => {
            println!("read ended: {error:?}");
            exchange.text("incomplete");
        }
    }
}

/// Answers without a look at the request's body.
pub fn ignore_body(exchange: Exchange) {
    exchange.text("ignored");
}

/// The head and half of the body, a pause, then the rest.
pub fn finish_later(exchange: Exchange) {
    let pause_ms = exchange.number("ms", 50);
    let reply = exchange.answer(200, &[]);
    reply.write(b"first ").expect("the client is there");
    pause(Duration::from_millis(pause_ms));
    let _ = reply.write(b"second");
    reply.finish();
}

/// Returns while the body still lives: nobody can ever end it.
pub fn never_finish(exchange: Exchange) {
    let reply = exchange.answer(200, &[]);
    reply.write(b"never whole").expect("the client is there");
    std::mem::forget(reply);
}

/// Waits before it answers, so that the client has gone by then; nothing of it may trap.
pub fn early_drop(exchange: Exchange) {
    pause(Duration::from_millis(exchange.number("ms", 100)));
    let response = OutgoingResponse::new(Fields::new());
    let body = response.body().expect("the body is taken once");
    ResponseOutparam::set(exchange.out, Ok(response));
    if let Ok(stream) = body.write() {
        let _ = stream.blocking_write_and_flush(b"too late");
    }
    println!("early_drop survived");
}
