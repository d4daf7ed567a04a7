//! What a handler is told and may keep: `wasi:config` and `wasi:keyvalue`, neither of which WASI 0.2 has yet.

use wasi::config::store as config;
use wasi::keyvalue::store::{Bucket, Error};
use wasi::keyvalue::{atomics, batch, store};
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

wit_bindgen::generate!({ path: "wit", world: "imports", generate_all });

struct Settings;

wasip2::http::proxy::export!(Settings);

impl Guest for Settings {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let mut words = target.trim_start_matches('/').split('?');
        let (case, argument) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let text = match case {
            "config" => format!("{:?}", config::get(argument)),
            "config-all" => format!("{:?}", config::get_all()),
            "value" => value(argument),
            "tour" => tour(argument),
            "count" => format!("{:?}", with(argument, |bucket| atomics::increment(&bucket, "count", 1))),
            "fill" => fill(argument),
            "keys" => format!("{:?}", with(argument, |bucket| all_keys(&bucket))),
            "errors" => errors(argument),
            _ => "no such case".into(),
        };
        answer(out, &text);
    }
}

fn answer(out: ResponseOutparam, text: &str) {
    let response = OutgoingResponse::new(Fields::new());
    let body = response.body().expect("taken once");
    ResponseOutparam::set(out, Ok(response));
    let stream = body.write().expect("taken once");
    for piece in text.as_bytes().chunks(4096) {
        stream.blocking_write_and_flush(piece).expect("the client is there");
    }
    drop(stream);
    OutgoingBody::finish(body, None).expect("whole");
}

fn with<T>(identifier: &str, action: impl FnOnce(Bucket) -> Result<T, Error>) -> Result<T, Error> {
    action(store::open(identifier)?)
}

/// The value of `hello` in a bucket.
fn value(identifier: &str) -> String {
    match with(identifier, |bucket| bucket.get("hello")) {
        Ok(Some(value)) => String::from_utf8_lossy(&value).into_owned(),
        other => format!("{other:?}"),
    }
}

/// What wasmtime's own test of key-value stores asserts, and where it says nothing, what follows from the rules.
fn tour(identifier: &str) -> String {
    let bucket = store::open(identifier).expect("it was granted");
    assert_eq!(atomics::increment(&bucket, "atomics_key", 1).unwrap(), 6);
    assert_eq!(bucket.list_keys(None).unwrap().keys, ["atomics_key"]);
    bucket.set("hello", b"world").unwrap();
    assert_eq!(bucket.get("hello").unwrap().unwrap(), b"world");
    assert!(bucket.exists("hello").unwrap());
    bucket.delete("hello").unwrap();
    bucket.delete("hello").unwrap();
    assert!(!bucket.exists("hello").unwrap());
    assert_eq!(bucket.get("hello").unwrap(), None);
    let pairs = ["a1", "b1", "c1"].map(|key| (key.to_string(), b"v1".to_vec()));
    batch::set_many(&bucket, &pairs).unwrap();
    batch::delete_many(&bucket, &["a1".into(), "c1".into()]).unwrap();
    let values = batch::get_many(&bucket, &["a1".into(), "b1".into(), "c1".into()]).unwrap();
    assert_eq!(values, [None, Some(("b1".to_string(), b"v1".to_vec())), None]);
    // Another handle is to the same bucket.
    assert!(store::open(identifier).unwrap().exists("b1").unwrap());
    bucket.set("b1", b"").unwrap();
    assert_eq!(bucket.get("b1").unwrap().unwrap(), b"");
    assert_eq!(atomics::increment(&bucket, "new", 3).unwrap(), 3);
    "tour made".into()
}

/// Sets 2,500 keys, and says how many there are.
fn fill(identifier: &str) -> String {
    let keys = with(identifier, |bucket| {
        for part in 0..5 {
            let pairs: Vec<_> =
                (0..500).map(|at| (format!("k/{:04}", part * 500 + at), vec![b'x'; 10])).collect();
            batch::set_many(&bucket, &pairs)?;
        }
        all_keys(&bucket)
    });
    match keys {
        Ok((mut keys, pages)) => {
            keys.sort();
            keys.dedup();
            format!("{} keys in {pages} pages", keys.len())
        }
        Err(error) => format!("{error:?}"),
    }
}

fn all_keys(bucket: &Bucket) -> Result<(Vec<String>, u32), Error> {
    let (mut keys, mut pages, mut cursor) = (Vec::new(), 0, None);
    loop {
        let page = bucket.list_keys(cursor)?;
        pages += 1;
        keys.extend(page.keys);
        cursor = page.cursor;
        if cursor.is_none() {
            return Ok((keys, pages));
        }
    }
}

/// What must fail, one error a line.
fn errors(identifier: &str) -> String {
    let bucket = store::open(identifier).expect("it was granted");
    bucket.set("word", b"no number").unwrap();
    bucket.set("large", b"18446744073709551615").unwrap();
    [
        format!("{:?}", store::open("nobody's").map(|_| ())),
        format!("{:?}", atomics::increment(&bucket, "word", 1)),
        format!("{:?}", atomics::increment(&bucket, "large", 1)),
        format!("{:?}", bucket.list_keys(Some(77)).map(|_| ())),
        format!("{:?}", bucket.set("big", &vec![1; 4 << 20])),
        format!("{:?}", bucket.get("big").map(|value| value.map(|value| value.len()))),
        format!("{:?}", bucket.set("../up", b"x")),
    ]
    .join("\n")
}
