//! Several endpoints that are as good as one another, or stand in for one another.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::{Request, Response};
use hyper::body::Incoming;

use super::{
    body::RequestBody,
    host::{Host, Lease, RequestError},
    unreachable,
};
use crate::{Failure, FailureKind, Outcome, endpoint::Endpoint};

/// How requests are spread over several endpoints, and over the addresses of each. An address or an endpoint that failed is passed
/// over for 10 s as long as there are others. If no connection can be made, the next endpoint is tried within the same send; once
/// a request is on its way, a failure is the outcome, and the retry goes elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Balance {
    /// Everything to the first endpoint that works, in the order given; of its addresses, to one that works.
    #[default]
    Failover,
    /// To each address of each endpoint in turn, by a connection to each.
    RoundRobin,
}

pub(super) struct Fleet {
    hosts: Vec<Arc<Host>>,
    balance: Balance,
    timeout: Duration,
    turn: AtomicUsize,
}

impl Fleet {
    pub(super) fn new(hosts: Vec<Arc<Host>>, balance: Balance, timeout: Duration) -> Self {
        Self { hosts, balance, timeout, turn: AtomicUsize::new(0) }
    }

    pub(super) fn hosts(&self) -> &[Arc<Host>] {
        &self.hosts
    }

    #[cfg(all(feature = "tracezip", feature = "grpc"))]
    pub(super) const fn balance(&self) -> Balance {
        self.balance
    }

    /// The host whose turn it is, and the address to begin with.
    #[cfg(all(feature = "tracezip", feature = "grpc"))]
    pub(super) fn turn(&self) -> (usize, usize) {
        self.order().first().copied().unwrap_or_default()
    }

    /// The hosts in the order in which this request tries them, each with the address to begin with.
    fn order(&self) -> Vec<(usize, usize)> {
        let standings: Vec<_> = self.hosts.iter().map(|host| host.standing()).collect();
        let turn = match self.balance {
            Balance::Failover => None,
            Balance::RoundRobin => Some(self.turn.fetch_add(1, Ordering::Relaxed)),
        };
        order(turn, &standings)
    }

    /// One request; `make` makes it for a host, by number, and a version of HTTP (whether it is HTTP/2).
    pub(super) async fn request(
        &self,
        make: impl Fn(usize, bool) -> Request<RequestBody>,
    ) -> Result<(Response<Incoming>, Lease), Outcome> {
        let order = self.order();
        let mut failures = Vec::new();
        for (tried, (at, turn)) in order.iter().copied().enumerate() {
            let host = &self.hosts[at];
            // The last one may take what is left of the time.
            let is_last = tried + 1 == order.len();
            let limit = if is_last || self.timeout.is_zero() {
                None
            } else {
                Some(self.timeout / order.len() as u32)
            };
            match host.request(turn, limit, |http2| make(at, http2)).await {
                Ok(answer) => return Ok(answer),
                Err(RequestError::Connect(error)) => {
                    host.pass_over();
                    failures.push((host.endpoint(), error.failure()));
                }
                Err(RequestError::Send(error)) => {
                    host.pass_over();
                    return Err(unreachable(&error));
                }
            }
        }
        Err(joined(failures))
    }
}

/// Nothing was sent to anyone (rule H13).
fn joined(mut failures: Vec<(&Endpoint, Failure)>) -> Outcome {
    let cause = match failures.pop() {
        Some((_, failure)) if failures.is_empty() => failure,
        last => {
            failures.extend(last);
            // Where one was reached but for its proxy, others were not.
            let proxy = failures.iter().all(|(_, failure)| failure.kind() == FailureKind::Proxy);
            let kind = if proxy { FailureKind::Proxy } else { FailureKind::Unreachable };
            let texts: Vec<_> = failures
                .iter()
                .map(|(endpoint, failure)| format!("{endpoint}: {}", failure.message()))
                .collect();
            Failure::new(kind, texts.join("; "))
        }
    };
    Outcome::RetryLater { after: None, cause }
}

/// Which hosts to try, each with the address to begin with. `standings`: of each host, the number of its addresses, and whether it
/// is passed over, which here means that it comes last.
fn order(turn: Option<usize>, standings: &[(usize, bool)]) -> Vec<(usize, usize)> {
    let mut order: Vec<_> = (0..standings.len()).map(|host| (host, 0)).collect();
    if let Some(turn) = turn {
        let mut place = turn % standings.iter().map(|(addresses, _)| addresses).sum::<usize>().max(1);
        let first = standings.iter().position(|(addresses, _)| {
            let is_it = place < *addresses;
            if !is_it {
                place -= addresses;
            }
            is_it
        });
        let first = first.unwrap_or_default();
        if let Some(host) = order.get_mut(first) {
            host.1 = place;
        }
        order.rotate_left(first);
    }
    order.sort_by_key(|(host, _)| standings[*host].1);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failover_keeps_the_order_but_for_those_that_failed() {
        assert_eq!(order(None, &[(3, false), (1, false)]), [(0, 0), (1, 0)]);
        assert_eq!(order(None, &[(3, true), (1, false)]), [(1, 0), (0, 0)]);
        assert_eq!(order(None, &[(3, true), (1, true)]), [(0, 0), (1, 0)]);
    }

    #[test]
    fn round_robin_gives_each_address_of_each_host_its_turn() {
        let standings = [(2, false), (1, false), (3, false)];
        let firsts: Vec<_> = (5..12).map(|turn| order(Some(turn), &standings)[0]).collect();
        assert_eq!(firsts, [(2, 2), (0, 0), (0, 1), (1, 0), (2, 0), (2, 1), (2, 2)]);
        assert_eq!(order(Some(2), &standings), [(1, 0), (2, 0), (0, 0)]);
        assert_eq!(order(Some(2), &[(2, false), (1, true), (3, false)]), [(2, 0), (0, 0), (1, 0)]);
        assert_eq!(order(Some(usize::MAX), &[(1, false)]), [(0, 0)]);
    }
}
