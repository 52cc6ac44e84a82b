//! Kernels at the level that the processor has, against the same in plain Rust.

use std::hint::black_box;

use otlp_simd::kernel::{self, Kernels, Level};

use crate::contest::{Contest, Target};
use crate::payload::{Payloads, Random};

const VALUES: usize = 8192;
/// Ids and their texts that stay in the first cache, as one that is just read or written is.
const IDS: usize = 512;

/// What every contest of this file is against.
const TWIN: &str = "scalar twin";
const SATURATING: &str = "saturating, by index";

pub fn kernels(_: &Payloads) -> anyhow::Result<Vec<Contest<'static>>> {
    if Kernels::get().level() == Level::Scalar {
        eprintln!("skipped: kernels at the scalar level have nothing to be compared with");
        return Ok(Vec::new());
    }
    let random = &mut Random::new(4);
    let mut numbers = |bits: &dyn Fn(&mut Random) -> u64| -> Vec<u64> {
        (0..VALUES)
            .map(|_| {
                let bits = bits(random);
                random.below(1 << bits)
            })
            .collect()
    };
    let one_byte = packed(&numbers(&|_| 7));
    let two_bytes = packed(&numbers(&|random| 7 + 7 * random.below(2)));
    let five_bytes = packed(&numbers(&|random| 7 + 7 * random.below(5)));
    let any = numbers(&|random| 1 + random.below(62));
    let times: Vec<u64> = numbers(&|_| 20)
        .iter()
        .enumerate()
        .map(|(index, jitter)| (index as u64) * 1_000_000 + jitter)
        .collect();
    let buckets: Vec<u64> = numbers(&|_| 20);
    let floats: Vec<f64> = (0..VALUES).map(|_| random.fraction() * 100.0).collect();
    let bounds: Vec<f64> = (0..15).map(|index| 0.005 * f64::from(1 << index)).collect();
    let ids: Vec<[u8; 16]> = (0..VALUES).map(|_| random.bytes()).collect();
    let encoded: Vec<u8> = any.iter().flat_map(|value| value.to_le_bytes()).collect();

    let mut all = vec![
        varints("varints, 1 byte", one_byte, Target::gate(2.5)),
        varints("varints, 1-2 bytes", two_bytes, Target::NONE.aim(1.9)),
        varints("varints, 1-5 bytes", five_bytes, Target::gate(1.5).aim(1.9)),
        pair("find buckets of 15 bounds", Target::NONE.aim(2.0), move |kernels| {
            let (bounds, floats, mut out) = (bounds.clone(), floats.clone(), vec![0; VALUES]);
            Box::new(move || {
                kernels.find_buckets(&bounds, &floats, &mut out);
                u64::from(out[VALUES - 1])
            })
        }),
        pair("id threshold", Target::NONE.aim(2.0), move |kernels| {
            let (ids, mut out) = (ids.clone(), vec![0; VALUES]);
            Box::new(move || kernels.keep_ids(&ids, 1 << 55, &mut out) as u64)
        }),
        pair("delta + zigzag", Target::NONE.aim(1.5), move |kernels| {
            let (times, mut out) = (times.clone(), vec![0; VALUES]);
            Box::new(move || {
                kernels.delta_zigzag(&times, &mut out);
                out[VALUES - 1]
            })
        }),
        pair("add bucket counts, 16 each", Target::NONE.aim(1.5), {
            let buckets = buckets.clone();
            move |kernels| add(kernels, &buckets, 16)
        })
        .against(SATURATING, Target::gate(2.0).aim(4.0), add_saturating(&buckets, 16)),
        pair("add bucket counts, 120 each", Target::NONE.aim(1.5), {
            let buckets = buckets.clone();
            move |kernels| add(kernels, &buckets, 120)
        })
        .against(SATURATING, Target::gate(2.0).aim(4.0), add_saturating(&buckets, 120)),
        pair("length as varints", Target::NONE, move |kernels| {
            let values = any.clone();
            Box::new(move || kernels.varint_lengths(&values) as u64)
        }),
    ];
    all.push(stats(random));
    all.extend(hex(random));
    all.push(fixed(encoded));
    Ok(all)
}

fn pair(
    work: &'static str,
    target: Target,
    make: impl Fn(Kernels) -> Box<dyn FnMut() -> u64>,
) -> Contest<'static> {
    let scalar = Kernels::at(Level::Scalar).expect("every processor is scalar");
    Contest::new(work, "kernel", VALUES, make(Kernels::get())).against(TWIN, target, make(scalar))
}

fn varints(work: &'static str, bytes: Vec<u8>, target: Target) -> Contest<'static> {
    pair(work, target, move |kernels| {
        let (bytes, mut out) = (bytes.clone(), vec![0; VALUES]);
        Box::new(move || kernels.decode_varints(&bytes, &mut out).expect("valid") as u64)
    })
}

/// Adds the counts of one histogram after another to the same sums.
fn add(kernels: Kernels, counts: &[u64], buckets: usize) -> Box<dyn FnMut() -> u64> {
    let (counts, mut sums) = (counts.to_vec(), vec![0; buckets]);
    Box::new(move || {
        sums.fill(0);
        for counts in counts.chunks_exact(buckets) {
            kernels.add_counts(&mut sums, counts);
        }
        sums[0]
    })
}

/// What histogram merging looks like where nobody thought of vectors.
fn add_saturating(counts: &[u64], buckets: usize) -> impl FnMut() -> u64 + use<> {
    let (counts, mut sums) = (counts.to_vec(), vec![0u64; buckets]);
    move || {
        sums.fill(0);
        for counts in counts.chunks_exact(buckets) {
            for index in 0..counts.len() {
                sums[index] = sums[index].saturating_add(counts[index]);
            }
        }
        sums[0]
    }
}

/// Trace ids as JSON has them: as the JSON writer and the crate under its reader do it, against one digit after another.
fn hex(random: &mut Random) -> [Contest<'static>; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let ids: Vec<[u8; 16]> = (0..VALUES).map(|_| random.bytes()).collect();
    let texts: Vec<String> = ids.iter().map(const_hex::encode).collect();
    let (mut ids_too, texts_too) = (ids, texts.clone());
    // Branches could be learned from few ids; writing has none, so its ids stay in the first cache, as one just read does.
    ids_too.truncate(IDS);
    let few = ids_too.clone();
    let (mut ours, mut theirs) = (vec![[0; 32]; IDS], vec![[0; 32]; IDS]);
    let write = Contest::new("hex of ids, written", "kernel", IDS, move || {
        for (id, text) in few.iter().zip(&mut ours) {
            *text = otlp_core::__bench::hex(id);
            black_box(&text);
        }
        u64::from(ours[IDS - 1][31])
    })
    .against("digit by digit", Target::gate(4.0).aim(10.0), move || {
        for (id, text) in ids_too.iter().zip(&mut theirs) {
            for (index, byte) in id.iter().enumerate() {
                text[2 * index] = DIGITS[usize::from(byte >> 4)];
                text[2 * index + 1] = DIGITS[usize::from(byte & 15)];
            }
            black_box(&text);
        }
        u64::from(theirs[IDS - 1][31])
    });
    let (mut ours, mut theirs) = (vec![[0; 16]; VALUES], vec![[0; 16]; VALUES]);
    let read = Contest::new("hex of ids, read", "kernel", VALUES, move || {
        for (text, id) in texts.iter().zip(&mut ours) {
            const_hex::decode_to_slice(text, id).expect("hex");
        }
        u64::from(ours[VALUES - 1][15])
    })
    .against("digit by digit", Target::gate(15.0).aim(45.0), move || {
        for (text, id) in texts_too.iter().zip(&mut theirs) {
            for (pair, byte) in text.as_bytes().chunks_exact(2).zip(id) {
                *byte = digit(pair[0]) << 4 | digit(pair[1]);
            }
        }
        u64::from(theirs[VALUES - 1][15])
    });
    [write, read]
}

/// The value of a digit, as one writes it without a table.
fn digit(of: u8) -> u8 {
    match of {
        b'0'..=b'9' => of - b'0',
        b'a'..=b'f' => of - b'a' + 10,
        b'A'..=b'F' => of - b'A' + 10,
        _ => panic!("not a digit"),
    }
}

fn stats(random: &mut Random) -> Contest<'static> {
    let values: Vec<f64> = (0..VALUES).map(|_| random.fraction()).collect();
    let copy = values.clone();
    Contest::new("f64 sum, min, max", "kernel", VALUES, move || kernel::stats(&values).sum.to_bits()).against(
        "sequential fold",
        Target::gate(3.0).aim(5.0),
        move || {
            let fold = copy
                .iter()
                .fold((0.0, f64::INFINITY, f64::NEG_INFINITY), |(sum, min, max): (f64, f64, f64), value| {
                    (sum + value, min.min(*value), max.max(*value))
                });
            fold.0.to_bits() ^ fold.1.to_bits() ^ fold.2.to_bits()
        },
    )
}

/// A packed fixed64 field, as prost merges it: element by element.
fn fixed(bytes: Vec<u8>) -> Contest<'static> {
    let length = bytes.len() as u64;
    let mut field = Vec::new();
    prost::encoding::encode_varint(length, &mut field);
    field.extend(&bytes);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    Contest::new("packed fixed64", "kernel", VALUES, move || {
        ours.clear();
        kernel::decode_fixed64(&bytes, &mut ours);
        ours[VALUES - 1]
    })
    .against("prost", Target::gate(4.0).aim(7.0), move || {
        theirs.clear();
        let context = prost::encoding::DecodeContext::default();
        let kind = prost::encoding::WireType::LengthDelimited;
        prost::encoding::fixed64::merge_repeated(kind, &mut theirs, &mut field.as_slice(), context)
            .expect("valid");
        theirs[VALUES - 1]
    })
}

fn packed(values: &[u64]) -> Vec<u8> {
    let mut out = Vec::new();
    values.iter().for_each(|value| prost::encoding::encode_varint(*value, &mut out));
    out
}
