use hmac::{Hmac, KeyInit, Mac};
use object_store::client::{CryptoProvider, DigestAlgorithm, DigestContext, HmacContext, Signer, SigningAlgorithm};
use object_store::{Error, Result};
use sha2::{Digest, Sha256};

/// The digests that S3's request signatures need, in plain Rust.
///
/// It signs nothing with RSA, which only service account keys of Google Cloud ask for: those get
/// [`Error::NotSupported`].
#[derive(Debug, Default, Clone, Copy)]
pub struct RustCrypto;

impl CryptoProvider for RustCrypto {
    fn digest(&self, algorithm: DigestAlgorithm) -> Result<Box<dyn DigestContext>> {
        sha256_only(algorithm)?;
        Ok(Box::new(Sha256Context { state: Sha256::new(), digest: [0; 32] }))
    }

    fn hmac(&self, algorithm: DigestAlgorithm, secret: &[u8]) -> Result<Box<dyn HmacContext>> {
        sha256_only(algorithm)?;
        let state = Hmac::<Sha256>::new_from_slice(secret).map_err(|source| not_supported(source.to_string()))?;
        Ok(Box::new(HmacSha256Context { state, tag: [0; 32] }))
    }

    fn sign(&self, algorithm: SigningAlgorithm, _pem: &[u8]) -> Result<Box<dyn Signer>> {
        Err(not_supported(format!("object-store-wasi has no signatures of kind {algorithm:?}")))
    }
}

fn sha256_only(algorithm: DigestAlgorithm) -> Result<()> {
    match algorithm {
        DigestAlgorithm::Sha256 => Ok(()),
        other => Err(not_supported(format!("object-store-wasi has no digest {other:?}"))),
    }
}

fn not_supported(text: String) -> Error {
    Error::NotSupported { source: text.into() }
}

struct Sha256Context {
    state: Sha256,
    digest: [u8; 32],
}

impl DigestContext for Sha256Context {
    fn update(&mut self, data: &[u8]) {
        self.state.update(data);
    }

    fn finish(&mut self) -> Result<&[u8]> {
        self.digest = self.state.clone().finalize().into();
        Ok(&self.digest)
    }
}

struct HmacSha256Context {
    state: Hmac<Sha256>,
    tag: [u8; 32],
}

impl HmacContext for HmacSha256Context {
    fn update(&mut self, data: &[u8]) {
        self.state.update(data);
    }

    fn finish(&mut self) -> Result<&[u8]> {
        self.tag = self.state.clone().finalize().into_bytes().into();
        Ok(&self.tag)
    }
}
