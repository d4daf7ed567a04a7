//! What programs do with an HTTP client, on wstd.

use futures_lite::{StreamExt, future};
use http_body_util::{BodyExt, StreamBody};
use std::cell::Cell;
use wstd::future::FutureExt;
use wstd::http::body::{Body, Bytes, Frame};
use wstd::http::error::ErrorCode;
use wstd::http::{Client, Error, HeaderMap, HeaderValue, Request, Response};
use wstd::runtime::{block_on, spawn};
use wstd::time::{Duration, Timer};

type Done = Result<(), String>;

fn describe(error: &Error) -> String {
    match error.downcast_ref::<ErrorCode>() {
        Some(code) => format!("{code:?}"),
        None => format!("{error:#}"),
    }
}

fn text(error: Error) -> String {
    describe(&error)
}

fn request(url: &str) -> Result<Request<Body>, String> {
    Request::get(url).body(Body::empty()).map_err(|error| error.to_string())
}

fn posting(url: &str, body: Body) -> Result<Request<Body>, String> {
    Request::post(url).body(body).map_err(|error| error.to_string())
}

async fn show(mut response: Response<Body>) -> Done {
    println!("status {}", response.status().as_u16());
    for (name, value) in response.headers() {
        println!("header {name}: {}", String::from_utf8_lossy(value.as_bytes()));
    }
    let body = response.body_mut().contents().await.map_err(text)?;
    println!("body {}", String::from_utf8_lossy(body));
    Ok(())
}

pub fn get(url: &str) -> Done {
    block_on(async { show(Client::new().send(request(url)?).await.map_err(text)?).await })
}

pub fn post(url: &str, body: &str) -> Done {
    block_on(async { show(Client::new().send(posting(url, body.into())?).await.map_err(text)?).await })
}

pub fn error(url: &str) -> Done {
    block_on(async {
        match Client::new().send(request(url)?).await {
            Err(error) => println!("error {}", describe(&error)),
            Ok(mut response) => {
                let status = response.status().as_u16();
                match response.body_mut().contents().await {
                    Err(error) => println!("status {status}, then error {}", describe(&error)),
                    Ok(body) => println!("status {status}, {} bytes", body.len()),
                }
            }
        }
        Ok(())
    })
}

pub fn trailers(url: &str, body: &str) -> Done {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-checksum", HeaderValue::from(body.len()));
    let frames = [Frame::data(Bytes::from(body.to_string())), Frame::trailers(trailers)];
    let body = StreamBody::new(futures_lite::stream::iter(frames).map(Ok::<_, Error>));
    block_on(async {
        let mut request = posting(url, Body::from_http_body(body))?;
        // Some hosts send only the trailers that this header announces.
        request.headers_mut().insert("trailer", HeaderValue::from_static("x-checksum"));
        let response = Client::new().send(request).await.map_err(text)?;
        println!("status {}", response.status().as_u16());
        let collected = response.into_body().into_boxed_body().collect().await.map_err(text)?;
        for (name, value) in collected.trailers().into_iter().flatten() {
            println!("trailer {name}: {}", String::from_utf8_lossy(value.as_bytes()));
        }
        println!("body {}", String::from_utf8_lossy(&collected.to_bytes()));
        Ok(())
    })
}

pub fn timeout(kind: &str, url: &str, ms: u64) -> Done {
    let mut client = Client::new();
    let duration = Duration::from_millis(ms);
    match kind {
        "connect" => client.set_connect_timeout(duration),
        "first-byte" => client.set_first_byte_timeout(duration),
        "between-bytes" => client.set_between_bytes_timeout(duration),
        other => return Err(format!("no such timeout: {other:?}")),
    }
    block_on(async {
        match client.send(request(url)?).await {
            Err(error) => println!("error {}", describe(&error)),
            Ok(mut response) => match response.body_mut().contents().await {
                Err(error) => println!("body error {}", describe(&error)),
                Ok(body) => println!("complete, {} bytes", body.len()),
            },
        }
        Ok(())
    })
}

/// Cancellation: the request's future is dropped when the timer wins, and the runtime goes on.
pub fn deadline(url: &str, ms: u64) -> Done {
    block_on(async {
        match Client::new().send(request(url)?).timeout(Duration::from_millis(ms)).await {
            Err(_) => println!("given up"),
            Ok(response) => println!("status {}", response.map_err(text)?.status().as_u16()),
        }
        Timer::after(Duration::from_millis(10)).wait().await;
        println!("went on");
        Ok(())
    })
}

pub fn race(one: &str, other: &str) -> Done {
    let fetch = async |url: &str| {
        let response = Client::new().send(request(url)?).await.map_err(text)?;
        Ok::<_, String>(format!("{url} {}", response.status().as_u16()))
    };
    block_on(async {
        println!("first {}", future::or(fetch(one), fetch(other)).await?);
        Ok(())
    })
}

pub fn concurrent(url: &str, count: u64) -> Done {
    block_on(async {
        let tasks: Vec<_> = (0..count)
            .map(|_| {
                let request = request(url);
                spawn(async { Ok::<_, String>(Client::new().send(request?).await.map_err(text)?.status().as_u16()) })
            })
            .collect();
        let ticks = Cell::new(0);
        let all = async {
            let mut statuses = Vec::new();
            for task in tasks {
                statuses.push(task.await?);
            }
            Ok::<_, String>(statuses)
        };
        let clock = async {
            loop {
                Timer::after(Duration::from_millis(10)).wait().await;
                ticks.set(ticks.get() + 1);
            }
        };
        let statuses = future::or(all, clock).await?;
        println!("responses {}", statuses.iter().filter(|&&status| status == 200).count());
        println!("ticks {}", ticks.get());
        Ok(())
    })
}
