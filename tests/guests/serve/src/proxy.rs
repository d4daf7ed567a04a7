//! Handlers that are clients too. The header `url` says of whom.

use crate::exchange::{Exchange, read_all, write_all};
use futures_util::stream::{self, StreamExt};
use sha2::{Digest, Sha256};
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{ErrorCode, Fields, IncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme};

fn outgoing(url: &str, method: &Method) -> OutgoingRequest {
    let request = OutgoingRequest::new(Fields::new());
    let (scheme, rest) = url.split_once("://").expect("a URL has a scheme");
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    request.set_method(method).expect("the method is legal");
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    request.set_scheme(Some(&scheme)).expect("the scheme is legal");
    request.set_authority(Some(authority)).expect("the authority is legal");
    request.set_path_with_query(Some(if path.is_empty() { "/" } else { path })).expect("the path is legal");
    request
}

fn send(request: OutgoingRequest) -> Result<IncomingResponse, ErrorCode> {
    let future = handle(request, None)?;
    future.subscribe().block();
    future.get().expect("it is ready").expect("asked once")
}

fn url_of(exchange: &Exchange) -> String {
    exchange.header("url").expect("the header url")
}

/// The request's body goes to the other server while it comes, and its answer back: both ways at once.
pub fn double_echo(exchange: Exchange) {
    let request = outgoing(&url_of(&exchange), &Method::Post);
    let upload = request.body().expect("the body is taken once");
    let target = upload.write().expect("the stream is taken once");
    let future = handle(request, None).expect("the request goes out");
    let body = exchange.request.consume().expect("the body is taken once");
    let source = body.stream().expect("the stream is taken once");
    // First byte on its way before anything comes back.
    let mut response: Option<IncomingResponse> = None;
    let reply = exchange.answer(200, &[]);
    let mut download = None;
    let mut sending = Some((source, target, upload));
    let mut pending: Vec<u8> = Vec::new();
    loop {
        let mut pollables = Vec::new();
        if let Some((source, target, _)) = &sending {
            pollables.push(if pending.is_empty() { source.subscribe() } else { target.subscribe() });
        }
        match &download {
            None => pollables.push(future.subscribe()),
            Some((stream, _)) => pollables.push(wasip2::http::types::InputStream::subscribe(stream)),
        }
        wasip2::io::poll::poll(&pollables.iter().collect::<Vec<_>>());
        drop(pollables);
        let mut sent = false;
        if let Some((source, target, _)) = &sending {
            if pending.is_empty() {
                match source.read(64 * 1024) {
                    Ok(bytes) => pending = bytes,
                    Err(_) => sent = true,
                }
            }
            if !pending.is_empty() {
                let permit = target.check_write().expect("the upstream reads") as usize;
                let now = permit.min(pending.len());
                target.write(&pending[..now]).expect("permitted");
                pending.drain(..now);
            }
        }
        if sent {
            let (source, target, upload) = sending.take().expect("it was sending");
            drop((source, target));
            OutgoingBody::finish(upload, None).expect("the body is whole");
        }
        if download.is_none() {
            if let Some(result) = future.get() {
                let incoming = result.expect("asked once").expect("the upstream answers");
                let body = incoming.consume().expect("the body is taken once");
                response = Some(incoming);
                download = Some((body.stream().expect("the stream is taken once"), body));
            }
        } else if let Some((stream, _)) = &download {
            match stream.read(64 * 1024) {
                Ok(bytes) => write_all(&reply.stream, &bytes).expect("the client is there"),
                Err(_) => break,
            }
        }
    }
    drop(download);
    drop(response);
    reply.finish();
}

/// Forwards to the authority in `url` as it is written and tells the status.
pub fn forward_request(exchange: Exchange) {
    let result = send(outgoing(&url_of(&exchange), &Method::Get));
    exchange.text(&match result {
        Ok(response) => format!("status {}", response.status()),
        Err(error) => format!("error {error:?}"),
    });
}

/// Streams the other server's body back in upper case.
pub fn uppercase(exchange: Exchange) {
    let response = match send(outgoing(&url_of(&exchange), &Method::Get)) {
        Ok(response) => response,
        Err(error) => {
            let reply = exchange.answer(502, &[]);
            let _ = reply.write(format!("{error:?}").as_bytes());
            return reply.finish();
        }
    };
    let body = response.consume().expect("the body is taken once");
    let stream = body.stream().expect("the stream is taken once");
    let reply = exchange.answer(response.status(), &[("content-type", "text/plain")]);
    match read_all(&stream, |bytes| reply.write(&bytes.to_ascii_uppercase())) {
        Ok(_) => reply.finish(),
        Err(error) => println!("uppercase ended: {error:?}"),
    }
}

/// Up to 16 requests at once; a line for each URL as its hash is known.
pub fn hash_all(exchange: Exchange) {
    // Servers may join fields of one name.
    let fields = exchange.headers("url").join(",");
    let urls: Vec<String> = fields.split(',').map(|url| url.trim().to_owned()).collect();
    let reply = exchange.answer(200, &[("content-type", "text/plain")]);
    wstd::runtime::block_on(async {
        let client = wstd::http::Client::new();
        let mut hashes = stream::iter(urls)
            .map(|url| {
                let client = client.clone();
                async move {
                    let line = match hash(&client, &url).await {
                        Ok(hash) => format!("{url}: {hash}"),
                        Err(error) => format!("{url}: {error:?}"),
                    };
                    line.lines().next().unwrap_or_default().to_owned()
                }
            })
            .buffer_unordered(16);
        while let Some(line) = hashes.next().await {
            write_all(&reply.stream, format!("{line}\n").as_bytes()).expect("the client is there");
        }
    });
    reply.finish();
}

async fn hash(client: &wstd::http::Client, url: &str) -> Result<String, wstd::http::Error> {
    let request = wstd::http::Request::get(url).body(wstd::http::Body::empty())?;
    let mut body = client.send(request).await?.into_body();
    let bytes = body.contents().await?;
    Ok(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// `/fetch?n=N`: so many requests to `url`, one after another or (`at_once=1`) together; tells what came of each.
pub fn fetch(exchange: Exchange) {
    let url = url_of(&exchange);
    let count = exchange.number("n", 1);
    let told = |result: Result<IncomingResponse, ErrorCode>| match result {
        Ok(response) => format!("status {}\n", response.status()),
        Err(error) => format!("error {error:?}\n"),
    };
    let text: String = if exchange.number("at_once", 0) == 1 {
        let futures: Vec<_> = (0..count).map(|_| handle(outgoing(&url, &Method::Get), None)).collect();
        let wait = |future: Result<wasip2::http::types::FutureIncomingResponse, ErrorCode>| {
            let future = future?;
            future.subscribe().block();
            future.get().expect("it is ready").expect("asked once")
        };
        futures.into_iter().map(|future| told(wait(future))).collect()
    } else {
        (0..count).map(|_| told(send(outgoing(&url, &Method::Get)))).collect()
    };
    exchange.text(&text);
}

/// Answers, then waits for `url`, whatever becomes of the client.
pub fn fetch_and_wait(exchange: Exchange) {
    let url = url_of(&exchange);
    let result = send(outgoing(&url, &Method::Get)).map(|response| response.status());
    println!("fetch_and_wait: {result:?}");
    exchange.text("done");
}
