//! What the receiver took: each item by its number.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use otlp::testing::{Answered, Received, ScriptedServer};

use super::payload::{self, SIGNALS};

/// Sums over everything that arrived.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Arrived {
    /// Different items, those refused in a partial success included.
    pub(super) items: u64,
    /// Items refused in partial successes.
    pub(super) refused: u64,
    /// Requests that had been taken before, and their items.
    pub(super) repeated_requests: u64,
    pub(super) repeated_items: u64,
    /// Requests some of whose items had been taken before, and some not. There must be none.
    pub(super) mixed: u64,
    /// Requests that could not be read. There must be none.
    pub(super) unreadable: u64,
}

#[derive(Default)]
struct State {
    /// A bit for each number.
    seen: [Vec<u64>; SIGNALS.len()],
    arrived: Arrived,
}

/// Reads a server's requests on a thread, and forgets them.
pub(super) struct Arrivals {
    state: Arc<Mutex<State>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Arrivals {
    pub(super) fn of(server: &ScriptedServer) -> Self {
        let (state, stop) = (Arc::<Mutex<State>>::default(), Arc::<AtomicBool>::default());
        let thread = {
            let (server, state, stop) = (server.clone(), Arc::clone(&state), Arc::clone(&stop));
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(20));
                    for request in server.take_received() {
                        state.lock().unwrap().take(&request);
                    }
                }
            })
        };
        Self { state, stop, thread: Some(thread) }
    }

    pub(super) fn so_far(&self) -> Arrived {
        self.state.lock().unwrap().arrived
    }

    /// Of the numbers below `next`, how many have not arrived, and of those from `next` on, how many have.
    pub(super) fn compare(&self, next: [u64; SIGNALS.len()]) -> (u64, u64) {
        let state = self.state.lock().unwrap();
        let (mut missing, mut strangers) = (0, 0);
        for (seen, next) in state.seen.iter().zip(next) {
            let all: u64 = seen.iter().map(|word| u64::from(word.count_ones())).sum();
            let known: u64 = (0..next).filter(|number| is_set(seen, *number)).count() as u64;
            missing += next - known;
            strangers += all - known;
        }
        (missing, strangers)
    }
}

impl Drop for Arrivals {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl State {
    fn take(&mut self, request: &Received) {
        if request.answered == Answered::Refused {
            return;
        }
        let at = SIGNALS.iter().position(|signal| *signal == request.signal);
        let (Some(at), Some(batch)) = (at, &request.batch) else {
            self.arrived.unreadable += 1;
            return;
        };
        let numbers = payload::numbers(batch);
        let new = numbers.iter().filter(|number| set(&mut self.seen[at], **number)).count() as u64;
        let old = numbers.len() as u64 - new;
        let arrived = &mut self.arrived;
        arrived.items += new;
        arrived.mixed += u64::from(new > 0 && old > 0);
        if new == 0 {
            arrived.repeated_requests += 1;
            arrived.repeated_items += old;
        }
        if let Answered::Partial(refused) = request.answered {
            arrived.refused += refused.min(numbers.len() as u64);
        }
    }
}

/// Sets a number's bit; whether it was not set before.
fn set(seen: &mut Vec<u64>, number: u64) -> bool {
    let (word, bit) = ((number / 64) as usize, 1 << (number % 64));
    if word >= seen.len() {
        seen.resize(word + 1, 0);
    }
    let is_new = seen[word] & bit == 0;
    seen[word] |= bit;
    is_new
}

fn is_set(seen: &[u64], number: u64) -> bool {
    seen.get((number / 64) as usize).is_some_and(|word| word & (1 << (number % 64)) != 0)
}
