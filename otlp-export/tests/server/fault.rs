//! What OTLP/HTTP clients get for bad requests: the right code, a `Status` in their encoding, and nothing else is harmed.

use otlp_compress::{Codec, Level, compress};
use otlp_core::Batch;
use otlp_export::{Peer, Refusal, Running, Server, ServerLimits, Verdict};

use crate::client::{JSON, LOCAL, PROTOBUF, Reply, field, post, raw, request, send, spans, spans_of, start};

async fn server() -> Running {
    start(|_: Batch, _: &Peer| Verdict::Accepted, ServerLimits::default()).await
}

/// The server still does its work.
async fn unharmed(server: &Running) {
    let reply =
        post(server.http_addr().unwrap(), "/v1/traces", &[("content-type", PROTOBUF)], spans(1)).await;
    assert_eq!(reply.code, 200);
}

fn check(reply: &Reply, code: u16, content_type: &str, words: &[&str]) {
    assert_eq!((reply.code, reply.header("content-type")), (code, content_type), "{reply:?}");
    let message = reply.status().message;
    for word in words {
        assert!(message.contains(word), "{message:?} lacks {word:?}");
    }
}

#[tokio::test]
async fn h9_wrong_method_and_path() {
    let server = server().await;
    let address = server.http_addr().unwrap();
    let reply = send(address, request("GET", "/v1/traces", &[], "")).await;
    check(&reply, 405, JSON, &["GET", "POST"]);
    assert_eq!(reply.header("allow"), "POST");
    for path in ["/", "/v1/profiles", "/v1/traces/", "/v1/TRACES"] {
        let reply = post(address, path, &[("content-type", PROTOBUF)], spans(1)).await;
        check(&reply, 404, PROTOBUF, &[path, "/v1/traces", "/v1development/profiles"]);
    }
    assert_eq!(server.stats().refused(Refusal::NotFound), 5);
    let query = post(address, "/v1/traces?tenant=blue", &[("content-type", PROTOBUF)], spans(1)).await;
    assert_eq!(query.code, 200);
    unharmed(&server).await;
}

#[tokio::test]
async fn h1_h9_unknown_content_types_name_the_accepted_ones_in_json() {
    let server = server().await;
    let address = server.http_addr().unwrap();
    for given in ["text/plain", "application/protobuf", "application/grpc-web", "application/x-protobuf2"] {
        let reply = post(address, "/v1/traces", &[("content-type", given)], spans(1)).await;
        check(&reply, 415, JSON, &[given, "application/x-protobuf", "application/json"]);
    }
    check(&post(address, "/v1/logs", &[], "{}").await, 415, JSON, &["missing", "application/x-protobuf"]);
    let answer = raw(
        address,
        b"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: \xff\xfe\r\ncontent-length: 0\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 415"), "{answer}");
    assert_eq!(server.stats().refused(Refusal::ContentType), 6);
    unharmed(&server).await;
}

#[tokio::test]
async fn unknown_codings_name_the_accepted_ones() {
    let server = server().await;
    for given in ["br", "compress", "exi", "x-lz4", "gzip, gzip", "none"] {
        for content_type in [PROTOBUF, JSON] {
            let headers = [("content-type", content_type), ("content-encoding", given)];
            // Raw bytes that would parse must not slip through (as they do elsewhere).
            let reply = post(server.http_addr().unwrap(), "/v1/traces", &headers, "").await;
            check(&reply, 415, content_type, &[given, "gzip"]);
            assert!(reply.header("accept-encoding").contains("gzip"));
        }
    }
    assert_eq!(server.stats().refused(Refusal::ContentCoding), 12);
    unharmed(&server).await;
}

#[tokio::test]
async fn h10_bodies_that_do_not_decompress() {
    let server = server().await;
    for &codec in Codec::supported().iter().filter(|&&codec| codec != Codec::Identity) {
        let headers = [("content-type", PROTOBUF), ("content-encoding", codec.content_coding())];
        let whole = compress(codec, Level::Default, &spans(100)).unwrap();
        let name = codec.content_coding();
        let address = server.http_addr().unwrap();
        let garbage = post(address, "/v1/traces", &headers, "this is not compressed").await;
        check(&garbage, 400, PROTOBUF, &["does not decompress", name, "offset"]);
        let truncated = post(address, "/v1/traces", &headers, whole.slice(..whole.len() / 2)).await;
        check(&truncated, 400, PROTOBUF, &["does not decompress", name, "offset"]);
        if !matches!(codec, Codec::Gzip | Codec::Zstd | Codec::Lz4) {
            continue;
        }
        let trailing = post(address, "/v1/traces", &headers, [&whole[..], b"trailing"].concat()).await;
        check(&trailing, 400, PROTOBUF, &["does not decompress", name]);
        let twice = post(address, "/v1/traces", &headers, [&whole[..], &whole[..]].concat()).await;
        assert_eq!(twice.code, 200, "{name}: members and frames may follow each other");
    }
    unharmed(&server).await;
}

#[tokio::test]
async fn h10_bad_protobuf_names_the_place() {
    let server = server().await;
    let mut cut = spans(2);
    cut.truncate(cut.len() - 1);
    let text = field(5, b"\xff");
    let deep = (0..200).fold(Vec::new(), |inner, _| field(5, &field(1, &inner)));
    let cases: [(&str, Vec<u8>, &[&str]); 4] = [
        ("truncated", cut, &["resource_spans[0]", "byte 1"]),
        ("not UTF-8", spans_of(&field(2, &text)), &["spans[0].name", "UTF-8", "byte"]),
        ("garbage", b"\xff\xff\xff\xff".to_vec(), &["byte 0"]),
        ("deep", spans_of(&field(2, &field(9, &field(2, &deep)))), &["spans[0].attributes[0].value", "100"]),
    ];
    for (name, body, words) in cases {
        let reply =
            post(server.http_addr().unwrap(), "/v1/traces", &[("content-type", PROTOBUF)], body).await;
        check(&reply, 400, PROTOBUF, words);
        let status = reply.status();
        assert_eq!((status.code, status.violations.len()), (3, 1), "{name}");
        assert!(status.retry_delay.is_none());
    }
    assert_eq!(server.stats().refused(Refusal::Malformed), 4);
    unharmed(&server).await;
}

#[tokio::test]
async fn profiles_in_an_older_layout_are_named_not_misread() {
    let server = server().await;
    // A 16-byte profile id in field 8, where OTLP 1.8 had it and nothing of the kind stands now.
    let old = field(1, &field(2, &field(2, &field(8, &[0; 16]))));
    let reply =
        post(server.http_addr().unwrap(), "/v1development/profiles", &[("content-type", PROTOBUF)], old)
            .await;
    check(&reply, 400, PROTOBUF, &["OTLP 1.8", "layout"]);
    unharmed(&server).await;
}

#[tokio::test]
async fn h10_bad_json_names_line_and_field() {
    let server = server().await;
    let deep = format!("{{\"resourceSpans\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
    for (body, words) in [
        ("{\"resourceSpans\":[\n {\"schemaUrl\":7}]}", &["line 2", "resourceSpans[0].schemaUrl"][..]),
        ("{", &["line 1"]),
        ("garbage", &["line 1, column 1"]),
        (deep.as_str(), &["line 1"]),
        ("{\"resourceSpans\":\"\u{fffd}", &["line 1"]),
    ] {
        let reply =
            post(server.http_addr().unwrap(), "/v1/traces", &[("content-type", JSON)], body.to_owned()).await;
        check(&reply, 400, JSON, words);
        assert_eq!(reply.status().violations.len(), 1);
    }
    let binary = post(server.http_addr().unwrap(), "/v1/traces", &[("content-type", JSON)], spans(1)).await;
    check(&binary, 400, JSON, &["line"]);
    unharmed(&server).await;
}

#[tokio::test]
async fn a_panic_of_the_receiver_harms_one_request_only() {
    let receiver = |batch: Batch, _: &Peer| {
        assert!(batch.items() != 13, "thirteen");
        Verdict::Accepted
    };
    let server = start(receiver, ServerLimits::default()).await;
    let bodies = [spans(13), spans(1), spans(13), spans(2)];
    let requests = bodies
        .map(|body| request("POST", "/v1/traces", &[("content-type", PROTOBUF)], body))
        .into_iter()
        .collect();
    let stream = tokio::net::TcpStream::connect(server.http_addr().unwrap()).await.unwrap();
    let replies = crate::client::http1(stream, requests).await;
    assert_eq!(replies.iter().map(|reply| reply.code).collect::<Vec<_>>(), [500, 200, 500, 200]);
    check(&replies[0], 500, PROTOBUF, &["receiver failed"]);
    assert!(!replies[0].status().message.contains("thirteen"));
    assert_eq!(server.stats().refused(Refusal::Internal), 2);
}

#[tokio::test]
async fn without_the_token_nothing_is_received() {
    let server = Server::builder(|_: Batch, _: &Peer| Verdict::Accepted)
        .http(LOCAL.parse().unwrap())
        .bearer("s3cret")
        .start()
        .await
        .unwrap();
    let address = server.http_addr().unwrap();
    for headers in [
        &[("content-type", PROTOBUF)][..],
        &[("content-type", PROTOBUF), ("authorization", "Bearer wrong")],
        &[("content-type", PROTOBUF), ("authorization", "Basic s3cret")],
    ] {
        let reply = post(address, "/v1/traces", headers, spans(1)).await;
        check(&reply, 401, PROTOBUF, &["token"]);
        assert_eq!((reply.header("www-authenticate"), reply.status().code), ("Bearer", 16));
        assert!(!reply.status().message.contains("s3cret"));
    }
    let headers = [("content-type", PROTOBUF), ("authorization", "bearer s3cret")];
    assert_eq!(post(address, "/v1/traces", &headers, spans(1)).await.code, 200);
    assert_eq!(server.stats().refused(Refusal::Unauthenticated), 3);
}

#[tokio::test]
async fn garbage_on_the_port_ends_its_connection_only() {
    let server = server().await;
    let address = server.http_addr().unwrap();
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"GET\r\n\r\n",
        b"POST /v1/traces HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"",
    ] {
        let answer = raw(address, garbage).await;
        assert!(!answer.contains("200"), "{answer}");
        unharmed(&server).await;
    }
}
