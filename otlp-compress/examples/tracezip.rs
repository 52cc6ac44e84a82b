//! Bytes and CPU time per item, plain OTLP against tracezip under the same compressor: `tracezip CAPTURE.zst [SIGNAL]`.
//!
//! The capture holds, under one zstd frame, requests with a big-endian length of four bytes in front. They are cut again into
//! batches of 100, 1000 and 8192 items in their order.
#![allow(clippy::print_stdout, reason = "the table is the purpose")]

use std::error::Error;
use std::time::Duration;

use otlp_compress::tracezip::{
    Decoder, Encoder, Inner, Options, StreamDecoder, StreamEncoder, StreamLimits, Verify,
};
use otlp_compress::{Codec, Compressor, Level};
use otlp_core::{Batch, Limits, Signal};

const MAX: usize = 1 << 30;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let path = args.next().ok_or("usage: tracezip CAPTURE.zst [SIGNAL] [BATCH]...")?;
    let signal = args.next().map_or(Ok(Signal::Traces), |name| name.parse())?;
    let sizes: Vec<usize> = args.map(|size| size.parse()).collect::<Result<_, _>>()?;
    let sizes = if sizes.is_empty() { vec![100, 1000, 8192] } else { sizes };
    let requests = read(&path, signal)?;
    for size in sizes {
        let batches = cut(&requests, size)?;
        let items: usize = batches.iter().map(Batch::items).sum();
        let bytes: usize = batches.iter().map(|batch| batch.bytes().len()).sum();
        println!("\nbatches of {size}: {items} items, {:.1} bytes each", bytes as f64 / items as f64);
        println!("{:28}{:>9}{:>12}{:>12}", "", "B/item", "encode MB/s", "decode MB/s");
        let row = |name: &str, (length, encode, decode): (usize, Duration, Duration)| {
            let speed = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
            println!(
                "{name:28}{:>9.2}{:>12.0}{:>12.0}",
                length as f64 / items as f64,
                speed(encode),
                speed(decode)
            );
        };
        for (name, inner, codec, level) in [
            ("zstd-1", Inner::Zstd, Codec::Zstd, Level::Number(1)),
            ("zstd-3", Inner::Zstd, Codec::Zstd, Level::Number(3)),
            ("zstd-9", Inner::Zstd, Codec::Zstd, Level::Number(9)),
            ("gzip-6", Inner::Gzip, Codec::Gzip, Level::Number(6)),
            ("lz4", Inner::Lz4, Codec::Identity, Level::Default),
            ("none", Inner::None, Codec::Identity, Level::Default),
        ] {
            if inner == Inner::Lz4 {
                row("OTLP + lz4", alone(&batches, Options::default().with_inner(inner).with_raw(true))?);
            } else if codec != Codec::Identity {
                row(&format!("OTLP + {name}"), plain(&batches, codec, level)?);
            }
            let options = Options::default().with_inner(inner).with_level(level).with_verify(Verify::Never);
            row(&format!("tracezip, {name}"), alone(&batches, options)?);
            if name == "zstd-3" {
                row(&format!("tracezip stream, {name}"), stream(&batches, options)?);
                let grouped: Vec<Batch> = batches.iter().map(otlp_simd::group_by_trace).collect();
                row(&format!("tracezip by trace, {name}"), alone(&grouped, options)?);
            }
        }
    }
    Ok(())
}

fn read(path: &str, signal: Signal) -> Result<Vec<Batch>, Box<dyn Error>> {
    let file = otlp_compress::decompress(Codec::Zstd, &std::fs::read(path)?, MAX)?;
    let mut rest = &file[..];
    let mut requests = Vec::new();
    while let Some((length, body)) = rest.split_first_chunk() {
        let (body, behind) = body.split_at(u32::from_be_bytes(*length) as usize);
        requests.push(Batch::parse(signal, body.to_vec(), &Limits::default())?);
        rest = behind;
    }
    Ok(requests)
}

fn cut(requests: &[Batch], size: usize) -> Result<Vec<Batch>, Box<dyn Error>> {
    let mut rebatch = otlp_simd::Rebatch::new(size.try_into()?);
    let mut batches = Vec::new();
    for request in requests {
        batches.extend(rebatch.push(request.clone())?);
    }
    batches.extend(rebatch.finish()?);
    Ok(batches)
}

/// Time that this process spent on a CPU.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    Duration::from_nanos(stat.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0))
}

fn plain(
    batches: &[Batch],
    codec: Codec,
    level: Level,
) -> Result<(usize, Duration, Duration), Box<dyn Error>> {
    let mut compressor = Compressor::new(codec, level)?;
    let mut decompressor = otlp_compress::Decompressor::new(codec)?;
    let start = cpu();
    let mut bodies = Vec::new();
    for batch in batches {
        bodies.push(compressor.compress(batch.bytes())?);
    }
    let middle = cpu();
    for (body, batch) in bodies.iter().zip(batches) {
        assert_eq!(decompressor.decompress(body, MAX)?.len(), batch.bytes().len());
    }
    Ok((bodies.iter().map(|body| body.len()).sum(), middle - start, cpu() - middle))
}

fn alone(batches: &[Batch], options: Options) -> Result<(usize, Duration, Duration), Box<dyn Error>> {
    let mut encoder = Encoder::new(options)?;
    let mut decoder = Decoder::new();
    let mut frames = vec![Vec::new(); batches.len()];
    let start = cpu();
    for (batch, frame) in batches.iter().zip(&mut frames) {
        encoder.encode(batch, frame)?;
    }
    let middle = cpu();
    for frame in &frames {
        decoder.decode(frame, MAX)?;
    }
    let end = cpu();
    for (frame, batch) in frames.iter().zip(batches) {
        assert_eq!(decoder.decode(frame, MAX)?.1, batch.bytes());
    }
    Ok((frames.iter().map(Vec::len).sum(), middle - start, end - middle))
}

fn stream(batches: &[Batch], options: Options) -> Result<(usize, Duration, Duration), Box<dyn Error>> {
    let limits = StreamLimits::default();
    let mut encoder = StreamEncoder::new(options, limits)?;
    let mut decoder = StreamDecoder::new(limits);
    let mut frames = vec![Vec::new(); batches.len()];
    let start = cpu();
    for (batch, frame) in batches.iter().zip(&mut frames) {
        let ticket = encoder.encode(batch, frame)?;
        encoder.acknowledge(ticket);
    }
    let middle = cpu();
    for (frame, batch) in frames.iter().zip(batches) {
        assert_eq!(decoder.decode(frame, MAX)?.1, batch.bytes());
    }
    Ok((frames.iter().map(Vec::len).sum(), middle - start, cpu() - middle))
}
