//! `Export*ServiceResponse`: all four signals' messages differ in the name of one field only.

use super::RpcError;
use crate::Signal;
use crate::json::{Fault, JsonErrorKind, Lexer, Read, Step, number, write_string};
use crate::wire::{VARINT, put_key, put_len, put_varint};

/// What a server says about a request that it took, in full or in part.
///
/// The default, nothing rejected and no message, is full success: `partial_success` stays unset then (rule G9), and an
/// empty one reads as unset (rule G11).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportResponse {
    /// Items that were not stored: spans, data points, log records or profiles. A client must not send them again.
    pub rejected: u64,
    /// Why, in English; with nothing rejected it is a warning.
    pub message: String,
}

impl ExportResponse {
    /// Some items were rejected, or there is a warning.
    pub fn partial(rejected: u64, message: impl Into<String>) -> Self {
        Self { rejected, message: message.into() }
    }

    /// Whether everything was taken without a word.
    pub const fn is_accepted(&self) -> bool {
        self.rejected == 0 && self.message.is_empty()
    }

    /// The message in protobuf, the same for each signal; empty for full success.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.is_accepted() {
            let mut partial = Vec::with_capacity(self.message.len() + 16);
            if self.rejected > 0 {
                put_key(&mut partial, 1, VARINT);
                put_varint(&mut partial, self.rejected.min(i64::MAX as u64));
            }
            if !self.message.is_empty() {
                put_len(&mut partial, 2, self.message.as_bytes());
            }
            put_len(&mut out, 1, &partial);
        }
        out
    }

    /// Reads protobuf; a negative count reads as 0.
    ///
    /// # Errors
    /// When `bytes` are not the signal's `Export*ServiceResponse`.
    pub fn decode(signal: Signal, bytes: &[u8]) -> Result<Self, RpcError> {
        macro_rules! decode {
            ($module:ident :: $version:ident, $response:ident, $rejected:ident) => {{
                use crate::proto::collector::$module::$version::$response;
                <$response as prost::Message>::decode(bytes).map(|response| {
                    response
                        .partial_success
                        .map_or((0, String::new()), |partial| (partial.$rejected, partial.error_message))
                })
            }};
        }
        let decoded = match signal {
            Signal::Traces => decode!(trace::v1, ExportTraceServiceResponse, rejected_spans),
            Signal::Metrics => decode!(metrics::v1, ExportMetricsServiceResponse, rejected_data_points),
            Signal::Logs => decode!(logs::v1, ExportLogsServiceResponse, rejected_log_records),
            Signal::Profiles => {
                decode!(profiles::v1development, ExportProfilesServiceResponse, rejected_profiles)
            }
        };
        match decoded {
            Ok((rejected, message)) => Ok(Self { rejected: rejected.max(0) as u64, message }),
            Err(error) => Err(RpcError::Protobuf { message: name(signal), source: Box::new(error) }),
        }
    }

    /// The message in JSON; `{}` for full success.
    pub fn to_json(&self, signal: Signal) -> String {
        if self.is_accepted() {
            return "{}".to_owned();
        }
        let mut fields = Vec::new();
        if self.rejected > 0 {
            fields.push(format!("\"{}\":\"{}\"", rejected_key(signal), self.rejected.min(i64::MAX as u64)));
        }
        if !self.message.is_empty() {
            let mut message = b"\"errorMessage\":".to_vec();
            write_string(&mut message, self.message.as_bytes());
            fields.push(String::from_utf8(message).unwrap_or_default());
        }
        format!("{{\"partialSuccess\":{{{}}}}}", fields.join(","))
    }

    /// Reads JSON: the count as number or string, unknown keys ignored, `null` absent, a negative count as 0.
    ///
    /// # Errors
    /// When `bytes` are not JSON, or a known key holds a value of the wrong type.
    pub fn from_json(signal: Signal, bytes: &[u8]) -> Result<Self, RpcError> {
        let read = || {
            let mut lexer = Lexer::new(bytes)?;
            let mut response = Self::default();
            lexer.open_object()?;
            let mut first = true;
            while let Some(key) = lexer.key(&mut first)? {
                match &*key {
                    _ if lexer.null()? => {}
                    "partialSuccess" => partial_success(&mut lexer, signal, &mut response)
                        .map_err(|fault| fault.inside(Step::Field("partialSuccess")))?,
                    _ => lexer.skip()?,
                }
            }
            lexer.finish()?;
            Ok(response)
        };
        read().map_err(|fault: Box<Fault>| RpcError::Json {
            message: name(signal),
            source: fault.locate(bytes),
        })
    }
}

const fn name(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "ExportTraceServiceResponse",
        Signal::Metrics => "ExportMetricsServiceResponse",
        Signal::Logs => "ExportLogsServiceResponse",
        Signal::Profiles => "ExportProfilesServiceResponse",
    }
}

const fn rejected_key(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "rejectedSpans",
        Signal::Metrics => "rejectedDataPoints",
        Signal::Logs => "rejectedLogRecords",
        Signal::Profiles => "rejectedProfiles",
    }
}

fn partial_success(lexer: &mut Lexer<'_>, signal: Signal, response: &mut ExportResponse) -> Read<()> {
    let rejected_key = rejected_key(signal);
    lexer.open_object()?;
    let mut first = true;
    while let Some(key) = lexer.key(&mut first)? {
        if lexer.null()? {
        } else if key == rejected_key {
            response.rejected = count(lexer).map_err(|fault| fault.inside(Step::Field(rejected_key)))?;
        } else if key == "errorMessage" {
            let message = lexer.string().map_err(|fault| fault.inside(Step::Field("errorMessage")))?;
            response.message = message.into_owned();
        } else {
            lexer.skip()?;
        }
    }
    Ok(())
}

fn count(lexer: &mut Lexer<'_>) -> Read<u64> {
    let quoted = lexer.peek()? == b'"';
    let offset = lexer.offset();
    let text = if quoted { lexer.string()? } else { lexer.number()?.into() };
    let value = if number::is_number(&text) { number::integer(&text) } else { None };
    value
        .and_then(|value| i64::try_from(value).ok())
        .map(|value| value.max(0) as u64)
        .ok_or_else(|| Fault::new(JsonErrorKind::Value, offset, "expected a 64-bit integer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips() {
        for signal in Signal::ALL {
            for response in [
                ExportResponse::default(),
                ExportResponse::partial(3, "no \"id\""),
                ExportResponse::partial(0, "warning"),
                ExportResponse::partial(i64::MAX as u64, ""),
            ] {
                assert_eq!(ExportResponse::decode(signal, &response.encode()).unwrap(), response);
                let json = response.to_json(signal);
                assert_eq!(ExportResponse::from_json(signal, json.as_bytes()).unwrap(), response, "{json}");
            }
        }
    }

    #[test]
    fn full_success_is_unset() {
        let accepted = ExportResponse::default();
        assert!(accepted.encode().is_empty());
        assert_eq!(accepted.to_json(Signal::Logs), "{}");
        assert!(ExportResponse::decode(Signal::Logs, b"\x0a\x00").unwrap().is_accepted());
        assert!(ExportResponse::from_json(Signal::Logs, b"{\"partialSuccess\":{}}").unwrap().is_accepted());
    }

    #[test]
    fn json_names_the_signal() {
        let json = |signal| ExportResponse::partial(3, "x").to_json(signal);
        assert_eq!(
            json(Signal::Traces),
            "{\"partialSuccess\":{\"rejectedSpans\":\"3\",\"errorMessage\":\"x\"}}"
        );
        assert!(json(Signal::Metrics).contains("rejectedDataPoints"));
        assert!(json(Signal::Logs).contains("rejectedLogRecords"));
        assert!(json(Signal::Profiles).contains("rejectedProfiles"));
    }

    #[test]
    fn lenient_json() {
        let read = |text: &str| ExportResponse::from_json(Signal::Traces, text.as_bytes());
        for text in [
            r#"{"partialSuccess":{"rejectedSpans":3,"errorMessage":"x"}}"#,
            r#"{"a":[{}],"partialSuccess":{"rejectedSpans":"3","b":1,"errorMessage":"x","rejectedLogRecords":{}}}"#,
            r#"{"partialSuccess":{"rejectedSpans":3.0,"errorMessage":"x"}}"#,
        ] {
            assert_eq!(read(text).unwrap(), ExportResponse::partial(3, "x"), "{text}");
        }
        assert!(read(r#"{"partialSuccess":null}"#).unwrap().is_accepted());
        assert_eq!(read(r#"{"partialSuccess":{"rejectedSpans":-3}}"#).unwrap().rejected, 0);
        assert_eq!(
            read(r#"{"partialSuccess":{"rejectedSpans":"many"}}"#).unwrap_err().to_string(),
            "the answer is not a ExportTraceServiceResponse in JSON: line 1, column 36: \
             partialSuccess.rejectedSpans: expected a 64-bit integer"
        );
    }

    #[test]
    fn broken_protobuf_is_an_error() {
        for bytes in [&b"\x0a"[..], b"\x0a\x05\x08", b"\x0a\x02\x12\x05", b"\x0a\x03\x12\x01\xff"] {
            assert!(ExportResponse::decode(Signal::Metrics, bytes).is_err(), "{bytes:?}");
        }
    }
}
