//! `GET PREFIX/`: what is below, as JSON. One level, or with `?recursive` all, streamed as the store lists it.

use crate::answer::Answer;
use crate::request::Request;
use futures_util::StreamExt;
use object_store::path::Path;
use object_store::{Error, ObjectMeta, ObjectStore};
use serde::Serialize;

const JSON: &str = "application/json";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'a> {
    path: &'a str,
    size: u64,
    last_modified: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    e_tag: Option<&'a str>,
}

impl<'a> From<&'a ObjectMeta> for Object<'a> {
    fn from(meta: &'a ObjectMeta) -> Object<'a> {
        Object {
            path: meta.location.as_ref(),
            size: meta.size,
            last_modified: meta.last_modified.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
            e_tag: meta.e_tag.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct Level<'a> {
    prefixes: Vec<String>,
    objects: Vec<Object<'a>>,
}

pub async fn answer(store: &dyn ObjectStore, path: &Path, request: &Request, answer: Answer) {
    if request.asks("recursive") {
        return all(store, path, answer).await;
    }
    let found = match store.list_with_delimiter(Some(path)).await {
        Ok(found) => found,
        Err(error) => return answer.failed(path, &error),
    };
    let level = Level {
        prefixes: found.common_prefixes.iter().map(|prefix| format!("{prefix}/")).collect(),
        objects: found.objects.iter().map(Object::from).collect(),
    };
    if level.prefixes.is_empty() && level.objects.is_empty() && !path.is_root() {
        return answer.failed(path, &missing(path));
    }
    answer.whole(200, JSON, &json(&level));
}

async fn all(store: &dyn ObjectStore, path: &Path, answer: Answer) {
    let mut listed = store.list(Some(path));
    // The status must be known before the first object is written.
    let mut next = match listed.next().await {
        Some(Err(error)) => return answer.failed(path, &error),
        None if !path.is_root() => return answer.failed(path, &missing(path)),
        first => first,
    };
    let mut body = answer.header("content-type", JSON).send(200);
    let mut before = "{\"objects\":[";
    while let Some(object) = next {
        let written = match object {
            Ok(meta) => body.write(format!("{before}{}", json(&Object::from(&meta))).as_bytes()),
            Err(error) => return eprintln!("{path}/: {error}"),
        };
        if written.is_err() {
            return;
        }
        before = ",\n";
        next = listed.next().await;
    }
    let end = if before == ",\n" { "]}" } else { "{\"objects\":[]}" };
    if body.write(end.as_bytes()).is_ok() {
        body.finish();
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("it has neither maps nor foreign types")
}

fn missing(path: &Path) -> Error {
    Error::NotFound { path: path.to_string(), source: "nothing is below".into() }
}
