//! tonic's two ends with HTTP/2 settings that let a request through at once; the defaults stall on 64 KiB windows.

use tonic::transport::{Endpoint, Server};

const STREAM_WINDOW: u32 = 16 << 20;
const CONNECTION_WINDOW: u32 = 64 << 20;
const FRAME: u32 = 1 << 20;

pub fn server() -> Server {
    Server::builder()
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(FRAME)
}

pub fn client(url: &str) -> anyhow::Result<Endpoint> {
    Ok(Endpoint::try_from(url.to_owned())?
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .tcp_nodelay(true))
}
