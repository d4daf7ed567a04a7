//! Byte streams: lengths nobody can mean, empty reads, splices, zeroes.

use crate::client::{body_of, read_all, request, send, server_url};
use crate::{Args, Case, cases};
use wasip2::cli::{stdin, stdout};
use wasip2::http::types::Method;
use wasip2::io::streams::StreamError;

pub const CASES: &[Case] = cases![
    splice_stdin,
    blocking_splice_stdin,
    read_zero,
    read_len_max "[URL]",
    skip_stdin "N",
    write_zeroes "N",
    write_permits,
    write_empty,
    error_outlives_stream "URL",
];

fn splice_stdin(_: &Args) {
    let (from, to) = (stdin::get_stdin(), stdout::get_stdout());
    let (readable, writable) = (from.subscribe(), to.subscribe());
    let mut total = 0;
    loop {
        match to.splice(&from, u64::MAX) {
            Ok(0) => {
                readable.block();
                writable.block();
            }
            Ok(count) => total += count,
            Err(StreamError::Closed) => break,
            Err(error) => panic!("splice: {error:?}"),
        }
    }
    to.blocking_flush().expect("flush");
    eprintln!("spliced {total}");
}

fn blocking_splice_stdin(_: &Args) {
    let (from, to) = (stdin::get_stdin(), stdout::get_stdout());
    let mut total = 0;
    loop {
        match to.blocking_splice(&from, u64::MAX) {
            Ok(count) => total += count,
            Err(StreamError::Closed) => break,
            Err(error) => panic!("blocking-splice: {error:?}"),
        }
    }
    to.blocking_flush().expect("flush");
    eprintln!("spliced {total}");
}

/// Reads of nothing are fine while there is data. At the end files and sockets say `closed`; for stdin hosts differ, so
/// that is printed. Stdin must hold at least one byte.
fn read_zero(_: &Args) {
    let stream = stdin::get_stdin();
    stream.subscribe().block();
    assert_eq!(stream.read(0).expect("read(0) before the end"), []);
    assert_eq!(stream.blocking_read(0).expect("blocking-read(0) before the end"), []);
    assert_eq!(stream.skip(0).expect("skip(0) before the end"), 0);
    let rest = read_all(&stream).expect("stdin");
    println!("{} bytes", rest.len());
    println!("read(0) at the end: {:?}", stream.read(0));
    assert!(matches!(stream.read(1), Err(StreamError::Closed)), "read(1) at the end");
    assert!(matches!(stream.blocking_read(1), Err(StreamError::Closed)), "blocking-read(1) at the end");
    assert!(matches!(stream.skip(1), Err(StreamError::Closed)), "skip(1) at the end");
}

/// A length beyond every buffer is legal; what comes back is what there is.
fn read_len_max(args: &Args) {
    let url = args.0.first().cloned().unwrap_or_else(|| server_url("/get"));
    let incoming = send(request(&Method::Get, &url, &[]), None).expect("a response");
    let (_body, stream) = body_of(&incoming);
    let mut total = 0;
    for length in [u64::MAX, u64::MAX - 1, 1 << 53, 1 << 32, u64::from(u32::MAX)].into_iter().cycle() {
        match stream.blocking_read(length) {
            Ok(bytes) => total += bytes.len(),
            Err(StreamError::Closed) => break,
            Err(error) => panic!("read: {error:?}"),
        }
    }
    println!("{total} bytes");
    let input = stdin::get_stdin();
    let mut total = 0;
    loop {
        match input.blocking_read(u64::MAX) {
            Ok(bytes) => total += bytes.len(),
            Err(StreamError::Closed) => break,
            Err(error) => panic!("stdin: {error:?}"),
        }
    }
    println!("stdin {total} bytes");
}

/// Skips N bytes of stdin and copies the rest.
fn skip_stdin(args: &Args) {
    let (from, mut left) = (stdin::get_stdin(), args.number(0, "N"));
    while left > 0 {
        left -= from.blocking_skip(left).expect("stdin is long enough");
    }
    let rest = read_all(&from).expect("stdin");
    println!("{}", String::from_utf8_lossy(&rest));
}

fn write_zeroes(args: &Args) {
    let (stream, mut left) = (stdout::get_stdout(), args.number(0, "N"));
    while left > 0 {
        let count = left.min(4096);
        stream.blocking_write_zeroes_and_flush(count).expect("zeroes");
        left -= count;
    }
    let permit = stream.check_write().expect("permit");
    stream.write_zeroes(permit.min(3)).expect("permitted zeroes");
    stream.blocking_flush().expect("flush");
}

/// A permit stands until something is written. Prints it before and after.
fn write_permits(_: &Args) {
    let request = request(&Method::Post, "http://127.0.0.1/", &[]);
    let body = request.body().expect("body");
    let stream = body.write().expect("stream");
    let first = stream.check_write().expect("permit");
    assert!(first >= 4096, "a body takes a small write before it is sent, not {first} bytes");
    assert_eq!(stream.check_write().expect("permit"), first, "asking does not use a permit up");
    stream.write(&[1; 100]).expect("write");
    let second = stream.check_write().expect("permit");
    println!("permits {first} {second}");
    stream.flush().expect("flush");
    drop(stream);
    drop(body);
}

fn write_empty(_: &Args) {
    let stream = stdout::get_stdout();
    stream.check_write().expect("permit");
    stream.write(&[]).expect("an empty write");
    stream.blocking_write_and_flush(&[]).expect("an empty blocking write");
    stream.flush().expect("flush");
    stream.blocking_flush().expect("blocking flush");
}

/// The error of a stream can be asked after the stream is gone. The URL's body must break.
fn error_outlives_stream(args: &Args) {
    let incoming = send(request(&Method::Get, args.text(0, "URL"), &[]), None).expect("a response");
    let (body, stream) = body_of(&incoming);
    let Err(StreamError::LastOperationFailed(error)) = read_all(&stream) else {
        panic!("the body did not break");
    };
    drop(stream);
    drop(body);
    drop(incoming);
    assert!(!error.to_debug_string().is_empty());
    println!("{:?}", wasip2::http::types::http_error_code(&error));
    assert!(wasip2::filesystem::types::filesystem_error_code(&error).is_none());
}
