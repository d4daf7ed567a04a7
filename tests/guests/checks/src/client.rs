//! The plain steps of one HTTP exchange on the raw bindings, for the checks that are about something else.

use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest,
    RequestOptions, Scheme,
};
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

/// Name and value pairs; values are bytes.
pub type Headers<'a> = &'a [(&'a str, &'a [u8])];

/// A whole response.
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// The first value of a header, as text.
    pub fn header(&self, name: &str) -> Option<String> {
        let found = self.headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name));
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }
}

/// A URL at the test server, whose `HOST:PORT` is in the variable `HTTP_SERVER`.
pub fn server_url(path: &str) -> String {
    format!("http://{}{path}", server())
}

/// The `HOST:PORT` of the test server.
pub fn server() -> String {
    std::env::var("HTTP_SERVER").expect("HTTP_SERVER must hold the test server's HOST:PORT")
}

/// Splits a URL without judging its parts: judging them is what the host is checked for.
pub fn split(url: &str) -> (Scheme, &str, &str) {
    let (scheme, rest) = url.split_once("://").unwrap_or_else(|| panic!("{url:?} has no scheme"));
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.into()),
    };
    match rest.find(['/', '?']) {
        Some(at) => (scheme, &rest[..at], &rest[at..]),
        None => (scheme, rest, "/"),
    }
}

/// A request with its parts set; the error names the setter that refused.
pub fn try_request(method: &Method, url: &str, headers: Headers) -> Result<OutgoingRequest, &'static str> {
    let entries: Vec<_> = headers.iter().map(|(name, value)| (name.to_string(), value.to_vec())).collect();
    let request = OutgoingRequest::new(Fields::from_list(&entries).map_err(|_| "headers")?);
    let (scheme, authority, path) = split(url);
    request.set_method(method).map_err(|()| "method")?;
    request.set_scheme(Some(&scheme)).map_err(|()| "scheme")?;
    request.set_authority(Some(authority)).map_err(|()| "authority")?;
    request.set_path_with_query(Some(path)).map_err(|()| "path-with-query")?;
    Ok(request)
}

/// A request with its parts set; panics where a setter refuses.
pub fn request(method: &Method, url: &str, headers: Headers) -> OutgoingRequest {
    try_request(method, url, headers).unwrap_or_else(|part| panic!("the host refused the {part} of {url:?}"))
}

/// Hands a request over and waits for the head of the response.
pub fn send(request: OutgoingRequest, options: Option<RequestOptions>) -> Result<IncomingResponse, ErrorCode> {
    response(&handle(request, options)?)
}

/// Waits for a response that is under way.
pub fn response(future: &FutureIncomingResponse) -> Result<IncomingResponse, ErrorCode> {
    future.subscribe().block();
    let once = future.get().expect("a future whose pollable is ready has a result");
    once.expect("the first get has the result")
}

/// Writes everything in pieces of what `check-write` permits, then flushes and waits for that.
pub fn write_all(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    let pollable = stream.subscribe();
    while !bytes.is_empty() {
        let permit = stream.check_write()? as usize;
        if permit == 0 {
            pollable.block();
            continue;
        }
        let (now, later) = bytes.split_at(bytes.len().min(permit));
        stream.write(now)?;
        bytes = later;
    }
    stream.flush()?;
    pollable.block();
    stream.check_write().map(drop)
}

/// Writes and finishes a request body.
pub fn write_body(body: OutgoingBody, bytes: &[u8]) -> Result<(), ErrorCode> {
    let stream = body.write().expect("the first write() gives the stream");
    let written = write_all(&stream, bytes);
    drop(stream);
    let finished = OutgoingBody::finish(body, None);
    if let Err(StreamError::LastOperationFailed(error)) = &written {
        return Err(wasip2::http::types::http_error_code(error).expect("an http stream's error has a code"));
    }
    finished
}

/// Reads a stream to its end; the error is that of the read that failed.
pub fn read_all(stream: &InputStream) -> Result<Vec<u8>, StreamError> {
    let mut all = Vec::new();
    loop {
        match stream.blocking_read(64 * 1024) {
            Ok(bytes) => all.extend(bytes),
            Err(StreamError::Closed) => return Ok(all),
            Err(error) => return Err(error),
        }
    }
}

/// Takes a response's body and stream.
pub fn body_of(response: &IncomingResponse) -> (IncomingBody, InputStream) {
    let body = response.consume().expect("the first consume() gives the body");
    let stream = body.stream().expect("the first stream() gives the stream");
    (body, stream)
}

/// Reads a whole response.
pub fn read_reply(response: IncomingResponse) -> Reply {
    let (status, headers) = (response.status(), response.headers().entries());
    let (body, stream) = body_of(&response);
    drop(response);
    let bytes = read_all(&stream).unwrap_or_else(|error| panic!("the body broke: {}", describe(&error)));
    drop(stream);
    drop(IncomingBody::finish(body));
    Reply { status, headers, body: bytes }
}

/// One whole exchange.
pub fn exchange(method: &Method, url: &str, headers: Headers, body: Option<&[u8]>) -> Result<Reply, ErrorCode> {
    let request = request(method, url, headers);
    let outgoing = body.map(|_| request.body().expect("the first body() gives the body"));
    let future = handle(request, None)?;
    if let (Some(outgoing), Some(bytes)) = (outgoing, body) {
        write_body(outgoing, bytes)?;
    }
    Ok(read_reply(response(&future)?))
}

/// A GET that must succeed.
pub fn get(url: &str) -> Reply {
    exchange(&Method::Get, url, &[], None).unwrap_or_else(|error| panic!("GET {url} failed: {error:?}"))
}

/// A stream error in words: `closed`, an HTTP code, or the host's text.
pub fn describe(error: &StreamError) -> String {
    match error {
        StreamError::Closed => "closed".into(),
        StreamError::LastOperationFailed(error) => match wasip2::http::types::http_error_code(error) {
            Some(code) => format!("{code:?}"),
            None => format!("no http code, {}", error.to_debug_string()),
        },
    }
}

/// Byte `at` of the test pattern: a prime period, so that a lost or repeated block shows.
pub fn pattern(at: u64) -> u8 {
    (at % 251) as u8
}

/// Fills a buffer with the pattern from a position on.
pub fn fill(buffer: &mut [u8], from: u64) {
    let mut byte = pattern(from);
    for slot in buffer {
        *slot = byte;
        byte = if byte == 250 { 0 } else { byte + 1 };
    }
}

/// Whether a piece of the pattern is right.
pub fn verify(bytes: &[u8], from: u64) -> bool {
    let mut expected = pattern(from);
    bytes.iter().all(|&byte| {
        let right = byte == expected;
        expected = if expected == 250 { 0 } else { expected + 1 };
        right
    })
}
