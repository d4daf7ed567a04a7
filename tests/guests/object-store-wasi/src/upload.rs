use crate::error::WasiHttpError;
use crate::reactor::Ready;
use bytes::Bytes;
use http_body::Body;
use object_store::client::HttpRequestBody;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use wasip2::http::types::{OutgoingBody, OutgoingRequest};
use wasip2::io::streams::{OutputStream, StreamError};

/// How an upload ended.
pub enum Sent {
    /// Everything was written and the body finished.
    Whole,
    /// The other side takes no more; what it has to say comes with the response.
    Stopped,
}

/// A request body on its way, written as the host permits. Dropping it aborts the request.
#[derive(Debug)]
pub struct Upload {
    // The order is that in which they must be dropped.
    ready: Option<Ready>,
    stream: Option<OutputStream>,
    outgoing: Option<OutgoingBody>,
    body: HttpRequestBody,
    current: Bytes,
}

impl Upload {
    pub fn new(request: &OutgoingRequest, body: HttpRequestBody) -> Result<Upload, WasiHttpError> {
        let outgoing = request.body().map_err(|()| WasiHttpError::Refused("body"))?;
        let stream = outgoing.write().map_err(|()| WasiHttpError::Refused("body"))?;
        let ready = Ready::new(stream.subscribe());
        Ok(Upload { ready: Some(ready), stream: Some(stream), outgoing: Some(outgoing), body, current: Bytes::new() })
    }

    pub fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<Sent, WasiHttpError>> {
        loop {
            if self.current.is_empty() {
                match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                    Some(Ok(frame)) => self.current = frame.into_data().unwrap_or_default(),
                    Some(Err(error)) => return Poll::Ready(Err(WasiHttpError::Stream(error.to_string()))),
                    None => return Poll::Ready(self.finish()),
                }
                continue;
            }
            let (Some(stream), Some(ready)) = (&self.stream, &mut self.ready) else {
                return Poll::Ready(Ok(Sent::Stopped));
            };
            match stream.check_write() {
                Ok(0) => ready!(ready.poll_ready(cx)),
                Ok(permit) => {
                    let count = self.current.len().min(usize::try_from(permit).unwrap_or(usize::MAX));
                    if let Err(error) = stream.write(&self.current.split_to(count)) {
                        return Poll::Ready(stopped(error));
                    }
                }
                Err(error) => return Poll::Ready(stopped(error)),
            }
        }
    }

    fn finish(&mut self) -> Result<Sent, WasiHttpError> {
        self.ready = None;
        self.stream = None;
        if let Some(outgoing) = self.outgoing.take() {
            OutgoingBody::finish(outgoing, None)?;
        }
        Ok(Sent::Whole)
    }
}

fn stopped(error: StreamError) -> Result<Sent, WasiHttpError> {
    match error {
        StreamError::Closed => Ok(Sent::Stopped),
        error => Err(WasiHttpError::from_stream(error)),
    }
}
