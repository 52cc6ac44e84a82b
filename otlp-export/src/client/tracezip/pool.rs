//! The streams to one endpoint: taken for a batch, given back after its answer.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use http::Uri;
use otlp_core::Batch;

use super::{
    super::{
        Inner,
        body::Sent,
        transport::{Route, Transport},
    },
    live::{Live, Opening, Told},
    standing::{REFUSED, Standing},
};
use crate::{Balance, Outcome};

/// Idle streams that are kept; each holds a dictionary.
const KEPT: usize = 8;
/// An idle stream older than this is not used again: the server may have forgotten it.
const IDLE: Duration = Duration::from_secs(45);
/// How long no stream is opened after a server ended one without an answer.
const PAUSE: Duration = Duration::from_secs(30);
/// Resets one after another, after which the server's memory is taken to be too small for streams.
const RESETS: u32 = 3;

pub(in crate::client) struct Pool {
    uri: Uri,
    standing: Standing,
    idle: Mutex<Vec<Live>>,
}

impl Pool {
    pub(super) fn new(uri: Uri) -> Self {
        Self { uri, standing: Standing::default(), idle: Mutex::default() }
    }

    /// One that is idle and was not ended by the server.
    fn take(&self, balance: Balance, max_age: Duration, now: Instant) -> Option<Live> {
        loop {
            // Where requests are shared out, so are streams: the one that waited longest.
            let mut live = {
                let mut idle = self.idle();
                match balance {
                    Balance::RoundRobin if !idle.is_empty() => idle.remove(0),
                    _ => idle.pop()?,
                }
            };
            let old = !max_age.is_zero() && now.duration_since(live.born()) >= max_age;
            if !old && now.duration_since(live.used()) < IDLE && !live.is_over() {
                return Some(live);
            }
            live.close();
        }
    }

    fn give_back(&self, live: Live) {
        let mut idle = self.idle();
        idle.push(live);
        let surplus = (idle.len() > KEPT).then(|| idle.remove(0));
        drop(idle);
        if let Some(surplus) = surplus {
            surplus.close();
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Live>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends a batch on a stream of the host whose turn it is. `None` if nothing was taken there and it is to be sent as a request.
pub(super) async fn send(
    transport: &Transport,
    client: &Inner,
    route: &Route,
    batch: &Batch,
    sent: &Sent,
) -> Option<Outcome> {
    let fleet = transport.fleet(route);
    let (at, turn) = fleet.turn();
    let (knowledge, host) = (&route.targets.get(at)?.tracezip, fleet.hosts().get(at)?);
    let pool = &knowledge.streams;
    let now = Instant::now();
    if !knowledge.standing.allows(true, now) || !pool.standing.allows(true, now) {
        return None;
    }
    let mut live = match pool.take(fleet.balance(), host.max_age(), now) {
        Some(live) => live,
        None => match Live::open(client, host, turn, &pool.uri, batch, sent).await {
            Opening::Open(live) => *live,
            // A request takes the same way: it says what is wrong with it, or goes to another host.
            Opening::Unsent => return None,
            Opening::Refused { unknown } => {
                pool.standing.refuse(now, if unknown { REFUSED } else { PAUSE });
                return None;
            }
            Opening::Broken(outcome) => return Some(outcome),
        },
    };
    match live.tell(client, batch, sent).await {
        Ok(Told::Answer(outcome)) => {
            if live.resets() < RESETS {
                pool.give_back(live);
            } else {
                live.close();
                pool.standing.refuse(Instant::now(), REFUSED);
            }
            Some(outcome)
        }
        Ok(Told::Unread) => {
            live.close();
            None
        }
        Ok(Told::Ended { in_order }) => {
            live.close();
            if !in_order {
                pool.standing.refuse(Instant::now(), PAUSE);
            }
            None
        }
        Err(outcome) => Some(outcome),
    }
}
