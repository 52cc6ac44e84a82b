//! Headers: `K=V`. The value is a secret and stands in no message, not even in clap's own.

use std::{convert::Infallible, fmt, str::FromStr};

use crate::exit::Failure;

/// A header as it was typed. Reading it cannot fail, since clap would print a text that does not parse.
#[derive(Clone)]
pub(crate) struct HeaderArg(String);

impl HeaderArg {
    /// Name and value.
    pub(crate) fn split(&self) -> Result<(&str, &str), Failure> {
        let wrong =
            || Failure::usage("a --header is not K=V").hint("write --header authorization='Bearer TOKEN'");
        let (name, value) = self.0.split_once('=').ok_or_else(wrong)?;
        if name.trim().is_empty() { Err(wrong()) } else { Ok((name.trim(), value.trim())) }
    }
}

impl FromStr for HeaderArg {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for HeaderArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeaderArg(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_equal_signs_and_stay_unseen() {
        let header: HeaderArg = "authorization=Basic aHVudGVyMg==".parse().unwrap();
        assert_eq!(header.split().unwrap(), ("authorization", "Basic aHVudGVyMg=="));
        assert!(!format!("{header:?}").contains("aHVudGVyMg"));
        for wrong in ["hunter2", "=hunter2", " =hunter2"] {
            let header: HeaderArg = wrong.parse().unwrap();
            assert!(!header.split().unwrap_err().to_string().contains("hunter2"), "{wrong}");
        }
    }
}
