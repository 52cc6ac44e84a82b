//! otlp-core
