//! The HTTP client guest. `http COMMAND ...`; see [`USAGE`]. Each command prints what it found, one fact a line, and
//! fails (exit code 1, the reason on stderr) when the exchange failed.
//!
//! `get post trailers deadline race concurrent error` are written on wstd, as programs are. `download upload echo small`
//! use the raw bindings: they measure the host, so nothing of a runtime stands between.

mod programs;
mod transfers;

use std::process::ExitCode;

const USAGE: &str = "\
http get URL                       status, headers and body
http post URL TEXT                 post a text, print the answer
http error URL                     the error code of a request that fails
http trailers URL TEXT             post a text with trailers, print the answer's status, body and trailers
http timeout KIND URL MS           KIND: connect, first-byte, between-bytes
http deadline URL MS               give a request up after that time
http race URL URL                  two requests at once; the slower one is cancelled
http concurrent URL N              N requests at once beside a timer; statuses, and ticks of 10 ms
http download URL [CHUNK]          read and discard; bytes and MiB/s (default reads: 1 MiB)
http checksum URL                  read; bytes and FNV-1a of the body
http upload URL BYTES [CHUNK]      send the pattern; bytes and MiB/s (default writes: what the host permits)
http echo URL BYTES                send the pattern and compare the echo while it comes
http small URL N [PARALLEL]        N small requests; requests/s and microseconds each
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["get", url] => programs::get(url),
        ["post", url, text] => programs::post(url, text),
        ["error", url] => programs::error(url),
        ["trailers", url, text] => programs::trailers(url, text),
        ["timeout", kind, url, ms] => programs::timeout(kind, url, number(ms)),
        ["deadline", url, ms] => programs::deadline(url, number(ms)),
        ["race", one, other] => programs::race(one, other),
        ["concurrent", url, count] => programs::concurrent(url, number(count)),
        ["download", url] => transfers::download(url, 1 << 20),
        ["download", url, chunk] => transfers::download(url, number(chunk)),
        ["checksum", url] => transfers::checksum(url),
        ["upload", url, bytes] => transfers::upload(url, number(bytes), u64::MAX),
        ["upload", url, bytes, chunk] => transfers::upload(url, number(bytes), number(chunk)),
        ["echo", url, bytes] => transfers::echo(url, number(bytes)),
        ["small", url, count] => transfers::small(url, number(count), 1),
        ["small", url, count, parallel] => transfers::small(url, number(count), number(parallel)),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| panic!("not a number: {text:?}"))
}
