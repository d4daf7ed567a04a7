//! The store that `STORE_URL` names.

use object_store::aws::AmazonS3Builder;
use object_store::http::HttpBuilder;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ClientOptions, Error, ObjectStore, Result, RetryConfig};
use object_store_wasi::{RustCrypto, WasiHttpConnector};
use std::sync::Arc;
use std::time::Duration;

/// A client waits for every answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// `http://` and `https://` are WebDAV servers, `s3://BUCKET/PREFIX` is S3, configured by `AWS_…`.
pub fn open() -> Result<Arc<dyn ObjectStore>> {
    let url = std::env::var("STORE_URL")
        .map_err(|_| Error::Generic { store: "server", source: "STORE_URL is not set".into() })?;
    let options = ClientOptions::new()
        // Whom this may talk to, and how, the host decides.
        .with_allow_http(true)
        // An object may take as long as the client does; its silence may not.
        .with_timeout_disabled()
        .with_read_timeout(PATIENCE);
    let retry = RetryConfig { max_retries: 3, retry_timeout: PATIENCE, ..Default::default() };
    let connector = WasiHttpConnector::default();
    let Some(bucket) = url.strip_prefix("s3://") else {
        let builder = HttpBuilder::new().with_url(url).with_client_options(options).with_retry(retry);
        return Ok(Arc::new(builder.with_http_connector(connector).build()?));
    };
    let store = AmazonS3Builder::from_env()
        .with_url(&url)
        .with_client_options(options)
        .with_retry(retry)
        .with_http_connector(connector)
        .with_crypto_provider(Arc::new(RustCrypto))
        .build()?;
    Ok(match bucket.split_once('/') {
        None | Some((_, "")) => Arc::new(store),
        Some((_, prefix)) => Arc::new(PrefixStore::new(store, Path::from(prefix))),
    })
}
