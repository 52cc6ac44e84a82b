//! A test kit (feature `testing`): a server that answers from a script, with every fault of a network; a clock that the test moves;
//! and an audit that names the items which nobody accounts for.
//!
//! ```
//! # use std::time::Duration;
//! use otlp_export::testing::{Reply, ScriptedServer, batch};
//! use otlp_export::{Client, Outcome, Signal};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let wait = Duration::from_secs(7);
//! let server = ScriptedServer::start([Reply::retry_later(Some(wait)), Reply::partial(1, "no name")])?;
//! let client = Client::builder().endpoint(&server.url()).build()?;
//! let spans = batch(Signal::Traces, ["a", "b"]);
//! let Outcome::RetryLater { after, .. } = client.send(&spans).await.outcome else { panic!() };
//! assert_eq!(after, Some(wait));
//! assert_eq!(client.send(&spans).await.outcome, Outcome::Partial { rejected: 1, message: "no name".into() });
//! assert_eq!(server.received().len(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod audit;
mod clock;
mod connection;
mod gate;
mod item;
mod received;
mod reply;
mod server;
mod wire;

pub use audit::{Audit, AuditError};
pub use clock::VirtualClock;
pub use gate::Gate;
pub use item::{batch, names};
pub use received::{Answered, Received};
pub use reply::Reply;
pub use server::{ScriptedServer, ScriptedServerBuilder};
