//! The words after a verb: flags are taken out one by one, and what is left has to be asked for.

use std::str::FromStr;

use anyhow::{Context, bail};

/// Arguments of one verb.
pub(crate) struct Args {
    words: Vec<String>,
}

impl Args {
    /// Wraps the words that follow the verb.
    pub(crate) fn new(words: Vec<String>) -> Self {
        Self { words }
    }

    /// Takes `name` out; true if it was there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let before = self.words.len();
        self.words.retain(|word| word != name);
        self.words.len() != before
    }

    /// Takes `name VALUE` out and parses the value.
    pub(crate) fn value<T>(&mut self, name: &str) -> anyhow::Result<Option<T>>
    where
        T: FromStr,
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        let Some(at) = self.words.iter().position(|word| word == name) else { return Ok(None) };
        if at + 1 >= self.words.len() {
            bail!("{name} needs a value");
        }
        self.words.remove(at);
        let value = self.words.remove(at);
        value.parse().map(Some).with_context(|| format!("{name} {value}"))
    }

    /// The words that are no flags; fails on a flag that nobody took.
    pub(crate) fn finish(self) -> anyhow::Result<Vec<String>> {
        if let Some(word) = self.words.iter().find(|word| word.starts_with('-')) {
            bail!("unknown flag {word}");
        }
        Ok(self.words)
    }

    /// All the words, flags too, for a verb that hands them on.
    pub(crate) fn into_words(self) -> Vec<String> {
        self.words
    }

    /// Fails if anything is left.
    pub(crate) fn done(self) -> anyhow::Result<()> {
        match self.finish()?.first() {
            Some(word) => bail!("unexpected argument {word}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Args;

    fn args(text: &str) -> Args {
        Args::new(text.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn flags_and_values_are_taken_out_in_any_order() {
        let mut given = args("parse --seconds 30 --write json");
        assert!(given.flag("--write"));
        assert_eq!(given.value::<u64>("--seconds").unwrap(), Some(30));
        assert_eq!(given.finish().unwrap(), ["parse", "json"]);
    }

    #[test]
    fn what_nobody_asked_for_is_an_error() {
        assert_eq!(args("--chekc").done().unwrap_err().to_string(), "unknown flag --chekc");
        assert_eq!(args("extra").done().unwrap_err().to_string(), "unexpected argument extra");
        assert_eq!(
            args("--seconds").value::<u64>("--seconds").unwrap_err().to_string(),
            "--seconds needs a value"
        );
        assert!(args("--seconds soon").value::<u64>("--seconds").is_err());
    }
}
