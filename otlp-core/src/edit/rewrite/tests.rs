//! Against the same changes made to decoded messages.

use proptest::prelude::*;

use super::*;
use crate::logs::LogsWriter;
use crate::metrics::MetricsWriter;
use crate::oracle::{Random, Tree};
use crate::proto::common::v1::{AnyValue, EntityRef, KeyValue, any_value::Value as Any};
use crate::proto::metrics::v1::{Exemplar, exemplar, metric::Data, number_data_point};
use crate::proto::resource::v1::Resource;
use crate::value::ValueView;
use crate::{Limits, ProfilesLayout, Signal};

fn parse(signal: Signal, bytes: impl Into<bytes::Bytes>) -> Batch {
    Batch::parse(signal, bytes, &Limits::default().with_profiles_layout(ProfilesLayout::Current)).unwrap()
}

/// What is changed, the same way in all messages.
#[derive(Debug, Clone, Copy)]
struct Plan {
    rename: bool,
    set: bool,
    remove: bool,
    copy: bool,
    texts: bool,
    factor: Option<f64>,
    /// Leaves alone what is in groups whose schema is this one.
    past: &'static str,
}

fn plan() -> impl Strategy<Value = Plan> {
    let factor = prop::sample::select(&[None, Some(0.001), Some(-2.0)][..]);
    let past = prop::sample::select(&["", "a", "none"][..]);
    any::<(bool, bool, bool, bool, bool)>().prop_flat_map(move |(rename, set, remove, copy, texts)| {
        (factor.clone(), past.clone()).prop_map(move |(factor, past)| Plan {
            rename,
            set,
            remove,
            copy,
            texts,
            factor,
            past,
        })
    })
}

impl Plan {
    fn splice<'a>(&self, spot: Spot<'a>, draft: &mut Draft<'a>) -> Look {
        let group = matches!(spot, Spot::ResourceGroup | Spot::ScopeGroup);
        let look = if group && draft.text(Text::SchemaUrl) == self.past { Look::Past } else { Look::Inside };
        for index in 0..draft.len() {
            let key = draft.key(index).unwrap().to_owned();
            match &*key {
                "k" if self.rename => draft.rename(index, "renamed"),
                "a" if self.set => draft.set(index, 7),
                "http.route" if self.set => draft.set(index, "text"),
                "http.route" if self.copy => assert!(draft.copy(index, format!("{key}.copy")).is_some()),
                "" if self.remove => draft.remove(index),
                _ => {}
            }
        }
        if self.texts {
            for which in [Text::Name, Text::Unit, Text::SchemaUrl] {
                let old = draft.text(which).to_owned();
                draft.set_text(which, if old.is_empty() { "new".to_owned() } else { String::new() });
            }
        }
        if let (Spot::Metric(metric), Some(factor)) = (spot, self.factor) {
            assert_eq!(draft.scale(factor), metric.exponential_histogram().is_none());
        }
        look
    }

    fn text(&self, text: &mut String) {
        if self.texts {
            *text = if text.is_empty() { "new".to_owned() } else { String::new() };
        }
    }

    fn list(&self, list: &mut Vec<KeyValue>, strings: &[String]) {
        let mut copies = Vec::new();
        list.retain_mut(|pair| {
            let entry = usize::try_from(pair.key_strindex).ok().filter(|index| *index > 0);
            let key = entry.and_then(|index| strings.get(index)).unwrap_or(&pair.key).clone();
            let mut put = |key: &str, value| {
                *pair = KeyValue { key: key.to_owned(), value, key_strindex: 0 };
            };
            let set = |value| Some(AnyValue { value: Some(value) });
            match &*key {
                "k" if self.rename => {
                    let value = pair.value.take();
                    *pair = KeyValue { key: "renamed".to_owned(), value, key_strindex: 0 };
                }
                "a" if self.set => put("a", set(Any::IntValue(7))),
                "http.route" if self.set => put("http.route", set(Any::StringValue("text".to_owned()))),
                "http.route" if self.copy => copies.push(KeyValue {
                    key: "http.route.copy".to_owned(),
                    value: Some(pair.value.clone().unwrap_or_default()),
                    key_strindex: 0,
                }),
                "" if self.remove => return false,
                _ => {}
            }
            true
        });
        list.append(&mut copies);
    }

    fn keys(&self, keys: &mut Vec<String>) {
        let copies = keys.iter().filter(|key| self.copy && !self.set && *key == "http.route").count();
        keys.retain_mut(|key| {
            if key == "k" && self.rename {
                *key = "renamed".to_owned();
            }
            !(key.is_empty() && self.remove)
        });
        keys.extend(std::iter::repeat_n("http.route.copy".to_owned(), copies));
    }

    fn entity(&self, entity: &mut EntityRef) {
        self.text(&mut entity.schema_url);
        self.keys(&mut entity.id_keys);
        self.keys(&mut entity.description_keys);
    }

    fn resource(&self, resource: &mut Option<Resource>, strings: &[String]) {
        if let Some(resource) = resource {
            self.list(&mut resource.attributes, strings);
            resource.entity_refs.iter_mut().for_each(|entity| self.entity(entity));
        }
    }

    fn exemplars(&self, list: &mut [Exemplar], factor: f64) {
        for exemplar in list {
            self.list(&mut exemplar.filtered_attributes, &[]);
            scale_exemplar(exemplar, factor);
        }
    }

    fn data(&self, data: &mut Data) {
        let factor = self.factor;
        match data {
            Data::Gauge(crate::proto::metrics::v1::Gauge { data_points: points })
            | Data::Sum(crate::proto::metrics::v1::Sum { data_points: points, .. }) => {
                for point in points {
                    self.list(&mut point.attributes, &[]);
                    if let (Some(factor), Some(value)) = (factor, &mut point.value) {
                        *value = number_data_point::Value::AsDouble(match *value {
                            number_data_point::Value::AsDouble(value) => scaled(value, factor),
                            number_data_point::Value::AsInt(value) => scaled(value as f64, factor),
                        });
                    }
                    self.exemplars(&mut point.exemplars, factor.unwrap_or(1.0));
                }
            }
            Data::Histogram(data) => {
                for point in &mut data.data_points {
                    self.list(&mut point.attributes, &[]);
                    if let Some(factor) = factor {
                        [&mut point.sum, &mut point.min, &mut point.max]
                            .into_iter()
                            .flatten()
                            .chain(&mut point.explicit_bounds)
                            .for_each(|value| *value = scaled(*value, factor));
                    }
                    self.exemplars(&mut point.exemplars, factor.unwrap_or(1.0));
                }
            }
            Data::ExponentialHistogram(data) => {
                for point in &mut data.data_points {
                    self.list(&mut point.attributes, &[]);
                    self.exemplars(&mut point.exemplars, 1.0);
                }
            }
            Data::Summary(data) => {
                for point in &mut data.data_points {
                    self.list(&mut point.attributes, &[]);
                    if let Some(factor) = factor {
                        let quantiles = point.quantile_values.iter_mut().map(|quantile| &mut quantile.value);
                        std::iter::once(&mut point.sum)
                            .chain(quantiles)
                            .for_each(|value| *value = scaled(*value, factor));
                    }
                }
            }
        }
    }

    fn tree(&self, tree: &mut Tree) {
        let past = |url: &mut String| {
            let past = url == self.past;
            self.text(url);
            past
        };
        match tree {
            Tree::Traces(tree) => {
                for group in &mut tree.resource_spans {
                    if past(&mut group.schema_url) {
                        continue;
                    }
                    self.resource(&mut group.resource, &[]);
                    for group in &mut group.scope_spans {
                        if past(&mut group.schema_url) {
                            continue;
                        }
                        group.scope.iter_mut().for_each(|scope| self.list(&mut scope.attributes, &[]));
                        for span in &mut group.spans {
                            self.text(&mut span.name);
                            self.list(&mut span.attributes, &[]);
                            for event in &mut span.events {
                                self.text(&mut event.name);
                                self.list(&mut event.attributes, &[]);
                            }
                            span.links.iter_mut().for_each(|link| self.list(&mut link.attributes, &[]));
                        }
                    }
                }
            }
            Tree::Logs(tree) => {
                for group in &mut tree.resource_logs {
                    if past(&mut group.schema_url) {
                        continue;
                    }
                    self.resource(&mut group.resource, &[]);
                    for group in &mut group.scope_logs {
                        if past(&mut group.schema_url) {
                            continue;
                        }
                        group.scope.iter_mut().for_each(|scope| self.list(&mut scope.attributes, &[]));
                        for record in &mut group.log_records {
                            self.text(&mut record.event_name);
                            self.list(&mut record.attributes, &[]);
                        }
                    }
                }
            }
            Tree::Profiles(tree) => {
                let strings =
                    tree.dictionary.as_ref().map(|all| all.string_table.clone()).unwrap_or_default();
                for group in &mut tree.resource_profiles {
                    if past(&mut group.schema_url) {
                        continue;
                    }
                    self.resource(&mut group.resource, &strings);
                    for group in &mut group.scope_profiles {
                        if past(&mut group.schema_url) {
                            continue;
                        }
                        group.scope.iter_mut().for_each(|scope| self.list(&mut scope.attributes, &strings));
                    }
                }
            }
            Tree::Metrics(tree) => {
                for group in &mut tree.resource_metrics {
                    if past(&mut group.schema_url) {
                        continue;
                    }
                    self.resource(&mut group.resource, &[]);
                    for group in &mut group.scope_metrics {
                        if past(&mut group.schema_url) {
                            continue;
                        }
                        group.scope.iter_mut().for_each(|scope| self.list(&mut scope.attributes, &[]));
                        for metric in &mut group.metrics {
                            self.text(&mut metric.name);
                            self.text(&mut metric.unit);
                            metric.data.iter_mut().for_each(|data| self.data(data));
                        }
                    }
                }
            }
        }
    }
}

fn scaled(value: f64, factor: f64) -> f64 {
    if factor == 0.001 { value / 1000.0 } else { value * factor }
}

fn scale_exemplar(exemplar: &mut Exemplar, factor: f64) {
    if factor == 1.0 {
        return;
    }
    if let Some(value) = &mut exemplar.value {
        *value = exemplar::Value::AsDouble(match *value {
            exemplar::Value::AsDouble(value) => scaled(value, factor),
            exemplar::Value::AsInt(value) => scaled(value as f64, factor),
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 3000 }))]

    #[test]
    fn rewriting_is_changing_decoded_messages(
        signal in prop::sample::select(&Signal::ALL[..]),
        seed: u64,
        size in 1..600_usize,
        plan in plan(),
    ) {
        let batch = parse(signal, Random::new(seed).request(signal, size));
        let rewritten = rewrite(&batch, |spot, draft| plan.splice(spot, draft));
        let again = parse(signal, rewritten.bytes().clone());
        prop_assert_eq!((again.items(), rewritten.items()), (batch.items(), batch.items()));
        let mut expected = Tree::viewed(&batch);
        plan.tree(&mut expected);
        prop_assert_eq!(Tree::viewed(&rewritten).encode(), expected.encode());
        prop_assert_eq!(Tree::viewed(&again).encode(), expected.encode());
    }

    #[test]
    fn what_nobody_changes_shares_the_bytes(
        signal in prop::sample::select(&Signal::ALL[..]),
        seed: u64,
    ) {
        let batch = parse(signal, Random::new(seed).request(signal, 200));
        let rewritten = rewrite(&batch, |_, draft| {
            for which in [Text::Name, Text::Unit, Text::SchemaUrl] {
                let same = draft.text(which).to_owned();
                draft.set_text(which, same);
            }
            Look::Inside
        });
        prop_assert_eq!(rewritten.bytes().as_ptr(), batch.bytes().as_ptr());
    }
}

#[test]
fn a_draft_says_what_it_holds() {
    let mut writer = LogsWriter::new();
    writer.resource(|_| {}).scope("", "").record().attr("k", 1).attr("l", "text");
    let batch = writer.finish();
    let rewritten = rewrite(&batch, |spot, draft| {
        if let Spot::LogRecord(record) = spot {
            assert_eq!((draft.len(), record.attributes().len(), draft.is_empty()), (2, 2, false));
            draft.set(0, "new");
            assert!(matches!(draft.value(0), ValueView::Str("new")));
            assert_eq!(draft.copy(0, "copied"), Some(2));
            draft.remove(0);
            assert_eq!((draft.key(0), draft.key(1), draft.key(2)), (None, Some("l"), Some("copied")));
            assert!(matches!(draft.value(2), ValueView::Str("new")));
            assert_eq!((draft.copy(0, "gone"), draft.copy(9, "none")), (None, None));
            assert_eq!((draft.len(), draft.key(3)), (3, None));
            assert!(!draft.scale(2.0));
            draft.set_text(Text::Unit, "s");
            assert_eq!(draft.text(Text::Unit), "", "records have none");
        }
        Look::Inside
    });
    let record = rewritten.logs().unwrap().log_records().next().unwrap();
    let found: Vec<_> = record.attributes().iter().map(|pair| (pair.key(), pair.value().as_str())).collect();
    assert_eq!(found, [("l", Some("text")), ("copied", Some("new"))]);
}

#[test]
fn factors_multiply_and_past_a_metric_its_points_are_still_scaled() {
    let mut writer = MetricsWriter::new();
    writer.resource(|_| {}).scope("", "").metric("g").unit("ms").gauge().point(8);
    let batch = writer.finish();
    let rewritten = rewrite(&batch, |spot, draft| match spot {
        Spot::Metric(_) => {
            assert!(draft.scale(0.5) && draft.scale(0.5));
            Look::Past
        }
        Spot::Point => panic!("nobody wants to be asked"),
        _ => Look::Inside,
    });
    let metric = rewritten.metrics().unwrap().metrics().next().unwrap();
    assert_eq!(metric.gauge().unwrap().points().get(0).unwrap().as_double(), Some(2.0));
}
