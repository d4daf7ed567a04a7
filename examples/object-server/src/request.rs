//! What of a request decides the answer.

use chrono::{DateTime, Utc};
use object_store::{GetOptions, GetRange};
use wasip2::http::types::{IncomingRequest, Method};

pub struct Request {
    method: Method,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
}

impl Request {
    pub fn new(request: &IncomingRequest) -> Request {
        Request {
            method: request.method(),
            target: request.path_with_query().unwrap_or_else(|| "/".into()),
            headers: request.headers().entries(),
        }
    }

    pub fn is_get(&self) -> bool {
        matches!(self.method, Method::Get)
    }

    pub fn is_head(&self) -> bool {
        matches!(self.method, Method::Head)
    }

    /// As it came, percent-encoded.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Whether the query has this name, whatever its value.
    pub fn asks(&self, name: &str) -> bool {
        let (_, query) = self.target.split_once('?').unwrap_or_default();
        query.split('&').any(|pair| pair.split('=').next() == Some(name))
    }

    /// All values of a header, as one.
    fn header(&self, name: &str) -> Option<String> {
        let named = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let values: Vec<_> = named.map(|(_, value)| String::from_utf8_lossy(value)).collect();
        if values.is_empty() { None } else { Some(values.join(", ")) }
    }

    fn date(&self, name: &str) -> Option<DateTime<Utc>> {
        DateTime::parse_from_rfc2822(&self.header(name)?).ok().map(Into::into)
    }

    /// What the store is asked for, but for the range. The store weighs the conditions.
    pub fn conditions(&self) -> GetOptions {
        GetOptions {
            if_match: self.header("if-match"),
            if_none_match: self.header("if-none-match"),
            if_modified_since: self.date("if-modified-since"),
            if_unmodified_since: self.date("if-unmodified-since"),
            head: self.is_head(),
            ..Default::default()
        }
    }

    /// The range that is asked for, and the version that it must be of. Nothing where the whole object is the answer:
    /// for several ranges, for other units, and for conditions on the range that a store cannot weigh (RFC 9110,
    /// section 14.2 permits that).
    pub fn range(&self) -> Option<(GetRange, Option<String>)> {
        let range = self.header("range").filter(|_| self.is_get()).and_then(|text| parse_range(&text))?;
        match self.header("if-range") {
            None => Some((range, None)),
            Some(tag) if tag.starts_with('"') && self.header("if-match").is_none() => Some((range, Some(tag))),
            Some(_) => None,
        }
    }
}

fn parse_range(text: &str) -> Option<GetRange> {
    let (first, last) = text.strip_prefix("bytes=")?.trim().split_once('-')?;
    match (first, last) {
        ("", last) => Some(GetRange::Suffix(number(last)?)),
        (first, "") => Some(GetRange::Offset(number(first)?)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then(|| GetRange::Bounded(first..last.saturating_add(1)))
        }
    }
}

/// Digits alone: no sign, no list.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
