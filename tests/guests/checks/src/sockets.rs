//! Raw sockets: refused unless granted, and pollable together with everything else where they are.

use crate::client::{fill, read_all, verify, write_all};
use crate::{Args, Case, cases};
use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::io::poll::poll;
use wasip2::io::streams::{InputStream, OutputStream, StreamError};
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::ip_name_lookup::resolve_addresses;
use wasip2::sockets::network::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};
use wasip2::sockets::tcp::{ShutdownType, TcpSocket};
use wasip2::sockets::tcp_create_socket::create_tcp_socket;
use wasip2::sockets::udp_create_socket::create_udp_socket;

pub const CASES: &[Case] = cases![
    no_tcp,
    no_udp,
    no_ip_name_lookup,
    tcp_connect "ADDRESS",
    tcp_echo "ADDRESS BYTES",
    tcp_busy_poll "ADDRESS",
    tcp_listen "ADDRESS",
    resolve "NAME...",
    resolve_invalid,
];

fn family(address: &std::net::SocketAddr) -> IpAddressFamily {
    if address.is_ipv4() { IpAddressFamily::Ipv4 } else { IpAddressFamily::Ipv6 }
}

fn parse(text: &str) -> (IpAddressFamily, IpSocketAddress) {
    let address: std::net::SocketAddr = text.parse().unwrap_or_else(|_| panic!("{text:?} is no address with a port"));
    let wit = match address {
        std::net::SocketAddr::V4(v4) => {
            let [a, b, c, d] = v4.ip().octets();
            IpSocketAddress::Ipv4(Ipv4SocketAddress { port: v4.port(), address: (a, b, c, d) })
        }
        std::net::SocketAddr::V6(v6) => {
            let [a, b, c, d, e, f, g, h] = v6.ip().segments();
            let address = (a, b, c, d, e, f, g, h);
            IpSocketAddress::Ipv6(Ipv6SocketAddress { port: v6.port(), flow_info: 0, address, scope_id: 0 })
        }
    };
    (family(&address), wit)
}

fn no_tcp(_: &Args) {
    for family in [IpAddressFamily::Ipv4, IpAddressFamily::Ipv6] {
        assert_eq!(create_tcp_socket(family).map(drop), Err(ErrorCode::AccessDenied));
    }
}

fn no_udp(_: &Args) {
    for family in [IpAddressFamily::Ipv4, IpAddressFamily::Ipv6] {
        assert_eq!(create_udp_socket(family).map(drop), Err(ErrorCode::AccessDenied));
    }
}

fn no_ip_name_lookup(_: &Args) {
    for name in ["localhost", "example.com"] {
        let result = lookup(name);
        assert_eq!(result.map(drop), Err(ErrorCode::PermanentResolverFailure), "{name}");
    }
}

fn lookup(name: &str) -> Result<Vec<IpAddress>, ErrorCode> {
    let stream = resolve_addresses(&instance_network(), name)?;
    let pollable = stream.subscribe();
    let mut found = Vec::new();
    loop {
        match stream.resolve_next_address() {
            Ok(Some(address)) => found.push(address),
            Ok(None) => return Ok(found),
            Err(ErrorCode::WouldBlock) => pollable.block(),
            Err(error) => return Err(error),
        }
    }
}

fn resolve(args: &Args) {
    args.0.iter().for_each(|name| println!("{name} {:?}", lookup(name)));
}

fn resolve_invalid(_: &Args) {
    for name in ["", " ", "a.b<&>", "127.0.0.1:80", "[::]:80", "http://example.com/"] {
        assert_eq!(lookup(name).map(drop), Err(ErrorCode::InvalidArgument), "{name:?}");
    }
}

/// A connection; the streams are children of the socket and go before it.
struct Connection {
    input: InputStream,
    output: OutputStream,
    socket: TcpSocket,
}

fn connect(address: &str) -> Result<Connection, ErrorCode> {
    let (family, address) = parse(address);
    let socket = create_tcp_socket(family)?;
    socket.start_connect(&instance_network(), address)?;
    let pollable = socket.subscribe();
    let (input, output) = loop {
        match socket.finish_connect() {
            Err(ErrorCode::WouldBlock) => pollable.block(),
            other => break other,
        }
    }?;
    drop(pollable);
    Ok(Connection { input, output, socket })
}

fn tcp_connect(args: &Args) {
    match connect(args.text(0, "ADDRESS")) {
        Ok(_) => println!("connected"),
        Err(error) => println!("{error:?}"),
    }
}

/// Sends bytes to an echo server and reads them back after a half close.
fn tcp_echo(args: &Args) {
    let Connection { input, output, socket } = connect(args.text(0, "ADDRESS")).expect("connect");
    let mut bytes = vec![0; args.number(1, "BYTES") as usize];
    fill(&mut bytes, 0);
    write_all(&output, &bytes).expect("write");
    socket.shutdown(ShutdownType::Send).expect("shutdown");
    let echo = read_all(&input).expect("read");
    assert!(echo.len() == bytes.len() && verify(&echo, 0), "the echo differs: {} bytes", echo.len());
    assert!(matches!(input.read(0), Err(StreamError::Closed)));
    drop((input, output));
}

/// A fresh zero timer beside the socket in each of many polls: the socket must turn ready.
fn tcp_busy_poll(args: &Args) {
    let connection = connect(args.text(0, "ADDRESS")).expect("connect");
    for round in 0..20u8 {
        connection.output.blocking_write_and_flush(&[round]).expect("write");
        let readable = connection.input.subscribe();
        let arrived = (0..1_000_000).any(|_| {
            let zero = subscribe_duration(0);
            poll(&[&zero, &readable]).contains(&1)
        });
        assert!(arrived, "round {round}: nothing after a million polls");
        drop(readable);
        assert_eq!(connection.input.blocking_read(1).expect("read"), [round]);
    }
}

fn tcp_listen(args: &Args) {
    let (family, address) = parse(args.text(0, "ADDRESS"));
    let listen = || {
        let socket = create_tcp_socket(family)?;
        socket.start_bind(&instance_network(), address)?;
        socket.finish_bind()?;
        socket.start_listen()?;
        socket.finish_listen()
    };
    println!("{:?}", listen());
}
