//! Batch work that no kernel does: what a kernel could have of it. A ratio of 0.1 says that one which took no time at all
//! would save a tenth.

use otlp_core::proto::collector::profiles::v1development::ExportProfilesServiceRequest;
use otlp_core::{Batch, Signal};
use otlp_simd::Ratio;
use otlp_simd::kernel::{Kernels, Level, count_varints};
use prost::Message as _;

use crate::contest::{Contest, Target};
use crate::payload::{self, Payloads, Random, profile};

const PROFILES: usize = 16;

/// Joining profiles, against decoding their packed numbers.
pub fn profiles(_: &Payloads) -> anyhow::Result<Vec<Contest<'static>>> {
    let random = &mut Random::new(7);
    let requests: Vec<_> = (0..PROFILES).map(|_| profile::request(random)).collect();
    let batches = requests
        .iter()
        .map(|request| payload::parse(Signal::Profiles, request.encode_to_vec()))
        .collect::<anyhow::Result<Vec<Batch>>>()?;
    anyhow::ensure!(otlp_simd::concat(&batches)?.items() == PROFILES, "profiles are missing");
    let packed: Vec<Vec<u8>> = requests.iter().flat_map(fields).collect();
    let most = packed.iter().map(|field| count_varints(field)).max().unwrap_or_default();
    let mut out = vec![0; most];
    let scalar = Kernels::at(Level::Scalar).expect("every processor is scalar");
    let contest = Contest::new("merge profiles", "profiles", PROFILES, move || {
        otlp_simd::concat(&batches).expect("one signal").items() as u64
    })
    .against("their packed numbers alone, decoded", Target::NONE, move || {
        packed.iter().map(|field| scalar.decode_varints(field, &mut out).expect("valid") as u64).sum()
    });
    Ok(vec![contest])
}

/// All packed varints of a request: stacks, values.
fn fields(request: &ExportProfilesServiceRequest) -> Vec<Vec<u8>> {
    let packed = |numbers: &mut dyn Iterator<Item = u64>| {
        let mut out = Vec::new();
        numbers.for_each(|number| prost::encoding::encode_varint(number, &mut out));
        out
    };
    let stacks = request.dictionary.iter().flat_map(|dictionary| &dictionary.stack_table);
    let mut all: Vec<Vec<u8>> =
        stacks.map(|stack| packed(&mut stack.location_indices.iter().map(|index| *index as u64))).collect();
    let scopes = request.resource_profiles.iter().flat_map(|group| &group.scope_profiles);
    for sample in scopes.flat_map(|scope| &scope.profiles).flat_map(|profile| &profile.samples) {
        all.push(packed(&mut sample.values.iter().map(|value| *value as u64)));
    }
    all
}

/// Sampling by trace, against judging the ids.
pub fn ids(payloads: &Payloads) -> anyhow::Result<Vec<Contest<'_>>> {
    let batch = &payloads.traces;
    let ratio = Ratio::new(0.125)?;
    let ids: Vec<[u8; 16]> =
        payloads.groups.iter().flat_map(|group| &group.rows).map(|row| row.trace).collect();
    let mut out = vec![0; ids.len()];
    let scalar = Kernels::at(Level::Scalar).expect("every processor is scalar");
    anyhow::ensure!(
        scalar.keep_ids(&ids, ratio.threshold(), &mut out)
            == otlp_simd::sample_by_trace(batch, ratio).items(),
        "other spans are kept"
    );
    let contest = Contest::new("sample 1/8 by trace", "traces", batch.items(), move || {
        otlp_simd::sample_by_trace(batch, ratio).items() as u64
    })
    .against("its ids alone, judged", Target::NONE, move || {
        scalar.keep_ids(&ids, ratio.threshold(), &mut out) as u64
    });
    Ok(vec![contest])
}
