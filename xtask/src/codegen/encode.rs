//! Encoders for the generated messages that write from the last byte to the first, in prost's order of fields.

use std::fmt::Write as _;

use anyhow::bail;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorSet};

/// Rust code of all encoders.
pub(super) fn encoders(set: &FileDescriptorSet) -> anyhow::Result<String> {
    let mut code = String::from(
        "use crate::backward::{Backward, Encode, reach};\nuse crate::generated::proto::opentelemetry;\nuse crate::wire::{bring, bring_list};\n",
    );
    for file in set.file.iter().filter(|file| file.package().starts_with("opentelemetry.")) {
        for message in &file.message_type {
            encoder(&mut code, &file.package().replace('.', "::"), message)?;
        }
    }
    Ok(code)
}

/// What prost encodes as one field: a field, or a oneof in the place of its lowest number.
enum Part<'a> {
    Field(&'a FieldDescriptorProto),
    Oneof(&'a str, Vec<&'a FieldDescriptorProto>),
}

fn encoder(code: &mut String, module: &str, message: &DescriptorProto) -> anyhow::Result<()> {
    let inner = format!("{module}::{}", snake(message.name()));
    for nested in &message.nested_type {
        encoder(code, &inner, nested)?;
    }
    let mut parts: Vec<(i32, Part<'_>)> = Vec::new();
    for field in &message.field {
        match field.oneof_index {
            Some(index) if !field.proto3_optional() => {
                let name = message.oneof_decl[usize::try_from(index)?].name();
                let known = parts.iter_mut().find_map(|(least, part)| match part {
                    Part::Oneof(other, members) if *other == name => Some((least, members)),
                    _ => None,
                });
                match known {
                    Some((least, members)) => {
                        *least = field.number().min(*least);
                        members.push(field);
                    }
                    None => parts.push((field.number(), Part::Oneof(name, vec![field]))),
                }
            }
            _ => parts.push((field.number(), Part::Field(field))),
        }
    }
    parts.sort_by_key(|(number, _)| *number);

    let unused = if parts.is_empty() { "_" } else { "" };
    writeln!(code, "\nimpl Encode for {module}::{} {{", message.name())?;
    ahead(code, &inner, &parts)?;
    writeln!(code, "fn put(&self, {unused}out: &mut Backward) {{")?;
    for (_, part) in parts.into_iter().rev() {
        match part {
            Part::Field(field) => one(code, field)?,
            Part::Oneof(name, members) => {
                writeln!(code, "match &self.{} {{ None => {{}}", raw(name))?;
                for field in members {
                    let variant = camel(field.name());
                    let value = if scalar(field)?.is_some() { "*value" } else { "value" };
                    writeln!(
                        code,
                        "Some({inner}::{}::{variant}(value)) => {{ {} }}",
                        camel(name),
                        present(field, value)?
                    )?;
                }
                writeln!(code, "}}")?;
            }
        }
    }
    writeln!(code, "}} }}")?;
    Ok(())
}

/// What brings a message's memory near before it is written: its own in `near`, that of what its lists hold in `reach`.
fn ahead(code: &mut String, inner: &str, parts: &[(i32, Part<'_>)]) -> anyhow::Result<()> {
    let (mut near, mut reach) = (String::new(), String::new());
    for (_, part) in parts {
        match part {
            Part::Field(field) => {
                let name = format!("self.{}", raw(field.name()));
                let list = field.label() == Label::Repeated;
                match field.r#type() {
                    Type::Message if list => {
                        writeln!(near, "bring_list(&{name});")?;
                        writeln!(reach, "reach(&{name});")?;
                    }
                    Type::Message => writeln!(near, "if let Some(value) = &{name} {{ value.near(); }}")?,
                    Type::String | Type::Bytes if !list => writeln!(near, "bring({name}.as_ref());")?,
                    _ => {}
                }
            }
            Part::Oneof(name, members) => {
                let mut arms = String::new();
                for field in members {
                    let variant = format!("{inner}::{}::{}", camel(name), camel(field.name()));
                    match field.r#type() {
                        Type::String | Type::Bytes => {
                            writeln!(arms, "Some({variant}(value)) => bring(value.as_ref()),")?;
                        }
                        // A value in a value is rare, and would make this recursive.
                        Type::Message if inner != "opentelemetry::proto::common::v1::any_value" => {
                            writeln!(arms, "Some({variant}(value)) => value.near(),")?;
                        }
                        _ => {}
                    }
                }
                if !arms.is_empty() {
                    writeln!(near, "match &self.{} {{ {arms} _ => {{}} }}", raw(name))?;
                }
            }
        }
    }
    if !near.is_empty() {
        writeln!(code, "#[inline] fn near(&self) {{ {near} }}")?;
    }
    if !reach.is_empty() {
        writeln!(code, "const LISTS: bool = true; #[inline] fn reach(&self) {{ {reach} }}")?;
    }
    Ok(())
}

/// The statement that writes one field in front of what is there.
fn one(code: &mut String, field: &FieldDescriptorProto) -> anyhow::Result<()> {
    let name = format!("self.{}", raw(field.name()));
    let number = field.number();
    if field.label() == Label::Repeated {
        match scalar(field)? {
            Some(put) => writeln!(code, "out.packed({number}, &{name}, |out, value| out.{put}(value));")?,
            None if field.r#type() == Type::Message => writeln!(code, "out.messages({number}, &{name});")?,
            None => {
                writeln!(code, "for value in {name}.iter().rev() {{ {} }}", present(field, "value")?)?;
            }
        }
        return Ok(());
    }
    let optional = field.proto3_optional() || field.r#type() == Type::Message;
    if optional {
        let value = if scalar(field)?.is_some() { "*value" } else { "value" };
        writeln!(code, "if let Some(value) = &{name} {{ {} }}", present(field, value)?)?;
    } else {
        let default = match field.r#type() {
            Type::String | Type::Bytes => format!("!{name}.is_empty()"),
            Type::Bool => name.clone(),
            Type::Double => format!("{name} != 0.0"),
            _ => format!("{name} != 0"),
        };
        let value = if scalar(field)?.is_some() { name } else { format!("&{name}") };
        writeln!(code, "if {default} {{ {} }}", present(field, &value)?)?;
    }
    Ok(())
}

/// The expression that writes `value` with its key.
fn present(field: &FieldDescriptorProto, value: &str) -> anyhow::Result<String> {
    let number = field.number();
    Ok(match scalar(field)? {
        Some(put) => format!("out.{put}({value}); out.key({number}, {});", wire(field)),
        None if field.r#type() == Type::Message => format!("out.message({number}, {value});"),
        None if field.r#type() == Type::String => format!("out.bytes({number}, {value}.as_bytes());"),
        None => format!("out.bytes({number}, {value});"),
    })
}

/// The method of `Backward` that writes a number of this type; `None` for what has a length.
fn scalar(field: &FieldDescriptorProto) -> anyhow::Result<Option<&'static str>> {
    Ok(Some(match field.r#type() {
        Type::Double => "double",
        Type::Fixed64 => "fixed64",
        Type::Sfixed64 => "sfixed64",
        Type::Fixed32 => "fixed32",
        Type::Uint64 => "uint64",
        Type::Int64 => "int64",
        Type::Uint32 => "uint32",
        Type::Int32 | Type::Enum => "int32",
        Type::Sint32 => "sint32",
        Type::Bool => "boolean",
        Type::String | Type::Bytes | Type::Message => return Ok(None),
        other => bail!("{}: no encoder for {other:?}", field.name()),
    }))
}

fn wire(field: &FieldDescriptorProto) -> u8 {
    match field.r#type() {
        Type::Double | Type::Fixed64 | Type::Sfixed64 => 1,
        Type::Fixed32 => 5,
        Type::String | Type::Bytes | Type::Message => 2,
        _ => 0,
    }
}

fn raw(name: &str) -> String {
    if name == "type" { "r#type".to_owned() } else { name.to_owned() }
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

fn camel(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}
