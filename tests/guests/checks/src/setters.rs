//! What the setters of a request take and refuse. A refusal leaves the old value.

use crate::{Args, Case, cases};
use wasip2::http::types::{Headers, Method, OutgoingRequest, OutgoingResponse, RequestOptions, Scheme};

pub const CASES: &[Case] = cases![
    http_setter_method,
    http_setter_path,
    http_setter_scheme,
    http_setter_authority,
    http_setter_status,
    http_request_defaults,
    http_options,
];

fn request() -> OutgoingRequest {
    OutgoingRequest::new(Headers::new())
}

fn http_setter_method(_: &Args) {
    let request = request();
    for good in ["GET", "get", "PROPFIND", "M-SEARCH", "!#$%&'*+-.^_`|~", "x"] {
        assert!(request.set_method(&Method::Other(good.into())).is_ok(), "method {good:?} was refused");
    }
    request.set_method(&Method::Delete).expect("DELETE");
    for bad in ["", " ", "bad method", "bad\nmethod", "bad\r\n", "bad\0", "é", "a/b", "(a)"] {
        assert!(request.set_method(&Method::Other(bad.into())).is_err(), "method {bad:?} was accepted");
        assert!(matches!(request.method(), Method::Delete), "{bad:?} replaced the old method");
    }
}

fn http_setter_path(_: &Args) {
    let request = request();
    for good in ["/", "/a?b=c", "/%zz", "/a/../b", "/%2e%2e/b", "/[x]", "/{x}|y", "/\"y\"", "?a"] {
        assert!(request.set_path_with_query(Some(good)).is_ok(), "path {good:?} was refused");
        let back = request.path_with_query();
        assert!(
            back.as_deref().is_some_and(|back| back.trim_start_matches('/') == good.trim_start_matches('/')),
            "{good:?} came back as {back:?}"
        );
    }
    request.set_path_with_query(Some("/old")).expect("path");
    for bad in ["/a b", "/a\tb", "/a\nb", "/a\r\nHost: x", "/a\0b", "/<a>", "/\u{7f}"] {
        assert!(request.set_path_with_query(Some(bad)).is_err(), "path {bad:?} was accepted");
        assert_eq!(request.path_with_query().as_deref(), Some("/old"), "{bad:?} replaced the old path");
    }
    request.set_path_with_query(None).expect("no path");
    assert_eq!(request.path_with_query(), None);
}

fn http_setter_scheme(_: &Args) {
    let request = request();
    for good in ["ws", "git+ssh", "a.b-c"] {
        assert!(request.set_scheme(Some(&Scheme::Other(good.into()))).is_ok(), "scheme {good:?} was refused");
    }
    request.set_scheme(Some(&Scheme::Http)).expect("http");
    for bad in ["bad scheme", "bad\nscheme", "a:b", "a/b", "é"] {
        assert!(request.set_scheme(Some(&Scheme::Other(bad.into()))).is_err(), "scheme {bad:?} was accepted");
        assert!(matches!(request.scheme(), Some(Scheme::Http)), "{bad:?} replaced the old scheme");
    }
    request.set_scheme(None).expect("no scheme");
    assert!(request.scheme().is_none());
}

fn http_setter_authority(_: &Args) {
    let request = request();
    let good =
        ["localhost", "example.com:8080", "127.0.0.1:80", "[::1]", "[::1]:8080", "user@example.com", "user:pw@h:1"];
    for good in good {
        assert!(request.set_authority(Some(good)).is_ok(), "authority {good:?} was refused");
        assert_eq!(request.authority().as_deref(), Some(good), "the port is kept as written");
    }
    request.set_authority(Some("old")).expect("authority");
    for bad in ["bad host", "a\nb", "a\r\nb", "h/path", "h\0", "[::1", "h?q", "h#f"] {
        assert!(request.set_authority(Some(bad)).is_err(), "authority {bad:?} was accepted");
        assert_eq!(request.authority().as_deref(), Some("old"), "{bad:?} replaced the old authority");
    }
    // A host may leave these to `handle`, which then must refuse them.
    for late in ["h:port", "h:", ":80", "h:1:2", "[::1]:x", "h:99999", "h:-1", "", "@", "user@", "[::1]x"] {
        let noticed = match request.set_authority(Some(late)) {
            Err(()) => "set-authority".to_string(),
            Ok(()) => {
                let url = crate::client::request(&Method::Get, "http://old/", &[]);
                url.set_authority(Some(late)).expect("taken a moment ago");
                format!("{:?}", crate::client::send(url, None).map(|response| response.status()))
            }
        };
        println!("{late:?} {noticed}");
        assert!(!noticed.starts_with("Ok"), "authority {late:?} got an answer");
    }
    request.set_authority(None).expect("no authority");
    assert_eq!(request.authority(), None);
}

fn http_setter_status(_: &Args) {
    let response = OutgoingResponse::new(Headers::new());
    assert_eq!(response.status_code(), 200);
    for good in [100, 204, 299, 404, 599] {
        response.set_status_code(good).unwrap_or_else(|()| panic!("status {good} was refused"));
        assert_eq!(response.status_code(), good);
    }
    for bad in [0, 99, 1000, u16::MAX] {
        assert!(response.set_status_code(bad).is_err(), "status {bad} was accepted");
    }
    assert_eq!(response.status_code(), 599);
    assert!(response.body().is_ok() && response.body().is_err(), "body() works once");
}

fn http_request_defaults(_: &Args) {
    let request = request();
    assert!(matches!(request.method(), Method::Get));
    assert!(request.scheme().is_none() && request.authority().is_none() && request.path_with_query().is_none());
    let body = request.body().expect("the first body()");
    assert!(request.body().is_err(), "body() works once");
    request.set_method(&Method::Post).expect("setters go on working after body()");
    let stream = body.write().expect("the first write()");
    assert!(body.write().is_err(), "write() works once");
    drop(stream);
    drop(request);
    drop(body);
}

fn http_options(_: &Args) {
    let options = RequestOptions::new();
    assert_eq!(
        (options.connect_timeout(), options.first_byte_timeout(), options.between_bytes_timeout()),
        (None, None, None)
    );
    for value in [None, Some(0), Some(1), Some(1_000_000_000), Some(u64::MAX)] {
        options.set_connect_timeout(value).expect("connect");
        options.set_first_byte_timeout(value).expect("first byte");
        options.set_between_bytes_timeout(value).expect("between bytes");
        assert_eq!(options.connect_timeout(), value);
        assert_eq!(options.first_byte_timeout(), value);
        assert_eq!(options.between_bytes_timeout(), value);
    }
    options.set_connect_timeout(Some(1)).expect("connect");
    assert_eq!(options.first_byte_timeout(), Some(u64::MAX), "the three are independent");
}
