//! Guests that mean harm, or have gone mad. A host with limits ends them; nothing here ends well by itself.

use crate::client::{body_of, describe, exchange, fill, request, response, split, try_request};
use crate::{Args, Case, cases};
use std::hint::black_box;
use wasip2::clocks::monotonic_clock::{now, subscribe_duration};
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{Fields, Headers, Method, OutgoingBody, OutgoingRequest, Scheme};
use wasip2::io::poll::poll;

pub const CASES: &[Case] = cases![
    spin_poll "[MS]",
    spin_ready "[MS]",
    spin_cpu "[MS]",
    spin_clock "[MS]",
    leak_pollables "N",
    leak_fields "N",
    leak_requests "N URL",
    leak_bodies "N",
    grow_memory "MIB",
    http_headers_forever "[SHAPE 0-3]",
    http_million_fields "[N]",
    http_upload_forever "URL [MIB]",
    http_download_forever "URL",
    http_hoard_responses "N URL",
    stdout_forever "[MIB]",
    dot_segments "[BASE-URL]",
    smuggle "[BASE-URL]",
    addresses "URL...",
    addresses_all "[PORT]",
    unsent_body_deadlock,
];

/// Whether to go on: for ever, or for the milliseconds given.
fn clock_of(args: &Args) -> impl Fn() -> bool {
    let limit = (!args.0.is_empty()).then(|| now() + args.number(0, "MS") * 1_000_000);
    move || limit.is_none_or(|limit| now() < limit)
}

/// Polls something that is always ready, for ever.
fn spin_poll(args: &Args) {
    let (ready, go_on) = (subscribe_duration(0), clock_of(args));
    let mut turns = 0u64;
    while go_on() {
        poll(&[&ready]);
        turns += 1;
    }
    println!("turns {turns}");
}

fn spin_ready(args: &Args) {
    let (ready, go_on) = (subscribe_duration(0), clock_of(args));
    let mut turns = 0u64;
    while go_on() {
        ready.ready();
        turns += 1;
    }
    println!("turns {turns}");
}

fn spin_clock(args: &Args) {
    let go_on = clock_of(args);
    let mut turns = 0u64;
    while go_on() {
        black_box(wasip2::clocks::wall_clock::now());
        turns += 1;
    }
    println!("turns {turns}");
}

/// Computes without calling the host, a second between looks at the clock at the most.
fn spin_cpu(args: &Args) {
    let go_on = clock_of(args);
    let mut value = 1u64;
    while go_on() {
        for _ in 0..1_000_000 {
            value = black_box(value.wrapping_mul(6364136223846793005).wrapping_add(1));
        }
    }
    println!("value {value}");
}

fn leak<T>(count: u64, make: impl Fn() -> T) {
    for at in 0..count {
        std::mem::forget(make());
        if (at + 1) % 1000 == 0 {
            println!("{}", at + 1);
        }
    }
    println!("leaked {count}");
}

fn leak_pollables(args: &Args) {
    leak(args.number(0, "N"), || subscribe_duration(u64::MAX));
}

fn leak_fields(args: &Args) {
    leak(args.number(0, "N"), Fields::new);
}

fn leak_requests(args: &Args) {
    let url = args.text(1, "URL");
    leak(args.number(0, "N"), || {
        handle(request(&Method::Get, url, &[]), None).unwrap_or_else(|error| panic!("{error:?}"))
    });
}

/// Bodies that took a write and were never sent.
fn leak_bodies(args: &Args) {
    leak(args.number(0, "N"), || {
        let request = request(&Method::Post, "http://127.0.0.1/", &[]);
        let body = request.body().expect("body");
        let stream = body.write().expect("stream");
        let permit = stream.check_write().expect("permit") as usize;
        stream.write(&vec![1; permit]).expect("write");
        (request, body, stream)
    });
}

/// Grows its memory a MiB at a time; allocation fails or the host ends it.
fn grow_memory(args: &Args) {
    let target = args.number(0, "MIB");
    let mut blocks: Vec<Vec<u8>> = Vec::new();
    for reached in 1..=target {
        let mut block = Vec::new();
        block.try_reserve_exact(1 << 20).unwrap_or_else(|_| panic!("no more memory after {} MiB", reached - 1));
        block.resize(1 << 20, reached as u8);
        blocks.push(black_box(block));
        // A call to the host, so that a limit that is looked at there is seen.
        println!("{reached} MiB");
    }
}

/// Adds header fields until the host ends it.
fn http_headers_forever(args: &Args) {
    let fields = Headers::new();
    let shape = args.number_or(0, 0);
    let large = vec![b'v'; 16 * 1024];
    for at in 0u64.. {
        let name = format!("x-name-{at}");
        let added = match shape {
            0 => fields.append("x-same", b"value"),
            1 => fields.append(&name, b"value"),
            2 => fields.append(&name, b""),
            _ => fields.append("x-large", &large),
        };
        if let Err(error) = added {
            println!("refused after {at}: {error:?}");
            return;
        }
        if at % 1000 == 0 {
            println!("{at}");
        }
    }
}

/// All fields in one call.
fn http_million_fields(args: &Args) {
    let count = args.number_or(0, 1_000_000);
    let entries: Vec<_> = (0..count).map(|at| (format!("x-{at}"), b"v".to_vec())).collect();
    println!("built {count}");
    match Fields::from_list(&entries) {
        Ok(fields) => println!("accepted {}", fields.entries().len()),
        Err(error) => println!("refused: {error:?}"),
    }
}

/// Uploads without end (or the MiB given) and says how far it came.
fn http_upload_forever(args: &Args) {
    let total = if args.0.len() > 1 { args.number(1, "MIB") << 20 } else { u64::MAX };
    let request = request(&Method::Post, args.text(0, "URL"), &[]);
    let body = request.body().expect("body");
    let stream = body.write().expect("stream");
    let future = handle(request, None).unwrap_or_else(|error| panic!("{error:?}"));
    let pollable = stream.subscribe();
    let mut buffer = vec![0; 64 * 1024];
    let mut sent = 0;
    let ended = loop {
        if sent >= total {
            break None;
        }
        match stream.check_write() {
            Err(error) => break Some(error),
            Ok(0) => pollable.block(),
            Ok(permit) => {
                let count = permit.min(buffer.len() as u64) as usize;
                fill(&mut buffer[..count], sent);
                if let Err(error) = stream.write(&buffer[..count]) {
                    break Some(error);
                }
                let before = sent >> 20;
                sent += count as u64;
                if sent >> 20 != before {
                    println!("{} MiB", sent >> 20);
                }
            }
        }
    };
    println!("stopped after {sent}: {}", ended.as_ref().map_or("done".into(), describe));
    drop(ended);
    drop(pollable);
    drop(stream);
    println!("finish {:?}", OutgoingBody::finish(body, None));
    println!("future {:?}", response(&future).map(|response| response.status()));
}

/// Reads what the server sends as long as it comes.
fn http_download_forever(args: &Args) {
    let future =
        handle(request(&Method::Get, args.text(0, "URL"), &[]), None).unwrap_or_else(|error| panic!("{error:?}"));
    let incoming = response(&future).unwrap_or_else(|error| panic!("{error:?}"));
    let (_body, stream) = body_of(&incoming);
    let (mut total, mut printed) = (0, 0);
    let error = loop {
        match stream.blocking_read(1 << 20) {
            Ok(bytes) => total += bytes.len(),
            Err(error) => break error,
        }
        if total >> 20 != printed {
            printed = total >> 20;
            println!("{printed} MiB");
        }
    };
    println!("stopped after {total}: {}", describe(&error));
}

/// Takes response heads and never reads the bodies.
fn http_hoard_responses(args: &Args) {
    let url = args.text(1, "URL");
    let mut hoard = Vec::new();
    for at in 0..args.number(0, "N") {
        let result = handle(request(&Method::Get, url, &[]), None).and_then(|future| response(&future));
        match result {
            Ok(incoming) => hoard.push(body_of(&incoming)),
            Err(error) => return println!("stopped at {at}: {error:?}"),
        }
    }
    println!("hoarded {}", hoard.len());
    hoard.into_iter().for_each(|(body, stream)| {
        drop(stream);
        drop(body);
    });
}

fn stdout_forever(args: &Args) {
    let total = if args.0.is_empty() { u64::MAX } else { args.number(0, "MIB") << 20 };
    let stream = wasip2::cli::stdout::get_stdout();
    let mut sent = 0;
    while sent < total {
        if let Err(error) = stream.blocking_write_and_flush(&[b'x'; 4096]) {
            return eprintln!("stopped after {sent}: {error:?}");
        }
        sent += 4096;
    }
    stream.blocking_write_and_flush(b"\n").expect("newline");
}

/// Prints what the server saw for paths that many clients rewrite. A host sends them as they are or refuses them.
fn dot_segments(args: &Args) {
    let base = args.url_or(0, "");
    let base = base.trim_end_matches('/');
    let paths = [
        "/a/../b",
        "/a/./b",
        "/..",
        "/../../etc/passwd",
        "/%2e%2e/secret",
        "/a/%2e%2e/b",
        "/a%2fb",
        "/a/%2F../b",
        "/a\\..\\b",
        "//double//slash",
        "/a/",
        "/a?x=/../y",
        "/a;p=1/../b",
        "/%zz",
        "/%00",
        "/%",
        "/a%0d%0ab",
        "/[x]/{y}|z",
        "/\"q\"",
        "/é",
    ];
    for path in paths {
        let seen = match try_request(&Method::Get, &format!("{base}{path}"), &[]) {
            Err(part) => format!("refused {part}"),
            Ok(request) => match handle(request, None).and_then(|future| response(&future)) {
                Err(error) => format!("error {error:?}"),
                Ok(incoming) => {
                    let seen = incoming.headers().get("x-storeport-test-uri").into_iter().next();
                    format!("saw {}", String::from_utf8_lossy(&seen.unwrap_or_default()))
                }
            },
        };
        println!("{path} {seen}");
    }
}

/// Tries to put a second request or header line into the first by every part that is text. All must be refused, and
/// the one request that is sent at the end must arrive alone.
fn smuggle(args: &Args) {
    let base = args.url_or(0, "");
    let base = base.trim_end_matches('/');
    let lines = [
        "\r\nX-Injected: 1",
        "\nX-Injected: 1",
        "\rX-Injected: 1",
        " HTTP/1.1\r\nX-Injected: 1\r\n\r\nGET /second",
        "\0",
    ];
    for line in lines {
        let request = OutgoingRequest::new(Headers::new());
        assert!(request.set_method(&Method::Other(format!("GET{line}"))).is_err(), "method with {line:?}");
        assert!(request.set_path_with_query(Some(&format!("/a{line}"))).is_err(), "path with {line:?}");
        assert!(request.set_authority(Some(&format!("example.com{line}"))).is_err(), "authority with {line:?}");
        assert!(request.set_scheme(Some(&Scheme::Other(format!("http{line}")))).is_err(), "scheme with {line:?}");
        let fields = Fields::new();
        assert!(fields.append(&format!("x-a{line}"), b"1").is_err(), "name with {line:?}");
        assert!(fields.append("x-a", format!("1{line}").as_bytes()).is_err(), "value with {line:?}");
        assert!(fields.set("x-a", &[format!("1{line}").into_bytes()]).is_err(), "set with {line:?}");
        assert!(fields.entries().is_empty());
    }
    for (name, value) in
        [("transfer-encoding", "chunked"), ("Transfer-Encoding", "identity"), ("connection", "x-a"), ("HOST", "other")]
    {
        assert!(Fields::new().append(name, value.as_bytes()).is_err(), "{name} was accepted");
    }

    // Two lengths that differ, and one that differs from the body: refused, or the body is cut to a whole message.
    let lengths: [&[(&str, &[u8])]; 3] = [
        &[("content-length", b"3"), ("content-length", b"30")],
        &[("content-length", b"3")],
        &[("content-length", b"300")],
    ];
    for headers in lengths {
        let text = b"GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n";
        let Ok(request) = try_request(&Method::Post, &format!("{base}/post"), headers) else {
            println!("{} refused", describe_lengths(headers));
            continue;
        };
        let Ok(body) = request.body() else {
            println!("{} refused by body()", describe_lengths(headers));
            continue;
        };
        let result = handle(request, None).and_then(|future| {
            crate::client::write_body(body, text)?;
            response(&future).map(|response| response.status())
        });
        println!("{} {result:?}", describe_lengths(headers));
        assert!(result.is_err(), "a body that differs from its declared length was sent");
    }
    let last = exchange(&Method::Get, &format!("{base}/last"), &[], None).expect("a request after those");
    assert_eq!(last.header("x-storeport-test-uri").as_deref(), Some("/last"), "the answer belongs to another request");
}

fn describe_lengths(headers: &[(&str, &[u8])]) -> String {
    let lengths: Vec<_> = headers.iter().map(|(_, value)| String::from_utf8_lossy(value)).collect();
    format!("length {}", lengths.join(" and "))
}

/// Where each URL leads: a status, an error, or the setter that refused it.
fn addresses(args: &Args) {
    args.0.iter().for_each(|url| println!("{url} {}", attempt(url)));
}

fn attempt(url: &str) -> String {
    let request = match try_request(&Method::Get, url, &[]) {
        Err(part) => return format!("refused {part}"),
        Ok(request) => request,
    };
    let options = wasip2::http::types::RequestOptions::new();
    let second = Some(1_000_000_000);
    options.set_connect_timeout(second).and(options.set_first_byte_timeout(second)).expect("timeouts");
    match handle(request, Some(options)).and_then(|future| response(&future)) {
        Ok(response) => format!("status {}", response.status()),
        Err(error) => format!("error {error:?}"),
    }
}

/// Loopback, private, link-local and metadata addresses in the spellings that resolvers and URL parsers understand.
/// None may be reached; a status is a failure.
fn addresses_all(args: &Args) {
    let port = args.0.first().map_or(String::new(), |port| format!(":{port}"));
    let hosts = [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "0",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "foo.localhost",
        "localhost.localdomain",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "169.254.169.254",
        "0xa9fea9fe",
        "2852039166",
        "169.254.43518",
        "[::ffff:169.254.169.254]",
        "[fd00:ec2::254]",
        "169.254.170.2",
        "metadata.google.internal",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "[fe80::1]",
        "[fc00::1]",
        "[fd12:3456::1]",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "user@127.0.0.1",
        "user:pw@localhost",
        "example.com@127.0.0.1",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "%31%32%37.0.0.1",
        "127.0.0.1%00.example.com",
        "127.0.0.1#.example.com",
        "127.0.0.1\\@example.com",
    ];
    let mut reached = Vec::new();
    for host in hosts {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}{port}/latest/meta-data/");
            let (_, authority, _) = split(&url);
            let seen = attempt(&url);
            println!("{scheme} {authority} {seen}");
            if seen.starts_with("status") {
                reached.push(url);
            }
        }
    }
    assert!(reached.is_empty(), "reached {reached:?}");
}

/// Writes more to a body than fits before the request is sent, and waits: nobody will ever read it. A host that
/// notices that nothing is pending says so; `handle` is never called.
fn unsent_body_deadlock(_: &Args) {
    let request = request(&Method::Post, "http://127.0.0.1/", &[]);
    let body = request.body().expect("body");
    let stream = body.write().expect("stream");
    let mut sent = 0usize;
    loop {
        let permit = stream.check_write().unwrap_or_else(|error| panic!("{}", describe(&error))) as usize;
        if permit == 0 {
            println!("full after {sent}");
            stream.subscribe().block();
        }
        stream.write(&vec![0; permit]).expect("write");
        sent += permit;
        assert!(sent < 1 << 30, "a GiB was buffered for a request that was never sent");
    }
}
