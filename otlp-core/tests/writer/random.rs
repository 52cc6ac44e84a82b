//! Seeded random parts of messages.

use otlp_core::proto::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList, any_value::Value,
};
use otlp_core::proto::resource::v1::Resource;

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn chance(&mut self) -> bool {
        self.below(2) == 0
    }

    /// Integers of every length, zero often.
    pub(crate) fn integer(&mut self) -> u64 {
        match self.below(4) {
            0 => 0,
            1 => self.below(300),
            _ => self.next() >> self.below(64),
        }
    }

    pub(crate) fn u32(&mut self) -> u32 {
        self.integer() as u32
    }

    pub(crate) fn double(&mut self) -> f64 {
        match self.below(4) {
            0 => 0.0,
            1 => -1.5,
            2 => f64::INFINITY,
            _ => self.below(1 << 40) as f64 / 1024.0,
        }
    }

    /// Empty often, sometimes past one and two bytes of length.
    pub(crate) fn text(&mut self) -> String {
        let length = match self.below(30) {
            0..10 => 0,
            10..28 => self.below(20),
            28 => 120 + self.below(20),
            _ => 16_375 + self.below(20),
        };
        (0..length).map(|_| ['a', 'é', '🦀', '.'][self.below(4) as usize]).collect()
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }

    /// An id of `length` bytes, or none.
    pub(crate) fn id(&mut self, length: usize) -> Vec<u8> {
        if self.chance() { self.bytes(length) } else { Vec::new() }
    }

    pub(crate) fn many<T>(&mut self, most: u64, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = self.below(most + 1);
        (0..count).map(|_| make(self)).collect()
    }

    pub(crate) fn value(&mut self, depth: u32) -> AnyValue {
        let value = match self.below(if depth == 0 { 6 } else { 8 }) {
            0 => None,
            1 => Some(Value::StringValue(self.text())),
            2 => Some(Value::BoolValue(self.chance())),
            3 => Some(Value::IntValue(self.integer() as i64)),
            4 => Some(Value::DoubleValue(self.double())),
            5 => Some(Value::BytesValue(self.text().into_bytes())),
            6 => Some(Value::ArrayValue(ArrayValue { values: self.many(3, |r| r.value(depth - 1)) })),
            _ => Some(Value::KvlistValue(KeyValueList { values: self.many(3, |r| r.attribute(depth - 1)) })),
        };
        AnyValue { value }
    }

    fn attribute(&mut self, depth: u32) -> KeyValue {
        KeyValue { key: self.text(), value: Some(self.value(depth)), key_strindex: 0 }
    }

    pub(crate) fn attributes(&mut self) -> Vec<KeyValue> {
        self.many(4, |r| r.attribute(3))
    }

    pub(crate) fn resource(&mut self) -> Resource {
        Resource {
            attributes: self.attributes(),
            dropped_attributes_count: self.u32(),
            entity_refs: self.many(2, |r| EntityRef {
                schema_url: r.text(),
                r#type: r.text(),
                id_keys: r.many(2, Self::text),
                description_keys: r.many(2, Self::text),
            }),
        }
    }

    pub(crate) fn scope(&mut self) -> InstrumentationScope {
        InstrumentationScope {
            name: self.text(),
            version: self.text(),
            attributes: self.attributes(),
            dropped_attributes_count: self.u32(),
        }
    }
}
