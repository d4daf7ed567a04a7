//! Header fields in great numbers.

use crate::exchange::Exchange;
use wasip2::http::types::{Fields, OutgoingResponse, ResponseOutparam};

fn fill(fields: &Fields, count: u64) {
    for number in 0..count {
        fields.append("x-field", number.to_string().as_bytes()).expect("the field is legal");
    }
}

/// `/new_fields/N`: makes a set of so many fields.
pub fn new_fields(exchange: Exchange) {
    let count = exchange.argument().and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    fill(&Fields::new(), count);
    exchange.text("made");
}

/// `/modify_fields/N`: adds so many to a copy of the request's.
pub fn modify_fields(exchange: Exchange) {
    let count = exchange.argument().and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    fill(&exchange.request.headers().clone(), count);
    exchange.text("modified");
}

/// `/many-fields/N`: answers with so many.
pub fn many_fields(exchange: Exchange) {
    let count: u64 = exchange.argument().and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let fields = Fields::new();
    for number in 0..count {
        fields.append(&format!("x-field-{number}"), b"v").expect("the field is legal");
    }
    ResponseOutparam::set(exchange.out, Ok(OutgoingResponse::new(fields)));
}

/// Tries to set what only the host may.
pub fn forbidden(exchange: Exchange) {
    let names = ["connection", "keep-alive", "transfer-encoding", "upgrade", "host", "proxy-connection"];
    let refused = names.iter().filter(|name| Fields::new().append(name, b"x").is_err()).count();
    exchange.text(&format!("{refused} of {} refused", names.len()));
}
