//! The basic outgoing requests and the errors that must come where they are expected.

use crate::client::{Reply, exchange, request, send, server, server_url};
use crate::{Args, Case, cases};
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, HeaderError, Headers, Method, OutgoingBody, OutgoingRequest, OutgoingResponse, RequestOptions,
    Scheme, http_error_code,
};
use wasip2::io::streams::StreamError;

pub const CASES: &[Case] = cases![
    get,
    post,
    large_post,
    put,
    invalid_version,
    invalid_header,
    invalid_port,
    invalid_dnsname,
    unknown_method,
    unsupported_scheme,
    timeout "[URL]",
    missing_path_and_query,
    response_build,
    content_length,
];

fn echoed(method: Method, path: &str, body: Option<&[u8]>) -> Reply {
    let reply = exchange(&method, &server_url(path), &[], body).expect("the exchange");
    assert_eq!(reply.status, 200);
    let name = format!("{method:?}").replace("Method::", "").to_uppercase();
    assert_eq!(reply.header("x-storeport-test-method"), Some(name), "method as the server saw it");
    assert_eq!(reply.header("x-storeport-test-uri").as_deref(), Some(path), "target as the server saw it");
    reply
}

fn get(_: &Args) {
    let reply = echoed(Method::Get, "/get?some=arg&goes=here", None);
    assert!(reply.body.is_empty(), "a GET without a body is echoed without one");
}

fn post(_: &Args) {
    let reply = echoed(Method::Post, "/post", Some(b"{\"foo\": \"bar\"}"));
    assert_eq!(reply.body, b"{\"foo\": \"bar\"}");
}

fn large_post(_: &Args) {
    let body: Vec<u8> = (0..1024 * 1025).map(crate::client::pattern).collect();
    let reply = echoed(Method::Post, "/post", Some(&body));
    assert_eq!(reply.body.len(), body.len());
    assert!(reply.body == body, "the echo differs from what was sent");
}

fn put(_: &Args) {
    assert!(echoed(Method::Put, "/put", Some(b"")).body.is_empty());
}

/// `HTTP_SERVER` must speak HTTP/2 only. Asked with GET, because some connectors cannot send CONNECT at all.
fn invalid_version(_: &Args) {
    let options = RequestOptions::new();
    options.set_first_byte_timeout(Some(1_000_000_000)).expect("first-byte timeout");
    let error = send(request(&Method::Get, &server_url("/"), &[]), Some(options)).map(|r| r.status());
    println!("{error:?}");
    let error = error.expect_err("an HTTP/2 server cannot answer HTTP/1");
    assert!(matches!(error, ErrorCode::HttpProtocolError | ErrorCode::ConnectionReadTimeout));
}

fn invalid_header(_: &Args) {
    let refused = |name: &str, value: &[u8], expected: &str| {
        let fields = Fields::new();
        let appended = fields.append(name, value).expect_err(name);
        assert_eq!(short(&appended), expected, "append {name:?}");
        assert!(!fields.has(name), "{name:?} was added all the same");
        let listed = Fields::from_list(&[(name.into(), value.to_vec())]).map(drop).expect_err(name);
        assert_eq!(short(&listed), expected, "from-list {name:?}");
    };
    refused("malformed header name", b"ok", "invalid-syntax");
    refused("", b"ok", "invalid-syntax");
    refused("x-ok", b"no\nnewline", "invalid-syntax");
    refused("x-ok", b"no\r\nx-injected: 1", "invalid-syntax");
    refused("x-ok", b"no\0nul", "invalid-syntax");
    for name in ["connection", "keep-alive", "host", "proxy-connection", "transfer-encoding", "upgrade"] {
        refused(name, b"ok", "forbidden");
        refused(&name.to_uppercase(), b"ok", "forbidden");
        let mixed: String =
            name.char_indices().map(|(at, c)| if at % 2 == 0 { c.to_ascii_uppercase() } else { c }).collect();
        refused(&mixed, b"ok", "forbidden");
    }
    for value in ["+1", "-1", " 1", "1 ", "1,1", "", "0x1", "abc", "18446744073709551616"] {
        refused("content-length", value.as_bytes(), "invalid-syntax");
        refused("Content-Length", value.as_bytes(), "invalid-syntax");
    }
    let request = OutgoingRequest::new(Headers::new());
    let headers = request.headers();
    assert_eq!(short(&headers.set("Content-Length", &[b"500".to_vec()]).expect_err("set")), "immutable");
    assert_eq!(short(&headers.append("Content-Length", b"500").expect_err("append")), "immutable");
    assert_eq!(short(&headers.delete("Content-Length").expect_err("delete")), "immutable");
    assert!(!headers.has("content-length"));
}

/// A header error as WIT spells it.
pub fn short(error: &HeaderError) -> &'static str {
    match error {
        HeaderError::InvalidSyntax => "invalid-syntax",
        HeaderError::Forbidden => "forbidden",
        HeaderError::Immutable => "immutable",
    }
}

/// Where it is noticed is up to the host: in the setter, in `handle`, or in the future.
fn invalid_port(_: &Args) {
    let request = OutgoingRequest::new(Headers::new());
    if request.set_authority(Some("localhost:99999")).is_err() {
        return println!("set-authority");
    }
    request.set_scheme(Some(&Scheme::Http)).expect("scheme");
    request.set_path_with_query(Some("/")).expect("path");
    println!("{:?}", send(request, None).map(|r| r.status()).expect_err("port 99999"));
}

fn invalid_dnsname(_: &Args) {
    let error = send(request(&Method::Get, "http://some.invalid.dnsname:3000/", &[]), None).map(|r| r.status());
    println!("{error:?}");
    let error = error.expect_err("a name that does not resolve");
    assert!(matches!(error, ErrorCode::DnsError(_) | ErrorCode::ConnectionRefused));
}

fn unknown_method(_: &Args) {
    let request = OutgoingRequest::new(Headers::new());
    assert!(request.set_method(&Method::Other("bad\nmethod".into())).is_err(), "a newline in a method was accepted");
    assert!(matches!(request.method(), Method::Get), "the refused method replaced the old one");
}

fn unsupported_scheme(_: &Args) {
    let request = OutgoingRequest::new(Headers::new());
    request.set_scheme(Some(&Scheme::Other("WS".into()))).expect("WS is a valid scheme name");
    request.set_authority(Some("localhost:3000")).expect("authority");
    request.set_path_with_query(Some("/")).expect("path");
    let error = send(request, None).map(|r| r.status());
    println!("{error:?}");
    assert!(matches!(error, Err(ErrorCode::HttpProtocolError)));
}

/// 203.0.113.0/24 is reserved for documentation: nothing answers there, unless a network answers for everybody; then
/// give a URL whose host takes no connections.
fn timeout(args: &Args) {
    let options = RequestOptions::new();
    options.set_connect_timeout(Some(200_000_000)).expect("connect timeout");
    let url = args.0.first().map_or("http://203.0.113.12/", String::as_str);
    let error = send(request(&Method::Get, url, &[]), Some(options)).map(|r| r.status());
    println!("{error:?}");
    let error = error.expect_err("nothing should answer");
    assert!(matches!(error, ErrorCode::ConnectionTimeout | ErrorCode::ConnectionRefused));
}

fn missing_path_and_query(_: &Args) {
    let request = OutgoingRequest::new(Headers::new());
    request.set_scheme(Some(&Scheme::Http)).expect("scheme");
    request.set_authority(Some(&server())).expect("authority");
    let error = handle(request, None).map(drop).expect_err("handle without a path");
    println!("{error:?}");
}

/// Bodies take at least one small write before anything is sent, and may be dropped unsent.
fn response_build(_: &Args) {
    let headers = || Fields::from_list(&[("content-type".into(), b"text/plain".to_vec())]).expect("fields");
    let response = OutgoingResponse::new(headers());
    let body = response.body().expect("response body");
    let stream = body.write().expect("response stream");
    stream.blocking_write_and_flush(b"hello").expect("a first write to a response that was not sent");
    drop(stream);
    drop(body);
    drop(response);

    let request = OutgoingRequest::new(headers());
    let body = request.body().expect("request body");
    let stream = body.write().expect("request stream");
    stream.blocking_write_and_flush(b"hello").expect("a first write to a request that was not sent");
    drop(stream);
    drop(request);
    drop(body);
}

/// The declared length is enforced without anything being sent.
fn content_length(_: &Args) {
    fn declared_11() -> (OutgoingRequest, OutgoingBody) {
        let fields = Fields::from_list(&[("Content-Length".into(), b"11".to_vec())]).expect("fields");
        let request = OutgoingRequest::new(fields);
        request.set_method(&Method::Post).expect("method");
        let body = request.body().expect("body");
        (request, body)
    }

    let (_request, body) = declared_11();
    let stream = body.write().expect("stream");
    stream.blocking_write_and_flush(b"eleven byte").expect("as much as declared");
    drop(stream);
    OutgoingBody::finish(body, None).expect("finish after as much as declared");

    let (_request, body) = declared_11();
    let stream = body.write().expect("stream");
    stream.blocking_write_and_flush(b"msg").expect("less than declared");
    drop(stream);
    let error = OutgoingBody::finish(body, None).expect_err("finish after less than declared");
    assert!(matches!(error, ErrorCode::HttpRequestBodySize(Some(3))), "{error:?}");

    let (_request, body) = declared_11();
    let stream = body.write().expect("stream");
    match stream.blocking_write_and_flush(b"eighteen bytes now") {
        Err(StreamError::LastOperationFailed(error)) => {
            let code = http_error_code(&error);
            assert!(matches!(code, Some(ErrorCode::HttpRequestBodySize(Some(18)))), "{code:?}");
        }
        other => panic!("writing more than declared gave {other:?}"),
    }
    println!("after the error: {:?}", stream.check_write());
    drop(stream);
    let error = OutgoingBody::finish(body, None).expect_err("finish after more than declared");
    assert!(matches!(error, ErrorCode::HttpRequestBodySize(Some(18))), "{error:?}");
}
