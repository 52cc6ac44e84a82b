//! Metrics in the terminal: one line a series, its shape drawn.

use super::bar::{buckets, heat, sparkline};
use super::clean::clean;
use super::number::{count, more, plural, three_digits, with_unit};
use super::style::{CHART, DIM, TITLE, paint};
use super::text::{cut, left, width};
use crate::view::distribution::Distribution;
use crate::view::metric::{Metric, Series, Value};

/// Columns of the drawing.
const CHART_COLUMNS: usize = 20;

/// One metric in `columns`: what it is, then its first `rows` series.
pub(crate) fn metric(metric: &Metric, columns: usize, rows: usize) -> String {
    let exemplars: usize =
        metric.series.iter().flat_map(|series| &series.points).map(|point| point.exemplars.len()).sum();
    let mut facts = vec![kind(metric).to_owned()];
    if !metric.unit.is_empty() {
        facts.push(clean(&metric.unit).into_owned());
    }
    facts.push(plural(metric.series.len(), "series"));
    facts.push(plural(metric.points, "point"));
    if exemplars > 0 {
        facts.push(plural(exemplars, "exemplar"));
    }
    let name = cut(&clean(&metric.name), columns / 2);
    let facts = cut(&facts.join(" · "), columns.saturating_sub(width(&name) + 2));
    let mut out = format!("{}  {}\n", paint(TITLE, name), paint(DIM, facts));
    for series in metric.series.iter().take(rows) {
        out += &line(metric, series, columns);
    }
    if metric.series.len() > rows {
        out += &format!("  {}\n", paint(DIM, more(metric.series.len() - rows, "series")));
    }
    out
}

/// The kind of a metric in people's words.
pub(crate) fn kind(metric: &Metric) -> &'static str {
    match (metric.kind, metric.monotonic) {
        ("sum", true) => "counter",
        ("sum", false) => "up-down counter",
        ("exponential_histogram", _) => "exponential histogram",
        (kind, _) => kind,
    }
}

fn line(metric: &Metric, series: &Series, columns: usize) -> String {
    let (chart, facts) = chart(metric, series);
    let used = CHART_COLUMNS + 6;
    let facts = cut(&facts, columns.saturating_sub(used));
    let facts_columns = width(&facts);
    let mut label = clean(&series.source).into_owned();
    for (_, value) in &series.attributes {
        label += &format!(" {}", clean(value));
    }
    let label = cut(&label, columns.saturating_sub(used + facts_columns));
    format!("  {}  {facts}  {}\n", paint(CHART, left(&chart, CHART_COLUMNS)), paint(DIM, label))
}

/// The drawing of a series, and what it says in numbers.
fn chart(metric: &Metric, series: &Series) -> (String, String) {
    let unit = metric.unit.as_str();
    if let Some(distribution) = metric.distribution(series) {
        let counts: Vec<f64> = distribution.trimmed().iter().map(|bucket| bucket.count as f64).collect();
        let draw = if metric.kind == "histogram" { buckets } else { heat };
        return (draw(&counts, CHART_COLUMNS), quantiles(&distribution, unit));
    }
    let shape = sparkline(&metric.over_time(series), CHART_COLUMNS);
    let facts = match series.points.last().map(|point| &point.value) {
        Some(Value::Number(value)) => with_unit(*value, unit),
        Some(Value::Summary(number, sum, pairs)) => {
            let bars: Vec<f64> = pairs.iter().map(|(_, value)| *value).collect();
            let mut facts: Vec<String> = pairs
                .iter()
                .filter(|(quantile, _)| *quantile > 0.0 && *quantile < 1.0)
                .map(|(quantile, value)| {
                    format!(
                        "p{} {}",
                        three_digits(quantile * 100.0).trim_end_matches(".0"),
                        with_unit(*value, unit)
                    )
                })
                .collect();
            if *number > 0 {
                facts.push(format!("mean {}", with_unit(*sum / *number as f64, unit)));
            }
            facts.push(format!("n {}", count(*number)));
            return (buckets(&bars, CHART_COLUMNS), columns(&facts));
        }
        _ => "no value".to_owned(),
    };
    (shape, facts)
}

/// Median, 95th and 99th percentile, and number of values.
pub(crate) fn quantiles(distribution: &Distribution, unit: &str) -> String {
    let mut facts = Vec::new();
    for (name, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
        if let Some(value) = distribution.quantile(share) {
            facts.push(format!("{name} {}", with_unit(value, unit)));
        }
    }
    facts.push(format!("n {}", count(distribution.count)));
    columns(&facts)
}

/// Facts of series below each other, in columns.
fn columns(facts: &[String]) -> String {
    facts.iter().map(|fact| left(fact, width(fact).max(12) + 1)).collect::<String>().trim_end().to_owned()
}
