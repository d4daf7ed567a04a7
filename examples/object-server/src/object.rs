//! `GET` and `HEAD` of one object.

use crate::answer::Answer;
use crate::request::Request;
use futures_util::StreamExt;
use object_store::path::Path;
use object_store::{
    Attribute, Error, GetOptions, GetRange, GetResult, ObjectMeta, ObjectStore, ObjectStoreExt, Result,
};

enum Found {
    Whole(GetResult),
    Part(GetResult),
    /// None of the range is in the object, which is of this size.
    Outside(u64),
}

pub async fn answer(store: &dyn ObjectStore, path: &Path, request: &Request, answer: Answer) {
    let (status, found) = match get(store, path, request).await {
        Ok(Found::Whole(found)) => (200, found),
        Ok(Found::Part(found)) => (206, found),
        Ok(Found::Outside(size)) => {
            return answer.header("content-range", &format!("bytes */{size}")).text(416, "There is no such range");
        }
        Err(Error::NotModified { .. }) => {
            // An answer without the object still says which version it is.
            let answer = store.head(path).await.iter().fold(answer, version);
            return answer.send(304).finish();
        }
        Err(error) => return answer.failed(path, &error),
    };
    let GetResult { meta, range, attributes, .. } = &found;
    let mut answer = version(answer, meta)
        .header("accept-ranges", "bytes")
        .header("content-length", &(range.end - range.start).to_string())
        .header("x-content-type-options", "nosniff");
    for (name, attribute) in [
        ("content-type", Attribute::ContentType),
        ("content-encoding", Attribute::ContentEncoding),
        ("content-language", Attribute::ContentLanguage),
        ("content-disposition", Attribute::ContentDisposition),
        ("cache-control", Attribute::CacheControl),
    ] {
        if let Some(value) = attributes.get(&attribute) {
            answer = answer.header(name, value);
        }
    }
    if status == 206 {
        answer = answer.header("content-range", &format!("bytes {}-{}/{}", range.start, range.end - 1, meta.size));
    }
    let mut body = answer.send(status);
    if request.is_head() {
        return body.finish();
    }
    // A piece at a time: the next one is asked for when the client has taken this one.
    let mut pieces = found.into_stream();
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(bytes) => {
                if body.write(&bytes).is_err() {
                    return; // nobody is there any more; the download ends with its stream
                }
            }
            // Without its end, the body is not taken for whole.
            Err(error) => return eprintln!("{path}: {error}"),
        }
    }
    body.finish();
}

fn version(answer: Answer, meta: &ObjectMeta) -> Answer {
    let date = meta.last_modified.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let answer = answer.header("last-modified", &date);
    match &meta.e_tag {
        Some(tag) => answer.header("etag", tag),
        None => answer,
    }
}

async fn get(store: &dyn ObjectStore, path: &Path, request: &Request) -> Result<Found> {
    let whole = async || store.get_opts(path, request.conditions()).await.map(Found::Whole);
    let Some((range, version)) = request.range() else { return whole().await };
    let conditions = request.conditions();
    let wanted = GetOptions {
        range: Some(range.clone()),
        if_match: version.clone().or(conditions.if_match.clone()),
        ..conditions
    };
    match store.get_opts(path, wanted).await {
        Ok(part) => Ok(Found::Part(part)),
        // Another version than the one of which a part was asked for: all of that.
        Err(Error::Precondition { .. }) if version.is_some() => whole().await,
        // Outside of the object; or the store knows no ranges, and then they need not be known here.
        Err(Error::Generic { .. } | Error::NotSupported { .. }) => match store.head(path).await?.size {
            size if is_outside(&range, size) => Ok(Found::Outside(size)),
            _ => whole().await,
        },
        Err(error) => Err(error),
    }
}

fn is_outside(range: &GetRange, size: u64) -> bool {
    match *range {
        GetRange::Bounded(ref range) => range.start >= size,
        GetRange::Offset(first) => first >= size,
        GetRange::Suffix(length) => length == 0 || size == 0,
    }
}
