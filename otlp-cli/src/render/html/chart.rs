//! Metrics as inline SVG: lines over time, bars of distributions.

use std::fmt::Write as _;

use super::escape::escape;
use crate::render::bar::join;
use crate::render::metric::{kind, quantiles};
use crate::render::number::{count, plural, three_digits, with_unit};
use crate::view::metric::{Metric, Series, Value};

/// Series of a metric that are drawn.
const SERIES: usize = 4;
const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 64.0;

/// A card for each of the first `limit` metrics.
pub(crate) fn metrics(metrics: &[Metric], limit: usize) -> String {
    let mut out = String::from("<div class=\"cards\">");
    for metric in metrics.iter().take(limit) {
        card(metric, &mut out);
    }
    out.push_str("</div>");
    if metrics.len() > limit {
        let _ = write!(
            out,
            "<p class=\"dim\">… {} more metrics left out</p>",
            count((metrics.len() - limit) as u64)
        );
    }
    out
}

fn card(metric: &Metric, out: &mut String) {
    let unit = if metric.unit.is_empty() { String::new() } else { format!(" · {}", escape(&metric.unit)) };
    let _ = write!(
        out,
        "<article class=\"card\" title=\"{}\"><h3>{}</h3><p class=\"dim\">{}{unit} · {} · {}</p>",
        escape(&metric.description),
        escape(&metric.name),
        kind(metric),
        plural(metric.series.len(), "series"),
        plural(metric.points, "point"),
    );
    for series in metric.series.iter().take(SERIES) {
        let mut label = escape(&series.source);
        for (key, value) in &series.attributes {
            let _ = write!(label, " {}={}", escape(key), escape(value));
        }
        let (drawing, facts) = draw(metric, series);
        let _ = write!(
            out,
            "<figure>{drawing}<figcaption><b>{}</b><br><span class=\"dim\">{label}</span></figcaption></figure>",
            escape(&facts)
        );
    }
    if metric.series.len() > SERIES {
        let _ = write!(out, "<p class=\"dim\">… {} more series</p>", metric.series.len() - SERIES);
    }
    out.push_str("</article>");
}

fn draw(metric: &Metric, series: &Series) -> (String, String) {
    if let Some(distribution) = metric.distribution(series) {
        let used = distribution.trimmed();
        let counts: Vec<f64> = used.iter().map(|bucket| bucket.count as f64).collect();
        let drawing = if metric.kind == "histogram" { bars(&counts) } else { heat(&counts) };
        return (drawing, quantiles(&distribution, &metric.unit));
    }
    match series.points.last().map(|point| &point.value) {
        Some(Value::Summary(number, _, pairs)) => {
            let values: Vec<f64> = pairs.iter().map(|(_, value)| *value).collect();
            let facts: Vec<String> = pairs
                .iter()
                .map(|(quantile, value)| {
                    format!("p{} {}", three_digits(quantile * 100.0), with_unit(*value, &metric.unit))
                })
                .chain([format!("n {}", count(*number))])
                .collect();
            (bars(&values), facts.join("  "))
        }
        Some(Value::Number(value)) => (line(&metric.over_time(series)), with_unit(*value, &metric.unit)),
        _ => (line(&[]), "no value".to_owned()),
    }
}

fn svg(content: &str) -> String {
    format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\">{content}</svg>")
}

/// Values over time.
fn line(values: &[f64]) -> String {
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let (low, high) = finite().fold((0.0_f64, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let range = if high > low { high - low } else { 1.0 };
    let step = WIDTH / values.len().saturating_sub(1).max(1) as f64;
    let points: Vec<String> = values
        .iter()
        .enumerate()
        .filter(|(_, value)| value.is_finite())
        .map(|(index, value)| {
            let y = HEIGHT - 2.0 - (value - low) / range * (HEIGHT - 4.0);
            format!("{:.1},{y:.1}", index as f64 * step)
        })
        .collect();
    match points.as_slice() {
        [] => svg(""),
        [one] => {
            let y = one.split_once(',').map_or("0", |(_, y)| y);
            svg(&format!("<path class=\"line\" d=\"M0,{y}H{WIDTH}\"/>"))
        }
        [first, .., last] => {
            let end = |point: &str| point.split_once(',').map_or("0", |(x, _)| x).to_owned();
            svg(&format!(
                "<path class=\"area\" d=\"M{},{HEIGHT}L{}L{},{HEIGHT}Z\"/><polyline class=\"line\" points=\"{}\"/>",
                end(first),
                points.join("L"),
                end(last),
                points.join(" ")
            ))
        }
    }
}

/// Counts of buckets as bars.
fn bars(counts: &[f64]) -> String {
    each(counts, 80, |x, width, share| {
        let height = if share > 0.0 { (share * (HEIGHT - 2.0)).max(1.0) } else { 0.0 };
        format!(
            "<rect class=\"bar\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
            HEIGHT - height,
            (width - 1.0).max(0.5)
        )
    })
}

/// Counts of buckets as a heat strip.
fn heat(counts: &[f64]) -> String {
    each(counts, 160, |x, width, share| {
        let opacity = if share > 0.0 { 0.12 + 0.88 * share.sqrt() } else { 0.04 };
        format!(
            "<rect class=\"bar\" x=\"{x:.1}\" y=\"12\" width=\"{width:.1}\" height=\"{}\" fill-opacity=\"{opacity:.2}\"/>",
            HEIGHT - 24.0
        )
    })
}

fn each(counts: &[f64], most: usize, draw: impl Fn(f64, f64, f64) -> String) -> String {
    let joined = join(counts, most);
    let top = joined.iter().copied().filter(|count| count.is_finite()).fold(0.0, f64::max);
    let width = WIDTH / joined.len().max(1) as f64;
    let share = |count: f64| if top > 0.0 && count.is_finite() { (count / top).clamp(0.0, 1.0) } else { 0.0 };
    let content: String = joined
        .iter()
        .enumerate()
        .map(|(index, count)| draw(index as f64 * width, width, share(*count)))
        .collect();
    svg(&content)
}
