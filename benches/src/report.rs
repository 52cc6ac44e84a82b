//! The result of one comparison, as a JSON line and as a line for people.

use serde_json::json;

/// Ours against one peer at one work.
pub struct Row {
    pub work: &'static str,
    pub peer: &'static str,
    pub payload: &'static str,
    /// Median over the rounds of peer's cost divided by ours.
    pub ratio_median: f64,
    /// Tenth percentile of the same; what the gate is for.
    pub ratio_p10: f64,
    pub gate: Option<f64>,
    pub aim: Option<f64>,
    pub allocations_per_item: f64,
    pub peer_allocations_per_item: f64,
    pub allocator: &'static str,
    pub rounds: usize,
}

impl Row {
    pub fn json(&self) -> String {
        json!({
            "work": self.work,
            "peer": self.peer,
            "payload": self.payload,
            "ratio_median": rounded(self.ratio_median),
            "ratio_p10": rounded(self.ratio_p10),
            "gate": self.gate,
            "aim": self.aim,
            "allocations_per_item": rounded(self.allocations_per_item),
            "peer_allocations_per_item": rounded(self.peer_allocations_per_item),
            "allocator": self.allocator,
            "rounds": self.rounds,
        })
        .to_string()
    }
}

/// Three digits behind the point are more than the noise leaves.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}
