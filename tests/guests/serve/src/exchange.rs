//! The plain steps of answering a request, for the cases that are about something else.

use wasip2::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

/// A request and the place for its answer.
pub struct Exchange {
    pub request: IncomingRequest,
    pub out: ResponseOutparam,
    target: String,
}

impl Exchange {
    pub fn new(request: IncomingRequest, out: ResponseOutparam) -> Exchange {
        let target = request.path_with_query().unwrap_or_default();
        Exchange { request, out, target }
    }

    /// The first segment of the path.
    pub fn route(&self) -> &str {
        self.target.split('?').next().unwrap_or_default().split('/').nth(1).unwrap_or_default()
    }

    /// The second segment of the path.
    pub fn argument(&self) -> Option<&str> {
        self.target.split('?').next().unwrap_or_default().split('/').nth(2).filter(|text| !text.is_empty())
    }

    /// A number in the query.
    pub fn number(&self, name: &str, otherwise: u64) -> u64 {
        let (_, query) = self.target.split_once('?').unwrap_or_default();
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).find_map(|(_, value)| value.parse().ok()).unwrap_or(otherwise)
    }

    /// All values of a request header, as text.
    pub fn headers(&self, name: &str) -> Vec<String> {
        let values = self.request.headers().get(name);
        values.iter().map(|value| String::from_utf8_lossy(value).into_owned()).collect()
    }

    /// The first value of a request header, as text.
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers(name).into_iter().next()
    }

    /// Sends the head of the answer; the body is then written.
    pub fn answer(self, status: u16, headers: &[(&str, &str)]) -> Reply {
        let entries: Vec<_> =
            headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
        let response = OutgoingResponse::new(Fields::from_list(&entries).expect("the headers are legal"));
        response.set_status_code(status).expect("the status is legal");
        let body = response.body().expect("the body is taken once");
        let stream = body.write().expect("the stream is taken once");
        ResponseOutparam::set(self.out, Ok(response));
        Reply { stream, body }
    }

    /// Answers with a text.
    pub fn text(self, text: &str) {
        let reply = self.answer(200, &[("content-type", "text/plain")]);
        let _ = reply.write(text.as_bytes());
        reply.finish();
    }
}

/// An answer under way.
pub struct Reply {
    pub stream: OutputStream,
    pub body: OutgoingBody,
}

impl Reply {
    /// Writes all, waiting for room.
    pub fn write(&self, bytes: &[u8]) -> Result<(), StreamError> {
        write_all(&self.stream, bytes)
    }

    /// Ends the body.
    pub fn finish(self) {
        drop(self.stream);
        OutgoingBody::finish(self.body, None).expect("the body is whole");
    }
}

/// Writes all, waiting for room.
pub fn write_all(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    while !bytes.is_empty() {
        let permit = stream.check_write()? as usize;
        if permit == 0 {
            stream.subscribe().block();
            continue;
        }
        let now = permit.min(bytes.len());
        stream.write(&bytes[..now])?;
        bytes = &bytes[now..];
    }
    Ok(())
}

/// Calls `each` with every piece of a body.
pub fn read_all(
    stream: &InputStream,
    mut each: impl FnMut(&[u8]) -> Result<(), StreamError>,
) -> Result<u64, StreamError> {
    let mut total = 0;
    loop {
        match stream.blocking_read(64 * 1024) {
            Ok(bytes) => {
                total += bytes.len() as u64;
                each(&bytes)?;
            }
            Err(StreamError::Closed) => return Ok(total),
            Err(error) => return Err(error),
        }
    }
}
