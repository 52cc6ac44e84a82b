//! OpenTelemetry's semantic conventions.
#![no_std]
#![forbid(unsafe_code)]
