//! Clocks: plausible, monotone, and never in a hurry.

use crate::{Args, Case, cases};
use wasip2::clocks::monotonic_clock::{now, resolution, subscribe_duration, subscribe_instant};
use wasip2::clocks::wall_clock;

pub const CASES: &[Case] =
    cases![clocks_default, clocks_zero_wait, sleep "MS", sleep_forever, clocks_print, clocks_overflow];

fn clocks_default(_: &Args) {
    let wall = wall_clock::now();
    assert!(wall.seconds > 0 && wall.nanoseconds < 1_000_000_000);
    let wall_resolution = wall_clock::resolution();
    assert!(wall_resolution.seconds > 0 || wall_resolution.nanoseconds > 0);
    assert!(resolution() > 0);
    let mut last = now();
    for _ in 0..1000 {
        let next = now();
        assert!(next >= last, "the monotonic clock went back");
        last = next;
    }
    assert!(wall_clock::now().seconds >= wall.seconds);
}

/// What is due already turns ready within a few looks, and stays so.
fn clocks_zero_wait(_: &Args) {
    for (what, pollable) in [
        ("duration 0", subscribe_duration(0)),
        ("the present", subscribe_instant(now())),
        ("the past", subscribe_instant(now().saturating_sub(1))),
        ("the beginning", subscribe_instant(0)),
    ] {
        let looks = (0..20).position(|_| pollable.ready());
        assert!(looks.is_some(), "{what} is not ready after 20 looks");
        assert!(pollable.ready(), "{what} is ready no longer");
        pollable.block();
    }
}

fn sleep(args: &Args) {
    let duration = args.number(0, "MS") * 1_000_000;
    let start = now();
    subscribe_instant(start + duration).block();
    assert!(now() - start >= duration, "woken before the instant");
    let start = now();
    let pollable = subscribe_duration(duration);
    pollable.block();
    assert!(now() - start >= duration, "woken before the duration was over");
    assert!(pollable.ready());
}

fn sleep_forever(_: &Args) {
    println!("sleeping");
    subscribe_duration(u64::MAX).block();
}

fn clocks_print(_: &Args) {
    let (wall, start) = (wall_clock::now(), now());
    println!("monotonic {start}");
    println!("wall {}.{:09}", wall.seconds, wall.nanoseconds);
}

/// Durations and instants that overflow are simply never due.
fn clocks_overflow(_: &Args) {
    for pollable in [subscribe_duration(u64::MAX), subscribe_duration(u64::MAX - 1), subscribe_instant(u64::MAX)] {
        assert!(!pollable.ready(), "the end of time is here");
        let soon = subscribe_duration(1_000_000);
        assert_eq!(wasip2::io::poll::poll(&[&pollable, &soon]), [1]);
    }
}
