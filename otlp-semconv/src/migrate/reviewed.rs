//! What was reviewed by hand: when the renames that only the registry knows took place, where a schema file is wrong, what
//! changed with a name besides the name, and which old name a new one was.
//!
//! Sources: the model and schema files of 1.44.0, the conventions' changelog, their migration guides.

use super::schema::Only::{Any, Clients, Metrics, Neither, NotClients, Servers};
use super::schema::Section::{All, Logs, Spans};
use super::schema::What::{Attributes, Dropped, Unit, Values};
use super::schema::{Change, Only, Section, What};

/// The versions of the registry's own renames; one that is not here counts as new in the newest version.
pub(super) static SINCE: &[(&str, &str)] = &[
    ("db.elasticsearch.path_parts", "1.30.0"),
    ("http.request_content_length_uncompressed", "1.21.0"),
    ("http.response_content_length_uncompressed", "1.21.0"),
    ("http.server_name", "1.21.0"),
    ("net.sock.peer.addr", "1.22.0"),
    ("net.sock.peer.port", "1.22.0"),
    ("net.transport", "1.21.0"),
    ("otel.library.name", "1.10.0"),
    ("otel.library.version", "1.10.0"),
    // Metrics.
    ("messaging.process.messages", "1.27.0"),
    ("messaging.publish.duration", "1.27.0"),
    ("messaging.receive.duration", "1.27.0"),
    ("messaging.receive.messages", "1.27.0"),
    ("system.network.dropped", "1.37.0"),
    ("system.network.packets", "1.37.0"),
    // Events.
    ("az.resource.log", "1.35.0"),
    // Values, by `key=value`.
    ("cloud.platform=azure_aks", "1.35.0"),
    ("cloud.platform=azure_app_service", "1.35.0"),
    ("cloud.platform=azure_container_apps", "1.35.0"),
    ("cloud.platform=azure_container_instances", "1.35.0"),
    ("cloud.platform=azure_functions", "1.35.0"),
    ("cloud.platform=azure_openshift", "1.35.0"),
    ("cloud.platform=azure_vm", "1.35.0"),
    ("cpu.mode=kernel", "1.42.0"),
    ("db.system=cache", "1.27.0"),
    ("db.system=cloudscape", "1.27.0"),
    ("db.system=firstsql", "1.27.0"),
    ("db.system=mssqlcompact", "1.27.0"),
    ("gen_ai.system=az.ai.inference", "1.35.0"),
    ("gen_ai.system=az.ai.openai", "1.35.0"),
    ("gen_ai.system=gemini", "1.33.0"),
    ("gen_ai.system=vertex_ai", "1.33.0"),
    ("messaging.operation.type=deliver", "1.27.0"),
    ("messaging.operation.type=publish", "1.28.0"),
    ("os.type=z_os", "1.35.0"),
    ("vcs.provider.name=gittea", "1.33.0"),
];

/// Names and values that were in use before another became the same: (version, name or `key=value`).
///
/// What an earlier rename made needs no entry.
pub(super) static IN_USE: &[(&str, &str)] = &[
    ("1.8.0", "db.name"),
    ("1.33.0", "error.message"),
    ("1.37.0", "user.roles"),
    ("1.27.0", "db.system=other_sql"),
    ("1.42.0", "cpu.mode=system"),
];

/// A change that neither schema files nor registry have, or that corrects them.
pub(super) struct Fix {
    pub(super) version: &'static str,
    pub(super) change: Change,
    /// Whether the way back undoes it.
    pub(super) back: bool,
}

const fn fix(version: &'static str, section: Section, only: Only, what: What) -> Fix {
    Fix { version, change: Change { section, only, what }, back: true }
}

const fn one_way(version: &'static str, section: Section, only: Only, what: What) -> Fix {
    Fix { version, change: Change { section, only, what }, back: false }
}

const fn dropped(version: &'static str, key: &'static str, why: &'static str) -> Fix {
    one_way(version, All, Any, Dropped { key, why })
}

const fn seconds(version: &'static str, from: &'static str, to: &'static str) -> Fix {
    fix(version, Section::Metrics, Any, Unit { from, to, old: "ms", new: "s", factor: 0.001 })
}

/// In the order of versions; within one they come after the schema file's and the registry's.
pub(super) static FIXES: &[Fix] = &[
    dropped("1.20.0", "http.flavor", "became net.protocol.name and net.protocol.version"),
    // The changelog of 1.21 tells what the schema file leaves out: these depend on the side.
    fix(
        "1.21.0",
        Spans,
        Clients,
        Attributes(&[("net.peer.name", "server.address"), ("net.peer.port", "server.port")]),
    ),
    one_way("1.21.0", Spans, Servers, Attributes(&[("net.peer.name", "client.address")])),
    fix("1.21.0", Spans, Servers, Attributes(&[("net.peer.port", "client.port")])),
    one_way("1.21.0", Spans, Neither, Dropped { key: "net.peer.name", why: "depends on the kind of span" }),
    one_way("1.21.0", Spans, Neither, Dropped { key: "net.peer.port", why: "depends on the kind of span" }),
    fix(
        "1.21.0",
        All,
        Any,
        Values { key: "network.transport", pairs: &[("ip_tcp", "tcp"), ("ip_udp", "udp")] },
    ),
    dropped("1.21.0", "http.target", "became url.path and url.query"),
    dropped("1.21.0", "net.sock.family", "became network.transport and network.type"),
    seconds("1.21.0", "http.server.duration", "http.server.duration"),
    seconds("1.21.0", "http.client.duration", "http.client.duration"),
    seconds("1.21.0", "process.runtime.jvm.gc.duration", "process.runtime.jvm.gc.duration"),
    // Lived for one version only.
    one_way(
        "1.22.0",
        Spans,
        Clients,
        Attributes(&[
            ("server.socket.address", "network.peer.address"),
            ("server.socket.port", "network.peer.port"),
        ]),
    ),
    fix(
        "1.22.0",
        Spans,
        NotClients,
        Attributes(&[
            ("server.socket.address", "network.local.address"),
            ("server.socket.port", "network.local.port"),
        ]),
    ),
    one_way(
        "1.22.0",
        Spans,
        Servers,
        Attributes(&[
            ("client.socket.address", "network.peer.address"),
            ("client.socket.port", "network.peer.port"),
        ]),
    ),
    // The schema file scopes this to `jvm.threads.count`, a name that never was.
    fix(
        "1.22.0",
        Section::Metrics,
        Metrics(&["jvm.thread.count"]),
        Attributes(&[("daemon", "thread.daemon")]),
    ),
    dropped("1.25.0", "db.connection_string", "became server.address and server.port"),
    dropped("1.25.0", "db.jdbc.driver_classname", "has no successor"),
    dropped("1.25.0", "db.user", "has no successor"),
    dropped("1.25.0", "db.redis.database_index", "became a part of db.namespace"),
    dropped("1.25.0", "db.mssql.instance_name", "became a part of db.namespace"),
    // The schema file has it for metrics, where it never stood.
    fix("1.26.0", Spans, Any, Attributes(&[("messaging.client_id", "messaging.client.id")])),
    // The schema file scopes these to the names that the metrics had before it renames them.
    fix(
        "1.26.0",
        Section::Metrics,
        Metrics(&["db.client.connection.count"]),
        Attributes(&[("state", "db.client.connections.state")]),
    ),
    fix(
        "1.26.0",
        Section::Metrics,
        Metrics(&[
            "db.client.connection.count",
            "db.client.connection.idle.max",
            "db.client.connection.idle.min",
            "db.client.connection.max",
            "db.client.connection.pending_requests",
            "db.client.connection.timeouts",
        ]),
        Attributes(&[("pool.name", "db.client.connections.pool.name")]),
    ),
    seconds("1.26.0", "db.client.connections.create_time", "db.client.connection.create_time"),
    seconds("1.26.0", "db.client.connections.use_time", "db.client.connection.use_time"),
    seconds("1.26.0", "db.client.connections.wait_time", "db.client.connection.wait_time"),
    dropped("1.28.0", "db.cosmosdb.status_code", "became db.response.status_code, a text"),
    fix("1.30.0", All, Any, Values { key: "db.system.name", pairs: DATABASES }),
    // The schema file has `io.state`.
    fix("1.31.0", All, Any, Attributes(&[("ios.state", "ios.app.state")])),
    dropped("1.31.0", "code.namespace", "became a part of code.function.name"),
    fix(
        "1.35.0",
        Logs,
        Any,
        Values { key: "event.name", pairs: &[("az.resource.log", "azure.resource.log")] },
    ),
    fix("1.37.0", All, Any, Values { key: "gen_ai.provider.name", pairs: &[("xai", "x_ai")] }),
    fix(
        "1.39.0",
        All,
        Any,
        Values { key: "rpc.system.name", pairs: &[("connect_rpc", "connectrpc"), ("apache_dubbo", "dubbo")] },
    ),
    dropped("1.39.0", "rpc.service", "became a part of rpc.method"),
    dropped("1.39.0", "rpc.grpc.status_code", "became rpc.response.status_code, a text"),
    dropped("1.39.0", "rpc.jsonrpc.error_code", "became rpc.response.status_code, a text"),
    seconds("1.39.0", "rpc.client.duration", "rpc.client.call.duration"),
    seconds("1.39.0", "rpc.server.duration", "rpc.server.call.duration"),
];

/// Values of `db.system` and of `db.system.name`, where they differ.
const DATABASES: &[(&str, &str)] = &[
    ("adabas", "softwareag.adabas"),
    ("cosmosdb", "azure.cosmosdb"),
    ("db2", "ibm.db2"),
    ("dynamodb", "aws.dynamodb"),
    ("firebird", "firebirdsql"),
    ("h2", "h2database"),
    ("hanadb", "sap.hana"),
    ("informix", "ibm.informix"),
    ("ingres", "actian.ingres"),
    ("intersystems_cache", "intersystems.cache"),
    ("maxdb", "sap.maxdb"),
    ("mssql", "microsoft.sql_server"),
    ("netezza", "ibm.netezza"),
    ("oracle", "oracle.db"),
    ("redshift", "aws.redshift"),
    ("spanner", "gcp.spanner"),
];

/// Renames of the schema files after which the value means something else, with what is lost.
pub(super) static LOSSY: &[(&str, &str)] =
    &[("code.function", "the new name wants the namespace in front of the function")];

/// Renames of the schema files that the way back leaves out.
pub(super) static ONE_WAY: &[(&str, &str)] = &[
    // A slip for `ios.state`.
    ("1.31.0", "io.state"),
];

/// Tells by another attribute of the same item which old name a new one was.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) to: &'static str,
    pub(super) version: &'static str,
    /// Keys that may hold the answer.
    pub(super) by: &'static [&'static str],
    /// For each value the old name.
    pub(super) names: &'static [(&'static str, &'static str)],
    /// Whether without an answer the new name stays.
    pub(super) stays: bool,
}

pub(super) static CHOICES: &[Choice] = &[
    Choice {
        to: "db.collection.name",
        version: "1.25.0",
        by: &["db.system"],
        names: &[
            ("cassandra", "db.cassandra.table"),
            ("cosmosdb", "db.cosmosdb.container"),
            ("mongodb", "db.mongodb.collection"),
        ],
        stays: false,
    },
    Choice {
        to: "db.namespace",
        version: "1.27.0",
        by: &["db.system"],
        names: &[("elasticsearch", "db.elasticsearch.cluster.name")],
        stays: true,
    },
    Choice {
        to: "messaging.client_id",
        version: "1.21.0",
        by: &["messaging.system"],
        names: &[("kafka", "messaging.kafka.client_id"), ("rocketmq", "messaging.rocketmq.client_id")],
        stays: false,
    },
    Choice {
        to: "messaging.consumer.group.name",
        version: "1.27.0",
        by: &["messaging.system"],
        names: &[
            ("kafka", "messaging.kafka.consumer.group"),
            ("rocketmq", "messaging.rocketmq.client_group"),
            ("eventhubs", "messaging.eventhubs.consumer.group"),
        ],
        stays: false,
    },
    Choice {
        to: "rpc.request.metadata",
        version: "1.39.0",
        by: RPC,
        names: &[
            ("grpc", "rpc.grpc.request.metadata"),
            ("connect_rpc", "rpc.connect_rpc.request.metadata"),
            ("connectrpc", "rpc.connect_rpc.request.metadata"),
        ],
        stays: false,
    },
    Choice {
        to: "rpc.response.metadata",
        version: "1.39.0",
        by: RPC,
        names: &[
            ("grpc", "rpc.grpc.response.metadata"),
            ("connect_rpc", "rpc.connect_rpc.response.metadata"),
            ("connectrpc", "rpc.connect_rpc.response.metadata"),
        ],
        stays: false,
    },
    Choice {
        to: "rpc.response.status_code",
        version: "1.39.0",
        by: RPC,
        names: &[("connect_rpc", "rpc.connect_rpc.error_code"), ("connectrpc", "rpc.connect_rpc.error_code")],
        stays: true,
    },
];

/// What tells RPC systems apart, while the names change.
const RPC: &[&str] = &["rpc.system", "rpc.system.name"];
