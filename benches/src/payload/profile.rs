//! CPU profiles of one program, a minute after the other: much the same functions, other stacks.

use otlp_core::proto::collector::profiles::v1development::ExportProfilesServiceRequest;
use otlp_core::proto::profiles::v1development::{
    Function, Line, Location, Mapping, Profile, ProfilesDictionary, ResourceProfiles, Sample, ScopeProfiles,
    Stack, ValueType,
};

use super::random::Random;

const FUNCTIONS: u64 = 1000;
const STACKS: usize = 1000;
const DEPTH: u64 = 30;
const SAMPLES: usize = 2000;

/// A request with one profile of 2000 samples, 1000 stacks of about 30 frames.
pub fn request(random: &mut Random) -> ExportProfilesServiceRequest {
    let functions = FUNCTIONS as i32;
    let strings = ["", "samples", "count", "/usr/bin/shop"].into_iter().map(str::to_owned);
    let strings = strings
        .chain((0..FUNCTIONS).map(|number| format!("shop::layer{}::function_{number}", number % 7)))
        .chain((0..FUNCTIONS / 10).map(|number| format!("src/layer{}/file_{number}.rs", number % 7)));
    let function = |number: i32| Function {
        name_strindex: 4 + number,
        filename_strindex: 4 + functions + number / 10,
        start_line: i64::from(number % 900),
        ..Default::default()
    };
    let location = |number: i32| Location {
        mapping_index: 1,
        address: 0x40_0000 + 64 * number as u64,
        lines: vec![Line { function_index: 1 + number, line: i64::from(number % 900) + 3, column: 0 }],
        attribute_indices: Vec::new(),
    };
    let mut stack = || Stack {
        location_indices: (0..20 + random.below(DEPTH - 10))
            .map(|_| 1 + random.below(FUNCTIONS) as i32)
            .collect(),
    };
    let stacks: Vec<Stack> = std::iter::once(Stack::default()).chain((0..STACKS).map(|_| stack())).collect();
    let start = 1_767_225_600_000_000_000;
    let samples = (0..SAMPLES).map(|number| Sample {
        stack_index: 1 + random.below(STACKS as u64) as i32,
        values: vec![1 + random.below(20) as i64],
        timestamps_unix_nano: vec![start + number as u64 * 10_000_000],
        ..Default::default()
    });
    let profile = Profile {
        sample_type: Some(ValueType { type_strindex: 1, unit_strindex: 2 }),
        samples: samples.collect(),
        time_unix_nano: start,
        duration_nano: 60_000_000_000,
        profile_id: random.bytes::<16>().to_vec(),
        ..Default::default()
    };
    let mapping = Mapping { memory_start: 0x40_0000, filename_strindex: 3, ..Default::default() };
    ExportProfilesServiceRequest {
        resource_profiles: vec![ResourceProfiles {
            scope_profiles: vec![ScopeProfiles { profiles: vec![profile], ..Default::default() }],
            ..Default::default()
        }],
        dictionary: Some(ProfilesDictionary {
            mapping_table: vec![Mapping::default(), mapping],
            location_table: std::iter::once(Location::default())
                .chain((0..functions).map(location))
                .collect(),
            function_table: std::iter::once(Function::default())
                .chain((0..functions).map(function))
                .collect(),
            string_table: strings.collect(),
            stack_table: stacks,
            link_table: vec![Default::default()],
            attribute_table: vec![Default::default()],
        }),
    }
}
