//! A handler with one path for each fact about a host that serves `wasi:http/incoming-handler`.

mod exchange;
mod fields;
mod hostile;
mod plain;
mod proxy;
mod streams;

use exchange::Exchange;
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};

struct Checks;

wasip2::http::proxy::export!(Checks);

impl Guest for Checks {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let exchange = Exchange::new(request, out);
        let route = exchange.route().to_owned();
        let case: fn(Exchange) = match route.as_str() {
            "hello" => plain::hello,
            "request" => plain::request,
            "proxy" => plain::proxy,
            "env" => plain::env,
            "print" => plain::print,
            "state" => plain::state,
            "status" => plain::status,
            "informational" => plain::informational,
            "echo" => streams::echo,
            "trailers" => streams::trailers,
            "bytes" => streams::bytes,
            "length" => streams::length,
            "sse" => streams::sse,
            "until-closed" => streams::until_closed,
            "read-slowly" => streams::read_slowly,
            "ignore-body" => streams::ignore_body,
            "finish-later" => streams::finish_later,
            "never-finish" => streams::never_finish,
            "early_drop" => streams::early_drop,
            "double-echo" => proxy::double_echo,
            "forward-request" => proxy::forward_request,
            "uppercase" => proxy::uppercase,
            "hash-all" => proxy::hash_all,
            "fetch" => proxy::fetch,
            "fetch-and-wait" => proxy::fetch_and_wait,
            "new_fields" => fields::new_fields,
            "modify_fields" => fields::modify_fields,
            "many-fields" => fields::many_fields,
            "forbidden" => fields::forbidden,
            "loop" => hostile::spin,
            "sleep" => hostile::sleep,
            "return-before-set" => hostile::return_before_set,
            "trap-before-set" => hostile::trap_before_set,
            "trap-after-set" => hostile::trap_after_set,
            "loop-after-set" => hostile::loop_after_set,
            "set-error" => hostile::set_error,
            "answer-twice" => hostile::answer_twice,
            "secret" => hostile::secret,
            "memory" => hostile::memory,
            "exit" => hostile::exit,
            "leak" => hostile::leak,
            _ => plain::not_found,
        };
        case(exchange);
    }
}
