//! Exchanges looked at closely: futures, bodies and trailers asked twice, dropped early, and the errors they give.

use crate::client::{body_of, describe, exchange, read_all, read_reply, request, response, send, write_all};
use crate::{Args, Case, cases};
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{ErrorCode, Fields, FutureTrailers, IncomingBody, Method, OutgoingBody, RequestOptions};
use wasip2::io::streams::{InputStream, StreamError};

pub const CASES: &[Case] = cases![
    http_status "URL",
    http_fetch "URL...",
    http_error "URL",
    http_body_error "URL",
    http_connect "URL MS",
    http_first_byte "URL MS",
    http_between_bytes "URL MS",
    http_future_get_twice "[URL]",
    http_future_ready "[URL]",
    http_body_twice "[URL]",
    http_consume_twice "[URL]",
    http_read_after_close "[URL]",
    http_drop_future "[URL]",
    http_drop_response "[URL]",
    http_drop_response_keeps_body "[URL]",
    http_drop_body_unfinished "[URL]",
    http_drop_request_unsent,
    http_body_before_handle "[URL]",
    http_finish_unread "[URL]",
    http_finish_after_abort "[URL]",
    http_trailers_out "[URL]",
    http_trailers_in "URL",
    http_no_body_call "[URL]",
    http_method "METHOD [URL]",
    http_default_scheme "AUTHORITY PATH",
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Prints the status and every header, values as hex.
fn http_status(args: &Args) {
    let incoming = send(request(&Method::Get, args.text(0, "URL"), &[]), None).expect("a response");
    println!("status {}", incoming.status());
    for (name, value) in incoming.headers().entries() {
        println!("{name} {}", hex(&value));
    }
}

/// Prints status and body length, or the error, for every URL.
fn http_fetch(args: &Args) {
    for url in &args.0 {
        match exchange(&Method::Get, url, &[], None) {
            Ok(reply) => println!("{url} status {} bytes {}", reply.status, reply.body.len()),
            Err(error) => println!("{url} error {error:?}"),
        }
    }
}

fn http_error(args: &Args) {
    let request = request(&Method::Get, args.text(0, "URL"), &[]);
    match handle(request, None) {
        Err(error) => println!("handle {error:?}"),
        Ok(future) => match response(&future) {
            Err(error) => println!("future {error:?}"),
            Ok(response) => println!("status {}", response.status()),
        },
    }
}

/// Reads a body that breaks: the error comes once, after it the stream is closed.
fn http_body_error(args: &Args) {
    let incoming = send(request(&Method::Get, args.text(0, "URL"), &[]), None).expect("a response");
    let (_body, stream) = body_of(&incoming);
    read_until_error(&stream);
}

fn read_until_error(stream: &InputStream) {
    match read_all(stream) {
        Ok(bytes) => println!("complete, {} bytes", bytes.len()),
        Err(error) => {
            println!("{}", describe(&error));
            assert!(matches!(error, StreamError::LastOperationFailed(_)));
            assert!(matches!(stream.read(1), Err(StreamError::Closed)), "after the error the stream is closed");
            assert!(matches!(stream.blocking_read(1), Err(StreamError::Closed)), "and stays closed");
            assert!(stream.subscribe().ready(), "a broken stream is ready");
        }
    }
}

fn with_timeout(args: &Args, set: fn(&RequestOptions, Option<u64>) -> Result<(), ()>) {
    let options = RequestOptions::new();
    set(&options, Some(args.number(1, "MS") * 1_000_000)).expect("the host takes the timeout");
    match send(request(&Method::Get, args.text(0, "URL"), &[]), Some(options)) {
        Err(error) => println!("{error:?}"),
        Ok(incoming) => {
            println!("status {}", incoming.status());
            let (_body, stream) = body_of(&incoming);
            read_until_error(&stream);
        }
    }
}

fn http_connect(args: &Args) {
    with_timeout(args, RequestOptions::set_connect_timeout);
}

fn http_first_byte(args: &Args) {
    with_timeout(args, RequestOptions::set_first_byte_timeout);
}

fn http_between_bytes(args: &Args) {
    with_timeout(args, RequestOptions::set_between_bytes_timeout);
}

fn http_future_get_twice(args: &Args) {
    let future = handle(request(&Method::Get, &args.url_or(0, "/get"), &[]), None).expect("handle");
    let first = response(&future).expect("a response");
    assert_eq!(first.status(), 200);
    assert!(matches!(future.get(), Some(Err(()))), "the second get is an error");
    assert!(matches!(future.get(), Some(Err(()))), "and so is the third");
    assert!(future.subscribe().ready(), "a taken future is ready");
    drop(future);
    assert_eq!(read_reply(first).status, 200, "the response outlives its future");
}

/// A pending future says `none`, its pollable turns ready, and two pollables of one future agree.
fn http_future_ready(args: &Args) {
    let future = handle(request(&Method::Get, &args.url_or(0, "/get"), &[]), None).expect("handle");
    let (first, second) = (future.subscribe(), future.subscribe());
    if !first.ready() {
        assert!(future.get().is_none(), "a future that is not ready has no result");
    }
    first.block();
    assert!(first.ready() && second.ready());
    assert_eq!(wasip2::io::poll::poll(&[&second, &first]).len(), 2);
    assert!(matches!(future.get(), Some(Ok(Ok(_)))));
    drop((first, second));
}

fn http_body_twice(args: &Args) {
    let request = request(&Method::Post, &args.url_or(0, "/post"), &[]);
    let body = request.body().expect("the first body()");
    assert!(request.body().is_err(), "the second body() is an error");
    let stream = body.write().expect("the first write()");
    assert!(body.write().is_err(), "the second write() is an error");
    let future = handle(request, None).expect("handle");
    write_all(&stream, b"once").expect("write");
    drop(stream);
    assert!(body.write().is_err(), "write() after its stream was dropped is an error too");
    OutgoingBody::finish(body, None).expect("finish");
    assert_eq!(read_reply(response(&future).expect("a response")).body, b"once");
}

fn http_consume_twice(args: &Args) {
    let incoming = send(request(&Method::Get, &args.url_or(0, "/get"), &[]), None).expect("a response");
    let body = incoming.consume().expect("the first consume()");
    assert!(incoming.consume().is_err(), "the second consume() is an error");
    let stream = body.stream().expect("the first stream()");
    assert!(body.stream().is_err(), "the second stream() is an error");
    drop(stream);
    assert!(body.stream().is_err(), "stream() after its stream was dropped is an error too");
    drop(body);
    assert!(incoming.consume().is_err(), "consume() after its body was dropped is an error too");
}

/// Past the end every read is `closed`, of whatever length, and the stream is ready.
fn http_read_after_close(args: &Args) {
    let incoming = send(request(&Method::Get, &args.url_or(0, "/get"), &[]), None).expect("a response");
    let (body, stream) = body_of(&incoming);
    read_all(&stream).expect("a whole body");
    for length in [0, 1, 4096, u64::MAX] {
        assert!(matches!(stream.read(length), Err(StreamError::Closed)), "read({length})");
        assert!(matches!(stream.blocking_read(length), Err(StreamError::Closed)), "blocking-read({length})");
        assert!(matches!(stream.skip(length), Err(StreamError::Closed)), "skip({length})");
        assert!(matches!(stream.blocking_skip(length), Err(StreamError::Closed)), "blocking-skip({length})");
    }
    let pollable = stream.subscribe();
    assert!(pollable.ready());
    pollable.block();
    drop(pollable);
    drop(stream);
    drop(body);
}

/// A pending request may be dropped; the host aborts it and goes on.
fn http_drop_future(args: &Args) {
    drop(handle(request(&Method::Get, &args.url_or(0, "/slow"), &[]), None).expect("handle"));
    let request = request(&Method::Get, &args.url_or(0, "/slow"), &[]);
    let future = handle(request, None).expect("handle");
    let pollable = future.subscribe();
    let timer = wasip2::clocks::monotonic_clock::subscribe_duration(20_000_000);
    wasip2::io::poll::poll(&[&pollable, &timer]);
    drop(pollable);
    drop(future);
}

fn http_drop_response(args: &Args) {
    drop(send(request(&Method::Get, &args.url_or(0, "/get"), &[]), None).expect("a response"));
    let incoming = send(request(&Method::Get, &args.url_or(0, "/get"), &[]), None).expect("a response");
    drop(incoming.consume().expect("consume"));
    drop(incoming);
    let incoming = send(request(&Method::Get, &args.url_or(0, "/get"), &[]), None).expect("a response");
    let (body, stream) = body_of(&incoming);
    drop(stream);
    drop(body);
}

/// A body once taken lives on without its response, and header objects without either.
fn http_drop_response_keeps_body(args: &Args) {
    let incoming = send(request(&Method::Get, &args.url_or(0, "/get"), &[]), None).expect("a response");
    let headers = incoming.headers();
    let body = incoming.consume().expect("consume");
    drop(incoming);
    let stream = body.stream().expect("stream");
    println!("{} bytes", read_all(&stream).expect("a whole body").len());
    drop(stream);
    drop(body);
    assert!(!headers.entries().is_empty());
}

/// An outgoing body that is dropped without `finish` is an aborted request, never a complete one.
fn http_drop_body_unfinished(args: &Args) {
    let request = request(&Method::Post, &args.url_or(0, "/post"), &[]);
    let body = request.body().expect("body");
    let stream = body.write().expect("stream");
    let future = handle(request, None).expect("handle");
    stream.blocking_write_and_flush(b"the first half").expect("a first write");
    drop(stream);
    drop(body);
    match response(&future) {
        Err(error) => println!("future {error:?}"),
        // A server may have answered before it saw the end of the request; then the body must break.
        Ok(incoming) => {
            println!("status {}", incoming.status());
            let (_body, stream) = body_of(&incoming);
            let error = read_all(&stream).map(|bytes| bytes.len()).expect_err("the echo of an aborted body");
            println!("body {}", describe(&error));
        }
    }
}

/// Writing to a request that is gone says `closed`; finishing it is no error.
fn http_drop_request_unsent(_: &Args) {
    let request = request(&Method::Post, "http://127.0.0.1/", &[]);
    let body = request.body().expect("body");
    let stream = body.write().expect("stream");
    drop(request);
    match write_all(&stream, b"to nobody") {
        Ok(()) => println!("the write was taken"),
        Err(error) => println!("{}", describe(&error)),
    }
    drop(stream);
    match OutgoingBody::finish(body, None) {
        Ok(()) => println!("finish ok"),
        Err(error) => println!("finish {error:?}"),
    }
}

/// A small body may be complete before the request is sent.
fn http_body_before_handle(args: &Args) {
    let request = request(&Method::Post, &args.url_or(0, "/post"), &[]);
    let body = request.body().expect("body");
    let stream = body.write().expect("stream");
    stream.blocking_write_and_flush(b"early").expect("a write before the request is sent");
    drop(stream);
    OutgoingBody::finish(body, None).expect("finish before the request is sent");
    assert_eq!(read_reply(send(request, None).expect("a response")).body, b"early");
}

/// `finish` on a body that was not read to its end: the host discards the rest and gives the trailers.
fn http_finish_unread(args: &Args) {
    let incoming = send(request(&Method::Get, &args.url_or(0, "/get"), &[]), None).expect("a response");
    let body = incoming.consume().expect("consume");
    drop(incoming);
    print_trailers(&IncomingBody::finish(body));
}

/// When the server has hung up, writes say `closed` or give a code, and nothing traps.
fn http_finish_after_abort(args: &Args) {
    let request = request(&Method::Post, &args.url_or(0, "/close"), &[]);
    let body = request.body().expect("body");
    let stream = body.write().expect("stream");
    let future = handle(request, None).expect("handle");
    println!("future {:?}", response(&future).map(|response| response.status()));
    let end = (0..64).find_map(|_| write_all(&stream, &[7; 64 * 1024]).err());
    println!("write {}", end.as_ref().map_or("taken".into(), describe));
    drop(end);
    drop(stream);
    println!("finish {:?}", OutgoingBody::finish(body, None));
}

fn http_trailers_out(args: &Args) {
    let request = request(&Method::Post, &args.url_or(0, "/trailers"), &[("trailer", b"x-checksum, x-twice")]);
    let body = request.body().expect("body");
    let future = handle(request, None).expect("handle");
    let stream = body.write().expect("stream");
    write_all(&stream, b"with trailers").expect("write");
    drop(stream);
    let trailers = [("x-checksum", "42"), ("x-twice", "1"), ("x-twice", "2")];
    let trailers = trailers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
    match OutgoingBody::finish(body, Some(Fields::from_list(&trailers).expect("trailers"))) {
        Ok(()) => println!("finish ok"),
        Err(error) => return println!("finish {error:?}"),
    }
    let reply = read_reply(response(&future).expect("a response"));
    println!("status {}", reply.status);
    println!("body {}", String::from_utf8_lossy(&reply.body));
}

fn http_trailers_in(args: &Args) {
    let incoming = send(request(&Method::Get, args.text(0, "URL"), &[]), None).expect("a response");
    let (body, stream) = body_of(&incoming);
    println!("{} bytes", read_all(&stream).expect("a whole body").len());
    drop(stream);
    let future = IncomingBody::finish(body);
    print_trailers(&future);
    assert!(matches!(future.get(), Some(Err(()))), "the second get is an error");
    assert!(future.subscribe().ready());
}

fn print_trailers(future: &FutureTrailers) {
    future.subscribe().block();
    match future.get().expect("ready").expect("the first get") {
        Ok(None) => println!("none"),
        Ok(Some(trailers)) => {
            for (name, value) in trailers.entries() {
                println!("trailer {name}: {}", String::from_utf8_lossy(&value));
            }
            assert!(trailers.append("x-a", b"1").is_err(), "received trailers are immutable");
        }
        Err(error) => println!("{error:?}"),
    }
}

/// A request whose body was never asked for has an empty one and no chunks.
fn http_no_body_call(args: &Args) {
    let reply = read_reply(send(request(&Method::Post, &args.url_or(0, "/post"), &[]), None).expect("a response"));
    assert!(reply.body.is_empty());
    println!("status {}", reply.status);
}

/// Sends a request with any method and prints what the server saw.
fn http_method(args: &Args) {
    let name = args.text(0, "METHOD");
    let method = match name {
        "CONNECT" => Method::Connect,
        "TRACE" => Method::Trace,
        "PATCH" => Method::Patch,
        "HEAD" => Method::Head,
        "OPTIONS" => Method::Options,
        "DELETE" => Method::Delete,
        other => Method::Other(other.into()),
    };
    match exchange(&method, &args.url_or(1, "/method"), &[], None) {
        Ok(reply) => {
            println!("status {} method {}", reply.status, reply.header("x-storeport-test-method").unwrap_or_default())
        }
        Err(error) => println!("{error:?}"),
    }
}

/// Without a scheme a request goes to HTTPS.
fn http_default_scheme(args: &Args) {
    let request = wasip2::http::types::OutgoingRequest::new(Fields::new());
    request.set_authority(Some(args.text(0, "AUTHORITY"))).expect("authority");
    request.set_path_with_query(Some(args.text(1, "PATH"))).expect("path");
    let result: Result<u16, ErrorCode> = send(request, None).map(|response| response.status());
    println!("{result:?}");
}
