//! Spans in the manner of a shop with many services: ten attributes each, UUIDs, clocks of three units, events, links.

use otlp_core::trace::{SpanKind, StatusCode, TracesWriter};
use otlp_core::{Batch, SpanId, TraceId};

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn id(&mut self) -> SpanId {
        SpanId::from_bytes(self.next().to_be_bytes())
    }

    fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        let third = high & 0xfff | 0x4000;
        let fourth = low >> 48 & 0x3fff | 0x8000;
        format!(
            "{:08x}-{:04x}-{third:04x}-{fourth:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            low & 0xffff_ffff_ffff
        )
    }
}

const SERVICES: u64 = 11;
const ROUTES: [&str; 7] =
    ["/", "/cart", "/api/products/{id}", "/api/checkout", "/api/currency", "/health", "/api/ads"];

/// A batch of about `spans` spans whose traces cross services; the same for the same seed.
pub(crate) fn batch(seed: u64, spans: usize) -> Batch {
    let mut random = Random(seed);
    let traces: Vec<(TraceId, SpanId, String)> = (0..spans / 8 + 1)
        .map(|_| {
            let bytes = (u128::from(random.next()) << 64 | u128::from(random.next())).to_be_bytes();
            (TraceId::from_bytes(bytes), random.id(), random.uuid())
        })
        .collect();
    let mut writer = TracesWriter::new();
    let mut left = spans;
    let mut now = 1_700_000_000_000_000_000 + random.below(1 << 40);
    while left > 0 {
        let service = random.below(SERVICES);
        let unit = [1, 1_000, 1_000_000][service as usize % 3];
        let mut resource = writer.resource(|resource| {
            resource.attr("service.name", &*format!("shop-{service}")).attr("host.name", "worker-17");
            resource.attr("service.instance.id", &*format!("0000000{service}-1111-4222-8333-444444444444"));
        });
        let mut scope = resource.scope("shop.instrumentation", "1.2.3");
        let count = (1 + random.below(40) as usize).min(left);
        left -= count;
        for _ in 0..count {
            let (trace, root, session) = &traces[random.below(traces.len() as u64) as usize];
            let route = ROUTES[(random.below(7) * random.below(7) / 7) as usize];
            now += random.below(50_000);
            let start = now / unit * unit;
            let magnitude = random.below(14);
            let end = start + unit * (1 + random.below(1 << magnitude));
            let mut span = scope.span();
            let parent = (random.below(9) > 0).then_some(*root);
            span.ids(*trace, random.id(), parent).name(route).kind(SpanKind::Server).times(start, end);
            span.attr("http.request.method", if random.below(5) == 0 { "POST" } else { "GET" });
            span.attr("http.route", route).attr("server.port", 8080 + service as i64);
            span.attr("http.response.status_code", if random.below(30) == 0 { 500 } else { 200 });
            span.attr("url.full", &*format!("http://shop:8080{route}?session={session}"));
            span.attr("session.id", session.as_str()).attr("app.cached", random.below(3) == 0);
            span.attr("app.amount", random.below(100_000) as f64 / 100.0);
            span.attr("network.peer.address", &*format!("10.0.{}.{}", service, random.below(20)));
            span.attr("thread.id", random.below(64) as i64);
            if random.below(3) == 0 {
                span.event(start + unit, "message").attr("message.id", random.below(1000) as i64);
            }
            if random.below(50) == 0 {
                span.link(*trace, *root);
                span.status(StatusCode::Error, "deadline exceeded");
            }
        }
    }
    writer.finish()
}
