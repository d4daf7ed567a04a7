//! Answers every request with `Hello, WASI!`, or with as many bytes as the path says (`/65536`).

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

struct Hello;

wasip2::http::proxy::export!(Hello);

impl Guest for Hello {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        let size = path.trim_start_matches('/').parse::<usize>().ok();
        let response = OutgoingResponse::new(Fields::new());
        let body = response.body().expect("the body is taken once");
        ResponseOutparam::set(out, Ok(response));
        let stream = body.write().expect("the stream is taken once");
        match size {
            None => stream.blocking_write_and_flush(b"Hello, WASI!").expect("the client is there"),
            Some(size) => {
                let bytes = vec![b'x'; size.min(1 << 24)];
                let mut rest = &bytes[..];
                while !rest.is_empty() {
                    let Ok(permit) = stream.check_write() else { return };
                    if permit == 0 {
                        stream.subscribe().block();
                        continue;
                    }
                    let now = rest.len().min(permit as usize);
                    if stream.write(&rest[..now]).is_err() {
                        return;
                    }
                    rest = &rest[now..];
                }
            }
        }
        drop(stream);
        OutgoingBody::finish(body, None).expect("no length was declared");
    }
}
