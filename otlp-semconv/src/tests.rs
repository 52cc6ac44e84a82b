//! The façade over a few well-known conventions.

use std::string::{String, ToString as _};
use std::vec::Vec;
use std::{format, vec};

use crate::{
    Attribute, Attributes as _, Deprecated, Part, Span as _, Stability, Value, ValueType, error, http,
};

fn names(attributes: &impl crate::Attributes, part: Part) -> Vec<String> {
    let mut names = Vec::new();
    attributes.each(part, &mut |attribute: Attribute<'_>| names.push(attribute.name().to_string()));
    names
}

#[cfg(feature = "write")]
fn json(batch: &otlp_core::Batch) -> String {
    let mut out = Vec::new();
    otlp_core::json::write(batch, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_key_knows_its_convention() {
    assert_eq!(http::ROUTE.name(), "http.route");
    assert_eq!(http::ROUTE.stability(), Stability::Stable);
    assert_eq!(http::ROUTE.deprecated(), None);
    assert_eq!(http::RESPONSE_STATUS_CODE.value_type(), ValueType::Int);
    assert_eq!(http::REQUEST_METHOD.value_type(), ValueType::String);
    assert_eq!(http::request_header("accept").value_type(), ValueType::Strings);
}

#[cfg(feature = "deprecated")]
#[test]
#[allow(deprecated, reason = "it is what the test is about")]
fn a_deprecated_key_names_its_successor() {
    assert_eq!(http::CLIENT_IP.deprecated(), Some(Deprecated::Renamed("client.address")));
    assert_eq!(http::CLIENT_IP.deprecated().and_then(Deprecated::renamed_to), Some("client.address"));
    assert_eq!(Deprecated::Obsoleted.renamed_to(), None);
}

#[test]
fn enums_are_open() {
    use http::RequestMethod;
    assert_eq!(RequestMethod::from("GET"), RequestMethod::Get);
    assert_eq!(RequestMethod::from("PURGE"), RequestMethod::Other("PURGE"));
    assert_eq!(RequestMethod::from("_OTHER").as_str(), "_OTHER");
    assert_eq!(error::Type::from("timeout").as_str(), "timeout");
}

#[test]
fn keys_take_what_is_at_hand() {
    let owned = String::from("/cart");
    assert_eq!(http::ROUTE.of(&owned).value(), Value::Str("/cart"));
    assert_eq!(http::RESPONSE_STATUS_CODE.of(200).value(), Value::Int(200));
    assert_eq!(http::RESPONSE_STATUS_CODE.of(200_u16).value(), Value::Int(200));
    assert_eq!(http::RESPONSE_STATUS_CODE.of(usize::MAX).value(), Value::Int(i64::MAX));
    assert_eq!(error::TYPE.of("timeout").value(), Value::Str("timeout"));
    assert_eq!(http::REQUEST_METHOD.of(http::RequestMethod::Post).value(), Value::Str("POST"));
    assert_eq!(format!("{:?}", http::request_header("a").of(&["b"])), "http.request.header.a = [\"b\"]");
}

#[cfg(feature = "builders")]
#[test]
fn samplers_see_what_they_look_at() {
    let span =
        http::span::Server::new("GET", "/cart/7", "https").route("/cart/{id}").response_status_code(200);
    assert_eq!(names(&span, Part::Start), ["http.request.method", "url.path", "url.scheme"]);
    assert_eq!(names(&span, Part::Later), ["http.response.status_code", "http.route"]);
    assert_eq!(names(&span, Part::All).len(), 5);
}

#[cfg(feature = "builders")]
#[test]
fn names_of_spans_show_what_is_known() {
    let span = |method: &'static str| http::span::Server::new(method, "/cart/7", "https");
    assert_eq!(span("GET").name().to_string(), "GET");
    assert_eq!(span("GET").route("/cart/{id}").name().to_string(), "GET /cart/{id}");
    assert_eq!(span("_OTHER").name().to_string(), "HTTP");
    assert_eq!(span("_OTHER").route("/cart/{id}").name().to_string(), "HTTP /cart/{id}");
}

#[cfg(feature = "builders")]
#[test]
fn setters_take_options_and_templates() {
    let none: Option<&str> = None;
    let headers = [("accept", &["text/html"][..]), ("te", &["trailers"])];
    let span = http::span::Client::new("GET", "shop", 443_u16, "https://shop/")
        .error_type(none)
        .network_peer_port(Some(8443))
        .request_header(&headers);
    let expected = [
        "http.request.method",
        "server.address",
        "server.port",
        "url.full",
        "http.request.header.accept",
        "http.request.header.te",
        "network.peer.port",
    ];
    assert_eq!(names(&span, Part::All), expected);
    assert_eq!(names(&span.network_peer_port(None::<i64>), Part::All).len(), 6);
}

#[cfg(feature = "builders")]
#[test]
fn a_builder_shows_its_attributes() {
    let service = crate::service::entity::Service::new("shop").version("1");
    assert_eq!(format!("{service:?}"), "Service{service.name = \"shop\", service.version = \"1\"}");
}

#[cfg(feature = "builders")]
#[test]
fn a_database_span_pins_its_system() {
    let span = crate::db::span::PostgresqlClient::new().operation_name("SELECT").collection_name("carts");
    let mut pinned = vec![];
    span.each(Part::Start, &mut |attribute: Attribute<'_>| {
        if attribute.key() == "db.system.name" {
            pinned.push(format!("{:?}", attribute.value()));
        }
    });
    assert_eq!(pinned, ["\"postgresql\""]);
    assert_eq!(span.name().to_string(), "SELECT carts");
}

#[cfg(feature = "write")]
#[test]
fn nested_values_and_long_names_are_written() {
    use otlp_core::trace::TracesWriter;

    let mut writer = TracesWriter::new();
    let mut resource = writer.resource(|_| {});
    let mut scope = resource.scope("", "");
    let mut span = scope.span();
    let long = "x".repeat(300);
    for name in ["short", &long] {
        http::request_header(name).of(&["a", "b"]).write_to(&mut span);
    }
    let inner = [("role", Value::Str("user")), ("parts", Value::Array(&[Value::Int(1), Value::Empty]))];
    Attribute::new("messages", Value::Array(&[Value::Map(&inner)])).write_to(&mut span);
    let batch = writer.finish();
    let text = json(&batch);
    assert!(text.contains("\"http.request.header.short\"") && text.contains(&long), "{text}");
    let messages = r#"{"key":"messages","value":{"arrayValue":{"values":[{"kvlistValue":{"values":[{"key":"role","value":{"stringValue":"user"}},{"key":"parts","value":{"arrayValue":{"values":[{"intValue":"1"},{}]}}}]}}]}}}"#;
    assert!(text.contains(messages), "{text}");
}

#[cfg(all(feature = "write", feature = "builders"))]
#[test]
fn an_entity_says_what_identifies_it() {
    use crate::Entity as _;
    use otlp_core::logs::LogsWriter;

    let mut writer = LogsWriter::new();
    writer.resource(|resource| crate::service::entity::Service::new("shop").version("1").describe(resource));
    let text = json(&writer.finish());
    assert!(text.contains(r#""type":"service""#) && text.contains(r#""idKeys":["service.name"]"#), "{text}");
    assert!(text.contains(r#""descriptionKeys":["service.version"]"#), "{text}");
}

#[cfg(all(feature = "opentelemetry", feature = "builders"))]
#[test]
fn key_values_carry_types() {
    use crate::KeyValues as _;
    let headers = [("te", &["trailers"][..])];
    let span =
        http::span::Server::new("GET", "/", "https").response_status_code(404).request_header(&headers);
    let later = span.key_values(Part::Later);
    assert_eq!(later[0].value, opentelemetry::Value::I64(404));
    let all = span.key_values(Part::All);
    assert!(all.iter().any(|pair| pair.key.as_str() == "http.request.header.te"));
}
