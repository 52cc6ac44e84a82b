//! Rows of the measurement as a table: system allocator first, mimalloc in brackets.

use anyhow::Context;
use serde_json::Value;

/// Markdown of all rows. Rows that differ in the allocator alone share a line.
pub(super) fn markdown(rows: &[Value]) -> anyhow::Result<String> {
    let mut table = String::from(
        "| work | payload | against | median | p10 | gate | aim | allocations per item, ours | theirs |\n\
         |---|---|---|--:|--:|---|---|--:|--:|\n",
    );
    let is_second = |row: &&Value| row["allocator"] != "mimalloc";
    for row in rows.iter().filter(is_second) {
        let same = |other: &&Value| {
            other["allocator"] == "mimalloc"
                && ["work", "payload", "peer"].iter().all(|key| other[key] == row[key])
        };
        table.push_str(&line(row, rows.iter().find(same))?);
    }
    Ok(table)
}

fn line(first: &Value, second: Option<&Value>) -> anyhow::Result<String> {
    let text = |key: &str| first[key].as_str().with_context(|| format!("a row without {key}"));
    let number = |row: &Value, key: &str| row[key].as_f64().with_context(|| format!("a row without {key}"));
    let pair = |key: &str| -> anyhow::Result<String> {
        let mut cell = ratio(number(first, key)?);
        if let Some(second) = second {
            cell.push_str(&format!(" ({})", ratio(number(second, key)?)));
        }
        Ok(cell)
    };
    let verdict = |target: &str, reached: &str| -> anyhow::Result<String> {
        let Some(wanted) = first[target].as_f64() else { return Ok("–".to_owned()) };
        let mut cell = ratio(wanted);
        if let Some(other) = second.and_then(|row| row[target].as_f64()).filter(|other| *other != wanted) {
            cell.push_str(&format!(" ({})", ratio(other)));
        }
        let mut held = true;
        for row in std::iter::once(first).chain(second) {
            held &= row[target].as_f64().is_none_or(|wanted| row[reached].as_f64() >= Some(wanted));
        }
        Ok(format!("{cell} {}", if held { "✓" } else { "**short**" }))
    };
    Ok(format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
        text("work")?,
        text("payload")?,
        text("peer")?,
        pair("ratio_median")?,
        pair("ratio_p10")?,
        verdict("gate", "ratio_p10")?,
        verdict("aim", "ratio_median")?,
        allocations(first["allocations_per_item"].as_f64()),
        allocations(first["peer_allocations_per_item"].as_f64()),
    ))
}

/// Two digits that count.
fn ratio(value: f64) -> String {
    if value >= 10.0 {
        format!("{value:.0}")
    } else if value >= 1.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

/// Programs of their own have no count.
fn allocations(value: Option<f64>) -> String {
    let Some(value) = value else { return "–".to_owned() };
    if value == 0.0 {
        "0".to_owned()
    } else if value < 0.1 {
        format!("{value:.3}")
    } else {
        format!("{value:.1}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn one_line_for_both_allocators_and_a_verdict_over_both() {
        let row = |allocator: &str, median: f64, p10: f64, aim: f64| {
            json!({
                "work": "parse", "peer": "prost", "payload": "traces", "allocator": allocator,
                "ratio_median": median, "ratio_p10": p10, "gate": 4.0, "aim": aim,
                "allocations_per_item": 0.0, "peer_allocations_per_item": 28.8,
            })
        };
        let table = super::markdown(&[row("system", 8.2, 7.5, 8.0), row("mimalloc", 5.1, 3.9, 5.0)]).unwrap();
        let line = table.lines().nth(2).unwrap();
        let expected =
            "| parse | traces | prost | 8.2 (5.1) | 7.5 (3.9) | 4.0 **short** | 8.0 (5.0) ✓ | 0 | 28.8 |";
        assert_eq!(line, expected);
        assert_eq!(table.lines().count(), 3);
    }
}
