use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error, GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutPayload, Result,
    UpdateVersion, WriteMultipart,
};
use std::sync::Arc;

type Store = Arc<dyn ObjectStore>;

/// Runs one command; `false` when there is none of that name.
pub async fn run(store: Store, command: &[&str]) -> Result<bool> {
    match *command {
        ["put", path, text] => print_tag(store.put(&path.into(), text.to_string().into()).await?.e_tag),
        ["put-bytes", path, size] => print_tag(store.put(&path.into(), payload(number(size))).await?.e_tag),
        ["get", path] => {
            let result = store.get(&path.into()).await?;
            print_meta(&result.meta);
            print_text(&result.bytes().await?);
        }
        ["get-bytes", path] => get_bytes(&store, path).await?,
        ["range", path, start, end] => {
            print_text(&store.get_range(&path.into(), number(start)..number(end)).await?);
        }
        ["ranges", path, list] => {
            let ranges: Vec<_> = list.split(',').filter_map(|range| range.split_once('-')).collect();
            let ranges: Vec<_> = ranges.into_iter().map(|(start, end)| number(start)..number(end)).collect();
            store.get_ranges(&path.into(), &ranges).await?.iter().for_each(|bytes| print_text(bytes));
        }
        ["head", path] => print_meta(&store.head(&path.into()).await?),
        ["list", ..] => {
            let prefix = command.get(1).map(|prefix| Path::from(*prefix));
            let mut found: Vec<_> = store.list(prefix.as_ref()).try_collect().await?;
            found.sort_by(|a: &ObjectMeta, b| a.location.cmp(&b.location));
            found.iter().for_each(|meta| println!("{} {}", meta.location, meta.size));
        }
        ["list-delimited", ..] => {
            let prefix = command.get(1).map(|prefix| Path::from(*prefix));
            let found = store.list_with_delimiter(prefix.as_ref()).await?;
            found.common_prefixes.iter().for_each(|prefix| println!("{prefix}/"));
            found.objects.iter().for_each(|meta| println!("{} {}", meta.location, meta.size));
        }
        ["copy", from, to] => store.copy(&from.into(), &to.into()).await?,
        ["copy-create", from, to] => {
            let options = CopyOptions { mode: CopyMode::Create, ..Default::default() };
            store.copy_opts(&from.into(), &to.into(), options).await?;
        }
        ["rename", from, to] => store.rename(&from.into(), &to.into()).await?,
        ["delete", ref paths @ ..] => {
            let paths: Vec<Result<Path>> = paths.iter().map(|path| Ok(Path::from(*path))).collect();
            let mut deleted = store.delete_stream(stream::iter(paths).boxed());
            while let Some(path) = deleted.next().await {
                println!("deleted {}", path?);
            }
        }
        ["create", path, text] => {
            let done = store.put_opts(&path.into(), text.to_string().into(), PutMode::Create.into()).await?;
            print_tag(done.e_tag);
        }
        ["update", path, tag, text] => {
            let mode = PutMode::Update(UpdateVersion { e_tag: Some(tag.into()), version: None });
            print_tag(store.put_opts(&path.into(), text.to_string().into(), mode.into()).await?.e_tag);
        }
        ["get-if", path, tag] => {
            let options = GetOptions { if_none_match: Some(tag.into()), ..Default::default() };
            print_text(&store.get_opts(&path.into(), options).await?.bytes().await?);
        }
        ["multipart", path, size, part] => multipart(&store, path, number(size), number(part)).await?,
        ["parallel", path, size] => parallel(&store, path, number(size)).await?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// An error in a word or two.
pub fn kind(error: &Error) -> &'static str {
    match error {
        Error::NotFound { .. } => "not-found",
        Error::AlreadyExists { .. } => "already-exists",
        Error::Precondition { .. } => "precondition",
        Error::NotModified { .. } => "not-modified",
        Error::NotSupported { .. } => "not-supported",
        Error::NotImplemented { .. } => "not-implemented",
        Error::PermissionDenied { .. } => "permission-denied",
        Error::Unauthenticated { .. } => "unauthenticated",
        Error::InvalidPath { .. } => "invalid-path",
        _ => "generic",
    }
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| panic!("not a number: {text:?}"))
}

fn print_tag(tag: Option<String>) {
    println!("e-tag {}", tag.as_deref().unwrap_or("none"));
}

fn print_meta(meta: &ObjectMeta) {
    println!("location {}", meta.location);
    println!("size {}", meta.size);
    println!("modified {}", meta.last_modified.timestamp());
    print_tag(meta.e_tag.clone());
}

fn print_text(bytes: &[u8]) {
    println!("text {}", String::from_utf8_lossy(bytes));
}

/// Byte `i` of the pattern is `i % 251`.
pub fn pattern(size: u64) -> Vec<u8> {
    (0..size).map(|at| (at % 251) as u8).collect()
}

/// The pattern in pieces of a MiB, so that a payload has more than one.
pub fn payload(size: u64) -> PutPayload {
    pattern(size).chunks(1 << 20).map(Bytes::copy_from_slice).collect()
}

async fn get_bytes(store: &Store, path: &str) -> Result<()> {
    let mut body = store.get(&path.into()).await?.into_stream();
    let (mut at, mut right) = (0u64, true);
    while let Some(piece) = body.try_next().await? {
        right &= piece.iter().enumerate().all(|(i, &byte)| byte == ((at + i as u64) % 251) as u8);
        at += piece.len() as u64;
    }
    println!("bytes {at}");
    println!("pattern {}", if right { "right" } else { "other" });
    Ok(())
}

pub async fn multipart(store: &Store, path: &str, size: u64, part: u64) -> Result<()> {
    let mut upload = store.put_multipart(&path.into()).await?;
    let bytes = pattern(size);
    for piece in bytes.chunks(part as usize) {
        upload.put_part(piece.to_vec().into()).await?;
    }
    print_tag(upload.complete().await?.e_tag);
    Ok(())
}

pub async fn parallel(store: &Store, path: &str, size: u64) -> Result<()> {
    let upload = store.put_multipart(&path.into()).await?;
    let mut writer = WriteMultipart::new(upload);
    for piece in pattern(size).chunks(100_000) {
        writer.wait_for_capacity(4).await?;
        writer.write(piece);
    }
    print_tag(writer.finish().await?.e_tag);
    Ok(())
}
