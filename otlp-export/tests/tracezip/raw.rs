//! The stream as a foreign client might write it: frames lost, twice, out of order, damaged, after a restart.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use otlp_compress::tracezip::{Options, StreamEncoder, StreamLimits, compress};
use otlp_core::{Batch, rpc::Status};
use otlp_export::Running;
use prost::Message;
use tokio::net::TcpStream;

use crate::support::{Shelf, assert_each_once, server, spans};

/// As the book defines it; written here once more, as another implementation would.
#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(bytes = "vec", tag = "1")]
    frame: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Response {
    #[prost(uint64, tag = "1")]
    number: u64,
    #[prost(bytes = "vec", optional, tag = "2")]
    taken: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "3")]
    refused: Option<Vec<u8>>,
    #[prost(string, optional, tag = "4")]
    reset_required: Option<String>,
}

/// One call with all frames; what is said about each: taken, the status' code, or why a reset is needed.
async fn call(running: &Running, frames: &[Vec<u8>]) -> Vec<Result<(), String>> {
    let mut body = Vec::new();
    for frame in frames {
        let message = Request { frame: frame.clone() }.encode_to_vec();
        body.push(0);
        body.extend((message.len() as u32).to_be_bytes());
        body.extend(message);
    }
    let stream = TcpStream::connect(running.grpc_addr().unwrap()).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::post("http://otlp.test/otlp.tracezip.v1.TracezipService/ExportStream")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    let collected = sender.send_request(request).await.unwrap().into_body().collect().await.unwrap();
    assert_eq!(collected.trailers().unwrap()["grpc-status"], "0");
    let mut rest = collected.to_bytes();
    let mut answers = Vec::new();
    while !rest.is_empty() {
        let length = u32::from_be_bytes(rest[1..5].try_into().unwrap()) as usize;
        let response = Response::decode(rest.slice(5..5 + length)).unwrap();
        rest = rest.slice(5 + length..);
        assert_eq!(response.number, answers.len() as u64 + 1);
        answers.push(match (response.taken, response.refused, response.reset_required) {
            (Some(_), None, None) => Ok(()),
            (None, Some(status), None) => Err(format!("status {}", Status::decode(&status).unwrap().code)),
            (None, None, Some(reason)) => Err(format!("reset: {reason}")),
            several => panic!("{several:?}"),
        });
    }
    answers
}

/// Batches, and the frames of one stream that carry them.
fn stream(count: u64) -> (Vec<Batch>, Vec<Vec<u8>>, StreamEncoder) {
    let mut encoder = StreamEncoder::new(Options::default(), StreamLimits::default()).unwrap();
    let batches: Vec<_> = (0..count).map(|seed| spans(seed, 10)).collect();
    let frames = batches.iter().map(|batch| encode(&mut encoder, batch)).collect();
    (batches, frames, encoder)
}

fn encode(encoder: &mut StreamEncoder, batch: &Batch) -> Vec<u8> {
    let mut frame = Vec::new();
    encoder.encode(batch, &mut frame).unwrap();
    frame
}

fn is_reset(answer: &Result<(), String>) -> bool {
    answer.as_ref().is_err_and(|answer| answer.starts_with("reset: "))
}

#[tokio::test]
async fn frames_in_order_are_taken_and_others_ask_for_a_reset() {
    // Which frames are sent, and which of those are taken: the others are answered with RESET_REQUIRED.
    for (order, taken) in [
        (&[0, 1, 2, 3][..], &[0, 1, 2, 3][..]),
        (&[0, 1, 3], &[0, 1]),
        (&[1], &[]),
        (&[0, 0], &[0]),
        (&[0, 1, 1, 2], &[0, 1, 2]),
        (&[0, 2, 1], &[0, 1]),
    ] {
        let shelf = Shelf::default();
        let running = server(&shelf).await;
        let (batches, frames, _) = stream(4);
        let sent: Vec<_> = order.iter().map(|&at| frames[at as usize].clone()).collect();
        let answers = call(&running, &sent).await;
        assert!(answers.iter().all(|answer| answer.is_ok() || is_reset(answer)), "{order:?}: {answers:?}");
        let kept: Vec<_> = taken.iter().map(|&at| batches[at as usize].clone()).collect();
        assert_each_once(&shelf, &kept);
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), taken.len(), "{order:?}");
    }
}

#[tokio::test]
async fn a_reset_is_followed_by_a_frame_that_stands_alone_and_a_new_epoch() {
    let shelf = Shelf::default();
    let running = server(&shelf).await;
    let (mut batches, frames, mut encoder) = stream(3);
    encoder.reset();
    batches.push(spans(7, 10));
    batches.push(spans(8, 10));
    let sent = [
        frames[0].clone(),
        // The second is lost.
        frames[2].clone(),
        compress(&batches[1], &Options::default()).unwrap().to_vec(),
        compress(&batches[2], &Options::default()).unwrap().to_vec(),
        encode(&mut encoder, &batches[3]),
        encode(&mut encoder, &batches[4]),
    ];
    let answers = call(&running, &sent).await;
    assert!(is_reset(&answers[1]), "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 5, "{answers:?}");
    assert_each_once(&shelf, &batches);
}

#[tokio::test]
async fn a_stream_that_goes_on_elsewhere_is_not_understood_there() {
    let (one, other) = (Shelf::default(), Shelf::default());
    let (first, second) = (server(&one).await, server(&other).await);
    let (batches, frames, _) = stream(3);
    assert!(call(&first, &frames[..2]).await.iter().all(Result::is_ok));
    // A replica, or the same server after a restart, or the same server on another connection.
    assert!(is_reset(&call(&second, &frames[2..]).await[0]));
    assert!(is_reset(&call(&first, &frames[2..]).await[0]));
    assert_each_once(&one, &batches[..2]);
    assert_each_once(&other, &[]);
}

#[tokio::test]
async fn a_flipped_byte_is_noticed_wherever_it_is() {
    let shelf = Shelf::default();
    let running = server(&shelf).await;
    let (batches, frames, _) = stream(2);
    // Each on a stream of its own: the first frame whole, the second damaged.
    let damaged = (0..frames[1].len()).step_by(7);
    let count = damaged.clone().count();
    for at in damaged {
        let mut bad = frames[1].clone();
        bad[at] ^= 1 << (at % 8);
        let answers = call(&running, &[frames[0].clone(), bad]).await;
        assert!(answers[0].is_ok() && answers[1].is_err(), "byte {at}: {answers:?}");
    }
    assert_each_once(&shelf, &vec![batches[0].clone(); count]);
}

#[tokio::test]
async fn messages_that_hold_no_frame_are_answered_and_the_stream_goes_on() {
    let shelf = Shelf::default();
    let running = server(&shelf).await;
    let (batches, frames, _) = stream(1);
    let answers = call(&running, &[Vec::new(), b"no frame at all".to_vec(), frames[0].clone()]).await;
    assert!(is_reset(&answers[0]) && is_reset(&answers[1]) && answers[2].is_ok(), "{answers:?}");
    assert_each_once(&shelf, &batches);
}
