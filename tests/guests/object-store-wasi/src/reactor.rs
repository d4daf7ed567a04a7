//! Futures over pollables. A pending future leaves its pollable and waker here; [`wait`] polls all that were left and
//! wakes those that are ready. One thread, one reactor: a component has no more.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::io::poll::{Pollable, poll};

struct Entry {
    pollable: Arc<Pollable>,
    waker: Waker,
}

static WAITING: Mutex<BTreeMap<u64, Entry>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(0);

fn waiting() -> MutexGuard<'static, BTreeMap<u64, Entry>> {
    WAITING.lock().expect("the reactor's lock is never held while something panics")
}

/// What ended a wait.
#[derive(PartialEq)]
pub enum Woken {
    /// At least one waker was called.
    Ready,
    /// The time was over.
    TimedOut,
    /// Nobody waits for anything.
    Nothing,
}

/// Blocks until a registered pollable is ready, no longer than `limit`, and wakes whoever waits for it.
pub fn wait(limit: Duration) -> Woken {
    let registered: Vec<(u64, Arc<Pollable>)> =
        waiting().iter().map(|(&key, entry)| (key, entry.pollable.clone())).collect();
    if registered.is_empty() {
        return Woken::Nothing;
    }
    let timer = subscribe_duration(limit.as_nanos().try_into().unwrap_or(u64::MAX));
    let mut pollables: Vec<&Pollable> = registered.iter().map(|(_, pollable)| &**pollable).collect();
    pollables.push(&timer);
    let ready = poll(&pollables);
    let wakers: Vec<Waker> = {
        let mut waiting = waiting();
        let keys = ready.iter().filter_map(|&index| registered.get(index as usize));
        keys.filter_map(|(key, _)| waiting.remove(key)).map(|entry| entry.waker).collect()
    };
    drop(registered);
    if wakers.is_empty() {
        return Woken::TimedOut;
    }
    wakers.into_iter().for_each(Waker::wake);
    Woken::Ready
}

/// Ready when the pollable is. May be awaited again and again. Drop it before whatever the pollable belongs to.
#[derive(Debug)]
pub struct Ready {
    pollable: Arc<Pollable>,
    key: u64,
}

impl Ready {
    pub fn new(pollable: Pollable) -> Ready {
        Ready { pollable: Arc::new(pollable), key: NEXT.fetch_add(1, Ordering::Relaxed) }
    }

    /// Ready after a duration.
    pub fn after(duration: Duration) -> Ready {
        Ready::new(subscribe_duration(duration.as_nanos().try_into().unwrap_or(u64::MAX)))
    }

    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.pollable.ready() {
            waiting().remove(&self.key);
            return Poll::Ready(());
        }
        waiting().insert(self.key, Entry { pollable: self.pollable.clone(), waker: cx.waker().clone() });
        Poll::Pending
    }
}

impl Future for Ready {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_ready(cx)
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        waiting().remove(&self.key);
    }
}
