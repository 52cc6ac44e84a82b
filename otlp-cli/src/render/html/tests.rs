use base64::Engine as _;

use super::*;
use crate::view;

fn hash(text: &str) -> String {
    base64::engine::general_purpose::STANDARD
        .encode(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()))
}

#[test]
fn the_policy_names_the_script_and_style_of_the_page() {
    assert_eq!(STYLE_HASH, hash(STYLE), "put the right one into STYLE_HASH");
    assert_eq!(SCRIPT_HASH, hash(SCRIPT), "put the right one into SCRIPT_HASH");
    assert!(!STYLE.contains("</") && !STYLE.contains("url("));
    // Text goes in as text only.
    for way_out in
        ["</", "<!--", "innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval", "http"]
    {
        assert!(!SCRIPT.contains(way_out), "{way_out}");
    }
}

/// Names, values and bodies that try to leave their place.
const ATTACKS: [&str; 6] = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)",
    "--><!-- ]]>",
    "\u{2028}\u{202e}\u{0}\u{1b}[31m",
    "{{constructor}}&lt;",
];

#[test]
fn hostile_telemetry_stays_text() {
    for attack in ATTACKS {
        let batches = view::fixture::hostile(attack);
        let traces = view::trace::assemble(&batches, &[&[7; 16]], 100);
        let metrics = view::metric::collect(&batches);
        let (logs, _) = view::log::collect(&batches, 100, |_| true);
        let profiles = view::profile::collect(&batches);
        assert!(
            !traces[0].spans.is_empty() && !metrics.is_empty() && !logs.is_empty() && !profiles.is_empty()
        );
        let text = page(&Page {
            title: attack,
            facts: &[attack.to_owned()],
            traces: &traces,
            metrics: &metrics,
            logs: &logs,
            profiles: &profiles,
            left_out: &[attack.to_owned()],
        });
        let body = text.replace(STYLE, "").replace(SCRIPT, "");
        assert_eq!(body.matches("<script").count(), 2, "{attack}");
        assert_eq!(body.matches("</script").count(), 2, "{attack}");
        for raw in ["<img", "<!--", " onmouseover=\"", "\u{2028}", "\u{202e}", "\u{0}", "\u{1b}"] {
            assert!(!body.contains(raw), "{raw:?} of {attack:?}");
        }
        let data = body.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        assert!(!data[0]["spans"][0][2].as_str().unwrap().is_empty());
    }
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    let text = page(&Page { title: "empty", ..Page::default() });
    for way_out in ["src=", "href=\"http", "@import", "url("] {
        assert!(!text.contains(way_out), "{way_out}");
    }
    assert!(text.contains("default-src 'none'"));
}
