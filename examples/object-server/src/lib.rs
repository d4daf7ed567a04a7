//! An HTTP server over an object store, as a WASI 0.2 component: `GET` and `HEAD` of objects, and of prefixes as JSON.
//!
//! It exports `wasi:http/incoming-handler`, and reads the store over `wasi:http/outgoing-handler`. The store is the one
//! that `STORE_URL` names; README.md has the details.

mod answer;
mod listing;
mod object;
mod request;
mod store;

use answer::Answer;
use object_store::path::Path;
use object_store_wasi::block_on;
use request::Request;
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};

struct Server;

wasip2::http::proxy::export!(Server);

impl Guest for Server {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let request = Request::new(&request);
        block_on(handle(&request, Answer::new(out, request.is_head())));
    }
}

async fn handle(request: &Request, answer: Answer) {
    if !request.is_get() && !request.is_head() {
        return answer.allow("GET, HEAD").text(405, "Only GET and HEAD are served here");
    }
    let Ok(path) = Path::from_url_path(request.path()) else {
        return answer.text(400, "That is no path of an object");
    };
    let store = match store::open() {
        Ok(store) => store,
        Err(error) => {
            eprintln!("the store cannot be opened: {error}");
            return answer.text(500, "The server has no store");
        }
    };
    // What the name of an object never ends with stands for all below.
    if request.path().ends_with('/') {
        listing::answer(&*store, &path, request, answer).await;
    } else {
        object::answer(&*store, &path, request, answer).await;
    }
}
