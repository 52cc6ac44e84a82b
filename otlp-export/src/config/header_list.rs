//! `OTEL_EXPORTER_OTLP_HEADERS`: `key1=value1,key2=value2`, the list of W3C Baggage without its properties.

use percent_encoding::percent_decode_str;

use crate::header::{self, Header};

/// The headers of the list, and for each entry that cannot be one, its place and what is wrong. Values are percent-decoded; a
/// later key replaces an earlier one.
pub(super) fn parse(list: &str) -> (Vec<Header>, Vec<String>) {
    let mut headers = Vec::new();
    let mut problems = Vec::new();
    for (at, entry) in list.split(',').enumerate().map(|(at, entry)| (at + 1, entry.trim())) {
        if entry.is_empty() {
            continue;
        }
        let Some((name, value)) = entry.split_once('=') else {
            problems.push(format!("entry {at} has no `=` between name and value"));
            continue;
        };
        let Ok(value) = percent_decode_str(value.trim()).decode_utf8() else {
            problems.push(format!("entry {at} is not UTF-8 after percent-decoding"));
            continue;
        };
        match Header::new(name.trim(), &value) {
            Ok(header) => header::set(&mut headers, header),
            Err(error) => problems.push(format!("entry {at}: {error}")),
        }
    }
    (headers, problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(list: &str) -> Vec<(String, String)> {
        parse(list).0.into_iter().map(|header| (header.name, header.value)).collect()
    }

    #[test]
    fn c5_values_are_percent_decoded_and_may_hold_an_equals_sign() {
        let expected = [("api-key", "a,b=c d"), ("x", "y==")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(pairs(" api-key = a%2Cb=c%20d ,, x=y== ,"), expected);
    }

    #[test]
    fn wrong_entries_are_left_out_and_told_by_place_only() {
        let (headers, problems) = parse("good=1,hunter2,x=a%0d%0ab,y=%ff,bad name=hunter2,host=h");
        assert_eq!(headers.len(), 1);
        assert_eq!(problems.len(), 5);
        let text = problems.join("\n");
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("entry 2 has no `=`"), "{text}");
        assert!(text.contains("entry 3: the value holds a line break"), "{text}");
    }
}
