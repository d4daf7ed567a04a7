//! Checks of a WASI 0.2 host from inside a guest.
//!
//! `checks CASE [ARG...]` runs one case and prints what it saw, one fact a line; the last line is `ok CASE`. A failed
//! assertion panics, so the guest traps with the reason on stderr. A case named `trap_…` must not come back: it prints
//! `about to trap` and, should the host let it pass, `survived CASE` and exits normally, which a test takes for a
//! failure. `checks list` prints all cases, `checks run_err` returns
//! an error from `run` and does nothing else.
//!
//! Everything here uses the raw bindings, because the checks have to drop handles in the wrong order, ask twice for
//! what may be asked once, and look at every error.

mod cli;
mod client;
mod clocks;
mod fields;
mod files;
mod hostile;
mod http;
mod outbound;
mod polling;
mod random;
mod setters;
mod sockets;
mod streaming;
mod streams;
mod traps;

use std::io::Write;
use std::process::ExitCode;

/// One check: its name, the arguments it takes, and the code.
pub struct Case {
    name: &'static str,
    usage: &'static str,
    run: fn(&Args),
}

/// The arguments after the case's name.
pub struct Args(Vec<String>);

impl Args {
    /// The argument at a position, or a panic that says what was expected there.
    fn text(&self, at: usize, what: &str) -> &str {
        self.0.get(at).unwrap_or_else(|| panic!("argument {} must be {what}", at + 1))
    }

    fn number(&self, at: usize, what: &str) -> u64 {
        let text = self.text(at, what);
        text.parse().unwrap_or_else(|_| panic!("{what} must be a number, not {text:?}"))
    }

    fn number_or(&self, at: usize, default: u64) -> u64 {
        if at < self.0.len() { self.number(at, "number") } else { default }
    }

    /// A URL given as an argument, or one with this path at the test server of `HTTP_SERVER`.
    fn url_or(&self, at: usize, path: &str) -> String {
        self.0.get(at).cloned().unwrap_or_else(|| client::server_url(path))
    }
}

/// Lists cases: `cases![get, http_error "URL"]` pairs each function with its name and usage.
#[macro_export]
macro_rules! cases {
    ($($name:ident $($usage:literal)?),* $(,)?) => {
        &[$($crate::Case { name: stringify!($name), usage: concat!($($usage)?), run: $name }),*]
    };
}

const GROUPS: &[&[Case]] = &[
    outbound::CASES,
    fields::CASES,
    setters::CASES,
    http::CASES,
    streaming::CASES,
    traps::CASES,
    polling::CASES,
    streams::CASES,
    clocks::CASES,
    random::CASES,
    cli::CASES,
    files::CASES,
    sockets::CASES,
    hostile::CASES,
];

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_else(|| "list".into());
    let args = Args(args.collect());
    match name.as_str() {
        "list" => {
            all().for_each(|case| println!("{}", format!("{} {}", case.name, case.usage).trim_end()));
            return ExitCode::SUCCESS;
        }
        // Not `exit`: the error is what `run` returns.
        "run_err" => return ExitCode::FAILURE,
        _ => {}
    }
    let case = all().find(|case| case.name == name).unwrap_or_else(|| panic!("there is no case {name:?}"));
    (case.run)(&args);
    // Not `println!`, which panics when a check has just seen to it that nobody reads stdout any more.
    let _ = writeln!(std::io::stdout(), "{} {name}", if name.starts_with("trap_") { "survived" } else { "ok" });
    ExitCode::SUCCESS
}

fn all() -> impl Iterator<Item = &'static Case> {
    GROUPS.iter().flat_map(|group| group.iter())
}
