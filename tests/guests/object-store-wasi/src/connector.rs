use crate::body::ResponseBody;
use crate::error::WasiHttpError;
use crate::exchange::{Exchange, Head};
use crate::reactor::Ready;
use crate::settings::Settings;
use crate::upload::Upload;
use async_trait::async_trait;
use http::header::{CONTENT_LENGTH, HOST, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};
use object_store::{ClientOptions, Result};
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{Fields, IncomingResponse, Method as WasiMethod, OutgoingRequest, Scheme};

/// Makes HTTP clients over `wasi:http/outgoing-handler` for the stores of `object_store`.
///
/// Hand it to a builder's `with_http_connector` and run the program with [`block_on`](crate::block_on). Bodies stream in
/// both directions; a request's `host` header is always that of its URL, because the host sets it; redirects are not
/// followed, because `wasi:http` does not.
#[derive(Debug, Default, Clone)]
pub struct WasiHttpConnector {
    default_headers: HeaderMap,
}

impl WasiHttpConnector {
    /// Headers to add to each request that does not have them.
    /// [`ClientOptions::with_default_headers`] cannot be read from outside `object_store`, so they are given here.
    pub fn with_default_headers(mut self, headers: HeaderMap) -> WasiHttpConnector {
        self.default_headers = headers;
        self
    }
}

impl HttpConnector for WasiHttpConnector {
    fn connect(&self, options: &ClientOptions) -> Result<HttpClient> {
        let settings = Settings::new(options)?;
        let mut default_headers = self.default_headers.clone();
        if let Some(agent) = settings.user_agent.as_deref().and_then(|agent| HeaderValue::from_str(agent).ok()) {
            default_headers.entry(USER_AGENT).or_insert(agent);
        }
        Ok(HttpClient::new(Service { settings, default_headers }))
    }
}

#[derive(Debug)]
struct Service {
    settings: Settings,
    default_headers: HeaderMap,
}

#[async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> std::result::Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let outgoing = self.outgoing(&parts, body.content_length() as u64)?;
        let upload = match body.content_length() {
            0 => None,
            _ => Some(Upload::new(&outgoing, body)?),
        };
        let deadline = self.settings.timeout.map(Ready::after);
        let future = handle(outgoing, Some(self.settings.request_options())).map_err(WasiHttpError::Code)?;
        let Head { response, upload, deadline } = Exchange::new(future, upload, deadline).await?;

        let headers = headers_of(&response)?;
        let status = StatusCode::from_u16(response.status()).map_err(|e| HttpError::new(HttpErrorKind::Decode, e))?;
        // The answer to a HEAD tells the length of a body that does not come.
        let size = match parts.method {
            Method::HEAD => Some(0),
            _ => headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok()),
        };
        let body = ResponseBody::new(&response, size, deadline, upload)?;
        let mut answer = HttpResponse::new(HttpResponseBody::new(body));
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }
}

impl Service {
    fn outgoing(&self, parts: &Parts, length: u64) -> std::result::Result<OutgoingRequest, WasiHttpError> {
        let refused = |part| move |()| WasiHttpError::Refused(part);
        let request = OutgoingRequest::new(self.fields(parts, length)?);
        request.set_method(&method_of(&parts.method)).map_err(refused("method"))?;
        request.set_scheme(Some(&self.scheme_of(&parts.uri)?)).map_err(refused("scheme"))?;
        let authority = parts.uri.authority().map(|authority| authority.as_str());
        request.set_authority(authority).map_err(refused("authority"))?;
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        request.set_path_with_query(Some(path)).map_err(refused("path"))?;
        Ok(request)
    }

    fn fields(&self, parts: &Parts, length: u64) -> std::result::Result<Fields, WasiHttpError> {
        let mut entries: Vec<(String, Vec<u8>)> = Vec::new();
        let mut add =
            |name: &HeaderName, value: &HeaderValue| entries.push((name.as_str().into(), value.as_bytes().into()));
        // Signing puts the host among the headers; a component may not send it, the host takes it from the URL.
        parts.headers.iter().filter(|(name, _)| **name != HOST).for_each(|(name, value)| add(name, value));
        self.default_headers
            .iter()
            .filter(|(name, _)| !parts.headers.contains_key(*name))
            .for_each(|(name, value)| add(name, value));
        // Without it the host would send chunks, which S3 refuses.
        let has_body = length > 0 || matches!(parts.method, Method::PUT | Method::POST);
        if has_body && !parts.headers.contains_key(CONTENT_LENGTH) {
            add(&CONTENT_LENGTH, &HeaderValue::from(length));
        }
        Fields::from_list(&entries).map_err(|_| WasiHttpError::Refused("headers"))
    }

    fn scheme_of(&self, uri: &Uri) -> std::result::Result<Scheme, WasiHttpError> {
        match uri.scheme_str() {
            Some("https") => Ok(Scheme::Https),
            Some("http") if self.settings.allow_http => Ok(Scheme::Http),
            Some("http") => Err(WasiHttpError::HttpNotAllowed),
            _ => Err(WasiHttpError::Refused("scheme")),
        }
    }
}

fn method_of(method: &Method) -> WasiMethod {
    match *method {
        Method::GET => WasiMethod::Get,
        Method::HEAD => WasiMethod::Head,
        Method::POST => WasiMethod::Post,
        Method::PUT => WasiMethod::Put,
        Method::DELETE => WasiMethod::Delete,
        Method::OPTIONS => WasiMethod::Options,
        Method::PATCH => WasiMethod::Patch,
        Method::TRACE => WasiMethod::Trace,
        Method::CONNECT => WasiMethod::Connect,
        _ => WasiMethod::Other(method.as_str().into()),
    }
}

fn headers_of(response: &IncomingResponse) -> std::result::Result<HeaderMap, WasiHttpError> {
    let mut headers = HeaderMap::new();
    for (name, value) in response.headers().entries() {
        let (Ok(key), Ok(value)) = (HeaderName::try_from(&name), HeaderValue::try_from(value)) else {
            return Err(WasiHttpError::Header(name));
        };
        headers.append(key, value);
    }
    Ok(headers)
}
