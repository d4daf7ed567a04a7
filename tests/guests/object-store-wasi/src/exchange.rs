use crate::error::WasiHttpError;
use crate::reactor::Ready;
use crate::upload::{Sent, Upload};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use wasip2::http::types::{FutureIncomingResponse, IncomingResponse};

/// One exchange up to the head of the response: the body goes out and the head comes in at the same time.
pub struct Exchange {
    // The order is that in which they must be dropped.
    ready: Ready,
    future: FutureIncomingResponse,
    upload: Option<Upload>,
    head: Option<IncomingResponse>,
    deadline: Option<Ready>,
}

/// The head of a response, and what goes on while its body is read.
pub struct Head {
    pub response: IncomingResponse,
    pub upload: Option<Upload>,
    pub deadline: Option<Ready>,
}

impl Exchange {
    pub fn new(future: FutureIncomingResponse, upload: Option<Upload>, deadline: Option<Ready>) -> Exchange {
        Exchange { ready: Ready::new(future.subscribe()), future, upload, head: None, deadline }
    }

    fn poll_head(&mut self, cx: &mut Context<'_>) -> Result<(), WasiHttpError> {
        if self.head.is_none() && self.ready.poll_ready(cx).is_ready() {
            let result = self.future.get().and_then(Result::ok);
            self.head = Some(result.ok_or_else(|| WasiHttpError::Stream("the response was taken".into()))??);
        }
        Ok(())
    }

    fn finished(&mut self, response: IncomingResponse) -> Head {
        Head { response, upload: self.upload.take(), deadline: self.deadline.take() }
    }
}

impl Future for Exchange {
    type Output = Result<Head, WasiHttpError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let mut stopped = false;
        if let Some(upload) = &mut this.upload {
            match upload.poll_send(cx) {
                Poll::Ready(Ok(Sent::Whole)) => this.upload = None,
                Poll::Ready(Ok(Sent::Stopped)) => stopped = true,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {}
            }
        }
        if let Err(error) = this.poll_head(cx) {
            return Poll::Ready(Err(error));
        }
        // An answer may come before the body is sent. A refusal ends the matter; anything else waits for the body.
        let sending = this.upload.is_some() && !stopped;
        if let Some(response) = this.head.take_if(|response| !sending || response.status() >= 400) {
            return Poll::Ready(Ok(this.finished(response)));
        }
        if let Some(deadline) = &mut this.deadline
            && deadline.poll_ready(cx).is_ready()
        {
            return Poll::Ready(Err(WasiHttpError::TimedOut));
        }
        Poll::Pending
    }
}
