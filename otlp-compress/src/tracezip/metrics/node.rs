//! Nodes: templates under their parents, and what came behind each.

use super::kind::Kind;
use super::number::Numbers;
use super::template::Templates;
use crate::tracezip::coder::{Bit, Coder, Index};
use crate::tracezip::shape::{Lookup, mix};

/// Where a template stands for the end of a run.
pub(super) const END: u32 = u32::MAX - 1;
const NONE: u32 = u32::MAX;
/// The node above all; and where a node before is asked for, none.
pub(super) const ROOT: u32 = 0;

/// What is likely to come next.
#[derive(Clone, Copy)]
struct Next {
    first: u32,
    second: u32,
    firm: u8,
}

const UNKNOWN: Next = Next { first: NONE, second: NONE, firm: 0 };

impl Next {
    fn learn(&mut self, template: u32) {
        if template == self.first {
            self.firm = (self.firm + 1).min(7);
        } else if self.firm > 1 {
            self.firm /= 2;
            self.second = template;
        } else {
            self.second = self.first;
            self.first = template;
            self.firm = 0;
        }
    }
}

struct Node {
    parent: u32,
    template: u32,
    kind: Kind,
    /// What came behind this node.
    next: Next,
    /// What came first within it, by kind of the children.
    first: Next,
    number: u32,
}

/// All nodes.
pub(super) struct Nodes {
    nodes: Vec<Node>,
    lookup: Lookup,
    /// What came behind a template under any parent, by kind.
    behind: Vec<Vec<Next>>,
    models: Vec<Models>,
}

/// Models of one kind.
#[derive(Clone)]
struct Models {
    /// Whether the likeliest came: by how firm it was, and by whether the last one was right.
    right: [[Bit; 8]; 2],
    guess: [Bit; 8],
    second: Bit,
    end: Bit,
    new: Bit,
    index: Index,
    was_right: bool,
}

impl Models {
    const fn new() -> Self {
        Self {
            right: [[Bit::guess(230, 2); 8]; 2],
            guess: [Bit::guess(128, 2); 8],
            second: Bit::EVEN,
            end: Bit::guess(20, 2),
            new: Bit::guess(200, 2),
            index: Index::new(),
            was_right: true,
        }
    }
}

impl Nodes {
    pub(super) fn new() -> Self {
        let mut new =
            Self { nodes: Vec::new(), lookup: Lookup::new(), behind: Vec::new(), models: Vec::new() };
        new.clear();
        new
    }

    pub(super) fn clear(&mut self) {
        self.nodes.clear();
        self.nodes.push(Node {
            parent: NONE,
            template: NONE,
            kind: Kind::Request,
            next: UNKNOWN,
            first: UNKNOWN,
            number: 0,
        });
        self.lookup.clear();
        self.behind.resize_with(Kind::COUNT, Vec::new);
        self.behind.iter_mut().for_each(Vec::clear);
        self.models.clear();
        self.models.resize(Kind::COUNT, Models::new());
    }

    pub(super) fn memory(&self) -> usize {
        let behind: usize = self.behind.iter().map(Vec::len).sum();
        self.nodes.len() * (size_of::<Node>() + 12) + behind * size_of::<Next>()
    }

    /// Where a node's own numbers start.
    pub(super) fn first_number(&self, node: u32) -> u32 {
        self.nodes[node as usize].number
    }

    /// The node of a template under `parent`.
    pub(super) fn enter(
        &mut self,
        parent: u32,
        kind: Kind,
        template: u32,
        numbers: &mut Numbers,
        templates: &Templates,
    ) -> u32 {
        let hash = |parent: u32, kind: Kind, template: u32| {
            mix(u64::from(parent) << 8 | kind as u64, u64::from(template))
        };
        let wanted = hash(parent, kind, template);
        let nodes = &self.nodes;
        let found = self.lookup.find(wanted, |node| {
            let node = &nodes[node as usize];
            (node.parent, node.kind, node.template) == (parent, kind, template)
        });
        if let Some(node) = found {
            return node;
        }
        let node = self.nodes.len() as u32;
        let number = numbers.add(templates.numbers(kind, template));
        self.nodes.push(Node { parent, template, kind, next: UNKNOWN, first: UNKNOWN, number });
        let nodes = &self.nodes;
        self.lookup.insert(wanted, node, |node| {
            let node = &nodes[node as usize];
            hash(node.parent, node.kind, node.template)
        });
        node
    }

    /// What comes behind `before`, or first within `parent` if that is [`ROOT`]: a template, `known` for a new one, or [`END`].
    pub(super) fn code_next<C: Coder>(
        &mut self,
        coder: &mut C,
        kind: Kind,
        parent: u32,
        before: u32,
        wanted: u32,
        known: u32,
    ) -> u32 {
        let behind = &mut self.behind[kind as usize];
        // What came behind this template anywhere; slot 0 is for the first of a run.
        let place = if before == ROOT { 0 } else { self.nodes[before as usize].template as usize + 1 };
        if behind.len() <= place {
            behind.resize(place + 1, UNKNOWN);
        }
        let holder = if before == ROOT {
            &mut self.nodes[parent as usize].first
        } else {
            &mut self.nodes[before as usize].next
        };
        let models = &mut self.models[kind as usize];
        let chosen = choose(coder, models, *holder, behind[place], wanted, known);
        holder.learn(chosen);
        behind[place].learn(chosen);
        chosen
    }
}

fn choose<C: Coder>(
    coder: &mut C,
    models: &mut Models,
    own: Next,
    anywhere: Next,
    wanted: u32,
    known: u32,
) -> u32 {
    let mut tried = [NONE; 3];
    let right = if own.first == NONE {
        tried[0] = anywhere.first;
        &mut models.guess[usize::from(anywhere.firm)]
    } else {
        tried[0] = own.first;
        &mut models.right[usize::from(models.was_right)][usize::from(own.firm)]
    };
    if tried[0] != NONE {
        models.was_right = coder.bit(right, wanted == tried[0]);
        if models.was_right {
            return tried[0];
        }
        tried[1] = if own.first == NONE { anywhere.second } else { own.second };
        if tried[1] != NONE && tried[1] != tried[0] && coder.bit(&mut models.second, wanted == tried[1]) {
            return tried[1];
        }
    }
    if !tried.contains(&END) && coder.bit(&mut models.end, wanted == END) {
        return END;
    }
    if known == 0 || coder.bit(&mut models.new, wanted == known) {
        return known;
    }
    let back = models.index.code(coder, (known - 1).wrapping_sub(wanted) & (u32::MAX >> 1));
    if back >= known {
        coder.fail("a template beyond those told");
        return END;
    }
    known - 1 - back
}
