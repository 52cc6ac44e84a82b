//! What services do to each other: remote calls, queries, commands to the cache, as spans on both sides.

use otlp::logs::Severity;
use otlp::trace::SpanKind;

use super::random::Random;
use super::service::Service::{self, OrdersDb};
use super::story::{Attrs, MS, Story, attrs};

/// A remote call: the client's span and the server's. Gives both places and the time when the server starts.
pub(super) fn call(
    story: &mut Story,
    random: &Random,
    from: usize,
    to: Service,
    method: &str,
    at: u64,
) -> (usize, usize, u64) {
    let caller = story.spans[from].service;
    let attributes = || -> Attrs {
        attrs! { "rpc.system.name" = "grpc", "rpc.method" = method, "server.address" = to.about().name, "server.port" = 50051 }
    };
    let client = story.begin(random, Some(from), (caller, SpanKind::Client), method, at, attributes());
    let arrival = at + random.latency(350);
    let server = story.begin(random, Some(client), (to, SpanKind::Server), method, arrival, attributes());
    (client, server, arrival + random.latency(120))
}

/// Ends a remote call at both sides.
pub(super) fn answer(
    story: &mut Story,
    random: &Random,
    (client, server): (usize, usize),
    at: u64,
    code: &str,
) -> u64 {
    for span in [server, client] {
        story.attr(span, "rpc.response.status_code", code);
    }
    story.end(server, at);
    story.end(client, at + random.latency(300))
}

/// A query to the database: the client's span and the server's.
pub(super) fn query(
    story: &mut Story,
    random: &Random,
    from: usize,
    (verb, table): (&str, &str),
    text: &str,
    at: u64,
    time: u64,
) -> u64 {
    let caller = story.spans[from].service;
    let name = format!("{verb} {table}");
    let attributes = attrs! {
        "db.system.name" = "postgresql",
        "db.namespace" = "shop",
        "db.collection.name" = table,
        "db.operation.name" = verb,
        "db.query.summary" = name.clone(),
        "db.query.text" = text,
        "server.address" = "orders-db",
        "server.port" = 5432,
    };
    let client = story.begin(random, Some(from), (caller, SpanKind::Client), name, at, attributes);
    let arrival = at + random.latency(150);
    let inside = attrs! { "db.system.name" = "postgresql", "db.operation.name" = verb, "db.response.returned_rows" = random.below(40) as i64 };
    let server = story.begin(
        random,
        Some(client),
        (OrdersDb, SpanKind::Server),
        format!("execute {verb}"),
        arrival,
        inside,
    );
    if time > 100 * MS {
        let waited = time * 8 / 10;
        let attributes = attrs! { "lock.relation" = table, "lock.wait_ms" = (waited / MS) as i64 };
        story.event(server, arrival + waited, "lock acquired", attributes);
        let context =
            attrs! { "db.query.summary" = format!("{verb} {table}"), "db.duration_ms" = (time / MS) as i64 };
        story.log(server, arrival + time, Severity::Warn, "slow query", context);
    }
    let end = story.end(server, arrival + time);
    story.end(client, end + random.latency(120))
}

/// A command to the cache: only the client's span.
pub(super) fn cache(story: &mut Story, random: &Random, from: usize, command: &str, at: u64) -> u64 {
    let caller = story.spans[from].service;
    let attributes = attrs! {
        "db.system.name" = "redis",
        "db.operation.name" = command,
        "db.namespace" = "0",
        "server.address" = "redis",
        "server.port" = 6379,
    };
    let span = story.begin(random, Some(from), (caller, SpanKind::Client), command, at, attributes);
    story.end(span, at + random.latency(900))
}
