//! Transfers on the raw bindings.

use wasip2::clocks::monotonic_clock::now;
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme,
    http_error_code,
};
use wasip2::io::poll::{Pollable, poll};
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

type Done = Result<(), String>;

fn request(method: &Method, url: &str) -> Result<OutgoingRequest, String> {
    let (scheme, rest) = url.split_once("://").ok_or_else(|| format!("{url:?} is no URL"))?;
    let at = rest.find('/').unwrap_or(rest.len());
    let path = if at == rest.len() { "/" } else { &rest[at..] };
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.into()),
    };
    let request = OutgoingRequest::new(Fields::new());
    let set = request
        .set_method(method)
        .and_then(|()| request.set_scheme(Some(&scheme)))
        .and_then(|()| request.set_authority(Some(&rest[..at])))
        .and_then(|()| request.set_path_with_query(Some(path)));
    set.map(|()| request).map_err(|()| format!("the host does not take {url:?}"))
}

fn response(future: &FutureIncomingResponse) -> Result<IncomingResponse, String> {
    future.subscribe().block();
    let result = future.get().ok_or("the future is ready but has no result")?;
    result.map_err(|()| "the result was taken".to_string())?.map_err(|code| format!("{code:?}"))
}

fn broken(error: StreamError) -> String {
    match error {
        StreamError::Closed => "closed".into(),
        StreamError::LastOperationFailed(error) => match http_error_code(&error) {
            Some(code) => format!("{code:?}"),
            None => error.to_debug_string(),
        },
    }
}

/// A body with its stream; the fields are dropped in this order.
struct Incoming {
    stream: InputStream,
    _body: IncomingBody,
}

fn incoming(response: IncomingResponse) -> Result<Incoming, String> {
    let body = response.consume().map_err(|()| "no body")?;
    let stream = body.stream().map_err(|()| "no stream")?;
    Ok(Incoming { stream, _body: body })
}

/// Reads to the end and shows every piece to `each`; resolves to the number of bytes.
fn read(incoming: &Incoming, chunk: u64, mut each: impl FnMut(&[u8])) -> Result<u64, String> {
    let mut total = 0;
    loop {
        match incoming.stream.blocking_read(chunk) {
            Ok(bytes) => {
                total += bytes.len() as u64;
                each(&bytes);
            }
            Err(StreamError::Closed) => return Ok(total),
            Err(error) => return Err(format!("after {total} bytes: {}", broken(error))),
        }
    }
}

fn rate(bytes: u64, since: u64) {
    let ns = (now() - since).max(1);
    println!("bytes {bytes}");
    println!("ms {}", ns / 1_000_000);
    println!("MiB/s {:.1}", bytes as f64 / 1_048_576.0 / (ns as f64 / 1e9));
}

pub fn download(url: &str, chunk: u64) -> Done {
    let start = now();
    let head = response(&handle(request(&Method::Get, url)?, None).map_err(|code| format!("{code:?}"))?)?;
    println!("status {}", head.status());
    let body = incoming(head)?;
    rate(read(&body, chunk, |_| {})?, start);
    Ok(())
}

pub fn checksum(url: &str) -> Done {
    let head = response(&handle(request(&Method::Get, url)?, None).map_err(|code| format!("{code:?}"))?)?;
    println!("status {}", head.status());
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let body = incoming(head)?;
    let total = read(&body, 1 << 20, |bytes| {
        hash = bytes.iter().fold(hash, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    })?;
    println!("bytes {total}");
    println!("fnv1a {hash:016x}");
    Ok(())
}

/// The pattern's period: byte `i` is `i % 251`.
const PERIOD: usize = 251;

/// A MiB of the pattern and a period more, so that a piece of any phase can be cut from it without copying.
fn pattern() -> Vec<u8> {
    (0..(1 << 20) + PERIOD).map(|at| (at % PERIOD) as u8).collect()
}

/// An upload under way.
struct Upload {
    stream: Option<OutputStream>,
    body: Option<OutgoingBody>,
    pattern: Vec<u8>,
    sent: u64,
    total: u64,
    chunk: u64,
}

impl Upload {
    fn new(request: &OutgoingRequest, total: u64, chunk: u64) -> Result<Upload, String> {
        let body = request.body().map_err(|()| "no request body")?;
        let stream = body.write().map_err(|()| "no request stream")?;
        Ok(Upload {
            stream: Some(stream),
            body: Some(body),
            pattern: pattern(),
            sent: 0,
            total,
            chunk: chunk.min(1 << 20),
        })
    }

    /// Writes as long as the host permits; `false` when everything is written and finished.
    fn advance(&mut self) -> Result<bool, String> {
        let Some(stream) = &self.stream else { return Ok(false) };
        while self.sent < self.total {
            let permit = stream.check_write().map_err(broken)?;
            if permit == 0 {
                return Ok(true);
            }
            let count = permit.min(self.chunk).min(self.total - self.sent) as usize;
            let phase = (self.sent % PERIOD as u64) as usize;
            stream.write(&self.pattern[phase..phase + count]).map_err(broken)?;
            self.sent += count as u64;
        }
        self.stream = None;
        let body = self.body.take().ok_or("finished twice")?;
        OutgoingBody::finish(body, None).map_err(|code| format!("{code:?}"))?;
        Ok(false)
    }

    fn subscribe(&self) -> Option<Pollable> {
        self.stream.as_ref().map(OutputStream::subscribe)
    }
}

pub fn upload(url: &str, total: u64, chunk: u64) -> Done {
    let start = now();
    let request = request(&Method::Post, url)?;
    let mut upload = Upload::new(&request, total, chunk)?;
    let future = handle(request, None).map_err(|code| format!("{code:?}"))?;
    while upload.advance()? {
        upload.subscribe().ok_or("no stream")?.block();
    }
    let head = response(&future)?;
    println!("status {}", head.status());
    rate(upload.sent, start);
    Ok(())
}

pub fn echo(url: &str, total: u64) -> Done {
    let start = now();
    let request = request(&Method::Post, url)?;
    let mut upload = Upload::new(&request, total, u64::MAX)?;
    let future = handle(request, None).map_err(|code| format!("{code:?}"))?;
    let mut answer: Option<Incoming> = None;
    let (mut received, mut right, mut most) = (0u64, true, 0);
    loop {
        upload.advance()?;
        most = most.max(upload.sent - received);
        if answer.is_none()
            && let Some(result) = future.get()
        {
            let head = result.map_err(|()| "taken twice".to_string())?.map_err(|code| format!("{code:?}"))?;
            println!("status {}", head.status());
            answer = Some(incoming(head)?);
        }
        if let Some(answer) = &answer {
            match answer.stream.read(1 << 20) {
                Ok(bytes) => {
                    let phase = (received % PERIOD as u64) as usize;
                    right &= bytes.len() <= 1 << 20 && bytes[..] == upload.pattern[phase..phase + bytes.len()];
                    received += bytes.len() as u64;
                }
                Err(StreamError::Closed) => break,
                Err(error) => return Err(format!("after {received} bytes: {}", broken(error))),
            }
        }
        let waiting = [
            upload.subscribe(),
            answer.as_ref().map(|answer| answer.stream.subscribe()),
            answer.is_none().then(|| future.subscribe()),
        ];
        poll(&waiting.iter().flatten().collect::<Vec<_>>());
    }
    if received != total || !right {
        return Err(format!("the echo differs: {received} of {total} bytes"));
    }
    println!("ahead {most}");
    rate(received, start);
    Ok(())
}

/// A request under way: first its head, then its body.
enum Step {
    Head(FutureIncomingResponse),
    Body(Incoming),
}

pub fn small(url: &str, count: u64, parallel: u64) -> Done {
    let start = now();
    let (mut begun, mut done, mut bytes) = (0, 0, 0u64);
    let mut running: Vec<Step> = Vec::new();
    while done < count {
        while begun < count && (running.len() as u64) < parallel.max(1) {
            let future = handle(request(&Method::Get, url)?, None).map_err(|code| format!("{code:?}"))?;
            running.push(Step::Head(future));
            begun += 1;
        }
        let pollables: Vec<Pollable> = running
            .iter()
            .map(|step| match step {
                Step::Head(future) => future.subscribe(),
                Step::Body(incoming) => incoming.stream.subscribe(),
            })
            .collect();
        let mut ready = poll(&pollables.iter().collect::<Vec<_>>());
        drop(pollables);
        // From the end, so that removing one leaves the others' places.
        ready.sort_unstable_by(|a, b| b.cmp(a));
        ready.dedup();
        for at in ready {
            match running.swap_remove(at as usize) {
                Step::Head(future) => running.push(Step::Body(incoming(response(&future)?)?)),
                Step::Body(incoming) => match incoming.stream.read(64 * 1024) {
                    Ok(piece) => {
                        bytes += piece.len() as u64;
                        running.push(Step::Body(incoming));
                    }
                    Err(StreamError::Closed) => done += 1,
                    Err(error) => return Err(broken(error)),
                },
            }
        }
    }
    let ns = (now() - start).max(1);
    println!("requests {done}");
    println!("bytes {bytes}");
    println!("us each {:.1}", ns as f64 / 1000.0 / done as f64);
    println!("requests/s {:.0}", done as f64 / (ns as f64 / 1e9));
    Ok(())
}
