//! How much a stream may keep.

/// Bounds of a stream's state, on either side.
///
/// ```
/// use otlp_compress::tracezip::StreamLimits;
/// let limits = StreamLimits::default().with_max_state_bytes(1 << 20);
/// assert_eq!(limits.max_state_bytes(), 1 << 20);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamLimits {
    max_state_bytes: usize,
    max_frames: u64,
    max_in_flight: usize,
}

impl Default for StreamLimits {
    /// 4 MiB of state, 100,000 frames an epoch, 64 frames that wait for their acknowledgement.
    fn default() -> Self {
        Self { max_state_bytes: 4 << 20, max_frames: 100_000, max_in_flight: 64 }
    }
}

impl StreamLimits {
    /// Most bytes of dictionaries, shapes and models: an encoder opens a new epoch at this bound, a decoder asks for one. A
    /// decoder's bound must not be below its encoder's.
    pub const fn max_state_bytes(&self) -> usize {
        self.max_state_bytes
    }

    /// Most frames of an epoch; the encoder opens a new one behind them.
    pub const fn max_frames(&self) -> u64 {
        self.max_frames
    }

    /// Most frames that wait for their acknowledgement.
    pub const fn max_in_flight(&self) -> usize {
        self.max_in_flight
    }

    /// Sets [`max_state_bytes`](Self::max_state_bytes).
    #[must_use]
    pub const fn with_max_state_bytes(mut self, bytes: usize) -> Self {
        self.max_state_bytes = bytes;
        self
    }

    /// Sets [`max_frames`](Self::max_frames); at least 1.
    #[must_use]
    pub const fn with_max_frames(mut self, frames: u64) -> Self {
        self.max_frames = if frames == 0 { 1 } else { frames };
        self
    }

    /// Sets [`max_in_flight`](Self::max_in_flight); at least 1.
    #[must_use]
    pub const fn with_max_in_flight(mut self, frames: usize) -> Self {
        self.max_in_flight = if frames == 0 { 1 } else { frames };
        self
    }
}
