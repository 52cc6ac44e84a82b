//! What a parser accepts: sizes, nesting, layouts.

/// How far `Batch::parse` and the JSON reader go before they refuse.
///
/// ```
/// use otlp_core::Limits;
/// let limits = Limits::default().with_max_bytes(4 << 20);
/// assert_eq!(limits.max_bytes(), 4 << 20);
/// assert_eq!(limits.max_depth(), 100);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    max_bytes: usize,
    max_depth: u32,
    max_items: usize,
    strict_ids: bool,
    profiles_layout: ProfilesLayout,
}

/// What to do with profiles in a layout older than the one this crate reads.
///
/// Profiles are `v1development`: 1.9 and 1.10 of the protocol renumbered fields, so that an old message parses as a
/// new one and loses its values without a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ProfilesLayout {
    /// Recognise older layouts and refuse them, naming the layout (the default).
    #[default]
    Refuse,
    /// Take every message for the current layout (1.10 and later) without looking.
    Current,
}

impl Default for Limits {
    /// 64 MiB (the specification's default, rules G2 and H5), 100 levels (what prost allows), any number of items, ids of any length.
    fn default() -> Self {
        Self {
            max_bytes: 64 << 20,
            max_depth: 100,
            max_items: usize::MAX,
            strict_ids: false,
            profiles_layout: ProfilesLayout::default(),
        }
    }
}

impl Limits {
    /// Largest encoded message in bytes, after decompression.
    pub const fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Most levels of messages below the request.
    pub const fn max_depth(&self) -> u32 {
        self.max_depth
    }

    /// Most items (spans, data points, log records, profiles) in one batch.
    pub const fn max_items(&self) -> usize {
        self.max_items
    }

    /// Whether trace, span and profile ids must have 16, 8 and 16 bytes or none, in protobuf and in JSON.
    pub const fn strict_ids(&self) -> bool {
        self.strict_ids
    }

    /// What happens to profiles in an older layout.
    pub const fn profiles_layout(&self) -> ProfilesLayout {
        self.profiles_layout
    }

    /// Sets [`max_bytes`](Self::max_bytes).
    #[must_use]
    pub const fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets [`max_depth`](Self::max_depth); readers recurse, so at most 100 is taken.
    #[must_use]
    pub const fn with_max_depth(mut self, levels: u32) -> Self {
        self.max_depth = if levels > 100 { 100 } else { levels };
        self
    }

    /// Sets [`max_items`](Self::max_items).
    #[must_use]
    pub const fn with_max_items(mut self, items: usize) -> Self {
        self.max_items = items;
        self
    }

    /// Sets [`strict_ids`](Self::strict_ids).
    #[must_use]
    pub const fn with_strict_ids(mut self, strict: bool) -> Self {
        self.strict_ids = strict;
        self
    }

    /// Sets [`profiles_layout`](Self::profiles_layout).
    #[must_use]
    pub const fn with_profiles_layout(mut self, layout: ProfilesLayout) -> Self {
        self.profiles_layout = layout;
        self
    }
}
