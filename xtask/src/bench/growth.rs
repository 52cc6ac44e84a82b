//! Cost per item by the number of items, as numbers and as a drawing.

use anyhow::Context;
use serde_json::Value;

use crate::workspace::root;

/// The drawing, beside the page.
const FILE: &str = "performance-growth.svg";
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 300.0;
/// Around the axes: left, right, top, bottom.
const MARGIN: [f64; 4] = [50.0, 170.0, 20.0, 40.0];
const COLOURS: [&str; 6] = ["#1b6ca8", "#c0392b", "#27853f", "#8e44ad", "#b9770e", "#566573"];

/// One operation: its name and the points.
struct Line<'a> {
    work: &'a str,
    /// Most memory at a time beside the batch, per byte of the batch, by the same numbers of items.
    memory: Vec<f64>,
    /// Number of items, and cost per item relative to that at 1,000,000 items.
    points: Vec<(f64, f64)>,
}

/// Draws the file; gives the page's section.
pub(super) fn section(rows: &[Value]) -> anyhow::Result<String> {
    let mut all: Vec<Line<'_>> = Vec::new();
    for row in rows {
        let work = row["work"].as_str().context("a row without work")?;
        let point = (
            row["items"].as_f64().context("a row without items")?,
            row["cost_per_item"].as_f64().context("a row without cost")?,
        );
        let memory = row["memory_per_byte"].as_f64().context("a row without memory")?;
        match all.iter_mut().find(|line| line.work == work) {
            Some(line) => {
                line.points.push(point);
                line.memory.push(memory);
            }
            None => all.push(Line { work, memory: vec![memory], points: vec![point] }),
        }
    }
    let path = root().join("docs/src").join(FILE);
    std::fs::write(&path, drawing(&all)).with_context(|| format!("could not write {}", path.display()))?;

    let costs = table(&all, "cost per item", |line| line.points.iter().map(|(_, cost)| *cost).collect())?;
    let memory = table(&all, "memory per byte", |line| line.memory.clone())?;
    Ok(format!("![Cost per item by the number of items]({FILE})\n\n{costs}\n{memory}"))
}

/// One row for each operation, one column for each number of items.
fn table(all: &[Line<'_>], title: &str, cells: impl Fn(&Line<'_>) -> Vec<f64>) -> anyhow::Result<String> {
    let first = all.first().context("no rows")?;
    let mut table = format!("| {title}, items: |");
    let mut rule = String::from("|---|");
    for (items, _) in &first.points {
        table.push_str(&format!(" {items} |"));
        rule.push_str("--:|");
    }
    table.push_str(&format!("\n{rule}\n"));
    for line in all {
        let cells: Vec<String> = cells(line).iter().map(|cell| format!("{cell:.2}")).collect();
        table.push_str(&format!("| {} | {} |\n", line.work, cells.join(" | ")));
    }
    Ok(table)
}

fn drawing(all: &[Line<'_>]) -> String {
    let points = || all.iter().flat_map(|line| &line.points);
    let most = points().map(|(items, _)| items.log10()).fold(0.0, f64::max);
    let least = points().map(|(items, _)| items.log10()).fold(most, f64::min);
    let top = points().map(|(_, cost)| *cost).fold(2.0, f64::max).ceil();
    let [left, right, above, below] = MARGIN;
    let x = |items: f64| left + (items.log10() - least) / (most - least) * (WIDTH - left - right);
    let y = |cost: f64| HEIGHT - below - cost / top * (HEIGHT - above - below);

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    for step in 0..=top as u32 {
        let at = y(step.into());
        svg.push_str(&format!(
            "<path d=\"M{left} {at:.1}H{:.1}\" stroke=\"#ddd\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{step}</text>\n",
            WIDTH - right,
            left - 6.0,
            at + 4.0
        ));
    }
    for (items, _) in all.first().map_or(&[][..], |line| &line.points) {
        svg.push_str(&format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{items}</text>\n",
            x(*items),
            HEIGHT - below + 18.0
        ));
    }
    svg.push_str(&format!(
        "<text x=\"{left}\" y=\"{:.1}\">items in the batch; cost per item, 1 at 1000000 items</text>\n",
        HEIGHT - 6.0
    ));
    for (index, line) in all.iter().enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        let path: Vec<String> =
            line.points.iter().map(|(items, cost)| format!("{:.1},{:.1}", x(*items), y(*cost))).collect();
        svg.push_str(&format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n",
            path.join(" ")
        ));
        svg.push_str(&format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\">{}</text>\n",
            WIDTH - right + 8.0,
            above + 16.0 * (index as f64 + 1.0),
            line.work
        ));
    }
    svg.push_str("</svg>\n");
    svg
}

#[cfg(test)]
mod tests {
    use super::{Line, drawing};

    #[test]
    fn a_constant_cost_is_a_level_line_inside_the_picture() {
        let svg =
            drawing(&[Line { work: "parse", memory: Vec::new(), points: vec![(100.0, 1.0), (1e6, 1.0)] }]);
        assert!(svg.contains("<polyline points=\"50.0,140.0 470.0,140.0\""), "{svg}");
    }
}
