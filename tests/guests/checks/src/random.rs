//! Random bytes and numbers.

use crate::{Args, Case, cases};
use wasip2::random::insecure::{get_insecure_random_bytes, get_insecure_random_u64};
use wasip2::random::insecure_seed::insecure_seed;
use wasip2::random::random::{get_random_bytes, get_random_u64};

pub const CASES: &[Case] = cases![random, random_print, random_limit "N"];

fn random(_: &Args) {
    for source in [get_random_bytes, get_insecure_random_bytes] {
        let bytes = source(256);
        assert_eq!(bytes.len(), 256);
        assert!(bytes.iter().any(|&byte| byte != 0), "256 random bytes are all zero");
        assert!(source(0).is_empty());
        assert_eq!(source(100_000).len(), 100_000, "more than one call of getRandomValues");
        assert_ne!(source(32), source(32), "two draws are the same");
    }
    assert!((0..100).any(|_| get_random_u64() != 0));
    assert!((0..100).any(|_| get_insecure_random_u64() != 0));
    assert!((0..100).any(|_| get_random_u64() > u64::from(u32::MAX)), "the upper half is never used");
    assert_eq!(insecure_seed(), insecure_seed(), "the seed is fixed for an instance");
}

fn random_print(_: &Args) {
    let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    println!("bytes {}", hex(get_random_bytes(16)));
    println!("u64 {}", get_random_u64());
    println!("insecure {}", hex(get_insecure_random_bytes(16)));
    println!("insecure-u64 {}", get_insecure_random_u64());
    println!("seed {:?}", insecure_seed());
}

fn random_limit(args: &Args) {
    let length = args.number(0, "N");
    assert_eq!(get_random_bytes(length).len() as u64, length);
    assert_eq!(get_insecure_random_bytes(length).len() as u64, length);
}
