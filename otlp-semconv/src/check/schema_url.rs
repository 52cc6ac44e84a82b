//! What a schema URL says.

use crate::registry::Registry;

/// What is wrong with a schema URL.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It does not end in a version, or is no URL.
    Malformed,
    /// Its version is after the registry's.
    Newer,
    /// No such version was published.
    Unpublished,
}

/// What stands in front of the version in the URLs of OpenTelemetry's own conventions.
const OPENTELEMETRY: &str = "https://opentelemetry.io/schemas/";
/// Minor versions of which no `.0` was published, with what was instead.
const PATCHES: [(u32, u32, u32); 3] = [(1, 6, 1), (1, 23, 1), (1, 41, 1)];

/// Looks at a URL that is not empty.
pub(super) fn trouble(url: &str, registry: &Registry) -> Option<Trouble> {
    let Some(version) = version(url) else { return Some(Trouble::Malformed) };
    let known =
        registry.sources().iter().filter_map(|source| version_under(&source.schema_url, OPENTELEMETRY)).max();
    let (Some(newest), true) = (known, url.starts_with(OPENTELEMETRY)) else { return None };
    if version > newest {
        return Some(Trouble::Newer);
    }
    let (major, minor, patch) = version;
    let published = major == 1 && minor >= 4 && (patch == 0 && minor != 6 || PATCHES.contains(&version));
    (!published).then_some(Trouble::Unpublished)
}

fn version_under(url: &str, family: &str) -> Option<(u32, u32, u32)> {
    url.starts_with(family).then(|| version(url)).flatten()
}

/// The version at the end of a schema URL.
pub(super) fn version(url: &str) -> Option<(u32, u32, u32)> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let (host, version) = rest.rsplit_once('/')?;
    // Versions may say which development version they are: `1.45.0-dev`.
    let (version, _) = version.split_once('-').unwrap_or((version, ""));
    let mut numbers = version.split('.').map(|number| number.parse().ok());
    let (major, minor, patch) = (numbers.next()??, numbers.next()??, numbers.next()??);
    (!host.is_empty() && numbers.next().is_none()).then_some((major, minor, patch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_stand_at_the_end() {
        assert_eq!(version("https://opentelemetry.io/schemas/1.44.0"), Some((1, 44, 0)));
        assert_eq!(version("http://example.com/a/b/2.0.1-dev"), Some((2, 0, 1)));
        for url in [
            "",
            "1.44.0",
            "https://1.2.3",
            "https://a/1.2",
            "https://a/1.2.3.4",
            "ftp://a/1.2.3",
            "https:///1.x.3",
        ] {
            assert_eq!(version(url), None, "{url}");
        }
    }

    #[test]
    fn opentelemetrys_versions_are_known() {
        let registry = Registry::builtin();
        let of = |version: &str| trouble(&format!("{OPENTELEMETRY}{version}"), registry);
        for version in ["1.4.0", "1.6.1", "1.23.1", "1.26.0", "1.41.1", "1.44.0"] {
            assert_eq!(of(version), None, "{version}");
        }
        for version in ["1.3.0", "1.6.0", "1.44.1", "1.26.1", "0.5.0"] {
            assert!(matches!(of(version), Some(Trouble::Unpublished | Trouble::Newer)), "{version}");
        }
        assert_eq!(of("1.999.0"), Some(Trouble::Newer));
        assert_eq!(of("latest"), Some(Trouble::Malformed));
        assert_eq!(trouble("https://example.com/schemas/99.0.0", registry), None);
    }
}
