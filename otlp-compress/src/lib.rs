//! otlp-compress
