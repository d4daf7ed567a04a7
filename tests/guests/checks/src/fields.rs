//! `wasi:http/types.fields`: every method, its errors and their order.

use crate::outbound::short;
use crate::{Args, Case, cases};
use wasip2::http::types::{Fields, OutgoingRequest};

pub const CASES: &[Case] = cases![http_fields, http_fields_immutable, http_fields_bytes];

fn names(fields: &Fields) -> Vec<String> {
    fields.entries().into_iter().map(|(name, _)| name.to_lowercase()).collect()
}

fn values(fields: &Fields, name: &str) -> Vec<String> {
    fields.get(name).into_iter().map(|value| String::from_utf8(value).expect("text")).collect()
}

fn http_fields(_: &Args) {
    let fields = Fields::new();
    assert!(fields.entries().is_empty() && !fields.has("a") && fields.get("a").is_empty());

    fields.append("X-Many", b"1").expect("append");
    fields.append("x-other", b"o").expect("append");
    fields.append("x-many", b"2").expect("append");
    assert_eq!(values(&fields, "X-MANY"), ["1", "2"], "values keep their order, names ignore case");
    assert!(fields.has("x-MANY") && fields.has("X-Other"));
    assert_eq!(names(&fields).len(), 3, "entries are flattened");
    let many: Vec<_> = fields.entries().into_iter().filter(|(name, _)| name.eq_ignore_ascii_case("x-many")).collect();
    assert_eq!((&many[0].1[..], &many[1].1[..]), (&b"1"[..], &b"2"[..]), "order of one name's entries");

    fields.set("x-many", &[b"3".to_vec(), b"4".to_vec()]).expect("set");
    assert_eq!(values(&fields, "x-many"), ["3", "4"], "set replaces");
    fields.set("x-many", &[]).expect("set to nothing");
    assert!(!fields.has("x-many") && fields.get("x-many").is_empty(), "set to nothing deletes");
    fields.set("x-empty", &[b"".to_vec()]).expect("an empty value is a value");
    assert!(fields.has("x-empty") && fields.get("x-empty") == [b"".to_vec()]);

    fields.delete("X-OTHER").expect("delete");
    assert!(!fields.has("x-other"));
    fields.delete("x-absent").expect("deleting what is not there");
    assert_eq!(short(&fields.delete("bad name").expect_err("delete")), "invalid-syntax");
    assert_eq!(short(&fields.delete("Connection").expect_err("delete")), "forbidden");
    assert_eq!(short(&fields.set("Upgrade", &[b"h2c".to_vec()]).expect_err("set")), "forbidden");
    assert_eq!(short(&fields.set("bad name", &[]).expect_err("set")), "invalid-syntax");
    assert_eq!(short(&fields.set("x-a", &[b"ok".to_vec(), b"no\n".to_vec()]).expect_err("set")), "invalid-syntax");

    assert!(!fields.has("bad name") && fields.get("bad name").is_empty(), "an invalid name is simply absent");
    assert!(!fields.has("connection") && fields.get("connection").is_empty());

    let listed =
        [("A", "1"), ("b", "2"), ("a", "3")].map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
    let fields = Fields::from_list(&listed).expect("from-list");
    assert_eq!(values(&fields, "a"), ["1", "3"]);
    let bad = [("good", "1"), ("bad name", "2")].map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
    assert_eq!(short(&Fields::from_list(&bad).map(drop).expect_err("from-list")), "invalid-syntax");
}

fn http_fields_immutable(_: &Args) {
    let fields = Fields::from_list(&[("x-a".into(), b"1".to_vec())]).expect("fields");
    let request = OutgoingRequest::new(fields);
    let headers = request.headers();
    assert_eq!(values(&headers, "x-a"), ["1"]);
    assert_eq!(short(&headers.append("x-a", b"2").expect_err("append")), "immutable");
    assert_eq!(short(&headers.set("x-a", &[b"2".to_vec()]).expect_err("set")), "immutable");
    assert_eq!(short(&headers.delete("x-a").expect_err("delete")), "immutable");
    // The name is looked at first, then the guest's right to change, then the value.
    assert_eq!(short(&headers.append("bad name", b"2").expect_err("append")), "invalid-syntax");
    assert_eq!(short(&headers.append("Connection", b"2").expect_err("append")), "forbidden");

    let copy = headers.clone();
    copy.append("x-b", b"2").expect("a clone of immutable fields is mutable");
    assert!(copy.has("x-b") && !headers.has("x-b") && !request.headers().has("x-b"));
    drop(request);
    assert_eq!(values(&headers, "x-a"), ["1"], "headers() outlives its request");
    assert_eq!(values(&copy, "x-a"), ["1"]);
}

fn http_fields_bytes(_: &Args) {
    let value = [b'a', 0xE9, 0xFF, b' ', b'\t', 0x80, b'z'];
    let fields = Fields::new();
    fields.append("x-bytes", &value).expect("obs-text is allowed");
    assert_eq!(fields.get("x-bytes"), [value.to_vec()], "bytes come back as they went in");
    assert_eq!(fields.entries()[0].1, value);
    for bad in [0x00, 0x01, 0x0A, 0x0D, 0x1F, 0x7F] {
        assert!(fields.append("x-bad", &[b'a', bad, b'b']).is_err(), "byte {bad:#x} was accepted in a value");
    }
    for bad in ["a:b", "a b", "a\tb", "é", "a\0", "a\r\nb", "(x)", "a/b", "a@b", "\"q\""] {
        assert!(fields.append(bad, b"1").is_err(), "name {bad:?} was accepted");
    }
    for good in ["!#$%&'*+-.^_`|~", "0", "a"] {
        fields.append(good, b"1").unwrap_or_else(|error| panic!("name {good:?} was refused: {error:?}"));
    }
}
