//! Why telemetry does not arrive (feature `doctor`): looks at the way to each signal's endpoint step by step, from names to the answer
//! to an empty request, and says what would help. `otlp doctor` shows the findings.
//!
//! ```no_run
//! # async fn f() {
//! use otlp_export::{Config, doctor::{self, Health}};
//!
//! let config = Config::from_env();
//! let findings = doctor::examine(&config, std::time::Duration::from_secs(5), |finding| println!("{}", finding.text)).await;
//! assert!(findings.iter().all(|finding| finding.health != Health::Bad));
//! # }
//! ```

mod certificate;
mod clock;
mod examine;
mod export;
mod finding;
mod network;

pub use examine::examine;
pub use finding::{Finding, Health, Remedy, Step};
