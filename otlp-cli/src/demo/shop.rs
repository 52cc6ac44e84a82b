//! The shop at work: visitors look around, fill carts, place orders; some of it goes wrong.

use otlp::TraceId;
use otlp::logs::Severity;
use otlp::trace::SpanKind;

use super::call::{answer, cache, call, query};
use super::random::Random;
use super::service::Service::{Cart, Checkout, Frontend, Inventory, Mailer, Payment};
use super::story::{Attrs, MS, PlannedSpan, SECOND, Story, attrs};

/// Products on sale.
const PRODUCTS: [&str; 6] = ["moka-pot", "kettle", "grinder", "filter-paper", "scale", "mug"];

/// How placing an order goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    Smooth,
    /// The bank does not answer in time at first, and the stock's row is locked by someone else.
    Retried,
    /// The bank refuses the card.
    Declined,
    /// There is not enough of it.
    SoldOut,
}

/// What happens in the shop from `start` on, for `length` nanoseconds. `showpiece` puts one order into the middle of it in which
/// a payment is retried and a query is slow; its trace is the one that the demo draws.
pub(super) fn open(random: &Random, start: u64, length: u64, visits: u64, showpiece: bool) -> Story {
    let mut story = Story { start, end: start + length, ..Story::default() };
    let step = length / visits.max(1);
    for visit in 0..visits {
        let at = start + visit * step + random.below(step.max(1));
        if showpiece && visit == visits / 2 {
            order(&mut story, random, at, Course::Retried);
            continue;
        }
        match random.below(100) {
            0..50 => browse(&mut story, random, at),
            50..78 => fill_cart(&mut story, random, at),
            78..92 => order(&mut story, random, at, Course::Smooth),
            92..95 => order(&mut story, random, at, Course::Retried),
            95..98 => order(&mut story, random, at, Course::Declined),
            _ => order(&mut story, random, at, Course::SoldOut),
        }
    }
    ship(&mut story, random);
    story
}

/// A request to the frontend, up to its root span.
fn request(story: &mut Story, random: &Random, at: u64, method: &str, route: &str, path: &str) -> usize {
    let agent = random.pick(&[
        "Mozilla/5.0 (X11; Linux x86_64)",
        "Mozilla/5.0 (iPhone)",
        "shop-app/4.1 (Android 16)",
    ]);
    let attributes = attrs! {
        "http.request.method" = method,
        "http.route" = route,
        "url.scheme" = "https",
        "url.path" = path,
        "server.address" = "shop.example",
        "network.protocol.version" = "2",
        "client.address" = format!("198.51.100.{}", random.below(250)),
        "user_agent.original" = agent,
    };
    story.begin(random, None, (Frontend, SpanKind::Server), format!("{method} {route}"), at, attributes)
}

fn respond(story: &mut Story, root: usize, end: u64, status: i64) {
    story.attr(root, "http.response.status_code", status);
    if status >= 500 {
        story.fail(root, &status.to_string(), "");
    }
    story.end(root, end);
}

fn browse(story: &mut Story, random: &Random, at: u64) {
    let product = random.pick(&PRODUCTS);
    let path = format!("/products/{product}");
    let root = request(story, random, at, "GET", "/products/{sku}", &path);
    let (client, server, now) =
        call(story, random, root, Inventory, "shop.Inventory/GetProduct", at + random.latency(800));
    let time = random.latency(1_800);
    let now = query(
        story,
        random,
        server,
        ("SELECT", "products"),
        "SELECT sku, name, price FROM products WHERE sku = $1",
        now,
        time,
    );
    let now = answer(story, random, (client, server), now + random.latency(200), "OK");
    let end = now + random.latency(2_500);
    respond(story, root, end, 200);
    if random.chance(25) {
        story.log(
            root,
            end,
            Severity::Debug,
            format!("rendered {product}"),
            attrs! { "product.sku" = product },
        );
    }
}

fn fill_cart(story: &mut Story, random: &Random, at: u64) {
    let root = request(story, random, at, "POST", "/cart", "/cart");
    let (client, server, now) =
        call(story, random, root, Cart, "shop.Cart/AddItem", at + random.latency(700));
    let now = cache(story, random, server, "HSET", now);
    let now = cache(story, random, server, "EXPIRE", now + random.latency(60));
    let now = answer(story, random, (client, server), now, "OK");
    let attributes =
        attrs! { "product.sku" = random.pick(&PRODUCTS), "cart.size" = 1 + random.below(6) as i64 };
    story.log(server, now, Severity::Info, "item added", attributes);
    let end = now + random.latency(900);
    respond(story, root, end, 200);
}

fn order(story: &mut Story, random: &Random, at: u64, course: Course) {
    let number = 100_000 + random.below(900_000);
    let root = request(story, random, at, "POST", "/checkout", "/checkout");
    let (client, server, now) =
        call(story, random, root, Checkout, "shop.Checkout/PlaceOrder", at + random.latency(1_500));
    let order = attrs! { "order.id" = number as i64, "order.items" = 1 + random.below(5) as i64 };
    story.log(server, now, Severity::Info, format!("placing order {number}"), order);

    let (cart_client, cart, now) = call(story, random, server, Cart, "shop.Cart/GetCart", now);
    let now = cache(story, random, cart, "HGETALL", now);
    let now = answer(story, random, (cart_client, cart), now, "OK");

    let (stock_client, stock, now) =
        call(story, random, server, Inventory, "shop.Inventory/Reserve", now + random.latency(300));
    let time =
        if course == Course::Retried { 312 * MS + random.latency(4_000) } else { random.latency(3_000) };
    let text = "UPDATE stock SET reserved = reserved + $1 WHERE sku = $2 AND free >= $1";
    let now = query(story, random, stock, ("UPDATE", "stock"), text, now, time);
    let sold_out = course == Course::SoldOut;
    if sold_out {
        story.throw(
            stock,
            now,
            "OutOfStock",
            "only 1 of 3 grinder left",
            "  at Stock.reserve(Stock.java:88)\n  at Reserve.handle(Reserve.java:31)",
        );
        story.log(
            stock,
            now,
            Severity::Warn,
            "not enough in stock",
            attrs! { "product.sku" = "grinder", "stock.free" = 1 },
        );
    }
    let code = if sold_out { "FAILED_PRECONDITION" } else { "OK" };
    let mut now = answer(story, random, (stock_client, stock), now + random.latency(200), code);
    let paid = !sold_out && {
        let (paid, later) = pay(story, random, server, now + random.latency(250), course, number);
        now = later;
        paid
    };
    if paid {
        let text = "INSERT INTO orders (id, customer, total) VALUES ($1, $2, $3)";
        let time = random.latency(2_200);
        now = query(story, random, server, ("INSERT", "orders"), text, now, time);
        now = publish(story, random, server, now + random.latency(200), number);
        story.log(
            server,
            now,
            Severity::Info,
            format!("order {number} placed"),
            attrs! { "order.id" = number as i64 },
        );
        story.orders.push((story.spans[server].trace, story.spans[server].id));
    } else {
        let why = if sold_out { "stock could not be reserved" } else { "payment was declined" };
        story.fail(server, "order_failed", why);
        story.fail(client, "order_failed", "");
        story.log(
            server,
            now,
            Severity::Error,
            format!("order {number} failed: {why}"),
            attrs! { "order.id" = number as i64 },
        );
    }
    let now = answer(
        story,
        random,
        (client, server),
        now + random.latency(300),
        if paid { "OK" } else { "ABORTED" },
    );
    let status = match (paid, sold_out) {
        (true, _) => 201,
        (false, true) => 409,
        (false, false) => 502,
    };
    let end = now + random.latency(1_800);
    respond(story, root, end, status);
}

/// Charges the card; says whether it worked and how late it is then.
fn pay(story: &mut Story, random: &Random, from: usize, at: u64, course: Course, number: u64) -> (bool, u64) {
    let (client, server, mut now) = call(story, random, from, Payment, "shop.Payment/Charge", at);
    now += random.latency(900);
    let attempts = if course == Course::Retried { 2 } else { 1 };
    for attempt in 0..attempts {
        let attributes = attrs! {
            "http.request.method" = "POST",
            "url.full" = "https://bank.example/v2/charges",
            "server.address" = "bank.example",
            "server.port" = 443,
        };
        let span = story.begin(random, Some(server), (Payment, SpanKind::Client), "POST", now, attributes);
        if attempt > 0 {
            story.attr(span, "http.request.resend_count", i64::from(attempt));
        }
        if course == Course::Retried && attempt == 0 {
            let end = story.end(span, now + 300 * MS);
            let stack = "main.(*Bank).charge\n\t/src/bank.go:71\nmain.(*Server).Charge\n\t/src/server.go:44";
            story.throw(
                span,
                end,
                "context.deadlineExceededError",
                "no answer from bank.example within 300 ms",
                stack,
            );
            story.log(
                server,
                end,
                Severity::Warn,
                "bank did not answer, trying again",
                attrs! { "order.id" = number as i64, "attempt" = 1 },
            );
            let pause = 60 * MS;
            story.event(
                server,
                end + pause,
                "retry",
                attrs! { "attempt" = 2, "backoff_ms" = (pause / MS) as i64 },
            );
            now = end + pause;
            continue;
        }
        let declined = course == Course::Declined;
        let status = if declined { 402 } else { 200 };
        now = story.end(span, now + random.latency(65_000));
        story.attr(span, "http.response.status_code", status);
        if declined {
            story.fail(span, "402", "");
            story.throw(
                server,
                now,
                "CardDeclined",
                "insufficient funds",
                "main.(*Server).Charge\n\t/src/server.go:52",
            );
            story.log(
                server,
                now,
                Severity::Error,
                "card declined",
                attrs! { "order.id" = number as i64, "payment.network" = "visa" },
            );
        }
    }
    let ok = course != Course::Declined;
    let end =
        answer(story, random, (client, server), now + random.latency(400), if ok { "OK" } else { "ABORTED" });
    (ok, end)
}

/// Puts the order on the queue, from which the mailer takes it later.
fn publish(story: &mut Story, random: &Random, from: usize, at: u64, number: u64) -> u64 {
    let caller = story.spans[from].service;
    let common = |operation: &str, kind: &str| -> Attrs {
        attrs! {
            "messaging.system" = "kafka",
            "messaging.destination.name" = "orders",
            "messaging.operation.name" = operation,
            "messaging.operation.type" = kind,
            "messaging.destination.partition.id" = "3",
        }
    };
    let producer = story.begin(
        random,
        Some(from),
        (caller, SpanKind::Producer),
        "send orders",
        at,
        common("send", "send"),
    );
    let end = story.end(producer, at + random.latency(2_500));
    let taken = end + random.latency(18_000);
    let consumer = story.begin(
        random,
        Some(producer),
        (Mailer, SpanKind::Consumer),
        "process orders",
        taken,
        common("process", "process"),
    );
    story.attr(consumer, "messaging.consumer.group.name", "mailer");
    story.attr(consumer, "messaging.kafka.offset", (number % 10_000) as i64);
    let link = (story.spans[producer].trace, story.spans[producer].id);
    story.spans[consumer].links.push(link);
    let now = taken + random.latency(3_000);
    let render = story.begin(
        random,
        Some(consumer),
        (Mailer, SpanKind::Internal),
        "render receipt",
        now,
        attrs! { "template" = "receipt.html" },
    );
    let now = story.end(render, now + random.latency(24_000));
    let sent = now + random.latency(30_000);
    story.log(
        consumer,
        sent,
        Severity::Info,
        format!("receipt for order {number} sent"),
        attrs! { "order.id" = number as i64 },
    );
    story.end(consumer, sent);
    end
}

/// A job at the end of each stretch that ships what was ordered: a trace of its own, linked to every order.
fn ship(story: &mut Story, random: &Random) {
    if story.orders.is_empty() {
        return;
    }
    let at = story.end - SECOND;
    let attributes = attrs! { "job.name" = "ship-orders", "orders" = story.orders.len() as i64 };
    let job = story.begin(random, None, (Checkout, SpanKind::Internal), "ship orders", at, attributes);
    story.spans[job].links = story.orders.clone();
    let time = random.latency(9_000);
    let end = query(
        story,
        random,
        job,
        ("UPDATE", "orders"),
        "UPDATE orders SET shipped = now() WHERE id = ANY($1)",
        at + MS,
        time,
    );
    let number = story.orders.len();
    story.log(
        job,
        end,
        Severity::Info,
        format!("{number} orders handed to the carrier"),
        attrs! { "orders" = number as i64 },
    );
    story.end(job, end + MS);
}

/// The trace in which both a payment is retried and a query is slow, the order planned by [`open`]: the first with a retry.
pub(super) fn showpiece(story: &Story) -> Option<TraceId> {
    let retried = |span: &PlannedSpan| span.events.iter().any(|(_, name, _)| *name == "retry");
    story.spans.iter().find(|span| retried(span)).map(|span| span.trace)
}
