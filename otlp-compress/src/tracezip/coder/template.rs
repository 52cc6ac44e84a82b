//! Text that was not seen before: UUIDs, hexadecimal and decimal runs apart from what stands around them.

use super::{Bit, Cells, Coder, Index, Number, Pick};

/// A run in a text that is written as what it stands for. In a template, the mark stands for it; a text that holds such
/// bytes itself is written as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// `8-4-4-4-12` lower-case hexadecimal digits: 16 bytes.
    Uuid = 1,
    /// So many lower-case hexadecimal digits; the count stands behind the mark.
    Hex = 2,
    /// Decimal digits without a zero in front.
    Decimal = 3,
}

const SHORTEST_HEX: usize = 12;
const SHORTEST_DECIMAL: usize = 4;
/// Digits that always fit 64 bits.
const LONGEST_DECIMAL: usize = 19;

/// Templates of all columns, and the models of what fills them.
pub(crate) struct Texts {
    bytes: Vec<u8>,
    /// Where each template ends, by column.
    columns: Vec<Vec<(u32, u32)>>,
    used: usize,
    pick: Pick,
    plain: Bit,
    length: Index,
    numbers: Number,
    version4: Bit,
    template: Vec<u8>,
    runs: Vec<(Mark, u32, u32)>,
}

impl Texts {
    pub(crate) const fn new() -> Self {
        Self {
            bytes: Vec::new(),
            columns: Vec::new(),
            used: 0,
            pick: Pick::new(),
            plain: Bit::EVEN,
            length: Index::new(),
            numbers: Number::new(),
            version4: Bit::EVEN,
            template: Vec::new(),
            runs: Vec::new(),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.columns[..self.used].iter_mut().for_each(Vec::clear);
        self.used = 0;
        (self.pick, self.plain, self.version4) = (Pick::new(), Bit::EVEN, Bit::EVEN);
        (self.length, self.numbers) = (Index::new(), Number::new());
    }

    pub(crate) fn memory(&self) -> usize {
        self.bytes.len() * 2 + self.used * size_of::<Vec<(u32, u32)>>()
    }

    /// Makes room for the templates of column `column`.
    fn reach(&mut self, column: usize) {
        if self.columns.len() <= column {
            self.columns.resize_with(column + 1, Vec::new);
        }
        self.used = self.used.max(column + 1);
    }

    /// One text, appended to `into`.
    pub(crate) fn code<C: Coder>(
        &mut self,
        coder: &mut C,
        cells: &mut Cells,
        column: u32,
        text: &[u8],
        into: &mut Vec<u8>,
    ) {
        if !C::READS {
            self.cut(text);
        }
        if coder.bit(&mut self.plain, self.runs.is_empty()) {
            let length = self.length.code(coder, text.len() as u32) as usize;
            coder.text(text, length, into);
            return;
        }
        self.reach(column as usize);
        let list = &self.columns[column as usize];
        let known = list.len() as u32;
        let bytes = &self.bytes;
        let template = &self.template;
        let wanted = if C::READS {
            0
        } else {
            let same = |&(start, end): &(u32, u32)| bytes[start as usize..end as usize] == *template;
            // The newest few: a list of many templates is one of texts that have none.
            let recent = list.iter().rev().take(16).position(same);
            recent.map_or(known, |back| known - 1 - back as u32)
        };
        let near = cells.at(column, 0x7e3b);
        let picked = self.pick.code(coder, cells, near, near, wanted, known);
        if picked == known {
            let length = self.length.code(coder, self.template.len() as u32) as usize;
            let start = self.bytes.len() as u32;
            coder.text(&self.template, length, &mut self.bytes);
            self.columns[column as usize].push((start, self.bytes.len() as u32));
        }
        if coder.failed().is_some() {
            return;
        }
        let (start, end) = self.columns[column as usize][picked as usize];
        self.fill(coder, start as usize..end as usize, text, into);
    }

    /// Writes the runs of `text` into the places of a template.
    fn fill<C: Coder>(
        &mut self,
        coder: &mut C,
        template: std::ops::Range<usize>,
        text: &[u8],
        into: &mut Vec<u8>,
    ) {
        let mut at = template.start;
        let mut run = 0;
        while at < template.end {
            let byte = self.bytes[at];
            at += 1;
            let digits = match self.runs.get(run) {
                Some(&(_, start, end)) if !C::READS => &text[start as usize..end as usize],
                _ => &[],
            };
            match byte {
                1 => self.uuid(coder, digits, into),
                2 => {
                    let count = self.bytes[..template.end].get(at).copied().unwrap_or(0);
                    at += 1;
                    hex(coder, digits, usize::from(count), into);
                }
                3 => {
                    let number = digits.iter().fold(0_u64, |value, digit| {
                        value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'))
                    });
                    put_decimal(self.numbers.code(coder, number), into);
                }
                byte => {
                    into.push(byte);
                    continue;
                }
            }
            run += 1;
            if coder.failed().is_some() {
                return;
            }
        }
    }

    fn uuid<C: Coder>(&mut self, coder: &mut C, digits: &[u8], into: &mut Vec<u8>) {
        let value = digits
            .iter()
            .filter(|&&digit| digit != b'-')
            .fold(0_u128, |value, &digit| value << 4 | u128::from(nibble(digit)));
        let (high, low) = ((value >> 64) as u64, value as u64);
        // The version and the variant of RFC 9562's random ones.
        let random = high >> 12 & 15 == 4 && low >> 62 == 2;
        let (high, low) = if coder.bit(&mut self.version4, random) {
            let first = coder.raw(high >> 16, 48);
            let second = coder.raw(high, 12);
            (first << 16 | 4 << 12 | second, coder.raw(low, 62) | 2 << 62)
        } else {
            (coder.raw(high, 64), coder.raw(low, 64))
        };
        put_hex(high >> 32, 8, into);
        for group in [high >> 16, high, low >> 48] {
            into.push(b'-');
            put_hex(group, 4, into);
        }
        into.push(b'-');
        put_hex(low, 12, into);
    }

    /// Finds the runs of a text; none if it is to be written as it is.
    fn cut(&mut self, text: &[u8]) {
        self.template.clear();
        self.runs.clear();
        let mut at = 0;
        let mut copied = 0;
        while at < text.len() {
            if nibble(text[at]) > 15 {
                if text[at] < 4 && text[at] > 0 {
                    self.runs.clear();
                    return;
                }
                at += 1;
                continue;
            }
            let (mark, end) = match run(text, at) {
                (Some(mark), end) => (mark, end),
                (None, end) => {
                    at = end;
                    continue;
                }
            };
            self.template.extend_from_slice(&text[copied..at]);
            self.template.push(mark as u8);
            if mark == Mark::Hex {
                self.template.push((end - at) as u8);
            }
            self.runs.push((mark, at as u32, end as u32));
            (at, copied) = (end, end);
        }
        self.template.extend_from_slice(&text[copied..]);
    }
}

/// What the run of hexadecimal digits at `start` is, and where it ends.
fn run(text: &[u8], start: usize) -> (Option<Mark>, usize) {
    let rest = &text[start..];
    if let Some(uuid) = rest.get(..36) {
        let fits = uuid.iter().enumerate().all(|(index, &byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => nibble(byte) < 16,
        });
        if fits {
            return (Some(Mark::Uuid), start + 36);
        }
    }
    let digits = rest.iter().take_while(|&&byte| nibble(byte) < 16).count();
    let decimals = rest[..digits].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let end = start + digits;
    // A word that happens to start with hexadecimal letters is none.
    let word = text.get(end).is_some_and(u8::is_ascii_alphanumeric)
        || start > 0 && text[start - 1].is_ascii_alphanumeric();
    if decimals == digits || word {
        let fits = (SHORTEST_DECIMAL..=LONGEST_DECIMAL).contains(&decimals) && rest[0] != b'0';
        return if fits { (Some(Mark::Decimal), start + decimals) } else { (None, start + decimals.max(1)) };
    }
    if (SHORTEST_HEX..=255).contains(&digits) { (Some(Mark::Hex), end) } else { (None, end) }
}

fn hex<C: Coder>(coder: &mut C, digits: &[u8], mut count: usize, into: &mut Vec<u8>) {
    let mut digits = digits.iter();
    while count > 0 {
        let piece = count.min(16);
        let value =
            digits.by_ref().take(piece).fold(0, |value, &digit| value << 4 | u64::from(nibble(digit)));
        put_hex(coder.raw(value, piece as u32 * 4), piece, into);
        count -= piece;
    }
}

/// The value of a lower-case hexadecimal digit; above 15 for another byte.
#[inline]
const fn nibble(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        b'a'..=b'f' => byte - b'a' + 10,
        _ => 16,
    }
}

fn put_hex(value: u64, digits: usize, into: &mut Vec<u8>) {
    for index in (0..digits).rev() {
        into.push(b"0123456789abcdef"[(value >> (index * 4)) as usize & 15]);
    }
}

fn put_decimal(mut value: u64, into: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    into.extend_from_slice(&digits[at..]);
}
