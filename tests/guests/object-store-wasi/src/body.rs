use crate::error::WasiHttpError;
use crate::reactor::Ready;
use crate::upload::Upload;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use object_store::client::HttpError;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use wasip2::http::types::{IncomingBody, IncomingResponse};
use wasip2::io::streams::{InputStream, StreamError};

/// The most that one read asks for.
const CHUNK: u64 = 1 << 20;

/// A response body, read as it is asked for. Dropping it ends the transfer.
#[derive(Debug)]
pub struct ResponseBody {
    // The order is that in which they must be dropped.
    ready: Option<Ready>,
    stream: Option<InputStream>,
    _body: Option<IncomingBody>,
    deadline: Option<Ready>,
    /// What is left of an upload that was answered before its end: it stays open as long as the answer is read.
    _upload: Option<Upload>,
    size: SizeHint,
}

impl ResponseBody {
    pub fn new(
        response: &IncomingResponse,
        size: Option<u64>,
        deadline: Option<Ready>,
        upload: Option<Upload>,
    ) -> Result<ResponseBody, WasiHttpError> {
        let taken = || WasiHttpError::Stream("the body was taken".into());
        let body = response.consume().map_err(|()| taken())?;
        let stream = body.stream().map_err(|()| taken())?;
        Ok(ResponseBody {
            ready: Some(Ready::new(stream.subscribe())),
            stream: Some(stream),
            _body: Some(body),
            deadline,
            _upload: upload,
            size: size.map_or_else(SizeHint::default, SizeHint::with_exact),
        })
    }

    /// Lets go of the transfer, in the order that its parts demand.
    fn end(&mut self) {
        self.ready = None;
        self.stream = None;
        self._body = None;
        self.deadline = None;
        self._upload = None;
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let this = &mut *self;
        loop {
            let (Some(stream), Some(ready)) = (&this.stream, &mut this.ready) else {
                return Poll::Ready(None);
            };
            match stream.read(CHUNK) {
                Ok(bytes) if bytes.is_empty() => {
                    if let Some(deadline) = &mut this.deadline
                        && deadline.poll_ready(cx).is_ready()
                    {
                        this.end();
                        return Poll::Ready(Some(Err(WasiHttpError::TimedOut.into())));
                    }
                    ready!(ready.poll_ready(cx));
                }
                Ok(bytes) => return Poll::Ready(Some(Ok(Frame::data(bytes.into())))),
                Err(StreamError::Closed) => {
                    this.end();
                    return Poll::Ready(None);
                }
                Err(error) => {
                    let error = WasiHttpError::from_stream(error);
                    this.end();
                    return Poll::Ready(Some(Err(error.into())));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.size
    }
}
