//! Attributes, values, resources and scopes.

use otlp_core::Key;
use otlp_core::proto::collector::trace::v1::ExportTraceServiceRequest;
pub(crate) use otlp_core::proto::common::v1::any_value::Value;
use otlp_core::proto::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList};
use otlp_core::proto::resource::v1::Resource;
use otlp_core::trace::TracesWriter;
use otlp_core::write::{ArrayWriter, MapWriter, ResourceWriter, ScopeWriter, ValueRef};

/// Calls `attr`, `attr_array` or `attr_map` of any writer for each attribute.
macro_rules! put_attributes {
    ($writer:expr, $attributes:expr) => {
        for attribute in $attributes {
            let key = attribute.key.as_str();
            match &attribute.value.as_ref().unwrap().value {
                Some($crate::value::Value::ArrayValue(array)) => {
                    $crate::value::put_array($writer.attr_array(key), array)
                }
                Some($crate::value::Value::KvlistValue(map)) => {
                    $crate::value::put_map($writer.attr_map(key), map)
                }
                scalar => {
                    $writer.attr(key, $crate::value::scalar(scalar));
                }
            }
        }
    };
}

pub(crate) use put_attributes;

pub(crate) fn scalar(value: &Option<Value>) -> ValueRef<'_> {
    match value {
        None => ValueRef::Empty,
        Some(Value::StringValue(text)) => text.into(),
        Some(Value::BoolValue(value)) => (*value).into(),
        Some(Value::IntValue(value)) => (*value).into(),
        Some(Value::DoubleValue(value)) => (*value).into(),
        Some(Value::BytesValue(bytes)) => bytes.into(),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn put_array(mut writer: ArrayWriter<'_>, array: &ArrayValue) {
    for value in &array.values {
        match &value.value {
            Some(Value::ArrayValue(array)) => put_array(writer.array(), array),
            Some(Value::KvlistValue(map)) => put_map(writer.map(), map),
            scalar => {
                writer.push(self::scalar(scalar));
            }
        }
    }
}

pub(crate) fn put_map(mut writer: MapWriter<'_>, map: &KeyValueList) {
    put_attributes!(writer, &map.values);
}

pub(crate) fn put_resource(writer: &mut ResourceWriter<'_>, resource: &Resource) {
    put_attributes!(writer, &resource.attributes);
    writer.dropped_attributes(resource.dropped_attributes_count);
    for entity in &resource.entity_refs {
        let [ids, descriptions] = [&entity.id_keys, &entity.description_keys]
            .map(|keys| keys.iter().map(String::as_str).collect::<Vec<_>>());
        writer.entity(&entity.r#type, &ids, &descriptions, &entity.schema_url);
    }
}

pub(crate) fn put_scope(writer: &mut ScopeWriter<'_>, scope: &InstrumentationScope) {
    put_attributes!(writer, &scope.attributes);
    writer.dropped_attributes(scope.dropped_attributes_count);
}

/// The same attribute through the borrowed forms.
#[test]
fn every_form_of_value() {
    const TAGS: Key = Key::new("tags");
    let mut writer = TracesWriter::new();
    writer.resource(|resource| {
        resource.attr(TAGS, &["a", "b"]).attr(TAGS, &[true, false]).attr("ints", &[1_i64, -1]);
        resource.attr("doubles", &[0.5]).attr("raw", b"\0\xff").attr("none", ValueRef::Empty);
        resource.attr("small", 1_u8).attr("float", 0.5_f32).attr(&String::from("text"), &String::from("t"));
        resource.attr("mixed", &[ValueRef::Empty, "x".into(), (&[2.5]).into()]);
        resource.attr("map", &[("empty", "".into()), ("list", (&[7_i64]).into())]);
        resource.attrs([("one", 1), ("two", 2)]);
    });
    let request: ExportTraceServiceRequest = crate::decode(&writer.finish());

    let any = |value| AnyValue { value: Some(value) };
    let int = |value| any(Value::IntValue(value));
    let text = |text: &str| any(Value::StringValue(text.into()));
    let array = |values: &[AnyValue]| any(Value::ArrayValue(ArrayValue { values: values.to_vec() }));
    let pair = |key: &str, value| KeyValue { key: key.into(), value: Some(value), key_strindex: 0 };
    let expected = [
        pair("tags", array(&[text("a"), text("b")])),
        pair("tags", array(&[any(Value::BoolValue(true)), any(Value::BoolValue(false))])),
        pair("ints", array(&[int(1), int(-1)])),
        pair("doubles", array(&[any(Value::DoubleValue(0.5))])),
        pair("raw", any(Value::BytesValue(b"\0\xff".to_vec()))),
        pair("none", AnyValue { value: None }),
        pair("small", int(1)),
        pair("float", any(Value::DoubleValue(0.5))),
        pair("text", text("t")),
        pair("mixed", array(&[AnyValue { value: None }, text("x"), array(&[any(Value::DoubleValue(2.5))])])),
        pair(
            "map",
            any(Value::KvlistValue(KeyValueList {
                values: vec![pair("empty", text("")), pair("list", array(&[int(7)]))],
            })),
        ),
        pair("one", int(1)),
        pair("two", int(2)),
    ];
    assert_eq!(request.resource_spans[0].resource.as_ref().unwrap().attributes, expected);
}
