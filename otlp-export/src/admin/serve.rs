//! The connections of the admin endpoint.

use std::{convert::Infallible, net::IpAddr, sync::Arc, time::Duration};

use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpListener, sync::Semaphore};

use super::{MetricsPage, Status};

/// Connections at a time; more wait.
const CONNECTIONS: usize = 64;
/// Time for the head of a request, and for a whole connection.
const HEADER_TIME: Duration = Duration::from_secs(10);
const CONNECTION_TIME: Duration = Duration::from_secs(60);
/// Pause after a failed accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn listen(listener: TcpListener, status: Arc<impl Status>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    // Ends with the task: aborting it drops the set.
    let mut open = tokio::task::JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        while open.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let status = Arc::clone(&status);
        open.spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let response = answer(&request, &*status);
                async move { Ok::<_, Infallible>(response) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIME)
                .max_buf_size(16 << 10)
                .serve_connection(TokioIo::new(stream), service);
            // How a connection ends concerns its client alone.
            let _ = tokio::time::timeout(CONNECTION_TIME, connection).await;
            drop(place);
        });
    }
}

fn answer(request: &Request<impl Sized>, status: &impl Status) -> Response<Full<bytes::Bytes>> {
    if !is_local_name(request.headers(), request.uri()) {
        return text(StatusCode::MISDIRECTED_REQUEST, "ask by address or as localhost\n".to_owned());
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "GET only\n".to_owned());
        response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match request.uri().path() {
        "/healthz" => text(StatusCode::OK, "ok\n".to_owned()),
        "/readyz" => match status.ready() {
            Ok(()) => text(StatusCode::OK, "ready\n".to_owned()),
            Err(why) => text(StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
        },
        "/metrics" => {
            let mut page = MetricsPage::default();
            status.metrics(&mut page);
            text(StatusCode::OK, page.into_text())
        }
        _ => text(StatusCode::NOT_FOUND, "try /healthz, /readyz or /metrics\n".to_owned()),
    }
}

/// Whether the request names this machine by address or as localhost. A page in a browser whose own name was made to lead here
/// (DNS rebinding) names itself. Names of services, as in a cluster, have no dot or end in `.local`, `.internal` or `.svc`.
fn is_local_name(headers: &HeaderMap, uri: &Uri) -> bool {
    let host = match headers.get(header::HOST).map(|host| host.to_str()) {
        Some(Ok(host)) => host,
        Some(Err(_)) => return false,
        None => return uri.authority().is_none(),
    };
    let Ok(authority) = host.parse::<http::uri::Authority>() else { return false };
    let name = authority.host().trim_end_matches('.');
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    bare.parse::<IpAddr>().is_ok()
        || !name.contains('.')
        || [".local", ".internal", ".svc", ".localhost"].iter().any(|end| name.ends_with(end))
}

fn text(status: StatusCode, body: String) -> Response<Full<bytes::Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let plain = header::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
        .headers_mut()
        .insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Busy;

    impl Status for Busy {
        fn ready(&self) -> Result<(), String> {
            Err("the queue is full".to_owned())
        }

        fn metrics(&self, _: &mut MetricsPage) {}
    }

    fn ask(method: Method, path: &str, host: &str) -> StatusCode {
        let request =
            Request::builder().method(method).uri(path).header(header::HOST, host).body(()).unwrap();
        answer(&request, &Busy).status()
    }

    #[test]
    fn paths_and_methods() {
        for (method, path, status) in [
            (Method::GET, "/healthz", 200),
            (Method::HEAD, "/metrics", 200),
            (Method::GET, "/readyz?verbose", 503),
            (Method::GET, "/", 404),
            (Method::POST, "/metrics", 405),
            (Method::DELETE, "/healthz", 405),
        ] {
            assert_eq!(ask(method, path, "localhost:1").as_u16(), status, "{path}");
        }
    }

    #[test]
    fn names_of_other_sites_are_turned_away() {
        for (host, local) in [
            ("127.0.0.1:9464", true),
            ("[::1]:9464", true),
            ("localhost", true),
            ("relay:9464", true),
            ("relay.telemetry.svc:9464", true),
            ("attacker.example", false),
            ("attacker.example:9464", false),
            ("127.0.0.1.attacker.example", false),
            ("", false),
        ] {
            assert_eq!(ask(Method::GET, "/healthz", host) == StatusCode::OK, local, "{host}");
        }
    }
}
