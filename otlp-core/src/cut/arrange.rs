//! Items in a new order, equal groups at one place.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hasher as _};

use bytes::Bytes;
use foldhash::fast::RandomState;

use super::concat;
use super::item::Item;
use super::walk::{MOST_LEVELS, Place, Span, Visit, Walk};
use crate::wire::{LEN, put_key, put_varint, varint_len};
use crate::{Batch, Signal};

/// Puts batches of one signal into one with a new order: items of rank 0 first, then those of rank 1, and so on. `None` if
/// there is no batch or the signals differ.
///
/// Within one rank equal resources stand once, in them equal scopes, and in these equal metrics; each at the place where the
/// first of them stood, and items of one group keep their order. Groups are equal when the bytes of all their own fields
/// are: resource, schema URL and unknown fields, for instance. So the order of attributes counts; two orders make two
/// groups, which costs bytes and no meaning. Metrics are equal when name, description, unit, metadata, kind, temporality and
/// monotonicity are. Groups without items are left out.
///
/// Ranks should be small numbers: each up to the largest costs a few bytes. Profiles share one dictionary, as in [`concat()`].
///
/// Time grows with the number of items, not with its square: groups are found by hash, with a key that senders do not know.
/// Items are copied once, neighbours as one range; memory is allocated per group, not per item.
pub fn arrange(batches: &[Batch], rank: impl FnMut(Item<'_>) -> usize) -> Option<Batch> {
    let signal = batches.first()?.signal();
    if batches.iter().any(|batch| batch.signal() != signal) {
        return None;
    }
    let joined;
    let batches = if signal == Signal::Profiles && batches.len() > 1 {
        joined = [concat(batches)?];
        &joined
    } else {
        batches
    };
    let mut arrange = Arrange {
        rank,
        nodes: Vec::new(),
        roots: Vec::new(),
        keys: Vec::new(),
        runs: Vec::new(),
        known: HashMap::with_hasher(RandomState::default()),
        hashes: RandomState::default(),
        source: 0,
        items: 0,
        path: Default::default(),
        last: None,
    };
    let mut walk = Walk::new(signal);
    // Fields of the requests themselves, with the number of the source they stand in.
    let mut requests = Vec::new();
    for (index, batch) in batches.iter().enumerate() {
        arrange.source = index;
        let own = walk.run(batch.canonical(), &mut arrange);
        requests.extend(own.iter().map(|part| (index, *part)));
    }
    let sources: Vec<&[u8]> = batches.iter().map(Batch::canonical).collect();
    Some(arrange.finish(signal, &sources, &requests))
}

/// Link to nothing.
const NONE: usize = usize::MAX;

/// A group of the new batch; a root stands for the request.
struct Node {
    number: u32,
    /// Start of its key in `Arrange::keys`, length of the key, and how much of it is the header that is written.
    key: usize,
    key_len: usize,
    header_len: usize,
    /// Bytes of its payload: of its items so far; of all when finished.
    len: usize,
    parent: usize,
    /// First and last child, or first and last run in the innermost groups.
    first: usize,
    last: usize,
    /// Next child of the same parent.
    next: usize,
    /// Next node with the same hash.
    same_hash: usize,
}

/// Neighbouring items of one source.
struct Run {
    source: usize,
    at: Span,
    /// Next run of the same group.
    next: usize,
}

/// What is known of the group that the walk is in, on one level.
#[derive(Default)]
struct Step {
    /// Id of the group that the rest is about; 0 for none.
    id: usize,
    key: Vec<u8>,
    header_len: usize,
    hash: u64,
}

struct Arrange<R> {
    rank: R,
    nodes: Vec<Node>,
    /// Node of each rank.
    roots: Vec<usize>,
    /// Keys of all nodes.
    keys: Vec<u8>,
    runs: Vec<Run>,
    /// The first node of each hash.
    known: HashMap<u64, usize, RandomState>,
    hashes: RandomState,
    /// Index of the batch that is walked.
    source: usize,
    items: usize,
    path: [Step; MOST_LEVELS],
    /// Innermost group and rank of the last item, and the node where it went.
    last: Option<(usize, usize, usize)>,
}

impl<R> Arrange<R> {
    /// The innermost node for an item of this rank.
    fn resolve(&mut self, place: &Place<'_>, rank: usize) -> usize {
        if self.roots.len() <= rank {
            self.roots.resize(rank + 1, NONE);
        }
        if self.roots[rank] == NONE {
            self.roots[rank] = self.push(NONE, 0, 0);
        }
        let mut node = self.roots[rank];
        for level in 1..place.depth {
            if self.path[level].id != place.groups[level].id {
                self.describe(place, level);
            }
            node = self.child(node, level, place.groups[level].number);
        }
        node
    }

    /// Collects what makes the group on this level itself.
    fn describe(&mut self, place: &Place<'_>, level: usize) {
        let step = &mut self.path[level];
        step.id = place.groups[level].id;
        step.key.clear();
        let put = |level: usize, key: &mut Vec<u8>| {
            for part in &place.headers[level] {
                key.extend_from_slice(&place.source[part.start..part.end]);
            }
        };
        put(level, &mut step.key);
        step.header_len = step.key.len();
        // A metric has data of one kind only, so what that is belongs to it.
        if place.depth == 5 && level == 3 {
            step.key.push(place.groups[4].number as u8);
            put(4, &mut step.key);
        }
        let mut hasher = self.hashes.build_hasher();
        hasher.write(&step.key);
        hasher.write_usize(step.header_len);
        step.hash = hasher.finish();
    }

    /// The child that equals the group on this level, made if there is none.
    fn child(&mut self, parent: usize, level: usize, number: u32) -> usize {
        let step = &self.path[level];
        let mut hasher = self.hashes.build_hasher();
        hasher.write_u64(step.hash);
        hasher.write_usize(parent);
        let hash = hasher.finish();
        let first = self.known.get(&hash).copied().unwrap_or(NONE);
        let mut found = first;
        while found != NONE {
            let node = &self.nodes[found];
            if node.parent == parent
                && node.number == number
                && node.header_len == step.header_len
                && self.keys[node.key..node.key + node.key_len] == step.key
            {
                return found;
            }
            found = node.same_hash;
        }
        let node = self.push(parent, level, number);
        self.nodes[node].same_hash = first;
        self.known.insert(hash, node);
        node
    }

    fn push(&mut self, parent: usize, level: usize, number: u32) -> usize {
        let (key, index) = (self.keys.len(), self.nodes.len());
        // A root has no header of its own.
        let (key_len, header_len) = if level == 0 {
            (0, 0)
        } else {
            let step = &self.path[level];
            self.keys.extend_from_slice(&step.key);
            (step.key.len(), step.header_len)
        };
        self.nodes.push(Node {
            number,
            key,
            key_len,
            header_len,
            len: header_len,
            parent,
            first: NONE,
            last: NONE,
            next: NONE,
            same_hash: NONE,
        });
        if parent != NONE {
            let last = std::mem::replace(&mut self.nodes[parent].last, index);
            match last {
                NONE => self.nodes[parent].first = index,
                last => self.nodes[last].next = index,
            }
        }
        index
    }

    fn finish(mut self, signal: Signal, sources: &[&[u8]], requests: &[(usize, Span)]) -> Batch {
        // Children stand behind their parents.
        for index in (0..self.nodes.len()).rev() {
            let Node { number, len, parent, .. } = self.nodes[index];
            if parent != NONE {
                self.nodes[parent].len += varint_len(u64::from(number) << 3) + varint_len(len as u64) + len;
            }
        }
        let own = requests.iter().map(|(_, part)| part.end - part.start).sum::<usize>();
        let roots = self.roots.iter().filter(|root| **root != NONE);
        let total = own + roots.clone().map(|root| self.nodes[*root].len).sum::<usize>();
        let mut out = Vec::with_capacity(total);
        let leaf = super::walk::levels(signal).len() - 1;
        for root in roots {
            self.write(*root, leaf, sources, &mut out);
        }
        for (source, part) in requests {
            out.extend_from_slice(&sources[*source][part.start..part.end]);
        }
        debug_assert_eq!(out.len(), total, "the sizes are exact");
        Batch::trusted(signal, self.items, Bytes::from(out), None)
    }

    /// Writes a node's payload; `below` levels of groups are under it.
    fn write(&self, index: usize, below: usize, sources: &[&[u8]], out: &mut Vec<u8>) {
        let node = &self.nodes[index];
        out.extend_from_slice(&self.keys[node.key..node.key + node.header_len]);
        let mut next = node.first;
        while next != NONE {
            if below == 0 {
                let run = &self.runs[next];
                out.extend_from_slice(&sources[run.source][run.at.start..run.at.end]);
                next = run.next;
            } else {
                let child = &self.nodes[next];
                put_key(out, child.number, LEN);
                put_varint(out, child.len as u64);
                self.write(next, below - 1, sources, out);
                next = child.next;
            }
        }
    }
}

impl<'a, R: FnMut(Item<'a>) -> usize> Visit<'a> for Arrange<R> {
    fn enter(&mut self, _: &Place<'a>, _: usize) -> bool {
        true
    }

    fn leave(&mut self, _: &Place<'a>, _: usize) {}

    #[inline]
    fn item(&mut self, place: &Place<'a>, encoded: &'a [u8], whole: Span) {
        let rank = (self.rank)(Item::at(place, encoded, whole));
        let group = place.groups[place.depth - 1].id;
        let node = match self.last {
            Some((held, held_rank, node)) if (held, held_rank) == (group, rank) => node,
            _ => {
                let node = self.resolve(place, rank);
                self.last = Some((group, rank, node));
                node
            }
        };
        self.items += 1;
        let node = &mut self.nodes[node];
        node.len += whole.end - whole.start;
        if let Some(run) = self.runs.get_mut(node.last)
            && run.source == self.source
            && run.at.end == whole.start
        {
            run.at.end = whole.end;
            return;
        }
        let index = self.runs.len();
        self.runs.push(Run { source: self.source, at: whole, next: NONE });
        match std::mem::replace(&mut node.last, index) {
            NONE => node.first = index,
            last => self.runs[last].next = index,
        }
    }
}
