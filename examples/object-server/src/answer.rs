//! The answer to a request: its head, then its body.

use object_store::Error;
use object_store::path::Path;
use wasip2::http::types::{Fields, OutgoingBody, OutgoingResponse, ResponseOutparam};
use wasip2::io::streams::{OutputStream, StreamError};

/// An answer whose head is not sent yet.
pub struct Answer {
    out: ResponseOutparam,
    headers: Fields,
    is_head: bool,
}

impl Answer {
    pub fn new(out: ResponseOutparam, is_head: bool) -> Answer {
        Answer { out, headers: Fields::new(), is_head }
    }

    /// Sets a header. One that HTTP does not permit, for it comes from a store, is left out.
    pub fn header(self, name: &str, value: &str) -> Answer {
        let _ = self.headers.set(name, &[value.as_bytes().to_vec()]);
        self
    }

    pub fn allow(self, methods: &str) -> Answer {
        self.header("allow", methods)
    }

    /// Sends the head. After that the body is written, and finished when it is whole.
    pub fn send(self, status: u16) -> Body {
        let Answer { out, headers, is_head } = self;
        let response = OutgoingResponse::new(headers);
        response.set_status_code(status).expect("it is one of ours");
        // An answer to HEAD declares the length of a body that it does not have.
        let open = (!is_head).then(|| {
            let body = response.body().expect("it is taken once");
            let stream = body.write().expect("it is taken once");
            (stream, body)
        });
        ResponseOutparam::set(out, Ok(response));
        Body { open }
    }

    /// Sends an answer that is there as a whole; its length is known to those too who asked for its head alone.
    pub fn whole(self, status: u16, kind: &str, text: &str) {
        let answer = self.header("content-type", kind).header("content-length", &text.len().to_string());
        let mut body = answer.send(status);
        if body.write(text.as_bytes()).is_ok() {
            body.finish();
        }
    }

    /// Sends a line of text.
    pub fn text(self, status: u16, text: &str) {
        self.whole(status, "text/plain; charset=utf-8", &format!("{text}\n"));
    }

    /// Answers that the store would not; why is for the log.
    pub fn failed(self, path: &Path, error: &Error) {
        let (status, text) = match error {
            Error::NotFound { .. } => (404, "There is no such object"),
            Error::Precondition { .. } => (412, "The object is another version"),
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => (403, "The store refuses that"),
            _ => (502, "The store does not answer as it should"),
        };
        if status == 403 || status == 502 {
            eprintln!("{path}: {error}");
        }
        self.text(status, text);
    }
}

/// A body under way; there is none in an answer to `HEAD`. Dropped before it is finished, it counts as broken off.
pub struct Body {
    open: Option<(OutputStream, OutgoingBody)>,
}

impl Body {
    /// Writes all, and waits while the client does not keep up.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), StreamError> {
        let Some((stream, _)) = &self.open else { return Ok(()) };
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

    /// Ends the body.
    pub fn finish(self) {
        let Some((stream, body)) = self.open else { return };
        drop(stream);
        // It fails when the length is not as declared, which the host then tells the client in its own way.
        if let Err(error) = OutgoingBody::finish(body, None) {
            eprintln!("the body is not whole: {error:?}");
        }
    }
}
