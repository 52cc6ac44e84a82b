//! Bars of one line: sparklines, bucket bars, heat strips, spans on a time axis.

/// Eighths of a cell, from the bottom.
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Shades of a heat strip, from cold to hot.
const SHADES: [char; 5] = ['·', '░', '▒', '▓', '█'];

/// Values over time, side by side; more values than `columns` are averaged, NaN is a gap.
pub(crate) fn sparkline(values: &[f64], columns: usize) -> String {
    let values = resample(values, columns);
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let (low, high) =
        finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    // Where the lowest value is most of the highest, the axis starts at the lowest: else nothing could be seen.
    let floor = if low >= 0.0 && low < high * 0.6 { 0.0 } else { low };
    let level = |value: f64| match (value - floor) / (high - floor) {
        share if share.is_finite() => LEVELS[((share * 8.0) as usize).min(7)],
        // All values are the same.
        _ => LEVELS[3],
    };
    let drawn = values.iter().map(|&value| if value.is_finite() { level(value) } else { ' ' });
    widen(drawn, values.len(), columns)
}

/// Counts of buckets side by side, empty ones blank; more buckets than `columns` are joined.
pub(crate) fn buckets(counts: &[f64], columns: usize) -> String {
    let shares = shares(counts, columns);
    widen(shares.iter().map(|share| fill(*share, &LEVELS, ' ')), shares.len(), columns)
}

/// Counts of buckets as shades, side by side.
pub(crate) fn heat(counts: &[f64], columns: usize) -> String {
    let shares = shares(counts, columns);
    widen(shares.iter().map(|share| fill(*share, &SHADES[1..], SHADES[0])), shares.len(), columns)
}

/// Character for a share of 0 to 1; anything above zero is seen.
fn fill(share: f64, scale: &[char], none: char) -> char {
    if share > 0.0 { scale[((share * scale.len() as f64) as usize).min(scale.len() - 1)] } else { none }
}

fn shares(counts: &[f64], columns: usize) -> Vec<f64> {
    let joined = join(counts, columns);
    let top = joined.iter().copied().fold(0.0, f64::max);
    joined.into_iter().map(|count| if top > 0.0 && top.is_finite() { count / top } else { 0.0 }).collect()
}

/// Gives each of `number` characters as many cells as fit.
fn widen(characters: impl Iterator<Item = char>, number: usize, columns: usize) -> String {
    let cells = (columns / number.max(1)).max(1);
    characters.flat_map(|c| std::iter::repeat_n(c, cells)).collect()
}

/// Sums neighbours until at most `columns` are left.
pub(crate) fn join(counts: &[f64], columns: usize) -> Vec<f64> {
    let step = counts.len().div_ceil(columns.max(1)).max(1);
    counts.chunks(step).map(|chunk| chunk.iter().sum()).collect()
}

fn resample(values: &[f64], columns: usize) -> Vec<f64> {
    let step = values.len().div_ceil(columns.max(1)).max(1);
    values.chunks(step).map(|chunk| chunk.iter().sum::<f64>() / chunk.len() as f64).collect()
}

/// A bar from the left edge, `share` of `columns` long, in eighths of a cell; anything above zero is seen.
pub(crate) fn bar(share: f64, columns: usize) -> String {
    const PARTS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let eighths = (share * columns as f64 * 8.0).round() as usize;
    let eighths = if share > 0.0 { eighths.max(1) } else { 0 };
    let mut out = "█".repeat(eighths / 8);
    if eighths % 8 > 0 {
        out.push(PARTS[eighths % 8 - 1]);
    }
    out
}

/// Where a span stands on an axis of `columns` cells: blank cells before it, then its bar, at least half a cell.
///
/// `from` and `to` are shares of the axis, 0 to 1. Half cells at both ends: `▗▄▄▖`.
pub(crate) fn interval(from: f64, to: f64, columns: usize) -> (usize, String) {
    let halves = 2 * columns;
    if columns == 0 {
        return (0, String::new());
    }
    let at = |share: f64| {
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        (share * halves as f64).round() as usize
    };
    let start = at(from).min(halves - 1);
    let end = at(to).clamp(start + 1, halves);
    let mut bar = String::new();
    let mut half = start;
    if half % 2 == 1 {
        bar.push('▗');
        half += 1;
    }
    while half + 2 <= end {
        bar.push('▄');
        half += 2;
    }
    if half < end {
        bar.push('▖');
    }
    (start / 2, bar)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sparklines_show_shape() {
        assert_eq!(sparkline(&[0.0, 1.0, 2.0, 4.0, 8.0], 9), "▁▂▃▅█");
        assert_eq!(sparkline(&[100.0, 101.0, 102.0], 6), "▁▁▅▅██");
        assert_eq!(sparkline(&[5.0; 3], 3), "▄▄▄");
        assert_eq!(sparkline(&[1.0, f64::NAN, 3.0], 3), "▃ █");
        assert_eq!(sparkline(&[], 10), "");
        assert_eq!(sparkline(&[1.0; 100], 10).chars().count(), 10);
        assert_eq!(sparkline(&[f64::INFINITY, f64::NEG_INFINITY], 2), "  ");
    }

    #[test]
    fn buckets_show_what_is_rare() {
        assert_eq!(buckets(&[0.0, 1.0, 1000.0, 500.0], 4), " ▁█▅");
        assert_eq!(heat(&[0.0, 1.0, 1000.0, 500.0], 7), "·░█▓");
        assert_eq!(heat(&[1.0; 100], 10), "██████████");
        assert_eq!(heat(&[f64::INFINITY], 1), "·");
    }

    #[test]
    fn bars_are_never_empty_by_rounding() {
        assert_eq!(bar(0.5, 4), "██");
        assert_eq!(bar(0.0001, 4), "▏");
        assert_eq!(bar(0.0, 4), "");
        assert_eq!(bar(f64::NAN, 4), "");
        assert_eq!(bar(2.0, 2), "██");
    }

    #[test]
    fn intervals_stay_on_the_axis() {
        assert_eq!(interval(0.0, 1.0, 4), (0, "▄▄▄▄".into()));
        assert_eq!(interval(0.125, 0.625, 4), (0, "▗▄▖".into()));
        assert_eq!(interval(0.5, 0.5, 4), (2, "▖".into()));
        assert_eq!(interval(1.0, 1.0, 4), (3, "▗".into()));
        for from in -5..=25 {
            for to in -5..=25 {
                let (blank, bar) = interval(f64::from(from) / 20.0, f64::from(to) / 20.0, 7);
                assert!(blank + bar.chars().count() <= 7 && !bar.is_empty(), "{from} {to}");
            }
        }
        assert_eq!(interval(f64::NAN, f64::INFINITY, 3), (0, "▖".into()));
    }
}
