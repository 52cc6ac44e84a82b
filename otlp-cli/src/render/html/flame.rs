//! Profiles as flame graphs, roots at the top, in inline SVG.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::escape::escape;
use crate::render::number::{duration, plural};
use crate::render::profile::amount;
use crate::render::text::{cut, width};
use crate::view::profile::Profile;

const WIDTH: f64 = 1_160.0;
const ROW: f64 = 18.0;
/// Rows that are drawn; deeper frames are left out.
const DEEPEST: usize = 48;
/// Narrower frames are left out.
const NARROWEST: f64 = 0.8;

/// A frame and what it calls.
#[derive(Default)]
struct Frame<'a> {
    value: i64,
    calls: BTreeMap<&'a str, Self>,
}

/// The first `limit` profiles.
pub(crate) fn profiles(profiles: &[Profile], limit: usize) -> String {
    let mut out = String::new();
    for profile in profiles.iter().take(limit) {
        let _ = write!(
            out,
            "<article class=\"card wide\"><h3>{} {}</h3><p class=\"dim\">{} · {} · over {} · linked to {}</p>{}</article>",
            escape(&profile.service),
            escape(&profile.kind),
            escape(&amount(profile.total, &profile.unit)),
            plural(profile.samples, "sample"),
            duration(profile.duration),
            plural(profile.spans, "span"),
            flame(profile),
        );
    }
    if profiles.len() > limit {
        let _ = write!(out, "<p class=\"dim\">… {} left out</p>", plural(profiles.len() - limit, "profile"));
    }
    out
}

fn flame(profile: &Profile) -> String {
    let mut root = Frame::default();
    for (stack, value) in &profile.stacks {
        let value = (*value).max(0);
        root.value = root.value.saturating_add(value);
        let mut frame = &mut root;
        for name in stack.iter().take(DEEPEST) {
            frame = frame.calls.entry(name).or_default();
            frame.value = frame.value.saturating_add(value);
        }
    }
    let mut content = String::new();
    let mut rows = 0;
    // Frames left to draw: where, how deep, name, frame. The depth is bounded above.
    let mut stack = Vec::new();
    push_calls(&root, 0.0, 0, root.value, &mut stack);
    while let Some((x, depth, name, frame)) = stack.pop() {
        let size = frame.value as f64 / root.value.max(1) as f64 * WIDTH;
        rows = rows.max(depth + 1);
        let label = if size > 30.0 { cut(name, (size / 7.0) as usize) } else { String::new() };
        let share = frame.value as f64 / root.value.max(1) as f64 * 100.0;
        let hue = name.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % 6;
        let _ = write!(
            content,
            "<g><title>{}\n{} ({share:.1} %)</title><rect class=\"f{hue}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            escape(name),
            escape(&amount(frame.value, &profile.unit)),
            depth as f64 * ROW,
            (size - 1.0).max(0.5),
            ROW - 1.0,
        );
        if width(&label) > 1 {
            let _ = write!(
                content,
                "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                x + 4.0,
                depth as f64 * ROW + 13.0,
                escape(&label)
            );
        }
        content.push_str("</g>");
        push_calls(frame, x, depth + 1, root.value, &mut stack);
    }
    format!(
        "<svg class=\"flame\" viewBox=\"0 0 {WIDTH} {:.0}\" role=\"img\">{content}</svg>",
        rows as f64 * ROW
    )
}

fn push_calls<'a, 'b>(
    frame: &'b Frame<'a>,
    mut x: f64,
    depth: usize,
    whole: i64,
    stack: &mut Vec<(f64, usize, &'a str, &'b Frame<'a>)>,
) {
    for (name, call) in &frame.calls {
        let size = call.value as f64 / whole.max(1) as f64 * WIDTH;
        if size >= NARROWEST {
            stack.push((x, depth, name, call));
        }
        x += size;
    }
}
