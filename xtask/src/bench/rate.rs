//! A steady stream, and the highest rate that holds, as a table.

use anyhow::Context;
use serde_json::Value;

/// The rate that the table's first columns are about, spans a second.
const STEADY: u64 = 150_000;

/// One line for each transport and file format.
pub(super) fn section(rows: &[Value]) -> anyhow::Result<String> {
    let mut table = String::from(
        "| transport | files | 150,000 spans/s: half within | 99 of 100 within | all within | highest rate with 99 of 100 \
         below 8 ms | 99 of 100 there |\n|---|---|--:|--:|--:|--:|--:|\n",
    );
    for row in rows.iter().filter(|row| row["spans_per_second"] == STEADY) {
        let ms = |row: &Value, key: &str| -> anyhow::Result<String> {
            Ok(format!("{:.1} ms", row[key].as_f64().with_context(|| format!("a row without {key}"))?))
        };
        let same = |other: &&Value| ["transport", "format"].iter().all(|key| other[key] == row[key]);
        // The search goes up until a rate fails.
        let highest =
            rows.iter().filter(same).rfind(|row| row["holds"] == true && row["spans_per_second"] != STEADY);
        let [rate, there] = match highest {
            Some(highest) => [
                thousands(highest["spans_per_second"].as_u64().context("a row without a rate")?),
                ms(highest, "p99_ms")?,
            ],
            None => ["–".to_owned(), "–".to_owned()],
        };
        table.push_str(&format!(
            "| {} | {} | {} | {} | {} | {rate} | {there} |\n",
            row["transport"].as_str().context("a row without transport")?,
            row["format"].as_str().context("a row without format")?,
            ms(row, "p50_ms")?,
            ms(row, "p99_ms")?,
            ms(row, "worst_ms")?,
        ));
    }
    Ok(table)
}

/// `600,000`.
fn thousands(number: u64) -> String {
    match number {
        0..1000 => number.to_string(),
        _ => format!("{},{:03}", thousands(number / 1000), number % 1000),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn the_highest_rate_is_the_last_that_held() {
        let row = |rate: u64, holds: bool| {
            json!({
                "transport": "gRPC", "format": "frames", "spans_per_second": rate, "p50_ms": 1.0, "p99_ms": 2.5,
                "worst_ms": 7.0, "failed": 0, "holds": holds,
            })
        };
        let table =
            super::section(&[row(150_000, true), row(1_300_000, true), row(1_400_000, false)]).unwrap();
        let line = table.lines().nth(2).unwrap();
        assert_eq!(line, "| gRPC | frames | 1.0 ms | 2.5 ms | 7.0 ms | 1,300,000 | 2.5 ms |");
    }
}
