//! The hazards by name: where renaming by the files alone goes wrong.

use otlp_core::proto::collector::trace::v1::ExportTraceServiceRequest;
use otlp_core::proto::common::v1::{EntityRef, InstrumentationScope};
use otlp_core::proto::metrics::v1::{
    Exemplar, ExponentialHistogram, Histogram, HistogramDataPoint, Metric, NumberDataPoint, Sum, exemplar,
    metric::Data,
};
use otlp_core::proto::resource::v1::Resource;
use otlp_core::proto::trace::v1::span::{Event, Link};
use otlp_core::proto::trace::v1::{ResourceSpans, ScopeSpans, Span};
use otlp_core::trace::SpanKind::{Client, Internal, Server};
use otlp_core::{Batch, Signal};

use super::kit::*;
use crate::migrate::{Collision, MigrateError, Mode, Outcome, Plan, Version};

const NEWEST: &str = "1.44.0";

#[test]
fn names_go_version_by_version_and_never_in_circles() {
    let batch =
        gauges(&[("system.cpu.time", "s", &[("state", "idle")]), ("system.cpu.frequency", "Hz", &[])]);
    // There and back again.
    let (there, report) = go(&batch, "1.21.0", NEWEST);
    assert_eq!(all(&there), ["system.cpu.time s 9: cpu.mode=idle", "system.cpu.frequency Hz 9: "]);
    assert!(told(&report).contains(&"1.31.0 system.cpu.time -> cpu.time applied".to_owned()));
    assert!(told(&report).contains(&"1.34.0 cpu.time -> system.cpu.time applied".to_owned()));
    let (back, _) = go(&there, NEWEST, "1.21.0");
    assert_eq!(back, batch);
    // Half way it has the other name.
    for version in ["1.31.0", "1.32.0", "1.33.0"] {
        let (half, _) = go(&batch, "1.21.0", version);
        assert_eq!(all(&half), ["cpu.time s 9: cpu.mode=idle", "cpu.frequency {Hz} 9: "], "{version}");
        assert_eq!(go(&half, version, "1.21.0").0, batch);
        assert_eq!(go(&half, version, NEWEST).0, there);
    }
}

#[test]
fn the_same_old_key_gets_another_name_in_each_metric() {
    let state = [
        ("system.cpu.time", "system.cpu.state"),
        ("system.memory.usage", "system.memory.state"),
        ("system.paging.usage", "system.paging.state"),
        ("system.filesystem.usage", "system.filesystem.state"),
        ("system.network.connections", "system.network.state"),
        ("another.metric", "state"),
    ];
    for (metric, key) in state {
        let old = gauges(&[(metric, "1", &[("state", "x")])]);
        let (new, report) = go(&old, "1.21.0", "1.22.0");
        assert_eq!(first(&new), format!("{metric} 1 9: {key}=x"));
        assert!(lossless(&report), "{:?}", told(&report));
        assert_eq!(go(&new, "1.22.0", "1.21.0").0, old);
    }
    for (metric, key) in [("process.cpu.time", "cpu.mode"), ("process.disk.io", "state")] {
        let (new, _) = go(&gauges(&[(metric, "1", &[("state", "x")])]), "1.24.0", "1.27.0");
        assert_eq!(first(&new), format!("{metric} 1 9: {key}=x"));
    }
    let of_pools = gauges(&[("jvm.memory.usage", "By", &[("pool", "p"), ("type", "heap")])]);
    assert_eq!(
        first(&go(&of_pools, "1.21.0", "1.22.0").0),
        "jvm.memory.usage By 9: jvm.memory.pool.name=p jvm.memory.type=heap"
    );
    // On a span it is nobody's.
    let elsewhere = span(Server, &[("state", "x"), ("pool", "p"), ("type", "t"), ("direction", "d")]);
    assert_eq!(go(&elsewhere, "1.4.0", NEWEST).0.bytes().as_ptr(), elsewhere.bytes().as_ptr());
}

#[test]
fn a_scope_is_by_the_name_that_the_metric_has_at_that_moment() {
    // Renamed in the same version, before the attributes are.
    let old = gauges(&[("process.runtime.jvm.memory.usage", "By", &[("type", "heap"), ("pool", "p")])]);
    let (new, report) = go(&old, "1.21.0", NEWEST);
    assert_eq!(first(&new), "jvm.memory.used By 9: jvm.memory.type=heap jvm.memory.pool.name=p");
    assert!(lossless(&report));
    assert_eq!(go(&new, NEWEST, "1.21.0").0, old);
}

#[test]
fn many_names_that_became_one_are_lossy() {
    let tables = ["db.sql.table", "db.mongodb.collection", "db.cosmosdb.container", "db.cassandra.table"];
    for table in tables {
        let (new, report) = go(&span(Client, &[(table, "t")]), "1.24.0", "1.25.0");
        assert_eq!(first(&new), "db.collection.name=t");
        assert_eq!(report.total(Outcome::Lossy), 1, "{:?}", told(&report));
        // Nothing says which it was: the first.
        let (back, report) = go(&new, "1.25.0", "1.24.0");
        assert_eq!(first(&back), "db.sql.table=t");
        assert_eq!(report.total(Outcome::Lossy), 1);
    }
    // Another attribute says.
    let told_by = [
        ("cassandra", "db.cassandra.table"),
        ("mongodb", "db.mongodb.collection"),
        ("cosmosdb", "db.cosmosdb.container"),
    ];
    for (system, table) in told_by {
        let old = span(Client, &[("db.system", system), (table, "t")]);
        let (new, report) = go(&old, "1.24.0", NEWEST);
        assert!(lossless(&report), "{:?}", told(&report));
        let (back, report) = go(&new, NEWEST, "1.24.0");
        assert!(lossless(&report), "{:?}", told(&report));
        assert_eq!(back, old);
    }
    // Metrics tell by their own names.
    let old = gauges(&[("process.cpu.time", "s", &[("process.cpu.state", "user")])]);
    let (new, report) = go(&old, "1.26.0", "1.27.0");
    assert_eq!(first(&new), "process.cpu.time s 9: cpu.mode=user");
    assert!(lossless(&report));
    assert_eq!(go(&new, "1.27.0", "1.26.0").0, old);
}

#[test]
fn all_nine_that_many_became_are_lossy_one_way_or_the_other() {
    let nine = [
        ("1.21.0", "messaging.client_id"),
        ("1.25.0", "db.collection.name"),
        ("1.27.0", "messaging.consumer.group.name"),
        ("1.38.0", "system.paging.fault.type"),
        ("1.38.0", "process.state"),
        ("1.39.0", "rpc.request.metadata"),
        ("1.39.0", "rpc.response.metadata"),
    ];
    for (version, key) in nine {
        let before = Version::all().rfind(|other| *other < version.parse().unwrap()).unwrap();
        let (_, report) = go(&span(Client, &[(key, "x")]), version, before.as_str());
        assert_eq!(report.total(Outcome::Lossy), 1, "{key}: {:?}", told(&report));
    }
    // These were there before, or are told by the metric.
    let (same, report) = go(&span(Client, &[("db.name", "x")]), "1.8.0", "1.7.0");
    assert_eq!((first(&same).as_str(), lossless(&report)), ("db.name=x", true));
    let (up, report) = go(&span(Client, &[("db.hbase.namespace", "x")]), "1.7.0", "1.8.0");
    assert_eq!((first(&up).as_str(), report.total(Outcome::Lossy)), ("db.name=x", 1));
    let cpu = gauges(&[("other", "", &[("cpu.mode", "x")])]);
    assert_eq!(go(&cpu, "1.27.0", "1.26.0").0.bytes().as_ptr(), cpu.bytes().as_ptr());
}

#[test]
fn a_name_that_was_in_use_already_stays_on_the_way_back() {
    // `db.name` became `db.namespace` in 1.25, and in 1.27 a second one did.
    let namespace = span(Client, &[("db.namespace", "n")]);
    assert_eq!(go(&namespace, "1.27.0", "1.26.0").0, namespace);
    assert_eq!(first(&go(&namespace, NEWEST, "1.24.0").0), "db.name=n");
    let (up, report) = go(&span(Client, &[("db.elasticsearch.cluster.name", "n")]), "1.26.0", "1.27.0");
    assert_eq!((first(&up).as_str(), report.total(Outcome::Lossy)), ("db.namespace=n", 1));
    let elastic = span(Client, &[("db.system", "elasticsearch"), ("db.namespace", "n")]);
    assert_eq!(
        first(&go(&elastic, "1.27.0", "1.26.0").0),
        "db.system=elasticsearch db.elasticsearch.cluster.name=n"
    );
    for (key, version, before) in [
        ("server.address", "1.27.0", "1.26.0"),
        ("error.message", "1.33.0", "1.32.0"),
        ("user.roles", "1.37.0", "1.36.0"),
        ("android.app.state", "1.37.0", "1.36.0"),
    ] {
        let batch = record("", &[(key, "x")]);
        assert_eq!(go(&batch, version, before).0, batch, "{key}");
    }
}

#[test]
fn what_only_the_registry_knows_is_renamed() {
    let attributes = [
        ("1.29.0", "db.elasticsearch.path_parts.index", "db.operation.parameter.index"),
        ("1.20.0", "http.request_content_length_uncompressed", "http.request.body.size"),
        ("1.20.0", "http.response_content_length_uncompressed", "http.response.body.size"),
        ("1.20.0", "http.server_name", "server.address"),
        ("1.20.0", "net.sock.peer.addr", "network.peer.address"),
        ("1.20.0", "net.sock.peer.port", "network.peer.port"),
        ("1.20.0", "net.transport", "network.transport"),
        ("1.9.0", "otel.library.name", "otel.scope.name"),
        ("1.9.0", "otel.library.version", "otel.scope.version"),
    ];
    for (from, old, new) in attributes {
        assert_eq!(first(&go(&span(Server, &[(old, "x")]), from, NEWEST).0), format!("{new}=x"));
    }
    let metrics = [
        ("messaging.process.messages", "messaging.client.consumed.messages", "1.26.0"),
        ("messaging.receive.messages", "messaging.client.consumed.messages", "1.26.0"),
        ("messaging.publish.duration", "messaging.client.operation.duration", "1.26.0"),
        ("messaging.receive.duration", "messaging.client.operation.duration", "1.26.0"),
        ("system.network.dropped", "system.network.packet.dropped", "1.36.0"),
        ("system.network.packets", "system.network.packet.count", "1.36.0"),
    ];
    for (old, new, from) in metrics {
        assert_eq!(first(&go(&gauges(&[(old, "1", &[])]), from, NEWEST).0), format!("{new} 1 9: "));
    }
}

#[test]
fn where_file_and_registry_end_elsewhere_both_are_followed_in_their_time() {
    let addresses = [("net.peer.ip", "a"), ("net.host.ip", "b"), ("net.sock.host.port", "1")];
    // The schema files lead to names that lived for one version; the registry goes on from there.
    let server = span(Server, &addresses);
    assert_eq!(
        first(&go(&server, "1.12.0", "1.20.0").0),
        "net.sock.peer.addr=a net.sock.host.addr=b net.sock.host.port=#1"
    );
    assert_eq!(
        first(&go(&server, "1.12.0", "1.21.0").0),
        "net.sock.peer.addr=a server.socket.address=b server.socket.port=#1"
    );
    let (new, report) = go(&server, "1.12.0", NEWEST);
    assert_eq!(first(&new), "network.peer.address=a network.local.address=b network.local.port=#1");
    assert!(lossless(&report), "{:?}", told(&report));
    assert_eq!(go(&new, NEWEST, "1.12.0").0, server);
    let client = span(Client, &[("net.sock.host.addr", "b")]);
    assert_eq!(first(&go(&client, "1.20.0", NEWEST).0), "network.peer.address=b");
}

#[test]
fn sides_of_a_connection_depend_on_the_kind_of_span() {
    let peer = [("net.peer.name", "p"), ("net.peer.port", "1")];
    let client = span(Client, &peer);
    let (new, report) = go(&client, "1.20.0", NEWEST);
    assert_eq!((first(&new).as_str(), lossless(&report)), ("server.address=p server.port=#1", true));
    assert_eq!(go(&new, NEWEST, "1.20.0").0, client);
    let (new, _) = go(&span(Server, &peer), "1.20.0", NEWEST);
    assert_eq!(first(&new), "client.address=p client.port=#1");
    let inner = span(Internal, &peer);
    let (same, report) = go(&inner, "1.20.0", NEWEST);
    assert_eq!((&same, report.total(Outcome::Refused)), (&inner, 2));
    let host = span(Server, &[("net.host.name", "h"), ("http.client_ip", "c")]);
    let (new, report) = go(&host, "1.20.0", NEWEST);
    assert_eq!((first(&new).as_str(), lossless(&report)), ("server.address=h client.address=c", true));
    assert_eq!(go(&new, NEWEST, "1.20.0").0, host);
}

#[test]
fn values_are_renamed_under_the_key_of_their_time() {
    let values = [
        ("1.34.0", "cloud.platform", "azure_vm", "cloud.platform", "azure.vm"),
        ("1.41.1", "cpu.mode", "kernel", "cpu.mode", "system"),
        ("1.26.0", "db.system", "cache", "db.system.name", "intersystems.cache"),
        ("1.26.0", "db.system", "firstsql", "db.system.name", "other_sql"),
        ("1.29.0", "db.system", "mssql", "db.system.name", "microsoft.sql_server"),
        ("1.32.0", "gen_ai.system", "gemini", "gen_ai.provider.name", "gcp.gemini"),
        ("1.34.0", "gen_ai.system", "az.ai.openai", "gen_ai.provider.name", "azure.ai.openai"),
        ("1.36.0", "gen_ai.system", "xai", "gen_ai.provider.name", "x_ai"),
        ("1.26.0", "messaging.operation.type", "deliver", "messaging.operation.type", "process"),
        ("1.24.0", "messaging.operation", "publish", "messaging.operation.type", "send"),
        ("1.34.0", "os.type", "z_os", "os.type", "zos"),
        ("1.32.0", "vcs.provider.name", "gittea", "vcs.provider.name", "gitea"),
        ("1.38.0", "rpc.system", "apache_dubbo", "rpc.system.name", "dubbo"),
        ("1.20.0", "net.transport", "ip_tcp", "network.transport", "tcp"),
    ];
    for (from, key, value, new_key, new_value) in values {
        let old = span(Client, &[(key, value)]);
        let (new, report) = go(&old, from, NEWEST);
        assert_eq!(first(&new), format!("{new_key}={new_value}"));
        // Where the new value was in use before, it stays.
        let merged = matches!(value, "kernel" | "firstsql");
        assert_eq!(lossless(&report), !merged, "{key}={value}: {:?}", told(&report));
        let (back, _) = go(&new, NEWEST, from);
        assert_eq!(first(&back), if merged { format!("{key}={new_value}") } else { first(&old) });
    }
    // Data of a later version that still has the old value means it.
    let late = span(Client, &[("os.type", "z_os"), ("db.system.name", "mssql")]);
    assert_eq!(go(&late, "1.35.0", NEWEST).0.bytes().as_ptr(), late.bytes().as_ptr());
}

#[test]
fn the_two_that_change_the_wire_type_change_their_values() {
    let partition = span(Client, &[("messaging.kafka.destination.partition", "3")]);
    let (new, report) = go(&partition, "1.24.0", "1.25.0");
    assert_eq!((first(&new).as_str(), lossless(&report)), ("messaging.destination.partition.id=3", true));
    assert_eq!(go(&new, "1.25.0", "1.24.0").0, partition);
    let named = span(Client, &[("messaging.destination.partition.id", "p-03")]);
    let (back, report) = go(&named, "1.25.0", "1.24.0");
    assert_eq!(first(&back), "messaging.kafka.destination.partition=p-03");
    assert_eq!(report.total(Outcome::Lossy), 1);

    let role = span(Server, &[("enduser.role", "admin")]);
    let (new, report) = go(&role, "1.36.0", "1.37.0");
    assert_eq!(first(&new), "user.roles=1");
    assert_eq!(report.total(Outcome::Lossy), 1, "the way back is not known");
}

#[test]
fn units_are_scaled_and_others_refused() {
    let batch = |unit| gauges(&[("http.server.duration", unit, &[("http.method", "GET")])]);
    // Metrics' attributes have no rename in 1.21: the file has it for spans.
    let (new, report) = go(&batch("ms"), "1.20.0", NEWEST);
    assert_eq!(first(&new), "http.server.request.duration s 0.009: http.method=GET");
    assert!(
        told(&report)
            .contains(&"1.21.0 http.server.duration in ms -> http.server.duration in s lossy".to_owned())
    );
    let (back, _) = go(&new, NEWEST, "1.20.0");
    assert_eq!(first(&back), "http.server.duration ms 9.0: http.method=GET");
    // In seconds already; without a unit it is the convention's; any other is not understood.
    assert_eq!(
        first(&go(&batch("s"), "1.20.0", "1.22.0").0),
        "http.server.request.duration s 9: http.method=GET"
    );
    assert_eq!(
        first(&go(&batch(""), "1.20.0", "1.22.0").0),
        "http.server.request.duration s 0.009: http.method=GET"
    );
    let (same, report) = go(&batch("us"), "1.20.0", "1.22.0");
    assert_eq!((&same, report.total(Outcome::Refused)), (&batch("us"), 1));
    // Data of 1.21 is in seconds by its convention.
    assert_eq!(
        first(&go(&batch("s"), "1.21.0", "1.22.0").0),
        "http.server.request.duration s 9: http.method=GET"
    );

    let histogram = |factor: f64| {
        let point = HistogramDataPoint {
            count: 3,
            sum: Some(9.0 * factor),
            min: Some(factor),
            max: Some(7.0 * factor),
            bucket_counts: vec![1, 2],
            explicit_bounds: vec![5.0 * factor],
            ..Default::default()
        };
        let data = Data::Histogram(Histogram { data_points: vec![point], aggregation_temporality: 2 });
        let (name, unit) =
            if factor == 1000.0 { ("rpc.server.duration", "ms") } else { ("rpc.server.call.duration", "s") };
        metrics(vec![Metric { name: name.into(), unit: unit.into(), data: Some(data), ..Default::default() }])
    };
    assert_eq!(go(&histogram(1000.0), "1.38.0", "1.39.0").0, histogram(1.0));
    let data = Data::ExponentialHistogram(ExponentialHistogram::default());
    let exponential = metrics(vec![Metric {
        name: "rpc.server.duration".into(),
        unit: "ms".into(),
        data: Some(data),
        ..Default::default()
    }]);
    let (same, report) = go(&exponential, "1.38.0", "1.39.0");
    assert_eq!((&same, report.total(Outcome::Refused)), (&exponential, 1));
}

#[test]
fn five_renamed_metrics_that_are_measured_otherwise_say_so() {
    let metrics = [
        ("1.31.0", "otel.sdk.exporter.span.exported.count", "otel.sdk.exporter.span.exported", "{span}"),
        ("1.31.0", "otel.sdk.processor.span.processed.count", "otel.sdk.processor.span.processed", "{span}"),
        ("1.38.0", "system.linux.memory.available", "system.memory.linux.available", "{packet}"),
        ("1.38.0", "system.linux.memory.slab.usage", "system.memory.linux.slab.usage", "{packet}"),
    ];
    for (from, old, new, unit) in metrics {
        let (batch, report) = go(&gauges(&[(old, unit, &[])]), from, NEWEST);
        assert_eq!(first(&batch), format!("{new} {unit} 9: "), "the data keeps what it says of itself");
        assert_eq!(report.total(Outcome::Lossy), 1, "{old}");
    }
    // Only spelt otherwise.
    let (batch, report) = go(&gauges(&[("cpu.frequency", "{Hz}", &[])]), "1.33.0", NEWEST);
    assert_eq!((first(&batch).as_str(), lossless(&report)), ("system.cpu.frequency Hz 9: ", true));
}

#[test]
fn templates_are_renamed_in_front_of_their_own_part() {
    let labels =
        resource(&[("container.labels.app", "a"), ("k8s.pod.labels.x.y", "b"), ("container.labelsx", "c")]);
    let (new, report) = go(&labels, "1.24.0", NEWEST);
    assert_eq!(first(&new), "container.label.app=a k8s.pod.label.x.y=b container.labelsx=c");
    assert!(lossless(&report));
    assert_eq!(go(&new, NEWEST, "1.24.0").0, labels);
    let rpc = span(Client, &[("rpc.system", "grpc"), ("rpc.grpc.request.metadata.my-key", "v")]);
    let (new, report) = go(&rpc, "1.38.0", NEWEST);
    assert_eq!(first(&new), "rpc.system.name=grpc rpc.request.metadata.my-key=v");
    assert!(lossless(&report), "{:?}", told(&report));
    assert_eq!(go(&new, NEWEST, "1.38.0").0, rpc);
}

#[test]
fn slips_of_the_schema_files_are_put_right() {
    // `io.state` for `ios.state`, a scope `jvm.threads.count`, messaging.client_id for metrics only.
    let ios = record("", &[("ios.state", "active")]);
    let (new, _) = go(&ios, "1.30.0", "1.31.0");
    assert_eq!(first(&new), ": ios.app.state=active");
    assert_eq!(go(&new, "1.31.0", "1.30.0").0, ios);
    let threads = gauges(&[("process.runtime.jvm.threads.count", "", &[("daemon", "x")])]);
    assert_eq!(first(&go(&threads, "1.21.0", NEWEST).0), "jvm.thread.count  9: jvm.thread.daemon=x");
    let kafka = span(Client, &[("messaging.system", "kafka"), ("messaging.kafka.client_id", "c")]);
    let (new, report) = go(&kafka, "1.20.0", NEWEST);
    assert_eq!(first(&new), "messaging.system=kafka messaging.client.id=c");
    assert!(lossless(&report), "{:?}", told(&report));
    assert_eq!(go(&new, NEWEST, "1.20.0").0, kafka);
    let pool = gauges(&[("db.client.connections.usage", "", &[("pool.name", "p"), ("state", "idle")])]);
    assert_eq!(
        first(&go(&pool, "1.25.0", NEWEST).0),
        "db.client.connection.count  9: db.client.connection.pool.name=p db.client.connection.state=idle"
    );
}

#[test]
fn what_became_several_things_is_refused() {
    let old = span(Server, &[("http.target", "/a?b"), ("http.method", "GET")]);
    let (new, report) = go(&old, "1.20.0", NEWEST);
    assert_eq!(first(&new), "http.target=/a?b http.request.method=GET");
    let refused = report.operations().find(|operation| operation.outcome == Outcome::Refused).unwrap();
    assert_eq!((refused.from.as_str(), refused.reason), ("http.target", "became url.path and url.query"));
    assert_eq!(go(&new, NEWEST, "1.20.0").0, old);
}

/// One of everything that has attributes, each with a key of `all` and one of `spans`.
fn everything(schema: &str, keys: &[(&str, &str)]) -> Batch {
    let span = Span {
        attributes: pairs(keys),
        events: vec![Event { name: "e".into(), attributes: pairs(keys), ..Default::default() }],
        links: vec![Link { attributes: pairs(keys), ..Default::default() }],
        ..Default::default()
    };
    let entity = EntityRef {
        schema_url: schema.into(),
        id_keys: vec![keys[0].0.into(), "host.id".into()],
        ..Default::default()
    };
    let resource = Resource { attributes: pairs(keys), entity_refs: vec![entity], ..Default::default() };
    let scope = InstrumentationScope { attributes: pairs(keys), ..Default::default() };
    let scope_spans = vec![ScopeSpans { scope: Some(scope), spans: vec![span], schema_url: schema.into() }];
    let group = ResourceSpans { resource: Some(resource), scope_spans, schema_url: schema.into() };
    batch(Signal::Traces, &ExportTraceServiceRequest { resource_spans: vec![group] })
}

#[test]
fn sections_apply_where_they_say() {
    let url = |version: &str| format!("https://opentelemetry.io/schemas/{version}");
    let old = everything(
        &url("1.20.0"),
        &[("code.lineno", "1"), ("http.method", "GET"), ("browser.user_agent", "u")],
    );
    let (new, report) = Plan::to("1.30.0").unwrap().apply(&old, Mode::Rename, Collision::default());
    let tree: ExportTraceServiceRequest = decode(&new);
    let group = &tree.resource_spans[0];
    let resource = group.resource.as_ref().unwrap();
    let scope = &group.scope_spans[0];
    let span = &scope.spans[0];
    let all = "code.line.number=#1 http.method=GET browser.user_agent=u";
    let spans = "code.line.number=#1 http.request.method=GET browser.user_agent=u";
    assert_eq!(show(&resource.attributes), all);
    assert_eq!(show(&scope.scope.as_ref().unwrap().attributes), all);
    assert_eq!(show(&span.attributes), spans);
    assert_eq!(show(&span.links[0].attributes), spans);
    assert_eq!(show(&span.events[0].attributes), all);
    assert_eq!(resource.entity_refs[0].id_keys, ["code.line.number", "host.id"]);
    for schema in [&group.schema_url, &scope.schema_url, &resource.entity_refs[0].schema_url] {
        assert_eq!(*schema, url("1.30.0"));
    }
    let lines = report.operations().find(|operation| operation.from == "code.lineno").unwrap();
    assert_eq!((lines.count, lines.section), (5, "all"), "keys of entities are those of attributes");
    assert_eq!(report.groups().migrated, 2);
    let old = resource_of_1_18();
    assert_eq!(first(&go(&old, "1.18.0", "1.19.0").0), "user_agent.original=u http.user_agent=v");
}

fn resource_of_1_18() -> Batch {
    resource(&[("browser.user_agent", "u"), ("http.user_agent", "v")])
}

#[test]
fn exemplars_and_events_follow() {
    let exemplar = Exemplar {
        filtered_attributes: pairs(&[("db.system", "mssql")]),
        value: Some(exemplar::Value::AsInt(1500)),
        ..Default::default()
    };
    let point = NumberDataPoint { exemplars: vec![exemplar], ..Default::default() };
    let data = Data::Sum(Sum { data_points: vec![point], ..Default::default() });
    let metric = Metric {
        name: "db.client.connections.use_time".into(),
        unit: "ms".into(),
        data: Some(data),
        ..Default::default()
    };
    let (new, _) = go(&metrics(vec![metric]), "1.25.0", NEWEST);
    let metric = new.metrics().unwrap().metrics().next().unwrap();
    let exemplar = metric.sum().unwrap().points().get(0).unwrap().exemplars().get(0).unwrap();
    assert_eq!((metric.name(), metric.unit()), ("db.client.connection.use_time", "s"));
    assert_eq!(exemplar.as_double(), Some(1.5));
    let attribute = exemplar.filtered_attributes().get(0).unwrap();
    assert_eq!(
        (attribute.key(), attribute.value().as_str()),
        ("db.system.name", Some("microsoft.sql_server"))
    );

    let event = record("az.resource.log", &[("az.service_request_id", "r")]);
    let (new, report) = go(&event, "1.34.0", NEWEST);
    assert_eq!(first(&new), "azure.resource.log: azure.service.request.id=r");
    assert!(lossless(&report));
    assert_eq!(go(&new, NEWEST, "1.34.0").0, event);
    // Records only: span events were never renamed.
    let event = Event { name: "az.resource.log".into(), ..Default::default() };
    let spans = spans(vec![Span { events: vec![event], ..Default::default() }]);
    assert_eq!(go(&spans, "1.34.0", NEWEST).0.bytes().as_ptr(), spans.bytes().as_ptr());
}

#[test]
fn collisions_go_by_policy() {
    let both = span(Server, &[("http.method", "GET"), ("x", "y"), ("http.request.method", "POST")]);
    let plan = Plan::between("1.20.0", "1.21.0").unwrap();
    let apply = |collision| {
        let (batch, report) = plan.apply(&both, Mode::Rename, collision);
        (first(&batch), report.total(Outcome::Lossy), report.total(Outcome::Refused))
    };
    assert_eq!(apply(Collision::KeepExisting), ("x=y http.request.method=POST".into(), 1, 0));
    assert_eq!(apply(Collision::Replace), ("http.request.method=GET x=y".into(), 1, 0));
    assert_eq!(apply(Collision::Refuse), ("http.method=GET x=y http.request.method=POST".into(), 0, 1));
    // Several that become the same: the first.
    let many = span(Client, &[("db.mongodb.collection", "a"), ("db.sql.table", "b")]);
    assert_eq!(first(&go(&many, "1.24.0", "1.25.0").0), "db.collection.name=a");
    // The same value twice is one.
    let twice = span(Client, &[("http.method", "GET"), ("http.request.method", "GET")]);
    let (one, _) = plan.apply(&twice, Mode::Rename, Collision::Refuse);
    assert_eq!(first(&one), "http.request.method=GET");
    // What moves away at the same time is in nobody's way.
    let chain =
        gauges(&[("jvm.gc.duration", "s", &[("name", "n"), ("jvm.gc.action", "a"), ("action", "b")])]);
    let (moved, _) = go(&chain, "1.21.0", "1.22.0");
    assert_eq!(first(&moved), "jvm.gc.duration s 9: jvm.gc.name=n jvm.gc.action=a");
}

#[test]
fn both_names_can_be_kept() {
    let plan = Plan::between("1.20.0", NEWEST).unwrap();
    let keep = |batch: &Batch| plan.apply(batch, Mode::KeepBoth, Collision::default());
    let old = span(Client, &[("http.method", "GET"), ("db.system", "mssql"), ("os.type", "z_os")]);
    let (both, report) = keep(&old);
    assert_eq!(
        first(&both),
        "http.method=GET db.system=mssql os.type=z_os http.request.method=GET db.system.name=microsoft.sql_server"
    );
    assert_eq!(report.total(Outcome::Lossy), 0);
    assert_eq!(report.total(Outcome::Refused), 1, "{:?}", told(&report));
    assert_eq!(first(&keep(&both).0), first(&both), "what is there is not made again");
    // Metrics stand twice, each as its version has it.
    let old = gauges(&[
        ("process.runtime.jvm.memory.usage", "By", &[("type", "heap")]),
        ("other", "1", &[("code.lineno", "1")]),
        ("http.client.duration", "ms", &[]),
    ]);
    let (both, report) = keep(&old);
    assert_eq!(both.items(), 5);
    assert_eq!(
        all(&both),
        [
            "process.runtime.jvm.memory.usage By 9: type=heap",
            "other 1 9: code.lineno=#1 code.line.number=#1",
            "http.client.duration ms 9: ",
            "jvm.memory.used By 9: jvm.memory.type=heap",
            "http.client.request.duration s 0.009: ",
        ]
    );
    assert_eq!(report.total(Outcome::Lossy), 0, "the old ones are there");
    // One name cannot have two units, and an event not two names.
    let (same, report) =
        Plan::between("1.20.0", "1.21.0").unwrap().apply(&old, Mode::KeepBoth, Collision::default());
    assert_eq!((&same, report.total(Outcome::Refused)), (&old, 1));
    let (_, report) = keep(&record("az.resource.log", &[]));
    assert_eq!(report.total(Outcome::Refused), 1);
}

#[test]
fn groups_go_from_the_version_they_name() {
    let url = |version: &str| format!("https://opentelemetry.io/schemas/{version}");
    let scope = |schema_url: String| ScopeSpans {
        schema_url,
        spans: vec![Span {
            attributes: pairs(&[("db.name", "n"), ("code.lineno", "1")]),
            ..Default::default()
        }],
        ..Default::default()
    };
    let group = ResourceSpans {
        schema_url: url("1.26.0"),
        resource: Some(Resource {
            attributes: pairs(&[("deployment.environment", "e")]),
            ..Default::default()
        }),
        scope_spans: [
            url("1.24.0"),
            url("1.29.0"),
            String::new(),
            "https://example.com/schemas/1.24.0".into(),
            url("9.9.9"),
        ]
        .into_iter()
        .map(scope)
        .collect(),
    };
    let old = batch(Signal::Traces, &ExportTraceServiceRequest { resource_spans: vec![group] });
    let (new, report) = Plan::to(NEWEST).unwrap().apply(&old, Mode::Rename, Collision::default());
    let tree: ExportTraceServiceRequest = decode(&new);
    let group = &tree.resource_spans[0];
    assert_eq!(show(&group.resource.as_ref().unwrap().attributes), "deployment.environment.name=e");
    let found: Vec<_> = group.scope_spans.iter().map(|scope| show(&scope.spans[0].attributes)).collect();
    assert_eq!(
        found,
        [
            "db.namespace=n code.line.number=#1",
            "db.name=n code.line.number=#1",
            "db.name=n code.lineno=#1",
            "db.name=n code.lineno=#1",
            "db.name=n code.lineno=#1",
        ]
    );
    let urls: Vec<_> = group.scope_spans.iter().map(|scope| scope.schema_url.clone()).collect();
    assert_eq!(urls[..3], [url(NEWEST), url(NEWEST), String::new()]);
    assert_eq!(urls[3..], ["https://example.com/schemas/1.24.0".to_owned(), url("9.9.9")]);
    let groups = report.groups();
    assert_eq!((groups.migrated, groups.unversioned, groups.foreign), (3, 1, 2));
    // A version that is given is for all of them.
    let (_, report) = go(&old, "1.24.0", NEWEST);
    assert_eq!(report.groups().migrated, 6);
}

#[test]
fn versions_are_those_published() {
    assert_eq!(Version::all().len(), 43);
    assert_eq!((Version::all().next().unwrap().as_str(), Version::newest().as_str()), ("1.4.0", NEWEST));
    assert_eq!(Version::of_url(&Version::newest().url()), Ok(Some(Version::newest())));
    assert_eq!(Version::of_url("http://opentelemetry.io/schemas/1.4.0").unwrap().unwrap().as_str(), "1.4.0");
    assert_eq!(Version::of_url("https://example.com/schemas/1.4.0"), Ok(None));
    let unknown = MigrateError::UnknownVersion { given: "1.6.0".into() };
    assert_eq!(Plan::between("1.6.0", NEWEST), Err(unknown.clone()));
    assert_eq!(
        unknown.to_string(),
        "\"1.6.0\" is not a schema version that is known here: they go from 1.4.0 to 1.44.0"
    );
    assert!(Plan::to("").is_err() && Version::of_url("https://opentelemetry.io/schemas/2").is_err());
}

#[test]
fn nothing_to_do_shares_the_bytes() {
    let new = span(Server, &[("http.request.method", "GET"), ("url.path", "/"), ("mine", "1")]);
    for (from, to) in [("1.25.0", NEWEST), ("1.30.0", "1.29.0"), (NEWEST, NEWEST)] {
        let (same, report) = go(&new, from, to);
        assert_eq!(same.bytes().as_ptr(), new.bytes().as_ptr());
        assert_eq!(report.operations().count(), 0);
    }
}
