//! Metrics: data points in metrics in scopes in resources.

mod point;
mod temporality;
mod view;
mod writer;

pub use point::{
    ExemplarWriter, ExponentialHistogramPointWriter, HistogramPointWriter, NumberPointWriter,
    SummaryPointWriter,
};
pub use temporality::Temporality;
pub use view::{
    BucketsView, DataView, ExemplarView, ExponentialHistogramPointView, ExponentialHistogramView, GaugeView,
    HistogramPointView, HistogramView, MetricView, MetricsView, Number, NumberPointView, QuantileView,
    ResourceMetricsView, ScopeMetricsView, SumView, SummaryPointView, SummaryView,
};
pub use writer::{
    ExponentialHistogramWriter, HistogramWriter, MetricWriter, MetricsWriter, NumbersWriter,
    ResourceMetricsWriter, ScopeMetricsWriter, SummaryWriter,
};
