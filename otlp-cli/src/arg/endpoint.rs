//! What is an endpoint at all.

/// Whether the text begins as an endpoint does, with a scheme or `unix:/`. Without one, `localhost:4317` could be read as a
/// scheme, and a relative path as a host. Which schemes there are is for the client to say.
pub(crate) fn is_endpoint(text: &str) -> bool {
    text.contains("://") || text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("unix:/"))
}

#[cfg(test)]
mod tests {
    use super::is_endpoint;

    #[test]
    fn endpoints_have_a_scheme_or_a_socket() {
        for endpoint in
            ["http://h", "HTTPS://h:1/x", "unix:/run/otlp.sock", "unix:///run/otlp.sock", "ftp://h"]
        {
            assert!(is_endpoint(endpoint), "{endpoint}");
        }
        for other in ["", "localhost:4317", "unix:4317", "unix", "/run/otlp.sock"] {
            assert!(!is_endpoint(other), "{other}");
        }
    }
}
