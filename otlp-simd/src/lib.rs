//! otlp-simd
