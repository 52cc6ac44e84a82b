//! Probes of the rules H: OTLP/HTTP.

use bytes::Bytes;
use http::Method;
use otlp_compress::{Codec, decompress};
use otlp_core::Signal;

use super::{
    Finding, Level,
    finding::Case,
    payload,
    probe::rule,
    session::{Encoding, Session, excerpt, frame},
    wire::{Answer, Trouble, Version},
};

/// What came back, in a few words.
pub(super) fn said(answer: &Result<Answer, Trouble>) -> String {
    match answer {
        Ok(answer) if answer.status >= 400 => match answer.error() {
            Ok(status) if !status.message.is_empty() => {
                format!("{} ({})", answer.status, excerpt(&status.message))
            }
            _ => answer.status.to_string(),
        },
        Ok(answer) => answer.status.to_string(),
        Err(trouble) => format!("no answer: {}", excerpt(trouble)),
    }
}

/// Whether the answer has this status.
pub(super) fn is(answer: &Result<Answer, Trouble>, status: u16) -> bool {
    answer.as_ref().is_ok_and(|answer| answer.status == status)
}

/// A case that cannot be seen where no HTTP is.
fn of(session: &Session, id: &str) -> Case {
    let mut case = Case::of(rule(id));
    if session.encodings().is_empty() {
        case.unseen(session.no_http());
    }
    case
}

const GARBAGE: &[u8] = &[0xff; 16];

pub(super) async fn h1(session: &Session) -> Vec<Finding> {
    let mut case = of(session, "H1");
    let signal = session.signal();
    for encoding in session.encodings() {
        for (what, body) in [("success", encoding.item(signal)), ("error", Bytes::from_static(GARBAGE))] {
            match session.post(signal, encoding, &[], body).await {
                Ok(answer) => {
                    let given = answer.content_type();
                    let shown = if given.is_empty() { "none" } else { &given };
                    let what = format!(
                        "{}, {what} ({}): content type {shown:.60}",
                        encoding.protocol(),
                        answer.status
                    );
                    case.see(given == encoding.content_type(), what);
                }
                Err(trouble) => {
                    case.see(false, format!("{}, {what}: no answer: {trouble}", encoding.protocol()))
                }
            }
        }
    }
    vec![case.finding()]
}

pub(super) async fn h2(session: &Session) -> Vec<Finding> {
    let mut case = Case::part(rule("H2"), Level::May);
    let Some(encoding) = session.encodings().first().copied() else {
        case.unseen(session.no_http());
        return vec![case.finding()];
    };
    let mut any = false;
    let mut seen = Vec::new();
    for (name, version) in [("HTTP/1.1", Version::Http1), ("HTTP/2", Version::Http2)] {
        let headers = [("content-type", encoding.content_type())];
        let answer = session.http(version, Method::POST, session.signal(), &headers, encoding.empty()).await;
        any |= answer.is_ok();
        seen.push(format!("{name}: {}", said(&answer)));
    }
    case.see(any, seen.join("; "));
    vec![case.finding()]
}

pub(super) async fn h3(session: &Session) -> Vec<Finding> {
    let mut case = of(session, "H3");
    if let Some(encoding) = session.encodings().first().copied() {
        for signal in session.signals() {
            let answer = session.post(signal, encoding, &[], encoding.item(signal)).await;
            let what = format!("{}: {}", signal.http_path(), said(&answer));
            match &answer {
                Ok(answer) if signal == Signal::Profiles && matches!(answer.status, 404 | 405 | 501) => {
                    case.unseen(what);
                }
                Ok(answer) => case.see(!matches!(answer.status, 404 | 405 | 501), what),
                Err(_) => case.see(false, what),
            }
        }
        if let (Some(port), _) = session.ports() {
            case.unseen(format!("port {port}, default 4318"));
        }
    }
    vec![case.finding()]
}

pub(super) async fn h4(session: &Session) -> Vec<Finding> {
    let mut case = Case::part(rule("H4"), Level::May);
    let signal = session.signal();
    let encodings = session.encodings();
    if encodings.is_empty() {
        case.unseen(session.no_http());
    }
    for encoding in encodings {
        for accepts in [true, false] {
            let headers = [("accept-encoding", "gzip")];
            let headers = if accepts { &headers[..] } else { &[] };
            // Errors have longer bodies, which are more likely to be compressed.
            let Ok(answer) = session.post(signal, encoding, headers, GARBAGE).await else { continue };
            let coding = answer.headers.get("content-encoding").and_then(|value| value.to_str().ok());
            let lane = format!(
                "{}, gzip {}",
                encoding.protocol(),
                if accepts { "accepted" } else { "not accepted" }
            );
            match (coding.filter(|coding| *coding != "identity"), accepts) {
                (None, _) => case.see(true, format!("{lane}: plain")),
                (Some("gzip"), true) => {
                    let readable = decompress(Codec::Gzip, &answer.body, 4 << 20).is_ok();
                    case.see(readable, format!("{lane}: gzip{}", if readable { "" } else { ", unreadable" }));
                }
                (Some(other), _) => case.see(false, format!("{lane}: {other:.20}")),
            }
        }
    }
    vec![case.finding()]
}

pub(super) async fn h5(session: &Session) -> Vec<Finding> {
    let mut case = of(session, "H5");
    if let Some(encoding) = session.encodings().first().copied() {
        let body = payload::over(encoding == Encoding::Json);
        let sent = format!("{} bytes under gzip, {} without", body.len(), payload::OVER);
        let answer = session.post(session.signal(), encoding, &[("content-encoding", "gzip")], body).await;
        if is(&answer, 200) {
            case.unseen(format!(
                "{sent} were taken: a limit, if there is one, is above the recommended 64 MiB"
            ));
        } else {
            case.see(is(&answer, 413), format!("{sent}: {}", said(&answer)));
        }
    }
    vec![case.finding()]
}

pub(super) async fn h7(_: &Session) -> Vec<Finding> {
    let mut case = Case::of(rule("H7"));
    case.unseen("a stranger cannot make a server answer with more than a few bytes");
    vec![case.finding()]
}

pub(super) async fn h8(session: &Session) -> Vec<Finding> {
    let mut case = of(session, "H8");
    for encoding in session.encodings() {
        for signal in session.signals() {
            let answer = session.post(signal, encoding, &[], encoding.item(signal)).await;
            let what = format!("{} {signal}: {}", encoding.protocol(), said(&answer));
            let absent = answer.as_ref().is_ok_and(|answer| matches!(answer.status, 404 | 501));
            if signal == Signal::Profiles && absent {
                case.unseen(what)
            } else {
                case.see(is(&answer, 200), what)
            }
        }
    }
    vec![case.finding()]
}

pub(super) async fn h9(session: &Session) -> Vec<Finding> {
    let mut must = of(session, "H9");
    let mut should = Case::part(rule("H9"), Level::Should);
    let signal = session.signal();
    for encoding in session.encodings() {
        let name = encoding.protocol();
        let content_type = encoding.content_type();
        let gzip = [("content-type", content_type), ("content-encoding", "gzip")];
        let plain = [("content-type", "text/plain")];
        let post = Method::POST;
        let provoked = [
            (
                "bytes that are no message",
                session.http(Version::Http1, post.clone(), signal, &gzip[..1], GARBAGE.into()).await,
            ),
            (
                "gzip that is none",
                session.http(Version::Http1, post.clone(), signal, &gzip, GARBAGE.into()).await,
            ),
            ("text/plain", session.http(Version::Http1, post, signal, &plain, encoding.empty()).await),
            (
                "GET",
                session
                    .http(
                        Version::Http1,
                        Method::GET,
                        signal,
                        &[("content-type", content_type)],
                        Bytes::new(),
                    )
                    .await,
            ),
        ];
        for (what, answer) in provoked {
            let answer = match answer {
                Ok(answer) if answer.status >= 400 => answer,
                // That it was taken is another rule's matter.
                Ok(_) => continue,
                Err(trouble) => {
                    must.see(false, format!("{name}, {what}: no answer: {}", excerpt(&trouble)));
                    continue;
                }
            };
            match answer.error() {
                Ok(status) => {
                    must.see(true, format!("{name}, {what}: {}", answer.status));
                    let text = excerpt(&status.message);
                    should.see(
                        !text.is_empty(),
                        format!("{name}, {what}: {}", if text.is_empty() { "no message" } else { &text }),
                    );
                }
                Err(error) => {
                    must.see(false, format!("{name}, {what}: {}, {}", answer.status, excerpt(&error)))
                }
            }
        }
    }
    should.otherwise_unseen("no error had a Status to look at");
    vec![must.finding(), should.finding()]
}

pub(super) async fn h10(session: &Session) -> Vec<Finding> {
    let mut must = of(session, "H10");
    let mut should = Case::part(rule("H10"), Level::Should);
    let signal = session.signal();
    for encoding in session.encodings() {
        let name = encoding.protocol();
        let item = encoding.item(signal);
        let mut cut = payload::gzip(&item);
        cut.truncate(cut.len() / 2);
        let gzip = [("content-encoding", "gzip")];
        for (what, headers, body, decoded) in [
            ("bytes that are no message", &[][..], Bytes::from_static(GARBAGE), true),
            ("a message cut in half", &[], item.slice(..item.len() / 2), true),
            ("gzip cut in half", &gzip, cut, false),
        ] {
            let answer = session.post(signal, encoding, headers, body).await;
            must.see(is(&answer, 400), format!("{name}, {what}: {}", said(&answer)));
            if let (Ok(answer), true) = (&answer, decoded)
                && answer.status == 400
            {
                let details = answer.error().is_ok_and(|status| !status.violations.is_empty());
                let without = if details { "with" } else { "without" };
                should.see(details, format!("{name}, {what}: {without} BadRequest"));
            }
        }
        // 415 is what HTTP has for it (RFC 9110, 15.5.16); a 2xx would mean that it was decoded as what it is not.
        let answer = session.post(signal, encoding, &[("content-encoding", "otlp-conformance")], item).await;
        let refused = answer.as_ref().is_ok_and(|answer| matches!(answer.status, 400 | 415));
        must.see(refused, format!("{name}, an unknown content coding: {}", said(&answer)));
    }
    should.otherwise_unseen("no 400 to look at");
    vec![must.finding(), should.finding()]
}

pub(super) async fn h12(_: &Session) -> Vec<Finding> {
    let mut case = Case::of(rule("H12"));
    case.unseen("overload cannot be brought about with a few small requests");
    vec![case.finding()]
}

pub(super) async fn h15(session: &Session) -> Vec<Finding> {
    let mut should = of(session, "H15");
    let mut may = Case::part(rule("H15"), Level::May);
    let encodings = session.encodings();
    if let [protobuf, json] = encodings[..] {
        let mut seen = Vec::new();
        let mut all = true;
        for encoding in [protobuf, json] {
            let answer = session.post(session.signal(), encoding, &[], encoding.item(session.signal())).await;
            all &= is(&answer, 200);
            seen.push(format!("{}: {}", encoding.protocol(), said(&answer)));
        }
        should.see(all, seen.join("; "));
    } else {
        should.unseen("protobuf and JSON were not both asked for");
    }
    match session.ports() {
        (Some(http), Some(grpc)) if http == grpc => {
            let called = session.call(Signal::Traces, &[], frame(false, &[])).await;
            may.see(called.is_ok(), format!("gRPC and HTTP on port {http}"));
        }
        (Some(http), Some(grpc)) => may.see(true, format!("HTTP on port {http}, gRPC on port {grpc}")),
        _ => may.unseen("one transport alone is served or was asked for"),
    }
    vec![should.finding(), may.finding()]
}
