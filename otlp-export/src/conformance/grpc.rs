//! Probes of the rules G: gRPC, and what both transports share.

use otlp_core::{
    Signal,
    rpc::{ExportResponse, Status},
};

use super::{
    Finding, Level,
    finding::Case,
    payload,
    probe::rule,
    session::{Called, Encoding, Session, excerpt, frame},
    wire::Trouble,
};
use crate::outcome::grpc_code_name;

/// A code's name, or its number.
fn code(status: &Status) -> String {
    let name = u32::try_from(status.code).ok().and_then(grpc_code_name);
    name.map_or_else(|| format!("code {}", status.code), str::to_owned)
}

fn said(called: &Result<Called, Trouble>) -> String {
    match called {
        Ok(called) if called.status.message.is_empty() => code(&called.status),
        Ok(called) => format!("{} ({})", code(&called.status), excerpt(&called.status.message)),
        Err(trouble) => format!("no answer: {}", excerpt(trouble)),
    }
}

fn is(called: &Result<Called, Trouble>, wanted: i32) -> bool {
    called.as_ref().is_ok_and(|called| called.status.code == wanted)
}

pub(super) async fn g1(session: &Session) -> Vec<Finding> {
    let mut case = Case::of(rule("G1"));
    let signal = session.signal();
    for encoding in session.encodings() {
        let body = encoding.item(signal);
        for (coding, body) in [("none", body.clone()), ("gzip", payload::gzip(&body))] {
            let headers = [("content-encoding", coding)];
            let headers = if coding == "none" { &[][..] } else { &headers };
            let answer = session.post(signal, encoding, headers, body).await;
            let what = format!("{} {coding}: {}", encoding.protocol(), super::http::said(&answer));
            case.see(super::http::is(&answer, 200), what);
        }
    }
    if session.speaks_grpc() {
        let body = payload::item(Signal::Traces).into_bytes();
        let plain = session.call(Signal::Traces, &[], frame(false, &body)).await;
        case.see(is(&plain, 0), format!("grpc none: {}", said(&plain)));
        let gzip = frame(true, &payload::gzip(&body));
        let gzip = session.call(Signal::Traces, &[("grpc-encoding", "gzip")], gzip).await;
        case.see(is(&gzip, 0), format!("grpc gzip: {}", said(&gzip)));
    } else {
        case.unseen(session.no_grpc());
    }
    vec![case.finding()]
}

pub(super) async fn g2(session: &Session) -> Vec<Finding> {
    let mut case = Case::of(rule("G2"));
    if session.speaks_grpc() {
        let body = frame(true, &payload::over(false));
        let sent = format!("{} bytes under gzip, {} without", body.len(), payload::OVER);
        let called = session.call(Signal::Traces, &[("grpc-encoding", "gzip")], body).await;
        match &called {
            Ok(Called { status, .. }) if status.code == 0 => {
                case.unseen(format!(
                    "{sent} were taken: a limit, if there is one, is above the recommended 64 MiB"
                ));
            }
            Ok(Called { status, .. }) if status.code == 8 && status.retry_delay.is_some() => {
                case.see(
                    false,
                    format!("{sent}: RESOURCE_EXHAUSTED with RetryInfo, so that clients send it again"),
                );
            }
            _ => case.see(is(&called, 8), format!("{sent}: {}", said(&called))),
        }
    } else {
        case.unseen(session.no_grpc());
    }
    vec![case.finding()]
}

pub(super) async fn g5(_: &Session) -> Vec<Finding> {
    let mut case = Case::of(rule("G5"));
    case.unseen("a stranger cannot make a server answer with more than a few bytes");
    vec![case.finding()]
}

pub(super) async fn g8(session: &Session) -> Vec<Finding> {
    let mut case = Case::of(rule("G8"));
    for encoding in session.encodings() {
        let answer = session.post(session.signal(), encoding, &[], encoding.empty()).await;
        let what = format!("{}: {}", encoding.protocol(), super::http::said(&answer));
        case.see(super::http::is(&answer, 200), what);
    }
    if session.speaks_grpc() {
        let called = session.call(Signal::Traces, &[], frame(false, &[])).await;
        case.see(is(&called, 0), format!("grpc: {}", said(&called)));
    }
    vec![case.finding()]
}

pub(super) async fn g9(session: &Session) -> Vec<Finding> {
    let mut case = Case::of(rule("G9"));
    for encoding in session.encodings() {
        for signal in session.signals().into_iter().filter(|signal| *signal != Signal::Profiles) {
            let Ok(answer) = session.post(signal, encoding, &[], encoding.item(signal)).await else {
                continue;
            };
            if answer.status != 200 {
                case.unseen(format!("{} {signal}: no success", encoding.protocol()));
                continue;
            }
            let lane = format!("{} {signal}", encoding.protocol());
            match answer.export(signal, encoding) {
                Ok(response) => unset(&mut case, &lane, &response, answer.body.as_ref(), encoding),
                Err(error) => {
                    case.see(false, format!("{lane}: the body is no response: {}", excerpt(&error)))
                }
            }
        }
    }
    if session.speaks_grpc() {
        for signal in Signal::ALL.into_iter().filter(|signal| *signal != Signal::Profiles) {
            let body = frame(false, payload::item(signal).bytes());
            let Ok(called) = session.call(signal, &[], body).await else { continue };
            if called.status.code != 0 {
                case.unseen(format!("grpc {signal}: no success"));
                continue;
            }
            let lane = format!("grpc {signal}");
            match called.message.as_deref().map(|message| (ExportResponse::decode(signal, message), message))
            {
                Some((Ok(response), message)) => {
                    unset(&mut case, &lane, &response, message, Encoding::Protobuf)
                }
                Some((Err(error), _)) => {
                    case.see(
                        false,
                        format!("{lane}: the message is no response: {}", excerpt(&error.to_string())),
                    );
                }
                None => case.see(false, format!("{lane}: OK without a message")),
            }
        }
    }
    vec![case.finding()]
}

/// Whether `partial_success` is unset in the answer to items that have no fault.
fn unset(case: &mut Case, lane: &str, response: &ExportResponse, body: &[u8], encoding: Encoding) {
    let stands = match encoding {
        // Field 1, length-delimited.
        Encoding::Protobuf => body.first() == Some(&0x0a),
        Encoding::Json => {
            let text: String = String::from_utf8_lossy(body).split_whitespace().collect();
            text.contains(r#""partialSuccess""#) && !text.contains(r#""partialSuccess":null"#)
        }
    };
    match (response.is_accepted(), stands) {
        (true, false) => case.see(true, format!("{lane}: unset")),
        (true, true) => case.see(false, format!("{lane}: partial_success is set, though empty")),
        (false, _) => {
            case.unseen(format!("{lane}: {} refused, {}", response.rejected, excerpt(&response.message)))
        }
    }
}

pub(super) async fn g10(session: &Session) -> Vec<Finding> {
    let mut must = Case::of(rule("G10"));
    let mut should = Case::part(rule("G10"), Level::Should);
    let (bad, bad_json) = payload::half_bad();
    let mut judge = |lane: &str, response: Result<Option<ExportResponse>, String>| match response {
        Ok(Some(response)) if response.is_accepted() => {
            must.unseen(format!("{lane}: a span with an id of 3 bytes was taken"));
        }
        Ok(Some(response)) => {
            let count = (0..=2).contains(&response.rejected);
            must.see(count, format!("{lane}: {} of 2 spans refused", response.rejected));
            let text = excerpt(&response.message);
            if text.is_empty() {
                should.see(false, format!("{lane}: no error message"));
            } else {
                should.see(true, format!("{lane}: {text}"));
            }
        }
        Ok(None) => must.unseen(format!("{lane}: the batch was refused as a whole for one bad span")),
        Err(error) => must.see(false, format!("{lane}: {}", excerpt(&error))),
    };
    if session.signals().contains(&Signal::Traces) {
        for encoding in session.encodings() {
            let body = match encoding {
                Encoding::Protobuf => bad.clone(),
                Encoding::Json => bad_json.clone(),
            };
            let lane = encoding.protocol().to_string();
            match session.post(Signal::Traces, encoding, &[], body).await {
                Ok(answer) if answer.status == 200 => {
                    judge(&lane, answer.export(Signal::Traces, encoding).map(Some))
                }
                Ok(_) => judge(&lane, Ok(None)),
                Err(trouble) => judge(&lane, Err(trouble)),
            }
        }
    }
    if session.speaks_grpc() {
        match session.call(Signal::Traces, &[], frame(false, &bad)).await {
            Ok(Called { status, message: Some(message) }) if status.code == 0 => {
                let response = ExportResponse::decode(Signal::Traces, &message);
                judge("grpc", response.map(Some).map_err(|error| error.to_string()));
            }
            Ok(_) => judge("grpc", Ok(None)),
            Err(trouble) => judge("grpc", Err(trouble)),
        }
    }
    should.otherwise_unseen("no batch was taken in part");
    vec![must.finding(), should.finding()]
}

pub(super) async fn g15(session: &Session) -> Vec<Finding> {
    let mut case = Case::of(rule("G15"));
    if session.speaks_grpc() {
        let called = session.call(Signal::Traces, &[], frame(false, &[0xff; 16])).await;
        let details = called.as_ref().is_ok_and(|called| !called.status.violations.is_empty());
        let with = if details { ", with BadRequest" } else { "" };
        case.see(is(&called, 3), format!("bytes that are no message: {}{with}", said(&called)));
        case.unseen("overload cannot be brought about with a few small requests");
    } else {
        case.unseen(session.no_grpc());
    }
    vec![case.finding()]
}

pub(super) async fn g16(session: &Session) -> Vec<Finding> {
    let mut case = Case::of(rule("G16"));
    if !session.speaks_grpc() {
        case.unseen(session.no_grpc());
        return vec![case.finding()];
    }
    for signal in Signal::ALL {
        let called = session.call(signal, &[], frame(false, payload::item(signal).bytes())).await;
        let what = format!("{signal}: {}", said(&called));
        match (&called, signal) {
            // The signal is in development; servers need not serve it.
            (Ok(Called { status, .. }), Signal::Profiles) if status.code == 12 => case.unseen(what),
            (Ok(Called { status, .. }), _) => case.see(status.code != 12, what),
            (Err(_), _) => case.see(false, what),
        }
    }
    if let (_, Some(port)) = session.ports() {
        case.unseen(format!("port {port}, default 4317"));
    }
    vec![case.finding()]
}
