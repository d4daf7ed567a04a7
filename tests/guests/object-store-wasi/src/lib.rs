//! `object_store` inside a WASI 0.2 component.
//!
//! The crate's cloud stores build for WASI, but they come without the three things a program needs there:
//!
//! | missing | here |
//! |---|---|
//! | an [`HttpConnector`](object_store::client::HttpConnector) | [`WasiHttpConnector`], over `wasi:http/outgoing-handler` |
//! | a runtime for the crate's timers and tasks that also waits for `wasi:io` | [`block_on`] |
//! | a [`CryptoProvider`](object_store::client::CryptoProvider) for S3 signatures | [`RustCrypto`] (feature `crypto`) |
//!
//! ```no_run
//! use object_store::aws::AmazonS3Builder;
//! use object_store_wasi::{RustCrypto, WasiHttpConnector, block_on};
//! use std::sync::Arc;
//!
//! let store = AmazonS3Builder::from_env()
//!     .with_http_connector(WasiHttpConnector::default())
//!     .with_crypto_provider(Arc::new(RustCrypto))
//!     .build()?;
//! block_on(async { /* use the store */ });
//! # Ok::<(), object_store::Error>(())
//! ```

mod body;
mod connector;
#[cfg(feature = "crypto")]
mod crypto;
mod error;
mod exchange;
mod reactor;
mod runtime;
mod settings;
mod upload;

pub use connector::WasiHttpConnector;
#[cfg(feature = "crypto")]
pub use crypto::RustCrypto;
pub use error::WasiHttpError;
pub use runtime::block_on;
