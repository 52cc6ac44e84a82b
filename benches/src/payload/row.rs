//! Spans as an application holds them before they are encoded: plain rows with owned strings.

use otlp_core::Key;

use super::random::Random;

pub const HTTP_KEYS: [Key; 10] = [
    Key::new("http.request.method"),
    Key::new("http.route"),
    Key::new("http.response.status_code"),
    Key::new("url.path"),
    Key::new("url.scheme"),
    Key::new("server.address"),
    Key::new("server.port"),
    Key::new("client.address"),
    Key::new("network.protocol.version"),
    Key::new("user_agent.original"),
];

pub const DB_KEYS: [Key; 10] = [
    Key::new("db.system.name"),
    Key::new("db.namespace"),
    Key::new("db.operation.name"),
    Key::new("db.collection.name"),
    Key::new("db.query.text"),
    Key::new("db.response.returned_rows"),
    Key::new("server.address"),
    Key::new("server.port"),
    Key::new("network.peer.address"),
    Key::new("thread.name"),
];

pub const EXCEPTION_KEYS: [Key; 3] =
    [Key::new("exception.type"), Key::new("exception.message"), Key::new("exception.stacktrace")];

pub enum RowValue {
    Text(String),
    Int(i64),
}

/// One span. Its attributes' keys are [`HTTP_KEYS`] or [`DB_KEYS`], in that order.
pub struct SpanRow {
    pub trace: [u8; 16],
    pub span: [u8; 8],
    pub parent: Option<[u8; 8]>,
    pub name: String,
    pub is_server: bool,
    pub start: u64,
    pub end: u64,
    pub values: [RowValue; 10],
    /// Values of [`EXCEPTION_KEYS`].
    pub exception: Option<[String; 3]>,
    pub link: Option<([u8; 16], [u8; 8])>,
}

impl SpanRow {
    pub fn keys(&self) -> &'static [Key; 10] {
        if self.is_server { &HTTP_KEYS } else { &DB_KEYS }
    }
}

/// Spans of one scope of one resource.
pub struct Group {
    pub resource: Vec<(&'static str, String)>,
    pub scope: &'static str,
    pub rows: Vec<SpanRow>,
}

/// Resources.
pub const SERVICES: [&str; 4] = ["checkout", "cart", "inventory", "payment"];
const SCOPES: [&str; 2] = ["shop.http.server", "shop.db.client"];
const ROUTES: [&str; 8] = [
    "/api/v1/carts/{cart}",
    "/api/v1/carts/{cart}/items",
    "/api/v1/orders",
    "/api/v1/orders/{order}",
    "/api/v1/products/{sku}",
    "/api/v1/payments",
    "/healthz",
    "/api/v1/users/{user}/addresses",
];
const TABLES: [&str; 5] = ["orders", "order_items", "products", "users", "payments"];
const AGENTS: [&str; 4] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15",
    "okhttp/4.12.0 (Android 15; shop-app 7.31.2)",
    "python-requests/2.32.3",
];

/// 4 resources of 2 scopes each, `spans` spans in all.
pub fn groups(spans: usize, seed: u64) -> Vec<Group> {
    let random = &mut Random::new(seed);
    let each = spans / (SERVICES.len() * SCOPES.len());
    let mut groups = Vec::new();
    for service in SERVICES {
        let resource = resource(service, random);
        for scope in SCOPES {
            let rows = (0..each).map(|_| row(scope == SCOPES[0], random)).collect();
            groups.push(Group { resource: resource.clone(), scope, rows });
        }
    }
    groups
}

fn resource(service: &str, random: &mut Random) -> Vec<(&'static str, String)> {
    vec![
        ("service.name", service.to_owned()),
        ("service.version", format!("1.{}.{}", random.below(20), random.below(10))),
        ("service.instance.id", uuid(random)),
        ("deployment.environment.name", "production".to_owned()),
        ("host.name", format!("ip-10-0-{}-{}.internal", random.below(256), random.below(256))),
        ("os.type", "linux".to_owned()),
        ("k8s.pod.name", format!("{service}-{:08x}-{:05x}", random.next() as u32, random.below(1 << 20))),
        ("telemetry.sdk.language", "rust".to_owned()),
    ]
}

fn uuid(random: &mut Random) -> String {
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        random.next() as u32,
        random.below(1 << 16),
        random.below(1 << 12),
        random.below(1 << 12),
        random.below(1 << 48)
    )
}

fn row(is_server: bool, random: &mut Random) -> SpanRow {
    let start = 1_767_225_600_000_000_000 + random.below(60_000_000_000);
    let (name, values) = if is_server { http(random) } else { db(random) };
    SpanRow {
        trace: random.bytes(),
        span: random.bytes(),
        parent: (!random.one_in(4)).then(|| random.bytes()),
        name,
        is_server,
        start,
        end: start + 20_000 + random.below(400_000_000),
        values,
        exception: random.one_in(8).then(|| exception(random)),
        link: random.one_in(16).then(|| (random.bytes(), random.bytes())),
    }
}

fn text(value: impl Into<String>) -> RowValue {
    RowValue::Text(value.into())
}

fn http(random: &mut Random) -> (String, [RowValue; 10]) {
    let method = random.pick(&["GET", "GET", "GET", "POST", "PUT", "DELETE"]);
    let route = random.pick(&ROUTES);
    let mut path = String::new();
    for part in route.split_inclusive('}') {
        match part.split_once('{') {
            Some((fixed, _)) => path.push_str(&format!("{fixed}{:x}", random.below(1 << 24))),
            None => path.push_str(part),
        }
    }
    let values = [
        text(method),
        text(route),
        RowValue::Int(*random.pick(&[&200, &200, &200, &201, &204, &404, &500])),
        text(path),
        text("https"),
        text("shop.example.com"),
        RowValue::Int(443),
        text(format!("10.{}.{}.{}", random.below(256), random.below(256), random.below(256))),
        text("1.1"),
        text(random.pick(&AGENTS)),
    ];
    (format!("{method} {route}"), values)
}

fn db(random: &mut Random) -> (String, [RowValue; 10]) {
    let operation = random.pick(&["SELECT", "SELECT", "INSERT", "UPDATE"]);
    let table = random.pick(&TABLES);
    let query = match operation {
        "SELECT" => format!("SELECT id, state, total, updated_at FROM {table} WHERE id = ? AND tenant = ?"),
        "INSERT" => format!("INSERT INTO {table} (id, state, total, tenant) VALUES (?, ?, ?, ?)"),
        _ => format!("UPDATE {table} SET state = ?, updated_at = now() WHERE id = ? AND tenant = ?"),
    };
    let host = random.below(16);
    let values = [
        text("postgresql"),
        text("shop"),
        text(operation),
        text(table),
        text(query),
        RowValue::Int(random.below(200) as i64),
        text(format!("db-{host}.shop.internal")),
        RowValue::Int(5432),
        text(format!("10.1.{}.{host}", random.below(256))),
        text(format!("worker-{}", random.below(32))),
    ];
    (format!("{operation} {table}"), values)
}

fn exception(random: &mut Random) -> [String; 3] {
    let kind = random.pick(&["io::Timeout", "sqlx::PoolTimedOut", "payment::Declined"]);
    let message = format!("no answer within {} ms", random.below(5000));
    let mut trace = String::new();
    for frame in 0..2 + random.below(2) {
        trace.push_str(&format!(
            "  at shop::layer{frame}::call (src/layer{frame}.rs:{})\n",
            random.below(900)
        ));
    }
    [kind.to_owned(), message, trace]
}
