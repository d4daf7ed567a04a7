//! The plain command guest: everything here goes through Rust's standard library, so it shows what an
//! ordinary program sees. `wasi:http` is not imported. Build it for `wasm32-wasip2` for a component, for
//! `wasm32-wasip1` for a preview1 core module.
//!
//! The first argument selects what to do; see [`USAGE`].

use std::io::{self, BufRead, Read, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs, process, thread};

const USAGE: &str = "\
hello                       print a greeting
hello args [ARG...]         print each argument, argv[0] first, one quoted string a line
hello env [NAME...]         print the environment (or the named variables) as NAME=VALUE lines
hello cat                   copy stdin to stdout; the byte count goes to stderr
hello cat-file PATH         copy a file to stdout
hello write-file PATH TEXT  create or replace a file
hello ls PATH               print the sorted names in a directory
hello prompt                print \"> \" without a newline, read one line, answer it
hello out N [CHUNK]         write N patterned bytes to stdout in writes of CHUNK bytes (default 4096)
hello err TEXT              print TEXT to stderr
hello exit CODE             leave with that exit code (a component only says ok or failed: any code but 0 is 1)
hello fail                  return failure from main
hello panic [TEXT]          panic
hello trap                  execute an unreachable instruction
hello sleep MS              sleep, then print \"slept\"
hello sleep-forever         never come back
hello clock                 print the wall clock in seconds and the nanoseconds between two monotonic reads
hello memory MIB            touch that much memory, a MiB at a time, and print what was reached
";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().collect();
    let word = |at: usize| args.get(at).map(String::as_str);
    let done = match (word(1), word(2), word(3)) {
        (None, ..) => say("Hello, WASI!"),
        (Some("args"), ..) => args.iter().try_for_each(|arg| say(&format!("{arg:?}"))),
        (Some("env"), ..) => print_env(&args[2..]),
        (Some("cat"), ..) => copy_stdin(),
        (Some("cat-file"), Some(path), _) => fs::read(path).and_then(|bytes| io::stdout().write_all(&bytes)),
        (Some("write-file"), Some(path), Some(text)) => fs::write(path, text),
        (Some("ls"), Some(path), _) => list(path),
        (Some("prompt"), ..) => prompt(),
        (Some("out"), Some(size), chunk) => write_pattern(number(size), chunk.map_or(4096, number)),
        (Some("err"), Some(text), _) => writeln!(io::stderr(), "{text}"),
        (Some("exit"), Some(code), _) => process::exit(number(code) as i32),
        (Some("fail"), ..) => return ExitCode::FAILURE,
        (Some("panic"), text, _) => panic!("{}", text.unwrap_or("asked to panic")),
        (Some("trap"), ..) => trap(),
        (Some("sleep"), Some(ms), _) => {
            thread::sleep(Duration::from_millis(number(ms) as u64));
            say("slept")
        }
        (Some("sleep-forever"), ..) => loop {
            thread::sleep(Duration::from_secs(u64::MAX / 2_000_000_000));
        },
        (Some("clock"), ..) => print_clock(),
        (Some("memory"), Some(mib), _) => grow(number(mib)),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints a line and reports a closed stdout as an error, where `println!` would panic.
fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}

fn number(text: &str) -> usize {
    text.parse().unwrap_or_else(|_| panic!("not a number: {text:?}"))
}

fn print_env(names: &[String]) -> io::Result<()> {
    if names.is_empty() {
        return env::vars().try_for_each(|(name, value)| say(&format!("{name}={value}")));
    }
    names.iter().try_for_each(|name| match env::var(name) {
        Ok(value) => say(&format!("{name}={value}")),
        Err(_) => say(&format!("{name} is not set")),
    })
}

fn copy_stdin() -> io::Result<()> {
    let (mut stdin, mut stdout) = (io::stdin().lock(), io::stdout().lock());
    let mut buffer = vec![0; 64 * 1024];
    let mut total = 0;
    loop {
        let count = stdin.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        stdout.write_all(&buffer[..count])?;
        total += count;
    }
    stdout.flush()?;
    eprintln!("{total} bytes");
    Ok(())
}

fn list(path: &str) -> io::Result<()> {
    let mut names = fs::read_dir(path)?
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort();
    names.iter().try_for_each(|name| say(name))
}

fn prompt() -> io::Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(b"> ")?;
    stdout.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    say(&format!("you said {:?}", line.trim_end_matches('\n')))
}

/// Byte `i` of the output is `i % 251`: a prime period, so that a lost or repeated block shows.
fn write_pattern(size: usize, chunk: usize) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let mut buffer = Vec::with_capacity(chunk);
    let mut at = 0;
    while at < size {
        buffer.clear();
        buffer.extend((at..size.min(at + chunk)).map(|i| (i % 251) as u8));
        stdout.write_all(&buffer)?;
        at += buffer.len();
    }
    stdout.flush()
}

fn trap() -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    process::abort();
}

fn print_clock() -> io::Result<()> {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
    let start = Instant::now();
    say(&format!("{}.{:09} {}", wall.as_secs(), wall.subsec_nanos(), start.elapsed().as_nanos()))
}

fn grow(mib: usize) -> io::Result<()> {
    let mut blocks: Vec<Vec<u8>> = Vec::new();
    for reached in 1..=mib {
        let mut block = vec![0u8; 1 << 20];
        // Touched through a volatile write, so that the optimiser cannot leave the allocation out.
        unsafe { std::ptr::write_volatile(block.as_mut_ptr(), reached as u8) };
        blocks.push(block);
        say(&format!("{reached} MiB"))?;
    }
    Ok(())
}
