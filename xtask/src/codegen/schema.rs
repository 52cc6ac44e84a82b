//! The tables that parsing and JSON run on: one `Message` for each message of the descriptors.

use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet};

/// Fields whose elements are what partial success counts.
const ITEMS: [(&str, &str); 8] = [
    ("ScopeSpans", "spans"),
    ("Gauge", "data_points"),
    ("Sum", "data_points"),
    ("Histogram", "data_points"),
    ("ExponentialHistogram", "data_points"),
    ("Summary", "data_points"),
    ("ScopeLogs", "log_records"),
    ("ScopeProfiles", "profiles"),
];

/// Bytes that OTLP/JSON writes as hex instead of base64.
const IDS: [&str; 4] = ["trace_id", "span_id", "parent_span_id", "profile_id"];

/// Rust code of all tables.
pub(super) fn tables(set: &FileDescriptorSet) -> anyhow::Result<String> {
    let mut code = String::from("use crate::schema::{Enum, Field, Kind, Message};\n");
    for file in &set.file {
        if !file.package().starts_with("opentelemetry.") {
            continue;
        }
        for item in &file.enum_type {
            enumeration(&mut code, &format!(".{}", file.package()), item)?;
        }
        for message in &file.message_type {
            table(&mut code, &format!(".{}", file.package()), message)?;
        }
    }
    Ok(code)
}

fn table(code: &mut String, parent: &str, message: &DescriptorProto) -> anyhow::Result<()> {
    let path = format!("{parent}.{}", message.name());
    for item in &message.enum_type {
        enumeration(code, &path, item)?;
    }
    for nested in &message.nested_type {
        table(code, &path, nested)?;
    }

    let mut fields: Vec<&FieldDescriptorProto> = message.field.iter().collect();
    fields.sort_by_key(|field| field.number());
    // A slot is a bit of the parser's "seen" set: one for each singular message and for each oneof.
    let mut slots = 0;
    let mut oneofs = vec![None; message.oneof_decl.len()];
    writeln!(code, "\npub(crate) static {}: Message = Message::new({:?}, &[", ident(&path)?, message.name())?;
    for field in fields {
        let repeated = field.label() == Label::Repeated;
        let oneof = if field.proto3_optional() { None } else { field.oneof_index };
        let slot = match oneof {
            Some(index) => Some(*oneofs[usize::try_from(index)?].get_or_insert_with(|| next(&mut slots))),
            None if field.r#type() == Type::Message && !repeated => Some(next(&mut slots)),
            None => None,
        };
        if field.number() > 2047 {
            bail!("{path}.{}: the parser's tables hold field numbers up to 2047", field.name());
        }
        write!(
            code,
            "Field::new({}, {:?}, {:?}, {})",
            field.number(),
            field.name(),
            field.json_name(),
            kind(field)?
        )?;
        match slot {
            Some(slot) if oneof.is_some() => write!(code, ".oneof({slot})")?,
            Some(slot) => write!(code, ".slot({slot})")?,
            None => {}
        }
        if repeated {
            code.push_str(".repeated()");
        }
        if field.proto3_optional() {
            code.push_str(".optional()");
        }
        if ITEMS.contains(&(message.name(), field.name())) {
            code.push_str(".item()");
        }
        code.push_str(",\n");
    }
    writeln!(code, "]);")?;
    Ok(())
}

fn next(slots: &mut u8) -> u8 {
    *slots += 1;
    *slots - 1
}

fn kind(field: &FieldDescriptorProto) -> anyhow::Result<String> {
    Ok(match field.r#type() {
        Type::Double => "Kind::Double".into(),
        Type::Int64 => "Kind::Int64".into(),
        Type::Uint64 => "Kind::Uint64".into(),
        Type::Int32 => "Kind::Int32".into(),
        Type::Uint32 => "Kind::Uint32".into(),
        Type::Sint32 => "Kind::Sint32".into(),
        Type::Fixed64 => "Kind::Fixed64".into(),
        Type::Sfixed64 => "Kind::Sfixed64".into(),
        Type::Fixed32 => "Kind::Fixed32".into(),
        Type::Bool => "Kind::Bool".into(),
        Type::String => "Kind::String".into(),
        Type::Bytes if IDS.contains(&field.name()) => "Kind::Id".into(),
        Type::Bytes => "Kind::Bytes".into(),
        Type::Enum => format!("Kind::Enum(&{})", ident(field.type_name())?),
        Type::Message => format!("Kind::Message(&{})", ident(field.type_name())?),
        other => bail!("{}: no table entry for {other:?}; add it to otlp-core's schema", field.name()),
    })
}

fn enumeration(code: &mut String, parent: &str, item: &EnumDescriptorProto) -> anyhow::Result<()> {
    writeln!(code, "\npub(crate) static {}: Enum = Enum(&[", ident(&format!("{parent}.{}", item.name()))?)?;
    for value in &item.value {
        writeln!(code, "({:?}, {}),", value.name(), value.number())?;
    }
    writeln!(code, "]);")?;
    Ok(())
}

/// `.opentelemetry.proto.trace.v1.Span.Event` becomes `TRACE_SPAN_EVENT`; the services' messages lose the signal's name,
/// which they carry themselves.
fn ident(path: &str) -> anyhow::Result<String> {
    let rest = path
        .strip_prefix(".opentelemetry.proto.")
        .with_context(|| format!("{path}: only OpenTelemetry messages have tables"))?;
    let rest = rest.strip_prefix("collector.").unwrap_or(rest);
    let mut out = String::new();
    for part in rest.split('.').filter(|part| !part.starts_with("v1")) {
        if !out.is_empty() {
            out.push('_');
        }
        let mut previous = 'A';
        for letter in part.chars() {
            if letter.is_ascii_uppercase() && !previous.is_ascii_uppercase() {
                out.push('_');
            }
            out.push(letter.to_ascii_uppercase());
            previous = letter;
        }
    }
    Ok(out)
}
