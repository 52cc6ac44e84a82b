//! otlp-export
