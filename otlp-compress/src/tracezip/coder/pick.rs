//! One of a growing list, by what stood in the same place before.

use super::{Bit, Coder, Index};

/// What was seen last in one context: two candidates, and how often in a row the first was right.
#[derive(Clone, Copy)]
pub(crate) struct Cell {
    first: u32,
    second: u32,
    firm: u32,
}

const NONE: u32 = u32::MAX;
const EMPTY: Cell = Cell { first: NONE, second: NONE, firm: 0 };

impl Cell {
    /// Learns what was picked.
    #[inline]
    pub(crate) fn learn(&mut self, index: u32) {
        if index == self.first {
            self.firm = (self.firm + 1).min(15);
            return;
        }
        self.firm /= 2;
        if self.firm == 0 {
            self.second = self.first;
            self.first = index;
        } else {
            self.second = index;
        }
    }
}

/// Cells by hash of their context; a collision costs some bits, and both sides have the same ones.
pub(crate) struct Cells {
    cells: Vec<Cell>,
    mask: usize,
}

impl Cells {
    pub(crate) const fn new() -> Self {
        Self { cells: Vec::new(), mask: 0 }
    }

    /// Forgets everything and takes `count` cells, rounded up to a power of two.
    pub(crate) fn clear(&mut self, count: usize) {
        let count = count.next_power_of_two();
        self.cells.clear();
        self.cells.resize(count, EMPTY);
        self.mask = count - 1;
    }

    /// The number of a context's cell.
    #[inline]
    pub(crate) const fn at(&self, first: u32, second: u32) -> usize {
        let hash = (first as u64 ^ (second as u64) << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (hash >> 40) as usize & self.mask
    }

    pub(crate) fn bytes(&self) -> usize {
        self.cells.len() * size_of::<Cell>()
    }
}

/// Picks out of one list.
#[derive(Clone)]
pub(crate) struct Pick {
    near: [[Bit; 16]; 2],
    far: [Bit; 16],
    second: Bit,
    new: Bit,
    index: Index,
}

impl Pick {
    pub(crate) const fn new() -> Self {
        const LIKELY: [Bit; 16] = [
            Bit::guess(110, 1),
            Bit::guess(180, 1),
            Bit::guess(200, 1),
            Bit::guess(225, 2),
            Bit::guess(230, 2),
            Bit::guess(235, 2),
            Bit::guess(240, 2),
            Bit::guess(244, 3),
            Bit::guess(244, 3),
            Bit::guess(246, 3),
            Bit::guess(246, 3),
            Bit::guess(248, 3),
            Bit::guess(248, 3),
            Bit::guess(250, 4),
            Bit::guess(250, 4),
            Bit::guess(252, 5),
        ];
        Self {
            near: [LIKELY; 2],
            far: LIKELY,
            second: Bit::EVEN,
            new: Bit::guess(160, 1),
            index: Index::new(),
        }
    }

    /// The number of a known entry, or `known` for one that is new: `near` and `far` are the cells of two contexts, the sharper
    /// first.
    #[inline]
    pub(crate) fn code<C: Coder>(
        &mut self,
        coder: &mut C,
        cells: &mut Cells,
        near: usize,
        far: usize,
        index: u32,
        known: u32,
    ) -> u32 {
        let (a, b) = (cells.cells[near], cells.cells[far]);
        let picked = self.pick(coder, a, b, index, known);
        cells.cells[near].learn(picked);
        if near != far {
            cells.cells[far].learn(picked);
        }
        picked
    }

    #[inline]
    fn pick<C: Coder>(&mut self, coder: &mut C, a: Cell, b: Cell, index: u32, known: u32) -> u32 {
        if a.first < known {
            let agree = usize::from(a.first == b.first);
            if coder.bit(&mut self.near[agree][a.firm as usize], index == a.first) {
                return a.first;
            }
        }
        if b.first < known
            && b.first != a.first
            && coder.bit(&mut self.far[b.firm as usize], index == b.first)
        {
            return b.first;
        }
        if a.second < known && a.second != b.first && coder.bit(&mut self.second, index == a.second) {
            return a.second;
        }
        if known == 0 || coder.bit(&mut self.new, index >= known) {
            return known;
        }
        // Recent ones are likelier.
        let back = self.index.code(coder, known - 1 - index.min(known - 1));
        if back >= known {
            coder.fail("an index beyond its dictionary");
            return 0;
        }
        known - 1 - back
    }
}
