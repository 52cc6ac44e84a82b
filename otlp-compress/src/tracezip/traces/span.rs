//! One span after another, on both sides.

use super::ids::{Ids, NONE, Present, Relation, SpanIds};
use super::time::{DURATION, EVENT, START_ALONE, START_BY_CHILD, START_BY_KIN, START_BY_PARENT, Times};
use super::{END, EVENT_TIME, PARENT_ID, SPAN, SPAN_ID, START, TRACE_ID};
use crate::tracezip::coder::{Coder, ColumnReader, ColumnWriter};
use crate::tracezip::groups::{ItemReader, ItemWriter};
use crate::tracezip::shape::{Context, Messages, Scanner, Slots, Source, Value, Wanted, mix};
use crate::tracezip::varint::put_varint;

/// Models and state of spans.
pub(crate) struct Traces {
    ids: Ids,
    times: Times,
    slots: Slots,
    /// Where each shape has its special fields.
    layouts: Vec<Layout>,
    last_set: u32,
    last_start: u64,
    /// Spans that this frame may still have.
    left: u64,
}

/// Steps of a shape that are special fields; `u16::MAX` for none.
#[derive(Clone, Copy)]
struct Layout {
    steps: [u16; 5],
}

impl Layout {
    const fn has(&self, special: u32) -> bool {
        self.steps[special as usize] != u16::MAX
    }
}

/// What a span has besides its values.
#[derive(Clone, Copy, Default)]
struct Special {
    ids: SpanIds,
    start: u64,
    end: u64,
}

impl Traces {
    pub(crate) fn new() -> Self {
        Self {
            ids: Ids::new(),
            times: Times::new(),
            slots: Slots::default(),
            layouts: Vec::new(),
            last_set: 0,
            last_start: 0,
            left: 0,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.ids.clear();
        self.times.clear();
        self.layouts.clear();
        (self.last_set, self.last_start) = (0, 0);
    }

    /// Starts a frame of at most `items` spans.
    pub(crate) fn begin(&mut self, items: u64) {
        self.left = items;
    }

    /// Bytes of state.
    pub(crate) fn memory(&self) -> usize {
        self.ids.memory() + self.times.memory()
    }

    fn context(&self, group: u32) -> Context {
        Context { near: mix(u64::from(group), u64::from(self.last_set)) as u32, far: group }
    }

    /// The layout of a shape, which may be new.
    fn layout(&mut self, messages: &Messages, shape: u32) -> Layout {
        while self.layouts.len() <= shape as usize {
            let mut steps = [u16::MAX; 5];
            for (index, special) in messages.specials(self.layouts.len() as u32) {
                if let Some(step) = steps.get_mut(special as usize) {
                    *step = index as u16;
                }
            }
            self.layouts.push(Layout { steps });
        }
        self.layouts[shape as usize]
    }

    /// Everything of a span but its shape.
    fn code<C: Coder>(
        &mut self,
        messages: &mut Messages,
        coder: &mut C,
        shape: u32,
        special: Special,
        source: Source<'_>,
    ) -> Special {
        let layout = self.layout(messages, shape);
        let set = messages.book.set_of(shape);
        let present =
            Present { trace: layout.has(TRACE_ID), span: layout.has(SPAN_ID), parent: layout.has(PARENT_ID) };
        let (ids, relation) = self.ids.code(coder, present, set, special.ids);
        let mut coded = Special { ids, ..Special::default() };
        if layout.has(START) {
            let (kind, base) = self.base(relation);
            coded.start = self.times.code(coder, set, kind, base, special.start);
        }
        if layout.has(END) {
            coded.end = self.times.code(coder, set, DURATION, coded.start, special.end);
        }
        self.ids.add(present, set, ids, relation, coded.start, coded.end.wrapping_sub(coded.start));
        let times = &mut self.times;
        let mut event = coded.start;
        messages.values(coder, shape, 0, source, &mut self.slots, |coder, _, time| {
            event = times.code(coder, set, EVENT, event, time);
            event
        });
        self.last_set = set;
        self.last_start = coded.start;
        coded
    }

    /// What the start of a span is told from.
    fn base(&self, relation: Relation) -> (usize, u64) {
        let start = |mention: u32| self.ids.mentions[mention as usize].start;
        if relation.parent != NONE && self.ids.mentions[relation.parent as usize].seen {
            (START_BY_PARENT, start(relation.parent))
        } else if relation.own != NONE {
            (START_BY_CHILD, start(relation.own))
        } else if relation.parent != NONE {
            (START_BY_KIN, start(relation.parent))
        } else if relation.kin != NONE {
            (START_BY_KIN, start(relation.kin))
        } else {
            (START_ALONE, self.last_start)
        }
    }
}

/// The encoder's way.
pub(crate) struct SpanWriter<'a> {
    pub(crate) traces: &'a mut Traces,
    pub(crate) scanner: &'a mut Scanner,
}

impl ItemWriter for SpanWriter<'_> {
    fn scanner(&mut self) -> &mut Scanner {
        self.scanner
    }

    fn item(&mut self, messages: &mut Messages, coder: &mut ColumnWriter, item: &[u8], group: u32) {
        self.scanner.scan(messages, &SPAN, item);
        let context = self.traces.context(group);
        let told = self.scanner.tell(messages, |messages, wanted| messages.shape(coder, context, wanted));
        let Some(shape) = told else {
            coder.fail("a shape that cannot be told");
            return;
        };
        let layout = self.traces.layout(messages, shape);
        let found = self.scanner.found();
        let field = |special: u32| {
            let found = &found[usize::from(layout.steps[special as usize])];
            &item
                [(found.start + found.length - found.literal) as usize..(found.start + found.length) as usize]
        };
        let number = |special: u32| {
            if layout.has(special) { found[usize::from(layout.steps[special as usize])].number } else { 0 }
        };
        let word = |special: u32, at: usize| {
            let bytes = if layout.has(special) {
                field(special).get(at..).and_then(<[u8]>::first_chunk)
            } else {
                None
            };
            bytes.map_or(0, |bytes| u64::from_be_bytes(*bytes))
        };
        let ids = SpanIds {
            trace: (word(TRACE_ID, 0), word(TRACE_ID, 8)),
            span: word(SPAN_ID, 0),
            parent: word(PARENT_ID, 0),
        };
        let special = Special { ids, start: number(START), end: number(END) };
        self.traces.code(messages, coder, shape, special, Source { message: item, found });
    }
}

impl ItemReader for Traces {
    fn item(&mut self, messages: &mut Messages, coder: &mut ColumnReader<'_>, group: u32, out: &mut Vec<u8>) {
        if self.left == 0 {
            coder.fail("more items than stated");
            return;
        }
        self.left -= 1;
        let context = self.context(group);
        let Some(shape) = messages.shape(coder, context, Wanted::Set(&[])) else { return };
        let Special { ids, start, end } =
            self.code(messages, coder, shape, Special::default(), Source::NOTHING);
        if coder.failed().is_some() {
            return;
        }
        messages.write(shape, &self.slots, out, |special, key, value, out| {
            put_varint(out, u64::from(key));
            match special {
                TRACE_ID => {
                    out.push(16);
                    out.extend_from_slice(&ids.trace.0.to_be_bytes());
                    out.extend_from_slice(&ids.trace.1.to_be_bytes());
                }
                SPAN_ID | PARENT_ID => {
                    out.push(8);
                    let id = if special == SPAN_ID { ids.span } else { ids.parent };
                    out.extend_from_slice(&id.to_be_bytes());
                }
                START => out.extend_from_slice(&start.to_le_bytes()),
                END => out.extend_from_slice(&end.to_le_bytes()),
                EVENT_TIME => {
                    if let Value::Number(time) = value {
                        out.extend_from_slice(&time.to_le_bytes());
                    }
                }
                _ => {}
            }
        });
    }
}
