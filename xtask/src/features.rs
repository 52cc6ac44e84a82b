//! `cargo xtask features`: each crate has to compile without warnings in every shape that its users can ask for.

use std::time::Instant;

use anyhow::bail;

use crate::args::Args;
use crate::process::{capture, cargo};
use crate::workspace::{Member, members};

/// Checks the named crates, or all published ones: no feature, each alone, all.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let wanted = args.finish()?;
    let mut failures = Vec::new();
    println!("{:14}{:28}{:>9}  result", "crate", "features", "seconds");
    for member in members()? {
        let chosen = if wanted.is_empty() { member.published } else { wanted.contains(&member.name) };
        if !chosen {
            continue;
        }
        for shape in shapes(&member) {
            let start = Instant::now();
            let result = check(&member.name, &shape);
            let seconds = start.elapsed().as_secs_f64();
            let word = if result.is_ok() { "ok" } else { "FAILED" };
            println!("{:14}{:28}{seconds:>9.1}  {word}", member.name, shape.name);
            if let Err(error) = result {
                failures.push(format!("{} with features {}: {error}", member.name, shape.name));
            }
        }
    }
    if !failures.is_empty() {
        bail!("{}", failures.join("\n\n"));
    }
    Ok(())
}

/// One selection of features.
struct Shape {
    name: String,
    flags: Vec<String>,
}

fn shapes(member: &Member) -> Vec<Shape> {
    let none = "--no-default-features".to_owned();
    let mut shapes = vec![Shape { name: "(none)".to_owned(), flags: vec![none.clone()] }];
    let alone: Vec<&String> = member.features.iter().filter(|name| *name != "default").collect();
    for feature in &alone {
        let flags = vec![none.clone(), "--features".to_owned(), (*feature).clone()];
        shapes.push(Shape { name: (*feature).clone(), flags });
    }
    if alone.len() > 1 {
        shapes.push(Shape { name: "(all)".to_owned(), flags: vec!["--all-features".to_owned()] });
    }
    shapes
}

/// Clippy rather than check: it can turn warnings into errors without a rebuild of the dependencies.
fn check(package: &str, shape: &Shape) -> anyhow::Result<()> {
    let mut clippy = cargo();
    clippy
        .args(["clippy", "--quiet", "--package", package])
        .args(&shape.flags)
        .args(["--", "-D", "warnings"]);
    capture(&mut clippy).map(drop)
}

#[cfg(test)]
mod tests {
    use super::{Member, shapes};

    #[test]
    fn every_feature_is_checked_alone() {
        let features = ["default", "gzip", "zstd"].map(str::to_owned).to_vec();
        let member = Member { name: "x".to_owned(), features, published: true };
        let names: Vec<String> = shapes(&member).into_iter().map(|shape| shape.name).collect();
        assert_eq!(names, ["(none)", "gzip", "zstd", "(all)"]);
    }
}
