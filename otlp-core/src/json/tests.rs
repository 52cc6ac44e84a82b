//! Each rule of the format, one test.

use super::*;
use crate::schema::{Kind, Message, request};
use crate::{Batch, Limits, Signal};

fn read_with(signal: Signal, text: &str, options: JsonOptions, limits: &Limits) -> Result<Batch, JsonError> {
    let batch = read(signal, text.as_bytes(), &options, limits)?;
    // Whatever is read is what the parser accepts, with the same count.
    let parsed = Batch::parse(signal, batch.bytes().clone(), &Limits::default()).unwrap();
    assert_eq!(parsed.items(), batch.items());
    assert_eq!(parsed.canonical(), batch.canonical());
    Ok(batch)
}

fn traces(text: &str) -> Result<Batch, JsonError> {
    read_with(Signal::Traces, text, JsonOptions::default(), &Limits::default())
}

/// What one span reads and writes back as, without its envelope.
fn span(fields: &str) -> Result<String, JsonError> {
    let (head, tail) = (r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"#, "}]}]}]}");
    let batch = traces(&format!("{head}{fields}{tail}"))?;
    let mut out = Vec::new();
    assert_eq!(write(&batch, &mut out), 0);
    let text = String::from_utf8(out).unwrap();
    Ok(text.strip_prefix(head).unwrap().strip_suffix(tail).unwrap().to_owned())
}

/// What one attribute value reads and writes back as.
fn any(value: &str) -> Result<String, JsonError> {
    let (head, tail) = (r#""attributes":[{"key":"k","value":"#, "}]");
    let text = span(&format!("{head}{value}{tail}"))?;
    Ok(text.strip_prefix(head).unwrap().strip_suffix(tail).unwrap().to_owned())
}

/// What one data point of a kind of metric reads and writes back as.
fn point(metric: &str, fields: &str) -> Result<String, JsonError> {
    let head =
        format!(r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"{metric}":{{"dataPoints":[{{"#);
    let tail = "}]}}]}]}]}";
    let text = format!("{head}{fields}{tail}");
    let batch = read_with(Signal::Metrics, &text, JsonOptions::default(), &Limits::default())?;
    assert_eq!(batch.items(), 1);
    let mut out = Vec::new();
    write(&batch, &mut out);
    let text = String::from_utf8(out).unwrap();
    Ok(text.strip_prefix(&head).unwrap().strip_suffix(tail).unwrap().to_owned())
}

fn ok(result: Result<String, JsonError>) -> String {
    result.unwrap()
}

fn message(result: Result<String, JsonError>) -> String {
    result.unwrap_err().message().to_owned()
}

#[test]
fn j1_ids_are_hex_in_any_case_and_length() {
    assert_eq!(
        ok(span(r#""traceId":"0123456789ABCDEFabcdef0000000001""#)),
        r#""traceId":"0123456789abcdefabcdef0000000001""#
    );
    assert_eq!(ok(span(r#""spanId":"00aa","parentSpanId":"""#)), r#""spanId":"00aa""#);
    for bad in ["0", "0g", "0x11", "0X11", "AAAAAAAAAAAAAAAAAAAAAA==", "é"] {
        let text = message(span(&format!(r#""traceId":"{bad}""#)));
        assert_eq!(text, format!("expected hex, two digits for each byte, found {bad:?}"));
    }
    assert_eq!(message(span(r#""traceId":5"#)), "expected a string, found a number");
}

#[test]
fn profile_ids_are_hex_or_base64() {
    for id in ["000102030405060708090a0b0c0d0e0f", "AAECAwQFBgcICQoLDA0ODw==", "AAECAwQFBgcICQoLDA0ODw"] {
        let text = format!(
            r#"{{"resourceProfiles":[{{"scopeProfiles":[{{"profiles":[{{"profileId":"{id}"}}]}}]}}]}}"#
        );
        let batch = read_with(Signal::Profiles, &text, JsonOptions::default(), &Limits::default()).unwrap();
        let mut out = Vec::new();
        write(&batch, &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains(r#""profileId":"000102030405060708090a0b0c0d0e0f""#), "{text}");
    }
}

#[test]
fn j1_bytes_are_base64_in_both_alphabets() {
    for text in ["+/+/AA==", "-_-_AA==", "+/+/AA", "-_-_AA", "+/+/AB"] {
        assert_eq!(ok(any(&format!(r#"{{"bytesValue":"{text}"}}"#))), r#"{"bytesValue":"+/+/AA=="}"#);
    }
    assert_eq!(ok(any(r#"{"bytesValue":""}"#)), r#"{"bytesValue":""}"#);
    assert_eq!(message(any(r#"{"bytesValue":"+-AA"}"#)), "expected base64, found \"+-AA\"");
    assert_eq!(message(any(r#"{"bytesValue":"A"}"#)), "expected base64, found \"A\"");
}

#[test]
fn j2_integers_of_64_bits_are_strings_and_read_in_any_form() {
    for text in ["1500", "\"1500\"", "1500.0", "1.5e3", "\"1.5E+3\"", "15000e-1"] {
        let field = format!(r#""startTimeUnixNano":{text}"#);
        assert_eq!(ok(span(&field)), r#""startTimeUnixNano":"1500""#);
        assert_eq!(ok(any(&format!(r#"{{"intValue":{text}}}"#))), r#"{"intValue":"1500"}"#);
    }
    let max = r#""endTimeUnixNano":"18446744073709551615""#;
    assert_eq!(ok(span(max)), max);
    let min = r#"{"intValue":"-9223372036854775808"}"#;
    assert_eq!(ok(any(min)), min);
    for bad in ["18446744073709551616", "-1", "1.5", "\"1 \"", "\"0x10\"", "\"\"", "1e400"] {
        let text = message(span(&format!(r#""startTimeUnixNano":{bad}"#)));
        let expected = format!(
            "expected an integer from 0 to 18446744073709551615, found \"{}\"",
            bad.trim_matches('"')
        );
        assert_eq!(text, expected);
    }
    assert_eq!(message(span(r#""startTimeUnixNano":true"#)), "expected a number, found a boolean");
    assert!(any(r#"{"intValue":9223372036854775808}"#).is_err());
    assert!(any(r#"{"intValue":"NaN"}"#).is_err());
}

#[test]
fn integers_of_32_bits_are_numbers() {
    for text in ["7", "\"7\"", "7.0", "0.7e1"] {
        let fields = format!(r#""droppedEventsCount":{text},"flags":{text}"#);
        assert_eq!(ok(span(&fields)), r#""droppedEventsCount":7,"flags":7"#);
    }
    for bad in ["4294967296", "-1", "1.5"] {
        assert!(span(&format!(r#""flags":{bad}"#)).is_err(), "{bad}");
        assert!(span(&format!(r#""droppedLinksCount":{bad}"#)).is_err(), "{bad}");
    }
    let scale = r#""scale":-2147483648,"positive":{"offset":2147483647}"#;
    assert_eq!(ok(point("exponentialHistogram", scale)), scale);
    assert!(point("exponentialHistogram", r#""scale":2147483648"#).is_err());
    assert_eq!(ok(any(r#"{"stringValueStrindex":"-5"}"#)), r#"{"stringValueStrindex":-5}"#);
}

#[test]
fn j4_enums_are_integers_and_read_by_name_too() {
    for text in ["2", "\"2\"", "\"SPAN_KIND_SERVER\"", "2.0"] {
        assert_eq!(ok(span(&format!(r#""kind":{text}"#))), r#""kind":2"#);
    }
    // Values that this version does not know stay.
    assert_eq!(ok(span(r#""kind":-77"#)), r#""kind":-77"#);
    assert_eq!(ok(span(r#""kind":"SPAN_KIND_UNSPECIFIED""#)), "");
    assert_eq!(
        message(span(r#""kind":"SERVER""#)),
        "\"SERVER\" is no value of this enum, which starts with SPAN_KIND_UNSPECIFIED"
    );
    assert!(span(r#""kind":2147483648"#).is_err());
    assert!(span(r#""kind":1.5"#).is_err());
}

#[test]
fn j5_doubles() {
    for (text, written) in [
        ("1", "1.0"),
        ("-0.0", "-0.0"),
        ("\"1.5e3\"", "1500.0"),
        ("0.1", "0.1"),
        ("1e300", "1e+300"),
        ("5e-324", "5e-324"),
        ("\"NaN\"", "\"NaN\""),
        ("\"Infinity\"", "\"Infinity\""),
        ("\"-Infinity\"", "\"-Infinity\""),
    ] {
        assert_eq!(
            ok(any(&format!(r#"{{"doubleValue":{text}}}"#))),
            format!(r#"{{"doubleValue":{written}}}"#)
        );
        assert_eq!(ok(point("summary", &format!(r#""sum":{text}"#))), format!(r#""sum":{written}"#));
    }
    assert_eq!(ok(point("summary", r#""sum":0"#)), "");
    for bad in ["\"nan\"", "\"inf\"", "\"\"", "\" 1\"", "1e400", "\"-1e400\"", "true", "[]"] {
        assert!(any(&format!(r#"{{"doubleValue":{bad}}}"#)).is_err(), "{bad}");
    }
    assert!(any(r#"{"doubleValue":NaN}"#).is_err());
}

#[test]
fn booleans_are_literals() {
    assert_eq!(ok(any(r#"{"boolValue":true}"#)), r#"{"boolValue":true}"#);
    assert_eq!(ok(any(r#"{"boolValue":false}"#)), r#"{"boolValue":false}"#);
    for bad in ["\"true\"", "1", "True"] {
        assert!(any(&format!(r#"{{"boolValue":{bad}}}"#)).is_err(), "{bad}");
    }
}

#[test]
fn presence_keeps_defaults() {
    for value in [
        r#"{"stringValue":""}"#,
        r#"{"intValue":"0"}"#,
        r#"{"doubleValue":0.0}"#,
        r#"{"arrayValue":{}}"#,
        r#"{"kvlistValue":{}}"#,
        "{}",
    ] {
        assert_eq!(ok(any(value)), value);
    }
    assert_eq!(ok(point("gauge", r#""asInt":0"#)), r#""asInt":"0""#);
    let optional = r#""sum":0.0,"min":0.0,"max":0.0"#;
    assert_eq!(ok(point("histogram", optional)), optional);
    assert_eq!(ok(point("exponentialHistogram", optional)), optional);
    // Without presence a default is the same as nothing.
    let nothing = r#""name":"","kind":0,"flags":0,"startTimeUnixNano":"0","traceId":"","events":[]"#;
    assert_eq!(ok(span(nothing)), "");
    assert!(traces(r#"{"resourceSpans":[]}"#).unwrap().bytes().is_empty());
}

#[test]
fn j7_empty_messages_stay() {
    assert_eq!(ok(span(r#""status":{}"#)), r#""status":{}"#);
    let text = r#"{"resourceSpans":[{"resource":{},"scopeSpans":[{"scope":{},"spans":[{}]}]}]}"#;
    let mut out = Vec::new();
    write(&traces(text).unwrap(), &mut out);
    assert_eq!(out, text.as_bytes());
}

#[test]
fn j7_null_is_absent() {
    assert_eq!(ok(span(r#""name":null,"status":null,"events":null,"kind":null,"traceId":null"#)), "");
    assert_eq!(ok(any(r#"{"stringValue":null,"intValue":1}"#)), r#"{"intValue":"1"}"#);
    // In a list of messages it is a message without fields, and counts.
    assert_eq!(ok(span(r#""events":[null,{"name":"e"},null]"#)), r#""events":[{},{"name":"e"},{}]"#);
    assert_eq!(traces(r#"{"resourceSpans":[{"scopeSpans":[{"spans":[null,null]}]}]}"#).unwrap().items(), 2);
    // A list of numbers or strings has no room for it.
    assert_eq!(message(point("histogram", r#""bucketCounts":[1,null]"#)), "expected a number, found null");
    let strings = r#"{"resourceSpans":[{"resource":{"entityRefs":[{"idKeys":["a",null]}]}}]}"#;
    let error = traces(strings).unwrap_err();
    assert_eq!(error.path(), "resourceSpans[0].resource.entityRefs[0].idKeys[1]");
}

#[test]
fn lists_of_numbers() {
    let fields = r#""bucketCounts":["1","0","18446744073709551615"],"explicitBounds":[0.5,-0.0,"Infinity"]"#;
    assert_eq!(ok(point("histogram", fields)), fields);
    assert_eq!(
        ok(point("histogram", r#""bucketCounts":[1,"2",3.0],"explicitBounds":[]"#)),
        r#""bucketCounts":["1","2","3"]"#
    );
    let error = point("histogram", r#""bucketCounts":[1,-2]"#).unwrap_err();
    assert!(error.path().ends_with("histogram.dataPoints[0].bucketCounts[1]"), "{error}");
    assert_eq!(message(point("histogram", r#""bucketCounts":"1""#)), "expected an array, found a string");
}

#[test]
fn j3_unknown_keys_are_ignored() {
    let fields =
        r#""a":[{"b":[1,"x",null,true]}],"name":"n","start_time_unix_nano":"x","Name":1,"":{},"name ":2"#;
    assert_eq!(ok(span(fields)), r#""name":"n""#);
    // Names of older profiles layouts among them.
    let text = r#"{"resourceProfiles":[{"scopeProfiles":[{"profiles":[{"sample":[{"value":[1]}],"defaultSampleType":1}]}]}]}"#;
    assert_eq!(
        read_with(Signal::Profiles, text, JsonOptions::default(), &Limits::default()).unwrap().items(),
        1
    );
    assert!(span(r#""a":[1,"#).is_err());
    assert!(span(&format!(r#""a":{}1{}"#, "[".repeat(100), "]".repeat(100))).is_ok());
    let error = span(&format!(r#""a":{}1{}"#, "[".repeat(101), "]".repeat(101))).unwrap_err();
    assert_eq!(error.kind(), JsonErrorKind::TooDeep);
}

#[test]
fn keys_may_hold_escapes() {
    assert_eq!(ok(span(r#""\u006eame":"n""#)), r#""name":"n""#);
}

#[test]
fn j8_snake_case_only_when_asked_for() {
    let text = r#"{"resource_spans":[{"scope_spans":[{"spans":[{"start_time_unix_nano":5,"endTimeUnixNano":6}]}]}]}"#;
    assert_eq!(traces(text).unwrap().items(), 0);
    let options = JsonOptions::default().with_snake_case(true);
    let batch = read_with(Signal::Traces, text, options, &Limits::default()).unwrap();
    let mut out = Vec::new();
    write(&batch, &mut out);
    assert!(String::from_utf8(out).unwrap().contains(r#"{"startTimeUnixNano":"5","endTimeUnixNano":"6"}"#));
}

#[test]
fn repeated_keys_merge_as_protobuf_does() {
    // Scalars: the last one, a default too.
    assert_eq!(ok(span(r#""name":"a","name":"b""#)), r#""name":"b""#);
    assert_eq!(ok(span(r#""name":"a","name":"""#)), "");
    assert_eq!(ok(span(r#""name":"a","name":null"#)), r#""name":"a""#);
    // Lists append.
    assert_eq!(
        ok(span(r#""events":[{}],"name":"n","events":[{"name":"e"}]"#)),
        r#""name":"n","events":[{},{"name":"e"}]"#
    );
    assert_eq!(
        ok(point("histogram", r#""bucketCounts":[1],"count":3,"bucketCounts":[2]"#)),
        r#""count":"3","bucketCounts":["1","2"]"#
    );
    // Messages merge.
    assert_eq!(
        ok(span(r#""status":{"code":2},"status":{"message":"m"}"#)),
        r#""status":{"message":"m","code":2}"#
    );
    // Of a oneof the last member stays.
    assert_eq!(ok(any(r#"{"stringValue":"a","intValue":1}"#)), r#"{"intValue":"1"}"#);
    assert_eq!(ok(any(r#"{"intValue":1,"stringValue":"a"}"#)), r#"{"stringValue":"a"}"#);
}

#[test]
fn a_oneof_of_metrics_counts_what_is_left() {
    let text = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[{},{}]},"sum":{"dataPoints":[{}]}}]}]}]}"#;
    let batch = read_with(Signal::Metrics, text, JsonOptions::default(), &Limits::default()).unwrap();
    assert_eq!(batch.items(), 1);
}

#[test]
fn text_around_the_object() {
    assert!(traces("\u{feff} \r\n\t{ } \n").is_ok());
    for bad in ["", " ", "[]", "null", "7", "\"\"", "{} {}", "{},", "{", "{}\0", "nul", "\u{feff}\u{feff}{}"]
    {
        assert!(traces(bad).is_err(), "{bad:?}");
    }
    assert_eq!(traces("[]").unwrap_err().to_string(), "line 1, column 1: expected an object, found an array");
    let bytes = b"{\"resourceSpans\":[{\"schemaUrl\":\"\xff\"}]}";
    let error = read(Signal::Traces, bytes, &JsonOptions::default(), &Limits::default()).unwrap_err();
    assert_eq!((error.kind(), error.offset(), error.message()), (JsonErrorKind::Syntax, 32, "not UTF-8"));
}

#[test]
fn strings_are_escaped_and_read_back() {
    let text = r#""name":"\" \\ \b\f\n\r\t\u0000\u001f / é 😀""#;
    assert_eq!(ok(span(text)), text);
    assert_eq!(ok(span(r#""name":"\ud83d\ude00\u00e9\/""#)), r#""name":"😀é/""#);
    for bad in [r"\ud83d", r"\ude00", r"\ud83d\u0041", r"\x41", r"\u00g0", "\n", "\u{1}"] {
        assert!(span(&format!(r#""name":"{bad}""#)).is_err(), "{bad:?}");
    }
}

#[test]
fn errors_say_where() {
    let text = "{\"resourceSpans\": [{},\n {\"scopeSpans\": [{\"spans\": [{}, {}, {\n  \"startTimeUnixNano\": \"é\"}]}]}]}";
    let error = traces(text).unwrap_err();
    assert_eq!(error.path(), "resourceSpans[1].scopeSpans[0].spans[2].startTimeUnixNano");
    assert_eq!((error.line(), error.column()), (3, 24));
    assert_eq!(&text[error.offset()..error.offset() + 3], "\"é");
    assert_eq!(error.kind(), JsonErrorKind::Value);
    let long = span(&format!(r#""kind":"{}""#, "x".repeat(1000))).unwrap_err().to_string();
    assert!(long.len() < 250, "{long}");
}

/// An attribute value whose innermost level is `levels` below the request; resource, scope, span, attribute and value are 5.
fn nested(levels: usize, innermost: &str) -> String {
    let pairs = (levels - 5) / 2;
    assert_eq!(levels, 5 + 2 * pairs);
    let open = r#"{"arrayValue":{"values":["#.repeat(pairs);
    let close = "]}}".repeat(pairs);
    format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"attributes":[{{"value":{open}{innermost}{close}}}]}}]}}]}}]}}"#
    )
}

#[test]
fn depth_counts_as_in_protobuf() {
    // 99 levels, then one more for `arrayValue` and two for a value in it.
    for (innermost, accepted) in [
        ("{}", true),
        (r#"{"arrayValue":{}}"#, true),
        (r#"{"arrayValue":{"values":[]}}"#, true),
        (r#"{"arrayValue":{"values":[{}]}}"#, false),
        (r#"{"arrayValue":{"values":[null]}}"#, false),
    ] {
        let result = traces(&nested(99, innermost));
        assert_eq!(result.is_ok(), accepted, "{innermost}: {result:?}");
        if let Err(error) = result {
            assert_eq!(error.kind(), JsonErrorKind::TooDeep);
            assert_eq!(error.message(), "nested deeper than 100 levels (Limits::max_depth)");
        }
    }
    let limits = Limits::default().with_max_depth(6);
    assert!(
        read_with(Signal::Traces, &nested(5, r#"{"arrayValue":{}}"#), JsonOptions::default(), &limits)
            .is_ok()
    );
    assert!(read_with(Signal::Traces, &nested(7, "{}"), JsonOptions::default(), &limits).is_err());
}

#[test]
fn the_deepest_text_needs_little_stack() {
    let text = nested(99, r#"{"arrayValue":{}}"#);
    let far_deeper = nested(100_001, "{}");
    // Optimised, 56 KiB are enough; musl gives threads 128.
    let thread = std::thread::Builder::new().stack_size(96 << 10).spawn(move || {
        let batch = traces(&text).unwrap();
        let mut out = Vec::new();
        write(&batch, &mut out);
        assert!(traces(&far_deeper).is_err());
        out
    });
    let out = thread.unwrap().join().unwrap();
    assert_eq!(out.iter().filter(|byte| **byte == b'[').count(), 4 + 47);
}

#[test]
fn limits_of_size_and_count() {
    let text = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{},{},{}]}]}]}"#;
    let with = |limits: &Limits| read_with(Signal::Traces, text, JsonOptions::default(), limits);
    assert!(with(&Limits::default().with_max_bytes(text.len()).with_max_items(3)).is_ok());
    let error = with(&Limits::default().with_max_bytes(text.len() - 1)).unwrap_err();
    assert_eq!(error.kind(), JsonErrorKind::TooLarge);
    assert_eq!(error.message(), format!("larger than {} bytes (Limits::max_bytes)", text.len() - 1));
    let error = with(&Limits::default().with_max_items(2)).unwrap_err();
    assert_eq!(
        (error.kind(), error.path()),
        (JsonErrorKind::TooManyItems, "resourceSpans[0].scopeSpans[0].spans[2]")
    );
    // Eight bytes for each two of text.
    let head =
        r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[{"bucketCounts":["#;
    let text = format!("{head}{}1]}}]}}}}]}}]}}]}}", "1,".repeat(9_999));
    let limits = Limits::default().with_max_bytes(text.len());
    let error = read_with(Signal::Metrics, &text, JsonOptions::default(), &limits).unwrap_err();
    assert_eq!(error.kind(), JsonErrorKind::TooLarge);
}

#[test]
fn writing_reads_any_order_and_drops_unknown_fields() {
    let span = [
        &b"\x85\x01\x07\x00\x00\x00"[..], // flags 7
        b"\x5a\x03\x12\x01a",             // events[0]
        b"\xa0\x06\x01",                  // unknown field 100
        b"\x30\x85\x80\x00",              // kind 5 in three bytes
        b"\x5a\x03\x12\x01b",             // events[1]
        b"\xa3\x06\xa4\x06",              // unknown group 100
        b"\x2a\x01x\x2a\x01y",            // name, twice
        b"\x8a\x00\x02\x01\x02",          // trace_id, its key in two bytes
    ];
    let bytes = span.concat();
    let batch = Batch::parse(Signal::Traces, wrap(&bytes), &Limits::default()).unwrap();
    let mut out = b"before".to_vec();
    assert_eq!(write(&batch, &mut out), 2);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        r#"before{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0102","name":"y","kind":5,"#
            .to_owned()
            + r#""events":[{"name":"a"},{"name":"b"}],"flags":7}]}]}]}"#
    );
}

/// A span's fields as a request.
fn wrap(span: &[u8]) -> Vec<u8> {
    let len = |key: u8, bytes: &[u8]| [&[key, bytes.len() as u8], bytes].concat();
    len(0x0a, &len(0x12, &len(0x12, span)))
}

#[test]
fn lists_packed_and_not() {
    // bucket_counts (6) packed, then single, then packed and empty; values of 8 bytes.
    let value = |value: u64| value.to_le_bytes().to_vec();
    let point = [vec![0x32, 8], value(1), vec![0x31], value(2), vec![0x32, 0]].concat();
    let len = |key: u8, bytes: &[u8]| [&[key, bytes.len() as u8], bytes].concat();
    let metric = len(0x4a, &len(0x0a, &point));
    let request = len(0x0a, &len(0x12, &len(0x12, &metric)));
    let batch = Batch::parse(Signal::Metrics, request, &Limits::default()).unwrap();
    let mut out = Vec::new();
    write(&batch, &mut out);
    assert!(String::from_utf8(out).unwrap().contains(r#"{"bucketCounts":["1","2"]}"#));
}

#[test]
fn no_message_has_more_fields_than_the_scan_notes() {
    fn visit(message: &'static Message, seen: &mut Vec<&'static str>) {
        assert!(message.fields.len() <= write::MAX_FIELDS, "{}", message.name);
        assert!(message.fields.is_sorted_by_key(|field| field.number), "{}", message.name);
        for field in message.fields {
            if let Kind::Message(inner) = field.kind
                && !seen.contains(&field.json)
            {
                seen.push(field.json);
                visit(inner, seen);
            }
        }
    }
    for signal in Signal::ALL {
        let mut seen = Vec::new();
        visit(request(signal), &mut seen);
        assert!(seen.len() > 5);
    }
}
