//! The measurements behind `cargo xtask bench`: our work against the peers' in one process, in interleaved rounds.
//!
//! ```text
//! otlp-benches [--rounds N] [--only TEXT]     compares; one JSON object a line on stdout
//! otlp-benches --once WORK [--peer NAME]      one side alone, once, for callgrind; prints the number of items
//! otlp-benches --growth                       cost per item by the number of items; JSON lines
//! otlp-benches --forward --relay OTLP [--proxy PROGRAM] [--rotel PROGRAM]
//!                                             forwarders as programs of their own; JSON lines as the comparison's
//! otlp-benches --rate --relay OTLP            latency of a steady stream, and the highest rate; JSON lines
//! otlp-benches --payloads                     sizes of the payloads
//! ```

mod allocator;
mod clock;
mod contest;
#[cfg(feature = "transport")]
mod forward;
mod growth;
mod payload;
mod peer;
#[cfg(feature = "transport")]
mod program;
#[cfg(feature = "transport")]
mod rate;
mod report;
mod walk;
mod work;

use anyhow::{Context as _, bail};
use payload::Payloads;

#[global_allocator]
static ALLOCATOR: allocator::Chosen = allocator::Chosen;

const ROUNDS: usize = 31;

fn main() -> anyhow::Result<()> {
    let mut rounds = ROUNDS;
    let mut only = String::new();
    let (mut once, mut peer) = (None, None);
    #[cfg(feature = "transport")]
    let (mut forward, mut rate, mut programs) = (false, false, forward::Programs::default());
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().with_context(|| format!("{word} needs a value"));
        match word.as_str() {
            "--rounds" => rounds = value()?.parse().context("--rounds")?,
            "--only" => only = value()?,
            "--once" => once = Some(value()?),
            "--peer" => peer = Some(value()?),
            "--growth" => return growth::run(),
            "--payloads" => return sizes(),
            #[cfg(feature = "transport")]
            "--forward" => forward = true,
            #[cfg(feature = "transport")]
            "--rate" => rate = true,
            #[cfg(feature = "transport")]
            "--relay" => programs.relay = Some(value()?.into()),
            #[cfg(feature = "transport")]
            "--proxy" => programs.proxy = Some(value()?.into()),
            #[cfg(feature = "transport")]
            "--rotel" => programs.rotel = Some(value()?.into()),
            _ => bail!("unknown argument {word}"),
        }
    }
    #[cfg(feature = "transport")]
    if forward {
        return forward::run(&programs);
    } else if rate {
        return rate::run(programs.relay.as_deref().context("--relay: where `otlp` is")?);
    }
    let payloads = Payloads::new()?;
    if let Some(name) = once {
        let (_, make) = work::ALL.iter().find(|(work, _)| *work == name).context("no such work")?;
        let first = make(&payloads)?.into_iter().next().context("no contest")?;
        println!("{}", first.one_side(peer.as_deref()).context("no such peer")?);
        return Ok(());
    }
    for (_, make) in work::ALL.iter().filter(|(name, _)| name.contains(&only)) {
        for contest in make(&payloads)? {
            eprintln!("  {}", contest.title());
            for row in contest.compare(rounds.max(1)) {
                println!("{}", row.json());
            }
        }
    }
    Ok(())
}

fn sizes() -> anyhow::Result<()> {
    let payloads = Payloads::new()?;
    let seeded = [("traces", &payloads.traces), ("logs", &payloads.logs), ("metrics", &payloads.metrics)];
    let captures = payloads.captures.iter().map(|(name, batch)| (*name, batch));
    for (name, batch) in seeded.into_iter().chain(captures) {
        println!(
            "{name}: {} items, {} bytes, merged {}",
            batch.items(),
            batch.bytes().len(),
            batch.is_merged()
        );
    }
    Ok(())
}
