//! The rules for names, and the namespaces in them.

/// Whether a name is lower-case segments of letters and digits joined by `.` or `_`, the first starting with a letter.
pub(super) fn is_well_formed(name: &str) -> bool {
    let mut segments = name.split(['.', '_']);
    segments
        .next()
        .is_some_and(|first| first.starts_with(|c: char| c.is_ascii_lowercase()) && is_segment(first))
        && segments.all(is_segment)
}

fn is_segment(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'))
}

/// The namespaces that a name is in, the longest first: `a.b` and `a` of `a.b.c`.
pub(super) fn namespaces(name: &str) -> impl Iterator<Item = &str> {
    name.rmatch_indices('.').map(|(dot, _)| &name[..dot])
}

/// The first segment of a name.
pub(super) fn root(name: &str) -> &str {
    name.split('.').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_segments() {
        for name in ["a", "http.request.method", "a1_b2.c", "k8s.pod.name", "a.1"] {
            assert!(is_well_formed(name), "{name}");
        }
        for name in ["", ".", "a.", ".a", "a..b", "a._b", "A", "aB", "1a", "a-b", "_a", "a b", "é"] {
            assert!(!is_well_formed(name), "{name}");
        }
    }

    #[test]
    fn namespaces_come_longest_first() {
        assert_eq!(namespaces("a.b.c").collect::<Vec<_>>(), ["a.b", "a"]);
        assert_eq!(namespaces("a").count(), 0);
        assert_eq!((root("a.b.c"), root("a"), root("")), ("a", "a", ""));
    }
}
