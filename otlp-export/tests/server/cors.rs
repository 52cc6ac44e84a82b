//! Pages of listed origins may send, others may not.

use otlp_core::Batch;
use otlp_export::{Peer, Running, Server, ServerLimits, Verdict};

use crate::client::{JSON, LOCAL, Reply, request, send, start};

const SHOP: &str = "https://shop.example";

async fn server() -> Running {
    Server::builder(|_: Batch, _: &Peer| Verdict::retry_after(std::time::Duration::from_secs(2)))
        .http(LOCAL.parse().unwrap())
        .bearer("s3cret")
        .cors([SHOP, "http://localhost:5173"])
        .start()
        .await
        .unwrap()
}

async fn preflight(server: &Running, origin: &str) -> Reply {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type,x-tenant"),
    ];
    send(server.http_addr().unwrap(), request("OPTIONS", "/v1/traces", &headers, "")).await
}

#[tokio::test]
async fn a_preflight_of_a_listed_origin_gets_leave_without_a_token() {
    let server = server().await;
    for origin in [SHOP, "http://localhost:5173"] {
        let reply = preflight(&server, origin).await;
        assert_eq!((reply.code, reply.body.len()), (204, 0));
        assert_eq!(reply.header("access-control-allow-origin"), origin);
        assert_eq!(reply.header("access-control-allow-methods"), "POST");
        assert_eq!(reply.header("access-control-allow-headers"), "authorization,content-type,x-tenant");
        assert_eq!(reply.header("access-control-max-age"), "7200");
        assert!(reply.header("vary").contains("origin") && reply.header("vary").contains("request-headers"));
        assert_eq!(reply.header("access-control-allow-credentials"), "");
    }
}

#[tokio::test]
async fn others_get_no_leave() {
    let server = server().await;
    for origin in
        ["https://evil.example", "https://shop.example.evil.example", "http://shop.example", "null", "*"]
    {
        let reply = preflight(&server, origin).await;
        assert_eq!(reply.code, 204, "{origin}");
        for name in
            ["access-control-allow-origin", "access-control-allow-methods", "access-control-allow-headers"]
        {
            assert_eq!(reply.header(name), "", "{origin}");
        }
        assert!(reply.header("vary").contains("origin"));
    }
}

#[tokio::test]
async fn answers_and_refusals_are_marked_for_listed_origins_only() {
    let server = server().await;
    let token = ("authorization", "Bearer s3cret");
    for (origin, marked) in [(SHOP, SHOP), ("https://evil.example", "")] {
        let body = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}"#;
        for (headers, code) in [
            (&[("content-type", JSON), ("origin", origin), token][..], 503),
            (&[("content-type", JSON), ("origin", origin)], 401),
        ] {
            let reply = send(server.http_addr().unwrap(), request("POST", "/v1/traces", headers, body)).await;
            assert_eq!(reply.code, code);
            assert_eq!(reply.header("access-control-allow-origin"), marked);
            assert_eq!(reply.header("vary"), "origin");
        }
    }
    // Without an origin nothing is marked, but a cache is told that it would matter.
    let reply = send(server.http_addr().unwrap(), request("POST", "/v1/traces", &[token], "{}")).await;
    assert_eq!((reply.header("access-control-allow-origin"), reply.header("vary")), ("", "origin"));
}

#[tokio::test]
async fn without_a_list_options_is_a_wrong_method() {
    let server = start(|_: Batch, _: &Peer| Verdict::Accepted, ServerLimits::default()).await;
    let reply = preflight(&server, SHOP).await;
    assert_eq!((reply.code, reply.header("allow"), reply.header("vary")), (405, "POST", ""));
    assert_eq!(reply.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn an_options_request_that_is_no_preflight_is_a_wrong_method_too() {
    let server = server().await;
    let reply =
        send(server.http_addr().unwrap(), request("OPTIONS", "/v1/traces", &[("origin", SHOP)], "")).await;
    assert_eq!((reply.code, reply.header("access-control-allow-origin")), (405, SHOP));
}
