//! What a request looks like, and answers without surprises.

use crate::exchange::Exchange;
use std::cell::Cell;
use wasip2::http::types::{Method, Scheme};

pub fn hello(exchange: Exchange) {
    exchange.text("Hello, WASI!");
}

pub fn not_found(exchange: Exchange) {
    exchange.answer(404, &[]).finish();
}

/// The request line and every header field, one a line.
pub fn request(exchange: Exchange) {
    let Exchange { request, .. } = &exchange;
    let method = match request.method() {
        Method::Other(name) => format!("other {name}"),
        known => format!("{known:?}"),
    };
    let mut text = format!(
        "method {method}\nscheme {:?}\nauthority {:?}\npath {:?}\n",
        request.scheme(),
        request.authority(),
        request.path_with_query()
    );
    for (name, value) in request.headers().entries() {
        let hex: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
        text += &format!("field {name} {hex}\n");
    }
    exchange.text(&text);
}

/// What wasmtime's own test of its proxy world asserts.
pub fn proxy(exchange: Exchange) {
    let request = &exchange.request;
    assert!(matches!(request.scheme(), Some(Scheme::Http | Scheme::Https)));
    assert!(request.authority().is_some());
    assert!(request.path_with_query().is_some());
    assert!(std::fs::read("/").is_err(), "there is a file system");
    let headers = request.headers();
    for name in ["custom-forbidden-header", "host"] {
        assert!(!headers.has(name), "{name} is there");
        assert!(headers.delete(name).is_err());
        assert!(headers.append(name, b"x").is_err());
        assert!(headers.clone().append(name, b"x").is_err());
    }
    exchange.text("hello, world!");
}

/// For every request header `env`, a response header of that name with the variable's value.
pub fn env(exchange: Exchange) {
    let found: Vec<_> = exchange
        .headers("env")
        .into_iter()
        .filter_map(|name| Some((name.clone(), std::env::var(name).ok()?)))
        .collect();
    let headers: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    exchange.answer(200, &headers).finish();
}

pub fn print(exchange: Exchange) {
    print!("this is half a print ");
    print!("to stdout\n\n");
    println!("after empty");
    eprint!("this is half a print ");
    eprint!("to stderr\n\n");
    eprintln!("after empty");
    exchange.text("printed");
}

thread_local! {
    static SERVED: Cell<u32> = const { Cell::new(0) };
}

/// How many requests this instance has served through this path.
pub fn state(exchange: Exchange) {
    SERVED.set(SERVED.get() + 1);
    exchange.text(&SERVED.get().to_string());
}

/// `/status/NNN`, with a body that some of them must not have.
pub fn status(exchange: Exchange) {
    let status = exchange.argument().and_then(|text| text.parse().ok()).unwrap_or(200);
    let reply = exchange.answer(status, &[("x-status", &status.to_string())]);
    let _ = reply.write(b"a body");
    reply.finish();
}

pub fn informational(exchange: Exchange) {
    exchange.text("no informational responses in these bindings");
}
