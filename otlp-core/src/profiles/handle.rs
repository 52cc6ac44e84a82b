//! Typed row numbers of the dictionary's tables.

macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        ///
        /// It belongs to the batch whose dictionary gave it; the default is row 0, the zero row that means "none".
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        pub struct $name(i32);

        impl $name {
            /// Row 0: nothing.
            pub const NONE: Self = Self(0);

            /// The row's number, as fields of other rows hold it.
            pub const fn index(self) -> i32 {
                self.0
            }

            /// The row after `rows` others; [`Self::NONE`] past what the protocol can number.
            pub(super) fn nth(rows: usize) -> Self {
                Self(i32::try_from(rows).unwrap_or_default())
            }
        }
    )+};
}

handles! {
    /// A row of the string table.
    StringId
    /// A row of the mapping table: a file mapped into memory.
    MappingId
    /// A row of the location table: an address, with the lines it stands for.
    LocationId
    /// A row of the function table.
    FunctionId
    /// A row of the link table: a span.
    LinkId
    /// A row of the attribute table.
    AttributeId
    /// A row of the stack table: locations, the leaf first.
    StackId
}

macro_rules! indices {
    ($($name:ident),+) => {$(
        impl Index for $name {
            fn varint(&self) -> u64 {
                self.0 as u64
            }
        }
    )+};
}

/// What a packed field of row numbers holds.
pub(super) trait Index {
    /// The number as it stands in the field.
    fn varint(&self) -> u64;
}

indices!(AttributeId, LocationId);
