//! A program on the `object_store` crate, inside a component: `object-store URL COMMAND ...`; see [`USAGE`].
//!
//! An `http` or `https` URL is a WebDAV server, the crate's HTTP store. An `s3://BUCKET/PREFIX` URL is S3, configured by
//! the crate's own variables (`AWS_ENDPOINT`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, ...).

mod commands;
mod tour;

use object_store::aws::AmazonS3Builder;
use object_store::http::HttpBuilder;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ClientOptions, ObjectStore, Result};
use object_store_wasi::{RustCrypto, WasiHttpConnector, block_on};
use std::process::ExitCode;
use std::sync::Arc;

const USAGE: &str = "\
object-store URL put PATH TEXT             put a text; prints the e-tag
object-store URL put-bytes PATH N          put N bytes of the test pattern
object-store URL get PATH                  metadata and text of an object
object-store URL get-bytes PATH            read an object piece by piece; bytes, whether it is the pattern
object-store URL range PATH START END      a range as text
object-store URL ranges PATH S-E,S-E...    several ranges as text, one a line
object-store URL head PATH                 metadata
object-store URL list [PREFIX]             paths and sizes, sorted
object-store URL list-delimited [PREFIX]   common prefixes and objects of one level
object-store URL copy FROM TO              copy; also rename
object-store URL copy-create FROM TO       copy unless there is something at TO
object-store URL rename FROM TO
object-store URL delete PATH...            delete in one stream
object-store URL create PATH TEXT          put unless there is something
object-store URL update PATH ETAG TEXT     put if the e-tag is still that one
object-store URL get-if PATH ETAG          get unless the e-tag is still that one
object-store URL multipart PATH N PART     N pattern bytes in parts of PART bytes, one after the other
object-store URL parallel PATH N           N pattern bytes with WriteMultipart, parts at once
object-store URL tour [PREFIX]             all of it with assertions; says what the store does not have
Options from the environment: STORE_TIMEOUT (such as \"2 seconds\"), STORE_RETRIES (a number).
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let [url, command @ ..] = &words[..] else {
        eprint!("{USAGE}");
        return ExitCode::FAILURE;
    };
    let done = open(url).and_then(|store| match command {
        ["tour"] => Ok(block_on(tour::run(store, "tour"))),
        ["tour", prefix] => Ok(block_on(tour::run(store, prefix))),
        _ => block_on(commands::run(store, command)),
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprint!("{USAGE}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            println!("error {}", commands::kind(&error));
            ExitCode::FAILURE
        }
    }
}

fn open(url: &str) -> Result<Arc<dyn ObjectStore>> {
    let mut options = ClientOptions::new().with_allow_http(true);
    if let Ok(timeout) = std::env::var("STORE_TIMEOUT") {
        options = options.with_config(object_store::ClientConfigKey::Timeout, timeout);
    }
    let mut retry = object_store::RetryConfig::default();
    if let Some(retries) = std::env::var("STORE_RETRIES").ok().and_then(|text| text.parse().ok()) {
        retry.max_retries = retries;
    }
    let connector = WasiHttpConnector::default();
    if !url.starts_with("s3://") {
        let builder = HttpBuilder::new().with_url(url).with_client_options(options).with_retry(retry);
        return Ok(Arc::new(builder.with_http_connector(connector).build()?));
    }
    let store = AmazonS3Builder::from_env()
        .with_url(url)
        .with_client_options(options)
        .with_retry(retry)
        .with_http_connector(connector)
        .with_crypto_provider(Arc::new(RustCrypto))
        .build()?;
    let prefix = url.trim_start_matches("s3://").split_once('/').map_or("", |(_, prefix)| prefix);
    Ok(match prefix {
        "" => Arc::new(store),
        prefix => Arc::new(PrefixStore::new(store, Path::from(prefix))),
    })
}
