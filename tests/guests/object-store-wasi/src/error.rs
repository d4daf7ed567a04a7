use object_store::client::{HttpError, HttpErrorKind};
use std::fmt;
use wasip2::http::types::{ErrorCode, http_error_code};
use wasip2::io::streams::StreamError;

/// Why an exchange over `wasi:http` failed; the source of the [`HttpError`]s of this crate.
#[derive(Debug)]
pub enum WasiHttpError {
    /// The host's own answer, with the code that `wasi:http` gives it.
    Code(ErrorCode),
    /// A stream broke without a code; the text is the host's.
    Stream(String),
    /// The host refused a part of the request before anything was sent.
    Refused(&'static str),
    /// The response has a header that is none.
    Header(String),
    /// The time that [`ClientOptions::with_timeout`](object_store::ClientOptions::with_timeout) allows was over.
    TimedOut,
    /// The URL is `http` and [`ClientOptions::with_allow_http`](object_store::ClientOptions::with_allow_http) is off.
    HttpNotAllowed,
}

impl fmt::Display for WasiHttpError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WasiHttpError::Code(code) => write!(out, "The host reports {code:?}"),
            WasiHttpError::Stream(text) => write!(out, "The body broke: {text}"),
            WasiHttpError::Refused(part) => write!(out, "The host does not take the request's {part}"),
            WasiHttpError::Header(name) => write!(out, "The response header {name:?} is not valid"),
            WasiHttpError::TimedOut => write!(out, "The request took longer than its timeout allows"),
            WasiHttpError::HttpNotAllowed => write!(out, "Plain http is not allowed by the client's options"),
        }
    }
}

impl std::error::Error for WasiHttpError {}

impl WasiHttpError {
    /// What `object_store` should make of it: which failures it may try again, and when.
    pub fn kind(&self) -> HttpErrorKind {
        match self {
            WasiHttpError::Code(code) => kind_of(code),
            WasiHttpError::Stream(_) => HttpErrorKind::Interrupted,
            WasiHttpError::Header(_) => HttpErrorKind::Decode,
            WasiHttpError::TimedOut => HttpErrorKind::Timeout,
            WasiHttpError::Refused(_) | WasiHttpError::HttpNotAllowed => HttpErrorKind::Unknown,
        }
    }

    /// The error of a read or write; `closed` is the caller's business.
    pub fn from_stream(error: StreamError) -> WasiHttpError {
        match error {
            StreamError::Closed => WasiHttpError::Stream("closed".into()),
            StreamError::LastOperationFailed(error) => match http_error_code(&error) {
                Some(code) => WasiHttpError::Code(code),
                None => WasiHttpError::Stream(error.to_debug_string()),
            },
        }
    }
}

impl From<WasiHttpError> for HttpError {
    fn from(error: WasiHttpError) -> HttpError {
        HttpError::new(error.kind(), error)
    }
}

impl From<ErrorCode> for WasiHttpError {
    fn from(code: ErrorCode) -> WasiHttpError {
        WasiHttpError::Code(code)
    }
}

fn kind_of(code: &ErrorCode) -> HttpErrorKind {
    use ErrorCode as C;
    match code {
        // Nothing was sent yet: safe to try again, whatever the method.
        C::DnsTimeout
        | C::DnsError(_)
        | C::DestinationNotFound
        | C::DestinationUnavailable
        | C::DestinationIpUnroutable
        | C::ConnectionRefused
        | C::ConnectionTimeout
        | C::ConnectionLimitReached
        | C::TlsAlertReceived(_) => HttpErrorKind::Connect,
        C::ConnectionReadTimeout | C::ConnectionWriteTimeout | C::HttpResponseTimeout => HttpErrorKind::Timeout,
        // Hosts say "protocol error" for a peer that hangs up as well as for one that talks nonsense.
        C::ConnectionTerminated | C::HttpProtocolError | C::HttpResponseIncomplete => HttpErrorKind::Interrupted,
        C::HttpResponseContentCoding(_) | C::HttpResponseTransferCoding(_) => HttpErrorKind::Decode,
        // The rest will be the same next time: refused by policy, too big, malformed, misconfigured.
        _ => HttpErrorKind::Unknown,
    }
}
