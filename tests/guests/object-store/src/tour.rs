//! All that a store can do, one thing after the other, with assertions. What a store says it does not have is printed
//! and left out.

use crate::commands::{kind, multipart, parallel, pattern, payload};
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutMode, Result, UpdateVersion,
};
use std::sync::Arc;

type Store = Arc<dyn ObjectStore>;

/// Panics at the first thing that is wrong.
pub async fn run(store: Store, prefix: &str) -> bool {
    let at = |name: &str| Path::from(format!("{prefix}/{name}"));
    clear(&store, prefix).await;
    put_and_get(&store, &at).await;
    ranges(&store, &at).await;
    big(&store, &at).await;
    conditional_get(&store, &at).await;
    conditional_put(&store, &at).await;
    listing(&store, prefix, &at).await;
    copies(&store, &at).await;
    multiparts(&store, &at).await;
    concurrently(&store, &at).await;
    clear(&store, prefix).await;
    true
}

/// A result, or nothing when the store does not have what was asked of it.
fn supported<T>(what: &str, result: Result<T>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(Error::NotImplemented { .. } | Error::NotSupported { .. }) => {
            println!("{what} not supported");
            None
        }
        Err(error) => panic!("{what} failed: {error}"),
    }
}

fn failed<T>(what: &str, result: Result<T>, expected: &str) {
    match result {
        Ok(_) => panic!("{what} succeeded"),
        Err(error) => assert_eq!(kind(&error), expected, "{what}: {error}"),
    }
}

async fn clear(store: &Store, prefix: &str) {
    let prefix = Path::from(prefix);
    let found: Vec<_> = store.list(Some(&prefix)).try_collect().await.expect("list");
    let paths = found.into_iter().map(|meta| Ok(meta.location));
    store.delete_stream(stream::iter(paths).boxed()).try_collect::<Vec<_>>().await.expect("delete");
}

async fn put_and_get(store: &Store, at: &impl Fn(&str) -> Path) {
    let path = at("put/hello.txt");
    failed("get of nothing", store.get(&path).await, "not-found");
    failed("head of nothing", store.head(&path).await, "not-found");
    store.put(&path, "hello".into()).await.expect("put");
    let result = store.get(&path).await.expect("get");
    assert_eq!((result.meta.size, &result.meta.location), (5, &path));
    assert_eq!(&result.bytes().await.expect("body")[..], b"hello");
    assert_eq!(store.head(&path).await.expect("head").size, 5);
    store.put(&path, "replaced".into()).await.expect("put");
    assert_eq!(&store.get(&path).await.expect("get").bytes().await.expect("body")[..], b"replaced");
    store.put(&at("put/empty"), "".into()).await.expect("put of nothing");
    assert!(store.get(&at("put/empty")).await.expect("get").bytes().await.expect("body").is_empty());
    let odd = at("put/a b+c%25é&=?#.txt");
    store.put(&odd, "odd".into()).await.expect("put of an odd name");
    assert_eq!(&store.get(&odd).await.expect("get").bytes().await.expect("body")[..], b"odd");
    println!("ok put-and-get");
}

async fn ranges(store: &Store, at: &impl Fn(&str) -> Path) {
    let path = at("ranges.bin");
    store.put(&path, payload(10_000)).await.expect("put");
    let bytes = pattern(10_000);
    assert_eq!(&store.get_range(&path, 10..20).await.expect("range")[..], &bytes[10..20]);
    let several = store.get_ranges(&path, &[0..3, 5_000..5_100, 9_990..10_000]).await.expect("ranges");
    assert_eq!(several.iter().map(|piece| piece.len()).collect::<Vec<_>>(), [3, 100, 10]);
    assert_eq!(&several[1][..], &bytes[5_000..5_100]);
    for (range, expected) in [
        (GetRange::Offset(9_000), &bytes[9_000..]),
        (GetRange::Suffix(7), &bytes[9_993..]),
        (GetRange::Bounded(9_000..20_000), &bytes[9_000..]),
    ] {
        let what = format!("{range:?}");
        let options = GetOptions { range: Some(range), ..Default::default() };
        if let Some(result) = supported(&what, store.get_opts(&path, options).await) {
            assert_eq!(&result.bytes().await.expect("body")[..], expected, "{what}");
        }
    }
    println!("ok ranges");
}

/// Larger than every window on the way, in pieces.
async fn big(store: &Store, at: &impl Fn(&str) -> Path) {
    const SIZE: u64 = 9_000_000;
    let path = at("big.bin");
    store.put(&path, payload(SIZE)).await.expect("put");
    let mut body = store.get(&path).await.expect("get").into_stream();
    let mut read = 0u64;
    while let Some(piece) = body.try_next().await.expect("piece") {
        let right = piece.iter().enumerate().all(|(i, &byte)| byte == ((read + i as u64) % 251) as u8);
        assert!(right, "the body differs after {read}");
        read += piece.len() as u64;
    }
    assert_eq!(read, SIZE);
    // A body that is not read to its end is given up.
    let mut body = store.get(&path).await.expect("get").into_stream();
    body.try_next().await.expect("a first piece");
    drop(body);
    println!("ok big");
}

async fn conditional_get(store: &Store, at: &impl Fn(&str) -> Path) {
    let path = at("conditional.txt");
    store.put(&path, "one".into()).await.expect("put");
    let Some(tag) = store.head(&path).await.expect("head").e_tag else {
        return println!("e-tags not supported");
    };
    let options = |if_match: Option<&str>, if_none_match: Option<&str>| GetOptions {
        if_match: if_match.map(Into::into),
        if_none_match: if_none_match.map(Into::into),
        ..Default::default()
    };
    store.get_opts(&path, options(Some(&tag), None)).await.expect("if-match");
    failed("if-none-match", store.get_opts(&path, options(None, Some(&tag))).await, "not-modified");
    failed("if-match with another tag", store.get_opts(&path, options(Some("\"other\""), None)).await, "precondition");
    println!("ok conditional-get");
}

async fn conditional_put(store: &Store, at: &impl Fn(&str) -> Path) {
    let path = at("created.txt");
    if supported("create", store.put_opts(&path, "one".into(), PutMode::Create.into()).await).is_none() {
        return;
    }
    failed("create again", store.put_opts(&path, "two".into(), PutMode::Create.into()).await, "already-exists");
    let version = |tag: Option<String>| PutMode::Update(UpdateVersion { e_tag: tag, version: None });
    let tag = store.head(&path).await.expect("head").e_tag;
    let updated = store.put_opts(&path, "two".into(), version(tag.clone()).into()).await;
    if supported("update", updated).is_some() {
        failed(
            "update of an old version",
            store.put_opts(&path, "three".into(), version(tag).into()).await,
            "precondition",
        );
        assert_eq!(&store.get(&path).await.expect("get").bytes().await.expect("body")[..], b"two");
    }
    println!("ok conditional-put");
}

async fn listing(store: &Store, prefix: &str, at: &impl Fn(&str) -> Path) {
    for name in ["list/a.txt", "list/b.txt", "list/deep/c.txt", "list/deep/er/d.txt"] {
        store.put(&at(name), name.to_string().into()).await.expect("put");
    }
    let root = at("list");
    let mut found: Vec<_> = store.list(Some(&root)).map_ok(|meta| meta.location).try_collect().await.expect("list");
    found.sort();
    assert_eq!(found, ["list/a.txt", "list/b.txt", "list/deep/c.txt", "list/deep/er/d.txt"].map(at));
    let level = store.list_with_delimiter(Some(&root)).await.expect("list with delimiter");
    assert_eq!(level.common_prefixes, [at("list/deep")]);
    let mut names: Vec<_> = level.objects.into_iter().map(|meta| (meta.location, meta.size)).collect();
    names.sort();
    assert_eq!(names, [(at("list/a.txt"), 10), (at("list/b.txt"), 10)]);
    let nothing = Path::from(format!("{prefix}/nothing-here"));
    assert!(store.list(Some(&nothing)).try_collect::<Vec<_>>().await.expect("list").is_empty());
    let paths = found.into_iter().map(Ok).collect::<Vec<_>>();
    let deleted: Vec<_> = store.delete_stream(stream::iter(paths).boxed()).try_collect().await.expect("delete");
    assert_eq!(deleted.len(), 4);
    assert!(store.list(Some(&root)).try_collect::<Vec<_>>().await.expect("list").is_empty());
    println!("ok listing");
}

async fn copies(store: &Store, at: &impl Fn(&str) -> Path) {
    let (from, to, moved) = (at("copy/from.txt"), at("copy/to.txt"), at("copy/moved.txt"));
    store.put(&from, "copied".into()).await.expect("put");
    store.copy(&from, &to).await.expect("copy");
    assert_eq!(&store.get(&to).await.expect("get").bytes().await.expect("body")[..], b"copied");
    store.rename(&to, &moved).await.expect("rename");
    failed("get of what was renamed", store.get(&to).await, "not-found");
    let create = || CopyOptions { mode: CopyMode::Create, ..Default::default() };
    if supported("copy-create", store.copy_opts(&from, &to, create()).await).is_some() {
        failed("copy-create again", store.copy_opts(&from, &moved, create()).await, "already-exists");
    }
    // The crate's HTTP store takes the missing source for a missing folder, and fails to make that.
    assert!(store.copy(&at("copy/absent"), &to).await.is_err(), "nothing was copied");
    println!("ok copies");
}

async fn multiparts(store: &Store, at: &impl Fn(&str) -> Path) {
    const PART: u64 = 5 << 20;
    let path = at("multipart.bin");
    if supported("multipart", multipart(store, path.as_ref(), 2 * PART + 1000, PART).await).is_none() {
        return;
    }
    assert_eq!(store.head(&path).await.expect("head").size, 2 * PART + 1000);
    parallel(store, path.as_ref(), 3 * PART).await.expect("parts at once");
    let bytes = store.get(&path).await.expect("get").bytes().await.expect("body");
    assert!(bytes[..] == pattern(3 * PART)[..], "the parts are in disorder");
    let mut upload = store.put_multipart(&at("aborted.bin")).await.expect("multipart");
    upload.put_part("part".into()).await.expect("part");
    upload.abort().await.expect("abort");
    failed("get of what was aborted", store.get(&at("aborted.bin")).await, "not-found");
    println!("ok multipart");
}

/// Sixteen objects written and read at once.
async fn concurrently(store: &Store, at: &impl Fn(&str) -> Path) {
    let paths: Vec<_> = (0..16).map(|index| at(&format!("many/{index}"))).collect();
    // The first alone: the crate's HTTP store makes missing folders, and two that make the same one at once collide.
    store.put(&at("many/first"), "first".into()).await.expect("put");
    let puts = paths.iter().map(|path| store.put(path, payload(100_000)));
    futures_util::future::try_join_all(puts).await.expect("puts");
    let gets = paths.iter().map(|path| async { store.get(path).await?.bytes().await });
    let all = futures_util::future::try_join_all(gets).await.expect("gets");
    assert!(all.iter().all(|bytes| bytes[..] == pattern(100_000)[..]));
    println!("ok concurrently");
}
