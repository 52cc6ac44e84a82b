//! `otlp doctor` against servers that are well, elsewhere, of the other transport, unknown, or strict.

use otlp::testing::{Reply, ScriptedServer};
use serde_json::Value;

use crate::support::{Authority, Receive, expect, otlp, texts};

/// Its report in the environment that is given.
fn doctor(code: i32, args: &[&str], vars: &[(&str, &str)]) -> Value {
    let mut command = otlp(&[&["doctor", "--json"][..], args].concat());
    let output = command.envs(vars.iter().copied()).output().unwrap();
    let (out, err) = texts(&output);
    assert_eq!(output.status.code(), Some(code), "{args:?}\nstdout: {out}\nstderr: {err}");
    assert!(!out.contains("hunter2") && !err.contains("hunter2"), "{out}{err}");
    serde_json::from_str(&out).unwrap()
}

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

#[test]
fn a_server_that_is_well_takes_every_signal() {
    let receive = Receive::start(&[]);
    for (protocol, endpoint) in [("http/protobuf", &receive.http), ("grpc", &receive.grpc)] {
        let vars = [(ENDPOINT, endpoint.as_str()), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)];
        let report = doctor(0, &[], &vars);
        assert_eq!((&report["healthy"], &report["fix"]), (&Value::from(true), &serde_json::json!([])));
        assert_eq!(report["signals"]["logs"]["endpoint"]["from"], ENDPOINT);
        let findings = report["findings"].as_array().unwrap();
        assert_eq!(findings.iter().filter(|finding| finding["step"] == "export").count(), 4, "{report}");
        assert!(findings.iter().all(|finding| finding["health"] == "good"), "{report}");
    }
    let (out, _) = expect(0, &["doctor", "--endpoint", &receive.http]);
    assert!(out.contains("--endpoint") && out.contains("would arrive"), "{out}");
}

#[test]
fn mixed_up_transports_are_told_with_the_line_to_paste() {
    let grpc = ScriptedServer::builder().http2().start().unwrap();
    let report = doctor(1, &[], &[(ENDPOINT, &grpc.url())]);
    let fix = report["fix"].to_string();
    assert!(fix.contains("export OTEL_EXPORTER_OTLP_PROTOCOL=grpc"), "{report}");
    let http = ScriptedServer::builder().http1().start().unwrap();
    let report = doctor(1, &["--protocol", "grpc"], &[(ENDPOINT, &http.url())]);
    let fix = report["fix"].to_string();
    assert!(fix.contains("export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"), "{report}");
}

#[test]
fn refused_credentials_and_wrong_variables_are_told_without_secrets() {
    let server = ScriptedServer::start([]).unwrap();
    server.otherwise(Reply::status(401));
    let url = server.url();
    let vars = [(ENDPOINT, url.as_str()), ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=hunter2")];
    let report = doctor(1, &[], &vars);
    assert!(report["fix"].to_string().contains("OTEL_EXPORTER_OTLP_HEADERS=authorization"), "{report}");
    assert_eq!(report["signals"]["traces"]["headers"]["value"], "authorization");

    let server = ScriptedServer::start([]).unwrap();
    let url = server.url();
    let vars = [(ENDPOINT, url.as_str()), ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon")];
    let report = doctor(1, &[], &vars);
    assert_eq!(report["fix"], serde_json::json!(["unset OTEL_EXPORTER_OTLP_TIMEOUT"]));
}

#[test]
fn nobody_there_and_unknown_names_are_exit_1() {
    let server = ScriptedServer::start([]).unwrap();
    server.down();
    let report = doctor(1, &["--endpoint", &server.url()], &[]);
    assert!(report["fix"].to_string().contains("otlp receive --http"), "{report}");
    let report = doctor(1, &["--endpoint", "http://collector.invalid:4318"], &[]);
    assert_eq!(report["findings"][0]["step"], "dns", "{report}");
    expect(2, &["doctor", "--endpoint", "localhost:4318"]);
}

#[test]
fn certificates_are_shown_and_judged() {
    let signed = rcgen::generate_simple_self_signed(["collector.example".to_owned()]).unwrap();
    let (cert, key) = (signed.cert.pem(), signed.signing_key.serialize_pem());
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.pem");
    std::fs::write(&ca, &cert).unwrap();
    let key_file = dir.path().join("key.pem");
    std::fs::write(&key_file, key).unwrap();
    let (ca, key) = (ca.to_str().unwrap(), key_file.to_str().unwrap());
    let receive = Receive::start(&["--tls-cert", ca, "--tls-key", key]);
    let url = receive.http.replace("http:", "https:");
    let report = doctor(1, &[], &[(ENDPOINT, &url)]);
    assert!(report["fix"].to_string().contains("export OTEL_EXPORTER_OTLP_CERTIFICATE="), "{report}");
    let report = doctor(1, &[], &[(ENDPOINT, &url), ("OTEL_EXPORTER_OTLP_CERTIFICATE", ca)]);
    assert!(report["findings"].to_string().contains("is for collector.example"), "{report}");
    assert!(report["fix"].to_string().contains("https://collector.example:"), "{report}");
    // Plaintext to the TLS port, and TLS to a plaintext port.
    let report = doctor(1, &[], &[(ENDPOINT, &receive.http)]);
    assert!(report["fix"].to_string().contains(&url), "{report}");
    let plain = ScriptedServer::start([]).unwrap();
    let report = doctor(1, &[], &[(ENDPOINT, &plain.url().replace("http:", "https:"))]);
    assert!(report["fix"].to_string().contains(&plain.url()), "{report}");
}

/// Long enough for any clock that a test runs by.
const LONG: ((i32, u8, u8), u32) = ((2020, 1, 1), 36_500);

#[test]
fn servers_that_want_a_certificate_get_one_or_are_told_of() {
    let authority = Authority::new();
    let ca = authority.ca();
    let server = authority.issue("server", LONG.0, LONG.1);
    let client = authority.issue("client", LONG.0, LONG.1);
    let args = ["--tls-cert", &server.cert, "--tls-key", &server.key, "--client-ca", &ca];
    let receive = Receive::start(&args);
    for (protocol, url) in [("http/protobuf", &receive.http), ("grpc", &receive.grpc)] {
        let url = url.replace("http:", "https:");
        let vars = [
            (ENDPOINT, url.as_str()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", &ca),
        ];
        let report = doctor(1, &[], &vars);
        let fix = report["fix"].to_string();
        for line in ["CLIENT_CERTIFICATE=/path/to/client.pem", "CLIENT_KEY=/path/to/client-key.pem"] {
            assert!(fix.contains(&format!("export OTEL_EXPORTER_OTLP_{line}")), "{protocol}: {report}");
        }
        let identity = [
            ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", client.cert.as_str()),
            ("OTEL_EXPORTER_OTLP_CLIENT_KEY", client.key.as_str()),
        ];
        let report = doctor(0, &[], &[&vars[..], &identity].concat());
        assert_eq!(report["healthy"], true, "{protocol}: {report}");
    }
}

#[test]
fn certificates_that_have_expired_are_told_and_so_are_those_that_soon_will() {
    let authority = Authority::new();
    let ca = authority.ca();
    let day = u32::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() / 86_400).unwrap();
    // Days from 2020 to now.
    let age = day - 18_262;
    for (name, from, days, code, words) in [
        ("old", (2020, 1, 1), 31, 1, "the certificate has expired"),
        ("soon", (2020, 1, 1), age + 5, 0, "issued by"),
        ("early", (2090, 1, 1), 365, 1, "the certificate is not valid yet"),
    ] {
        let pair = authority.issue(name, from, days);
        let receive = Receive::start(&["--tls-cert", &pair.cert, "--tls-key", &pair.key]);
        let url = receive.http.replace("http:", "https:");
        let report = doctor(code, &[], &[(ENDPOINT, &url), ("OTEL_EXPORTER_OTLP_CERTIFICATE", &ca)]);
        let findings = report["findings"].as_array().unwrap();
        let tls = findings.iter().find(|finding| finding["step"] == "tls").unwrap();
        assert!(tls["text"].as_str().unwrap().contains(words), "{report}");
        assert_eq!(tls["health"], if code == 1 { "bad" } else { "warning" }, "{name}: {report}");
    }
}
