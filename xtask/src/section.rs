//! Parts of hand-written pages that a verb fills: between `<!-- begin NAME -->` and `<!-- end NAME -->`.

use anyhow::{Context, bail};

use crate::workspace::root;

/// Puts `text` between the markers of `name` in `page`. With `check`, the command that would mend it, compares instead.
pub(crate) fn write(page: &str, name: &str, text: &str, check: Option<&str>) -> anyhow::Result<()> {
    let path = root().join(page);
    let old = std::fs::read_to_string(&path).with_context(|| format!("could not read {page}"))?;
    let new = replace(&old, name, text).with_context(|| format!("{page} has no markers for `{name}`"))?;
    match check {
        _ if old == new => Ok(()),
        Some(command) => bail!("{page} is out of date; run `{command}`"),
        None => {
            eprintln!("wrote {page}");
            std::fs::write(&path, new).with_context(|| format!("could not write {page}"))
        }
    }
}

fn replace(page: &str, name: &str, text: &str) -> Option<String> {
    let (before, rest) = page.split_once(&format!("<!-- begin {name} -->\n"))?;
    let (_, after) = rest.split_once(&format!("<!-- end {name} -->"))?;
    Some(format!("{before}<!-- begin {name} -->\n\n{}\n\n<!-- end {name} -->{after}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::replace;

    #[test]
    fn only_the_part_between_the_markers_changes() {
        let page = "before\n<!-- begin a -->\nold\n<!-- end a -->\nafter\n";
        let new = replace(page, "a", "new\n").unwrap();
        assert_eq!(new, "before\n<!-- begin a -->\n\nnew\n\n<!-- end a -->\nafter\n");
        assert_eq!(replace(&new, "a", "new").unwrap(), new);
        assert_eq!(replace(page, "b", "new"), None);
    }
}
