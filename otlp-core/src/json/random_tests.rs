//! Random requests in odd encodings through JSON and back, against prost; damaged texts.

use proptest::prelude::*;

use super::write::{Order, Writer};
use super::*;
use crate::oracle::Tree;
use crate::oracle::random::Random;
use crate::schema::{Kind, Message, request};
use crate::wire::{Value, fields};
use crate::{Batch, Limits, ProfilesLayout, Signal};

/// A random request whose NaNs are all the one that JSON's `"NaN"` reads as.
fn random(signal: Signal, seed: u64, size: usize) -> Vec<u8> {
    let mut bytes = Random::new(seed).request(signal, size);
    one_nan(request(signal), &mut bytes);
    bytes
}

fn one_nan(message: &'static Message, bytes: &mut [u8]) {
    let found: Vec<_> = fields(bytes)
        .filter_map(|raw| {
            let value = match raw.value {
                Value::Len(payload) => raw.end - payload.len()..raw.end,
                Value::Fixed64(_) => raw.end - 8..raw.end,
                _ => return None,
            };
            message.field(raw.number).map(|field| (field.kind, value))
        })
        .collect();
    for (kind, range) in found {
        match kind {
            Kind::Message(inner) => one_nan(inner, &mut bytes[range]),
            Kind::Double => {
                for double in bytes[range].as_chunks_mut().0 {
                    if f64::from_le_bytes(*double).is_nan() {
                        *double = f64::NAN.to_le_bytes();
                    }
                }
            }
            _ => {}
        }
    }
}

fn parse(signal: Signal, bytes: Vec<u8>) -> Batch {
    let limits = Limits::default().with_profiles_layout(ProfilesLayout::Current);
    Batch::parse(signal, bytes, &limits).expect("the generator makes valid messages")
}

fn text_of(batch: &Batch) -> String {
    let mut out = Vec::new();
    write(batch, &mut out);
    String::from_utf8(out).expect("JSON is UTF-8")
}

fn read_back(signal: Signal, text: &str) -> Result<Batch, JsonError> {
    read(signal, text.as_bytes(), &JsonOptions::default(), &Limits::default())
}

/// prost's encoding of what prost makes of the bytes.
fn by_prost(signal: Signal, bytes: &[u8]) -> Vec<u8> {
    Tree::decode(signal, bytes).expect("prost takes what we write").encode()
}

/// What the writer makes of a batch when it takes its messages in this order, and the fields that it leaves out; `None`
/// when some message is not in the order assumed.
fn text_in(order: Order, batch: &Batch) -> Option<(String, usize)> {
    let (bytes, mut out) = (batch.canonical(), Vec::new());
    let mut writer = Writer::new(bytes, &mut out, order);
    let as_assumed = writer.message(request(batch.signal()), 0, bytes.len());
    let unknown = writer.unknown;
    writer.out.finish();
    as_assumed.then(|| (String::from_utf8(out).expect("JSON is UTF-8"), unknown))
}

/// The text with a space in front of and behind each token.
fn spaced(text: &str) -> String {
    let (mut out, mut inside, mut escaped) = (String::new(), false, false);
    for character in text.chars() {
        let token = !inside && "{}[],:".contains(character);
        out.extend(token.then_some(' '));
        out.push(character);
        out.extend(token.then_some(' '));
        inside ^= character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
    }
    out
}

fn signal() -> impl Strategy<Value = Signal> {
    prop::sample::select(&Signal::ALL[..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 2048 }))]

    /// Nothing that prost knows is lost on the way through JSON, whatever the encoding was.
    #[test]
    fn json_and_back_is_what_prost_reads(signal in signal(), seed: u64, size in 1..400_usize) {
        let bytes = random(signal, seed, size);
        let batch = parse(signal, bytes.clone());
        let text = text_of(&batch);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
        let again = read_back(signal, &text).map_err(|error| TestCaseError::fail(format!("{error}: {text}")))?;
        prop_assert_eq!(again.items(), batch.items());
        prop_assert_eq!(by_prost(signal, again.bytes()), by_prost(signal, &bytes));
        prop_assert_eq!(parse(signal, again.bytes().to_vec()).items(), again.items());
        prop_assert_eq!(text_of(&again), text);
    }

    /// The way for messages in order and the way for all write the same: of odd encodings, and of one that has the order
    /// of the text, which is by number.
    #[test]
    fn both_ways_of_the_writer_agree(signal in signal(), seed: u64, size in 1..400_usize) {
        let odd = parse(signal, random(signal, seed, size));
        let any = text_in(Order::Any, &odd).expect("assumes nothing");
        prop_assert_eq!(text_in(Order::Checked, &odd), Some(any.clone()));
        if let Some(assumed) = text_in(Order::Assumed, &odd) {
            prop_assert_eq!(&assumed, &any);
        }
        let mut out = b"before".to_vec();
        let left_out = write(&odd, &mut out);
        prop_assert_eq!((str::from_utf8(&out[6..]), left_out), (Ok(&*any.0), any.1));
        prop_assert!(out.starts_with(b"before"));

        let ordered = read_back(signal, &any.0).unwrap();
        for order in [Order::Any, Order::Checked, Order::Assumed] {
            prop_assert_eq!(text_in(order, &ordered), Some((any.0.clone(), 0)));
        }
    }

    /// White space between the tokens keeps the reader from its quick ways, and must not change what it reads.
    #[test]
    fn quick_and_careful_ways_of_the_reader_agree(signal in signal(), seed: u64, size in 1..400_usize) {
        let text = text_of(&parse(signal, random(signal, seed, size)));
        let quick = read_back(signal, &text).unwrap();
        let careful = read_back(signal, &spaced(&text)).unwrap();
        prop_assert_eq!(quick.items(), careful.items());
        prop_assert_eq!(quick.bytes(), careful.bytes());
    }

    /// One object with the keys of two is what protobuf makes of two messages one behind the other.
    #[test]
    fn repeated_keys_merge_as_bytes_do(signal in signal(), seed: u64, size in 1..100_usize) {
        let (one, two) = (random(signal, seed, size), random(signal, !seed, size));
        let texts = [text_of(&parse(signal, one.clone())), text_of(&parse(signal, two.clone()))];
        let parts: Vec<&str> =
            texts.iter().map(|text| &text[1..text.len() - 1]).filter(|part| !part.is_empty()).collect();
        let both = read_back(signal, &format!("{{{}}}", parts.join(","))).unwrap();
        let bytes = [one, two].concat();
        prop_assert_eq!(both.items(), parse(signal, bytes.clone()).items());
        prop_assert_eq!(by_prost(signal, both.bytes()), by_prost(signal, &bytes));
    }

    /// A damaged text is refused with a place inside it, or read as something that parses and reads the same again.
    #[test]
    fn damaged_texts_never_panic(
        signal in signal(),
        seed: u64,
        size in 1..60_usize,
        damage in prop::collection::vec((any::<prop::sample::Index>(), 0..8_usize, 0..DAMAGE.len()), 1..4),
    ) {
        let mut text = text_of(&parse(signal, random(signal, seed, size))).into_bytes();
        for (at, removed, inserted) in damage {
            let at = at.index(text.len() + 1);
            let end = (at + removed).min(text.len());
            text.splice(at..end, DAMAGE[inserted].iter().copied());
        }
        match read(signal, &text, &JsonOptions::default().with_snake_case(seed % 2 == 0), &Limits::default()) {
            Ok(batch) => {
                let parsed = parse(signal, batch.bytes().to_vec());
                prop_assert_eq!(parsed.items(), batch.items());
                prop_assert_eq!(parsed.canonical(), batch.canonical());
                let written = text_of(&batch);
                prop_assert_eq!(text_of(&read_back(signal, &written).unwrap()), written);
            }
            Err(error) => {
                prop_assert!(error.offset() <= text.len(), "{error}");
                prop_assert!(error.line() >= 1 && error.column() >= 1 && !error.message().is_empty());
                let _ = error.to_string();
            }
        }
    }
}

/// What damage puts in: tokens that lead the reader elsewhere.
const DAMAGE: &[&[u8]] = &[
    b"",
    b"",
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"true",
    b"-",
    b"0",
    b"1e3",
    b"1e999",
    b".5",
    b"\"\":",
    b"\\u",
    b"\\ud800",
    b"\xff",
    b"\xc3\xa9",
    b"\0",
    b" ",
    b"\n",
    b"99999999999999999999",
    b"\"NaN\"",
];

/// Damage must both break texts and leave them whole, and random requests must reach the odd paths.
#[test]
fn the_properties_see_both_outcomes() {
    let (mut left_out, mut packed_nan) = (0, 0);
    for seed in 0..400 {
        let signal = Signal::ALL[seed as usize % 4];
        let batch = parse(signal, random(signal, seed, 200));
        let mut out = Vec::new();
        left_out += usize::from(write(&batch, &mut out) > 0);
        packed_nan += usize::from(out.windows(5).any(|window| window == b"\"NaN\""));
    }
    assert!(left_out > 100, "{left_out} of 400 had unknown fields");
    assert!(packed_nan > 20, "{packed_nan} of 400 had a NaN");
}
