//! `google.rpc.Status` with the two details that OTLP uses.

use std::time::Duration;

use prost::Message as _;

use super::{RpcError, delay};
use crate::json::{Fault, JsonErrorKind, Lexer, Read, Step, number, write_string};
use crate::proto::rpc::{Any, BadRequest, RetryInfo, Status as Proto, bad_request};

const NAME: &str = "google.rpc.Status";
const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";
const BAD_REQUEST: &str = "type.googleapis.com/google.rpc.BadRequest";

/// `google.rpc.Status`: why a request was refused.
///
/// Details other than `RetryInfo` and `BadRequest` are ignored when reading.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// gRPC code, 0 to 16. Over HTTP it may be absent (0), and a client must not act on it (rule H9).
    pub code: i32,
    /// For developers, in English.
    pub message: String,
    /// Present when `RetryInfo` is: the request may be sent again after this delay, which may be zero.
    pub retry_delay: Option<Duration>,
    /// What `BadRequest` lists: the fields that made the request invalid.
    pub violations: Vec<FieldViolation>,
}

/// One entry of `google.rpc.BadRequest`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldViolation {
    /// Path of the field, such as `resource_spans[0].scope_spans[1].spans[3].trace_id`.
    pub field: String,
    /// Why the value is bad, in English.
    pub description: String,
}

impl Status {
    /// A status without details.
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), ..Self::default() }
    }

    /// Adds `RetryInfo`.
    #[must_use]
    pub fn with_retry_delay(mut self, delay: Duration) -> Self {
        self.retry_delay = Some(delay);
        self
    }

    /// Adds an entry to `BadRequest`.
    #[must_use]
    pub fn with_violation(mut self, field: impl Into<String>, description: impl Into<String>) -> Self {
        self.violations.push(FieldViolation { field: field.into(), description: description.into() });
        self
    }

    /// The message in protobuf.
    pub fn encode(&self) -> Vec<u8> {
        let mut details = Vec::new();
        if let Some(delay) = self.retry_delay {
            let value = RetryInfo { retry_delay: Some(delay::encode(delay)) }.encode_to_vec();
            details.push(Any { type_url: RETRY_INFO.to_owned(), value });
        }
        if !self.violations.is_empty() {
            let violation = |violation: &FieldViolation| bad_request::FieldViolation {
                field: violation.field.clone(),
                description: violation.description.clone(),
                ..Default::default()
            };
            let value = BadRequest { field_violations: self.violations.iter().map(violation).collect() }
                .encode_to_vec();
            details.push(Any { type_url: BAD_REQUEST.to_owned(), value });
        }
        Proto { code: self.code, message: self.message.clone(), details }.encode_to_vec()
    }

    /// Reads protobuf; a detail that cannot be read is ignored like one that is not known.
    ///
    /// # Errors
    /// When `bytes` are not a `google.rpc.Status`.
    pub fn decode(bytes: &[u8]) -> Result<Self, RpcError> {
        let proto = Proto::decode(bytes)
            .map_err(|error| RpcError::Protobuf { message: NAME, source: Box::new(error) })?;
        let mut status = Self::new(proto.code, proto.message);
        for Any { type_url, value } in proto.details {
            if same_type(&type_url, RETRY_INFO) {
                if let Ok(info) = RetryInfo::decode(value.as_slice()) {
                    status.retry_delay = Some(info.retry_delay.map_or(Duration::ZERO, delay::decode));
                }
            } else if same_type(&type_url, BAD_REQUEST)
                && let Ok(bad) = BadRequest::decode(value.as_slice())
            {
                status.violations.extend(bad.field_violations.into_iter().map(|violation| FieldViolation {
                    field: violation.field,
                    description: violation.description,
                }));
            }
        }
        Ok(status)
    }

    /// The message in JSON, as ProtoJSON has it.
    pub fn to_json(&self) -> String {
        let mut out = format!("{{\"code\":{},\"message\":{}", self.code, quoted(&self.message));
        let mut details = Vec::new();
        if let Some(delay) = self.retry_delay {
            details
                .push(format!("{{\"@type\":\"{RETRY_INFO}\",\"retryDelay\":\"{}\"}}", delay::to_text(delay)));
        }
        if !self.violations.is_empty() {
            let violations: Vec<_> = self
                .violations
                .iter()
                .map(|FieldViolation { field, description }| {
                    format!("{{\"field\":{},\"description\":{}}}", quoted(field), quoted(description))
                })
                .collect();
            details.push(format!(
                "{{\"@type\":\"{BAD_REQUEST}\",\"fieldViolations\":[{}]}}",
                violations.join(",")
            ));
        }
        if !details.is_empty() {
            out.push_str(&format!(",\"details\":[{}]", details.join(",")));
        }
        out.push('}');
        out
    }

    /// Reads JSON; unknown keys and details are ignored, `null` is absent.
    ///
    /// # Errors
    /// When `bytes` are not JSON, or a known key holds a value of the wrong type.
    pub fn from_json(bytes: &[u8]) -> Result<Self, RpcError> {
        read(bytes).map_err(|fault| RpcError::Json { message: NAME, source: fault.locate(bytes) })
    }
}

fn quoted(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    write_string(&mut out, text.as_bytes());
    String::from_utf8(out).unwrap_or_default()
}

/// Type URLs agree in what follows the last slash; any host may stand in front.
fn same_type(url: &str, known: &str) -> bool {
    let name = |url: &str| url.rsplit_once('/').map_or(url.len(), |(_, name)| name.len());
    url.len() > name(url) && url[url.len() - name(url)..] == known[known.len() - name(known)..]
}

fn read(bytes: &[u8]) -> Read<Status> {
    let mut lexer = Lexer::new(bytes)?;
    let mut status = Status::default();
    lexer.open_object()?;
    let mut first = true;
    while let Some(key) = lexer.key(&mut first)? {
        if lexer.null()? {
            continue;
        }
        match &*key {
            "code" => status.code = code(&mut lexer).map_err(|fault| fault.inside(Step::Field("code")))?,
            "message" => {
                let message = lexer.string().map_err(|fault| fault.inside(Step::Field("message")))?;
                status.message = message.into_owned();
            }
            "details" => {
                details(&mut lexer, &mut status).map_err(|fault| fault.inside(Step::Field("details")))?;
            }
            _ => lexer.skip()?,
        }
    }
    lexer.finish()?;
    Ok(status)
}

fn code(lexer: &mut Lexer<'_>) -> Read<i32> {
    let quoted = lexer.peek()? == b'"';
    let offset = lexer.offset();
    let text = if quoted { lexer.string()? } else { lexer.number()?.into() };
    let value = if number::is_number(&text) { number::integer(&text) } else { None };
    value
        .and_then(|value| value.try_into().ok())
        .ok_or_else(|| Fault::new(JsonErrorKind::Value, offset, "expected a 32-bit integer"))
}

fn details(lexer: &mut Lexer<'_>, status: &mut Status) -> Read<()> {
    lexer.open_array()?;
    let (mut first, mut index) = (true, 0);
    while lexer.element(&mut first)? {
        if !lexer.null()? {
            detail(lexer, status).map_err(|fault| fault.inside(Step::Index(index)))?;
        }
        index += 1;
    }
    Ok(())
}

/// One `Any`. Its `@type` may stand behind the fields that it explains, so it is looked for first.
fn detail(lexer: &mut Lexer<'_>, status: &mut Status) -> Read<()> {
    let mut ahead = lexer.clone();
    let mut url = String::new();
    ahead.open_object()?;
    let mut first = true;
    while let Some(key) = ahead.key(&mut first)? {
        if key == "@type" && ahead.peek()? == b'"' {
            url = ahead.string()?.into_owned();
        } else {
            ahead.skip()?;
        }
    }
    let retry = same_type(&url, RETRY_INFO);
    if retry {
        status.retry_delay = Some(Duration::ZERO);
    }
    lexer.open_object()?;
    let mut first = true;
    while let Some(key) = lexer.key(&mut first)? {
        match &*key {
            _ if lexer.null()? => {}
            "retryDelay" if retry => {
                let delay = retry_delay(lexer).map_err(|fault| fault.inside(Step::Field("retryDelay")))?;
                status.retry_delay = Some(delay);
            }
            "fieldViolations" if same_type(&url, BAD_REQUEST) => {
                violations(lexer, status).map_err(|fault| fault.inside(Step::Field("fieldViolations")))?;
            }
            _ => lexer.skip()?,
        }
    }
    Ok(())
}

fn retry_delay(lexer: &mut Lexer<'_>) -> Read<Duration> {
    lexer.peek()?;
    let offset = lexer.offset();
    let text = lexer.string()?;
    delay::from_text(&text).ok_or_else(|| {
        Fault::new(
            JsonErrorKind::Value,
            offset,
            "expected seconds with at most 9 decimals and an s, such as \"1.5s\"",
        )
    })
}

fn violations(lexer: &mut Lexer<'_>, status: &mut Status) -> Read<()> {
    lexer.open_array()?;
    let (mut first, mut index) = (true, 0);
    while lexer.element(&mut first)? {
        let violation = violation(lexer).map_err(|fault| fault.inside(Step::Index(index)))?;
        status.violations.push(violation);
        index += 1;
    }
    Ok(())
}

fn violation(lexer: &mut Lexer<'_>) -> Read<FieldViolation> {
    let mut violation = FieldViolation::default();
    lexer.open_object()?;
    let mut first = true;
    while let Some(key) = lexer.key(&mut first)? {
        match &*key {
            _ if lexer.null()? => {}
            "field" => violation.field = lexer.string()?.into_owned(),
            "description" => violation.description = lexer.string()?.into_owned(),
            _ => lexer.skip()?,
        }
    }
    Ok(violation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Status {
        Status::new(8, "over \"quota\"\n")
            .with_retry_delay(Duration::from_millis(1500))
            .with_violation("resource_spans[0]", "too large")
            .with_violation("", "")
    }

    #[test]
    fn round_trips() {
        for status in [Status::default(), Status::new(-1, "é"), full()] {
            assert_eq!(Status::decode(&status.encode()).unwrap(), status);
            assert_eq!(Status::from_json(status.to_json().as_bytes()).unwrap(), status);
        }
    }

    #[test]
    fn json_as_protojson_has_it() {
        assert_eq!(
            full().to_json(),
            "{\"code\":8,\"message\":\"over \\\"quota\\\"\\n\",\"details\":[\
             {\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\"1.500s\"},\
             {\"@type\":\"type.googleapis.com/google.rpc.BadRequest\",\"fieldViolations\":[\
             {\"field\":\"resource_spans[0]\",\"description\":\"too large\"},{\"field\":\"\",\"description\":\"\"}]}]}"
        );
        assert_eq!(Status::default().to_json(), "{\"code\":0,\"message\":\"\"}");
    }

    #[test]
    fn unknown_details_are_ignored_and_retry_info_without_a_delay_counts() {
        let any = |url: &str, value: &[u8]| Any { type_url: url.to_owned(), value: value.to_vec() };
        let proto = Proto {
            code: 8,
            details: vec![
                any("type.googleapis.com/google.rpc.DebugInfo", b"\xff"),
                any("example.com/google.rpc.RetryInfo", b""),
                any(BAD_REQUEST, b"\xff"),
                any("google.rpc.RetryInfo", b"\x0a\x02\x08\x09"),
                any("", b""),
                any("/", b""),
            ],
            ..Default::default()
        };
        let status = Status::decode(&proto.encode_to_vec()).unwrap();
        assert_eq!(status, Status::new(8, "").with_retry_delay(Duration::ZERO));
        assert!(Status::decode(b"\x0a").is_err());
    }

    #[test]
    fn lenient_json() {
        let text = r#" {"details":[null,{"retryDelay":"2s","x":[{}],"@type":"x/google.rpc.RetryInfo"},
            {"@type":"x/y","retryDelay":7,"fieldViolations":1},{},
            {"@type":"x/google.rpc.BadRequest","fieldViolations":[{"field":"a","reason":"r","description":null}]}],
            "code":"3","message":null,"extra":{"a":[1]}} "#;
        let status = Status::from_json(text.as_bytes()).unwrap();
        let expected = Status::new(3, "").with_retry_delay(Duration::from_secs(2)).with_violation("a", "");
        assert_eq!(status, expected);
        assert_eq!(Status::from_json(b"{}").unwrap(), Status::default());
    }

    #[test]
    fn errors_say_where() {
        let error = |text: &str| Status::from_json(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(
            error("{\"code\":1.5}"),
            "the answer is not a google.rpc.Status in JSON: line 1, column 9: code: expected a 32-bit integer"
        );
        let text = "{\"details\":[{\"@type\":\"/google.rpc.RetryInfo\",\"retryDelay\":\"1\"}]}";
        assert!(error(text).contains("details[0].retryDelay: expected seconds"), "{}", error(text));
        for bad in
            ["", "[]", "<html>", "{} x", "{\"message\":7}", "{\"code\":99999999999}", "{\"details\":{}}"]
        {
            assert!(Status::from_json(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
