//! The rules of facts section 1.5, one test each.

use std::{collections::HashMap, time::Duration};

use otlp_compress::Codec;

use super::*;
use crate::Protocol;
#[cfg(feature = "tracezip")]
use crate::Tracezip;

/// Variables by their part behind `OTEL_EXPORTER_OTLP_`.
fn config(variables: &[(&str, &str)]) -> Config {
    let variables: HashMap<String, String> = variables
        .iter()
        .map(|(name, value)| (format!("OTEL_EXPORTER_OTLP_{name}"), (*value).to_owned()))
        .collect();
    Config::from_vars(|name| variables.get(name).cloned())
}

fn endpoint(variables: &[(&str, &str)], signal: Signal) -> String {
    let config = config(variables);
    assert_eq!(config.warnings(), []);
    config.signal(signal).endpoint()
}

#[track_caller]
fn assert_warns(config: &Config, expected: &str) {
    let warnings: Vec<String> = config.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(warnings, [expected]);
}

#[test]
fn c3_c7_c9_defaults_are_the_specifications() {
    let config = config(&[]);
    assert_eq!(config.warnings(), []);
    assert_eq!(config.temporality(), TemporalityPreference::Cumulative);
    assert_eq!(config.histogram_aggregation(), HistogramAggregation::ExplicitBucket);
    for signal in Signal::ALL {
        let settings = config.signal(signal);
        assert_eq!(settings.protocol(), Protocol::HttpProtobuf);
        assert_eq!(settings.endpoint(), format!("http://localhost:4318{}", signal.http_path()));
        assert_eq!(settings.timeout(), Duration::from_secs(10));
        assert_eq!(settings.compression(), Codec::Identity, "loopback");
        assert_eq!(settings.header_names().count(), 0);
        assert_eq!(settings.tls(), crate::TlsOptions::new());
    }
}

#[test]
fn c1_the_generic_endpoint_is_a_base_and_the_signals_own_is_taken_as_it_is() {
    let variables =
        [("ENDPOINT", "http://collector:4318/mycollector/"), ("METRICS_ENDPOINT", "https://metrics.example")];
    assert_eq!(endpoint(&variables, Signal::Traces), "http://collector:4318/mycollector/v1/traces");
    assert_eq!(
        endpoint(&variables, Signal::Profiles),
        "http://collector:4318/mycollector/v1development/profiles"
    );
    assert_eq!(endpoint(&variables, Signal::Metrics), "https://metrics.example/");
    assert_eq!(endpoint(&[("LOGS_ENDPOINT", "http://h:1/x/")], Signal::Logs), "http://h:1/x/");
}

#[test]
fn c2_grpc_endpoints_take_insecure_only_without_a_scheme() {
    let grpc = |more: &[(&str, &str)]| {
        let mut variables = vec![("PROTOCOL", "grpc")];
        variables.extend_from_slice(more);
        endpoint(&variables, Signal::Traces)
    };
    assert_eq!(grpc(&[]), "http://localhost:4317");
    assert_eq!(grpc(&[("ENDPOINT", "collector:4317")]), "https://collector:4317");
    assert_eq!(grpc(&[("ENDPOINT", "collector:4317"), ("INSECURE", "TRUE")]), "http://collector:4317");
    assert_eq!(
        grpc(&[("ENDPOINT", "https://collector:4317"), ("INSECURE", "true")]),
        "https://collector:4317"
    );
    assert_eq!(
        grpc(&[("ENDPOINT", "http://collector:4317/"), ("INSECURE", "false")]),
        "http://collector:4317"
    );
    let own_wins = [("ENDPOINT", "c:1"), ("INSECURE", "true"), ("TRACES_INSECURE", "false")];
    assert_eq!(grpc(&own_wins), "https://c:1");
}

#[test]
fn a_path_on_a_grpc_endpoint_is_dropped_with_a_warning() {
    let config = config(&[("TRACES_PROTOCOL", "grpc"), ("TRACES_ENDPOINT", "http://c:4317/v1/traces")]);
    assert_eq!(config.signal(Signal::Traces).endpoint(), "http://c:4317");
    let expected = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: gRPC endpoints have no path; \
                    used instead: scheme, host and port alone";
    assert_warns(&config, expected);
}

#[test]
fn an_endpoint_that_is_none_is_not_repeated_in_the_warning() {
    let config = config(&[("ENDPOINT", "https://user:hunter2@collector")]);
    assert_eq!(config.signal(Signal::Logs).endpoint(), "http://localhost:4318/v1/logs");
    let expected = "OTEL_EXPORTER_OTLP_ENDPOINT: it carries user info before the host: \
                    send credentials in a header instead; used instead: http://localhost:4318";
    assert_warns(&config, expected);
}

#[test]
fn c1_http_endpoints_need_a_scheme() {
    let config = config(&[("ENDPOINT", "collector:4318")]);
    let expected = "OTEL_EXPORTER_OTLP_ENDPOINT: it needs to start with http:// or https://; \
                    used instead: http://localhost:4318";
    assert_warns(&config, expected);
}

#[test]
fn c8_the_signals_own_value_wins_and_a_wrong_one_falls_back_to_the_generic() {
    let config = config(&[("TIMEOUT", "2000"), ("LOGS_TIMEOUT", "30"), ("TRACES_TIMEOUT", "-1")]);
    assert_eq!(config.signal(Signal::Metrics).timeout(), Duration::from_secs(2));
    assert_eq!(config.signal(Signal::Logs).timeout(), Duration::from_millis(30));
    assert_eq!(config.signal(Signal::Traces).timeout(), Duration::from_secs(2));
    let expected = "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: \"-1\" is not a whole number of milliseconds; \
                    used instead: the value of OTEL_EXPORTER_OTLP_TIMEOUT";
    assert_warns(&config, expected);
}

#[test]
fn c7_a_timeout_of_zero_is_no_limit_and_garbage_is_the_default() {
    assert_eq!(config(&[("TIMEOUT", "0")]).signal(Signal::Traces).timeout(), Duration::ZERO);
    for wrong in ["-5", "1.5", "10s", "99999999999999999999999"] {
        let config = config(&[("TIMEOUT", wrong)]);
        assert_eq!(config.signal(Signal::Traces).timeout(), Duration::from_secs(10));
        assert_eq!(config.warnings().len(), 1, "one warning, though four signals read it");
    }
}

#[test]
fn c10_empty_values_are_unset() {
    let variables = [("ENDPOINT", ""), ("TIMEOUT", "  "), ("PROTOCOL", ""), ("TRACES_COMPRESSION", "")];
    assert_eq!(config(&variables), config(&[]));
}

#[test]
fn c3_c9_c11_names_are_taken_in_any_case_and_unknown_ones_warn() {
    let config = config(&[
        ("PROTOCOL", "HTTP/JSON"),
        ("COMPRESSION", "GZip"),
        ("METRICS_TEMPORALITY_PREFERENCE", "LowMemory"),
        ("METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "BASE2_exponential_bucket_histogram"),
        ("LOGS_PROTOCOL", "thrift"),
    ]);
    assert_eq!(config.signal(Signal::Logs).protocol(), Protocol::HttpJson);
    assert_eq!(config.signal(Signal::Logs).compression(), Codec::Gzip);
    assert_eq!(config.temporality(), TemporalityPreference::LowMemory);
    assert_eq!(config.histogram_aggregation(), HistogramAggregation::Base2Exponential);
    let expected = "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: \"thrift\" is none of grpc, http/protobuf, http/json; \
                    used instead: the value of OTEL_EXPORTER_OTLP_PROTOCOL";
    assert_warns(&config, expected);
}

#[test]
fn c6_unset_compression_is_gzip_but_for_loopback() {
    let compression = |variables: &[(&str, &str)]| config(variables).signal(Signal::Traces).compression();
    assert_eq!(compression(&[("ENDPOINT", "http://collector")]), Codec::Gzip);
    assert_eq!(compression(&[("ENDPOINT", "http://collector"), ("COMPRESSION", "none")]), Codec::Identity);
    assert_eq!(compression(&[("ENDPOINT", "http://127.0.0.1:4318")]), Codec::Identity);
    assert_eq!(compression(&[("ENDPOINT", "http://127.0.0.1:4318"), ("COMPRESSION", "gzip")]), Codec::Gzip);
}

#[test]
#[cfg(feature = "zstd")]
fn zstd_is_our_extension() {
    assert_eq!(config(&[("COMPRESSION", "zstd")]).signal(Signal::Traces).compression(), Codec::Zstd);
}

#[test]
#[cfg(feature = "tracezip")]
fn tracezip_is_a_compression_with_gzip_for_those_who_do_not_take_it() {
    let of = |name: &str| {
        let config = config(&[("COMPRESSION", name)]);
        let settings = config.signal(Signal::Traces);
        (settings.compression(), settings.tracezip(), config.warnings().len())
    };
    assert_eq!(of("Tracezip"), (Codec::Gzip, Tracezip::Stateless, 0));
    assert_eq!(of("tracezip-stream"), (Codec::Gzip, Tracezip::Stream, 0));
    assert_eq!(of("gzip"), (Codec::Gzip, Tracezip::Off, 0), "never unasked");
    let config = config(&[("COMPRESSION", "tracezip"), ("LOGS_PROTOCOL", "http/json")]);
    assert_eq!(config.signal(Signal::Logs).tracezip(), Tracezip::Off);
    let expected =
        "OTEL_EXPORTER_OTLP_COMPRESSION: tracezip compresses protobuf, not JSON; used instead: none";
    assert_warns(&config, expected);
}

#[test]
fn c5_c8_headers_of_the_signal_replace_the_generic_ones() {
    let config = config(&[("HEADERS", "a=1,b=2"), ("TRACES_HEADERS", "C=3")]);
    assert_eq!(config.signal(Signal::Traces).header_names().collect::<Vec<_>>(), ["c"]);
    assert_eq!(config.signal(Signal::Logs).header_names().collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn no_secret_reaches_debug_or_a_warning() {
    let config =
        config(&[("HEADERS", "authorization=Bearer%20hunter2,hunter2"), ("ENDPOINT", "http://h?k=hunter2")]);
    assert_eq!(config.warnings().len(), 2);
    let text = format!("{config:?} {} {}", config.warnings()[0], config.warnings()[1]);
    assert!(!text.contains("hunter2"), "{text}");
    assert!(text.contains("authorization"), "{text}");
}

#[test]
fn c4_c8_certificates_are_paths_with_the_same_precedence() {
    let config =
        config(&[("CERTIFICATE", "/ca.pem"), ("LOGS_CERTIFICATE", "/logs.pem"), ("CLIENT_KEY", "/key.pem")]);
    assert_eq!(config.signal(Signal::Logs).certificate(), Some("/logs.pem".as_ref()));
    assert_eq!(config.signal(Signal::Traces).certificate(), Some("/ca.pem".as_ref()));
    assert_eq!(config.signal(Signal::Traces).client_key(), Some("/key.pem".as_ref()));
    assert_eq!(config.signal(Signal::Traces).client_certificate(), None);
}

#[test]
fn credentials_in_plaintext_to_another_host_are_a_warning() {
    let warnings = |endpoint: &str, headers: &str| {
        config(&[("ENDPOINT", endpoint), ("HEADERS", headers)]).warnings().to_vec()
    };
    let [warning] = &warnings("http://collector:4318", "authorization=Bearer%20hunter2,x=1")[..] else {
        panic!()
    };
    assert_eq!(
        warning.to_string(),
        "OTEL_EXPORTER_OTLP_HEADERS: authorization goes to another host over plaintext http, where anyone on the way can read it"
    );
    for (endpoint, headers) in [
        ("https://collector:4318", "authorization=x"),
        ("http://localhost:4318", "authorization=x"),
        ("unix:/run/otlp.sock", "authorization=x"),
        ("http://collector:4318", "x-tenant=x"),
    ] {
        assert_eq!(warnings(endpoint, headers), [], "{endpoint} {headers}");
    }
}
