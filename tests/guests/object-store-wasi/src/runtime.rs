use crate::reactor::{self, Woken};
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// How late a tokio timer may fire while requests are under way. Tokio does not tell when its next timer is due, so a
/// wait for `wasi:io` must end now and then to let it look.
const TICK: Duration = Duration::from_millis(10);

/// Runs a future to its end on this thread.
///
/// It provides a tokio runtime, because `object_store` sleeps between retries with tokio's timers and spawns the parts
/// of [`WriteMultipart`](object_store::WriteMultipart) as tokio tasks, and it waits for `wasi:io` pollables when there
/// is nothing else to do, because that is where a component's HTTP happens. A plain tokio runtime would sleep through
/// those, and other runtimes know nothing of tokio.
///
/// # Panics
///
/// Inside another call of it, or when the future waits for something that cannot happen any more.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let signal = Arc::new(Signal::default());
    let idle = signal.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        // Called when no task can run. Tokio parks afterwards unless a task or the root future was woken.
        .on_thread_park(move || {
            if reactor::wait(TICK) == Woken::TimedOut {
                idle.wake_runtime();
            }
        })
        .build()
        .expect("a runtime without threads and sockets asks nothing of the system");
    let mut future = pin!(future);
    let waker = Waker::from(signal.clone());
    runtime.block_on(std::future::poll_fn(move |cx| {
        signal.attach(cx.waker());
        // A tick wakes the runtime for its timers' sake; the future itself has nothing new to see.
        if !signal.woken.swap(false, Ordering::Relaxed) {
            return Poll::Pending;
        }
        future.as_mut().poll(&mut Context::from_waker(&waker))
    }))
}

/// Tells the wake-ups of the root future from those that are only for the runtime.
struct Signal {
    woken: AtomicBool,
    runtime: Mutex<Option<Waker>>,
}

impl Default for Signal {
    fn default() -> Signal {
        Signal { woken: AtomicBool::new(true), runtime: Mutex::new(None) }
    }
}

impl Signal {
    fn attach(&self, waker: &Waker) {
        *self.runtime.lock().expect("nothing panics under this lock") = Some(waker.clone());
    }

    fn wake_runtime(&self) {
        if let Some(waker) = &*self.runtime.lock().expect("nothing panics under this lock") {
            waker.wake_by_ref();
        }
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Relaxed);
        self.wake_runtime();
    }
}
