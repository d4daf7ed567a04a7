//! The command's surroundings: arguments, environment, stdio, exit codes, terminals.

use crate::client::read_all;
use crate::{Args, Case, cases};
use wasip2::cli::{environment, exit, stderr, stdin, stdout, terminal_stderr, terminal_stdin, terminal_stdout};
use wasip2::filesystem::types::filesystem_error_code;
use wasip2::io::streams::StreamError;

pub const CASES: &[Case] = cases![
    hello_stdout,
    args "[ARG...]",
    argv0 "NAME",
    env,
    large_env "N SIZE",
    stdin_copy,
    stdin_empty,
    stdin_error,
    stdout_epipe,
    write_flushes,
    much_stdout,
    out_and_err,
    exit_success,
    exit_failure,
    exit_with_code "N",
    panic "[TEXT]",
    initial_cwd,
    terminal,
];

fn hello_stdout(_: &Args) {
    println!("hello, world");
}

/// Prints the arguments after the case's name, quoted.
fn args(args: &Args) {
    let raw = environment::get_arguments();
    assert_eq!(raw[2..], args.0[..], "std and the raw call agree");
    assert_eq!(raw, environment::get_arguments(), "asked twice");
    args.0.iter().for_each(|arg| println!("{arg:?}"));
}

fn argv0(args: &Args) {
    assert_eq!(environment::get_arguments()[0], args.text(0, "NAME"));
}

fn env(_: &Args) {
    let variables = environment::get_environment();
    assert_eq!(variables, environment::get_environment(), "asked twice");
    variables.iter().for_each(|(name, value)| println!("{name}={value}"));
}

/// Counts variables and checks that each value has the given size.
fn large_env(args: &Args) {
    let variables = environment::get_environment();
    assert_eq!(variables.len() as u64, args.number(0, "N"));
    let size = args.number(1, "SIZE") as usize;
    assert!(variables.iter().all(|(_, value)| value.len() == size));
}

fn stdin_copy(_: &Args) {
    let bytes = read_all(&stdin::get_stdin()).expect("stdin");
    let output = stdout::get_stdout();
    bytes.chunks(4096).for_each(|piece| output.blocking_write_and_flush(piece).expect("stdout"));
}

fn stdin_empty(_: &Args) {
    let stream = stdin::get_stdin();
    assert!(read_all(&stream).expect("stdin").is_empty());
    assert!(matches!(stream.read(1), Err(StreamError::Closed)));
    assert!(
        matches!(stdin::get_stdin().blocking_read(1), Err(StreamError::Closed)),
        "a second handle sees the end too"
    );
}

/// Stdin that cannot be read, a directory for one.
fn stdin_error(_: &Args) {
    match read_all(&stdin::get_stdin()) {
        Err(StreamError::LastOperationFailed(error)) => println!("{:?}", filesystem_error_code(&error)),
        other => panic!("stdin gave {other:?}"),
    }
}

/// The reader of stdout must be gone: writes say `closed`, not an error.
fn stdout_epipe(_: &Args) {
    let stream = stdout::get_stdout();
    for _ in 0..1_000_000 {
        match stream.blocking_write_and_flush(&[b'x'; 4096]) {
            Ok(()) => {}
            Err(StreamError::Closed) => return eprintln!("closed"),
            Err(error) => panic!("{error:?}"),
        }
    }
    panic!("nobody closed stdout");
}

/// The prompt has no newline and must be seen before anything is typed.
fn write_flushes(_: &Args) {
    let (input, output) = (stdin::get_stdin(), stdout::get_stdout());
    output.blocking_write_and_flush(b"> ").expect("prompt");
    let answer = input.blocking_read(100).expect("an answer");
    output.blocking_write_and_flush(format!("got {:?}\n", String::from_utf8_lossy(&answer)).as_bytes()).expect("reply");
}

/// 256 KiB for each of five chunk sizes; with flushes only at the end of each.
fn much_stdout(_: &Args) {
    for chunk in [1024, 2048, 4096, 8192, 16384usize] {
        let stream = stdout::get_stdout();
        let pollable = stream.subscribe();
        let mut sent = 0;
        while sent < 256 * 1024 {
            let permit = stream.check_write().expect("permit") as usize;
            if permit == 0 {
                pollable.block();
                continue;
            }
            let count = permit.min(chunk).min(256 * 1024 - sent);
            stream.write(&vec![b'a'; count]).expect("write");
            sent += count;
        }
        drop(pollable);
        stream.blocking_flush().expect("flush");
        stream.blocking_write_and_flush(b"\n").expect("newline");
    }
}

fn out_and_err(_: &Args) {
    let (output, errors) = (stdout::get_stdout(), stderr::get_stderr());
    output.blocking_write_and_flush(b"to stdout\n").expect("stdout");
    errors.blocking_write_and_flush(b"to stderr\n").expect("stderr");
    output.blocking_write_and_flush(&[0xFF, 0xFE, 0x00, b'\n']).expect("bytes that are no text");
    drop((output, errors));
    stdout::get_stdout().blocking_write_and_flush(b"again\n").expect("a new handle");
}

fn exit_success(_: &Args) {
    exit::exit(Ok(()));
}

fn exit_failure(_: &Args) {
    exit::exit(Err(()));
}

fn exit_with_code(args: &Args) {
    exit::exit_with_code(args.number(0, "N") as u8);
}

fn panic(args: &Args) {
    panic!("{}", args.0.first().map_or("asked to panic", String::as_str));
}

fn initial_cwd(_: &Args) {
    println!("{:?}", environment::initial_cwd());
}

fn terminal(_: &Args) {
    println!("stdin {}", terminal_stdin::get_terminal_stdin().is_some());
    println!("stdout {}", terminal_stdout::get_terminal_stdout().is_some());
    println!("stderr {}", terminal_stderr::get_terminal_stderr().is_some());
}
