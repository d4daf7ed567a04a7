use object_store::{ClientConfigKey, ClientOptions, Error, Result};
use std::time::Duration;
use wasip2::http::types::RequestOptions;

/// What of [`ClientOptions`] can be honoured over `wasi:http`.
#[derive(Debug)]
pub struct Settings {
    pub allow_http: bool,
    pub user_agent: Option<String>,
    /// From the start of a request to the end of its response.
    pub timeout: Option<Duration>,
    connect_timeout: Option<Duration>,
    read_timeout: Option<Duration>,
}

impl Settings {
    /// Options that would change what a request means and cannot be honoured are errors. Those that only tune a
    /// connection (pools, HTTP/2 windows, keep-alive) are the host's business and left to it.
    pub fn new(options: &ClientOptions) -> Result<Settings> {
        let value = |key: ClientConfigKey| options.get_config_value(&key);
        let on = |key: ClientConfigKey| value(key).as_deref() == Some("true");
        for (key, set) in [
            ("proxy_url", value(ClientConfigKey::ProxyUrl).is_some()),
            ("allow_invalid_certificates", on(ClientConfigKey::AllowInvalidCertificates)),
            ("http2_only", on(ClientConfigKey::Http2Only)),
        ] {
            if set {
                let source = format!("wasi:http has no way to honour the client option {key:?}").into();
                return Err(Error::NotSupported { source });
            }
        }
        let duration = |key: ClientConfigKey| value(key).and_then(|text| humantime::parse_duration(&text).ok());
        Ok(Settings {
            allow_http: on(ClientConfigKey::AllowHttp),
            user_agent: value(ClientConfigKey::UserAgent),
            timeout: duration(ClientConfigKey::Timeout),
            connect_timeout: duration(ClientConfigKey::ConnectTimeout),
            read_timeout: duration(ClientConfigKey::ReadTimeout),
        })
    }

    /// A host may not support a timeout; then the whole request's, which is kept here, is the one that counts.
    pub fn request_options(&self) -> RequestOptions {
        let options = RequestOptions::new();
        let ns = |duration: Option<Duration>| duration.map(|d| d.as_nanos().try_into().unwrap_or(u64::MAX));
        if let Some(ns) = ns(self.connect_timeout) {
            let _ = options.set_connect_timeout(Some(ns));
        }
        if let Some(ns) = ns(self.read_timeout) {
            let _ = options.set_first_byte_timeout(Some(ns));
            let _ = options.set_between_bytes_timeout(Some(ns));
        }
        options
    }
}
