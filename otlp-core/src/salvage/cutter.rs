//! The walk that copies what is good and steps over the rest.

use super::{Removed, Salvaged};
use crate::cut::levels;
use crate::error::Fault;
use crate::parse::Walk;
use crate::schema::{Kind, Message, request};
use crate::wire::{LEN, put_varint};
use crate::{Limits, ParseError, Signal};

/// A walk over a request, with what it kept so far.
pub(super) struct Cutter<'a> {
    signal: Signal,
    whole: &'a [u8],
    walk: Walk<'a>,
    depth: u32,
    levels: &'static [&'static [u32]],
    pub(super) out: Vec<u8>,
    pub(super) removed: Vec<Removed>,
    pub(super) removed_items: usize,
    /// How often something was left out.
    cuts: usize,
}

/// What is left of a group.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    /// All of it.
    Whole,
    /// It lost something and holds something else.
    Part,
    /// It lost all that it held.
    Nothing,
}

/// `None` where bytes do not lead on to the next field; the walk knows why. Nothing can be saved then.
type Framed<T> = Option<T>;

impl<'a> Cutter<'a> {
    pub(super) fn new(signal: Signal, whole: &'a [u8], limits: &Limits) -> Self {
        Self {
            signal,
            whole,
            walk: Walk::new(whole, limits.max_depth(), limits.strict_ids()),
            depth: limits.max_depth(),
            levels: levels(signal),
            out: Vec::with_capacity(whole.len()),
            removed: Vec::new(),
            removed_items: 0,
            cuts: 0,
        }
    }

    /// Walks to the end.
    pub(super) fn run(mut self) -> Result<Self, ParseError> {
        let (request, whole, depth) = (request(self.signal), self.whole, Some(self.depth));
        // A fault in the request's own fields concerns every item there is.
        let good = match self.own_fields(0, request, whole, depth) {
            Some(None) => self.group(0, request, whole, depth).is_some(),
            _ => false,
        };
        if good { Ok(self) } else { Err(ParseError::new(self.signal, whole, self.walk.fault())) }
    }

    /// Looks at the fields of a group that do not lead down: the fault there is, if any.
    /// `None` if the group cannot be stepped through.
    fn own_fields(
        &mut self,
        level: usize,
        message: &'static Message,
        payload: &'a [u8],
        depth: Option<u32>,
    ) -> Framed<Option<Fault>> {
        let mut fault = None;
        let mut rest = payload;
        while !rest.is_empty() {
            let (number, wire, _, after) = self.walk.step(rest)?;
            if self.levels[level].contains(&number) {
                if wire != LEN {
                    return self.walk.wrong_wire(LEN, wire, rest);
                }
            } else if fault.is_none()
                && let Some(depth) = depth
            {
                let field = &rest[..rest.len() - after.len()];
                if self.walk.message(message, field, depth).is_none() {
                    fault = Some(self.walk.fault());
                }
            }
            rest = after;
        }
        Some(fault)
    }

    /// Copies what is good in a group whose own fields are good.
    fn group(
        &mut self,
        level: usize,
        message: &'static Message,
        payload: &'a [u8],
        depth: Option<u32>,
    ) -> Framed<Left> {
        let (cuts, mut held) = (self.cuts, false);
        let mut rest = payload;
        while !rest.is_empty() {
            let (number, _, inner, after) = self.walk.step(rest)?;
            let field = &rest[..rest.len() - after.len()];
            rest = after;
            let child = message.field(number).filter(|_| self.levels[level].contains(&number));
            let Some(Kind::Message(child)) = child.map(|child| child.kind) else {
                self.out.extend_from_slice(field);
                continue;
            };
            let below = depth.and_then(|depth| depth.checked_sub(1));
            held |= if level + 1 == self.levels.len() {
                self.item(child, field, inner, below)
            } else {
                self.child(level + 1, child, field, inner, below)?
            };
        }
        Some(match self.cuts - cuts {
            0 => Left::Whole,
            _ if held => Left::Part,
            _ => Left::Nothing,
        })
    }

    /// Copies an item if it is good; gives whether it is.
    fn item(
        &mut self,
        message: &'static Message,
        field: &'a [u8],
        payload: &'a [u8],
        depth: Option<u32>,
    ) -> bool {
        let fault = match depth {
            Some(depth) if self.walk.message(message, payload, depth).is_some() => {
                self.out.extend_from_slice(field);
                return true;
            }
            Some(_) => self.walk.fault(),
            None => self.too_deep(field),
        };
        self.remove(fault, 1);
        false
    }

    /// Copies what is good of the group in `field`; gives whether anything is left.
    fn child(
        &mut self,
        level: usize,
        message: &'static Message,
        field: &'a [u8],
        payload: &'a [u8],
        depth: Option<u32>,
    ) -> Framed<bool> {
        let own = self.own_fields(level, message, payload, depth)?;
        let own = own.or_else(|| depth.is_none().then(|| self.too_deep(field)));
        if let Some(fault) = own {
            let items = self.count(level, message, payload)?;
            self.remove(fault, items);
            return Some(false);
        }
        let start = self.out.len();
        let head = field.len() - payload.len();
        self.out.extend_from_slice(&field[..head]);
        let inside = self.out.len();
        match self.group(level, message, payload, depth)? {
            Left::Whole => {}
            Left::Part => self.close(start, inside),
            Left::Nothing => {
                self.out.truncate(start);
                return Some(false);
            }
        }
        Some(true)
    }

    /// Writes the length of a group that became shorter.
    fn close(&mut self, start: usize, inside: usize) {
        // The key ends with its first byte below 0x80; behind it stands the length.
        let key =
            self.out[start..].iter().position(|byte| *byte < 0x80).map_or(inside, |last| start + last + 1);
        let mut length = Vec::with_capacity(inside - key);
        put_varint(&mut length, (self.out.len() - inside) as u64);
        self.out.splice(key..inside, length);
    }

    /// Items of a group that goes as a whole.
    fn count(&mut self, level: usize, message: &'static Message, payload: &'a [u8]) -> Framed<usize> {
        let (mut items, mut rest) = (0, payload);
        while !rest.is_empty() {
            let (number, wire, inner, after) = self.walk.step(rest)?;
            let field = rest;
            rest = after;
            if !self.levels[level].contains(&number) {
                continue;
            }
            if wire != LEN {
                return self.walk.wrong_wire(LEN, wire, field);
            }
            items += match message.field(number).map(|child| child.kind) {
                Some(Kind::Message(child)) if level + 1 < self.levels.len() => {
                    self.count(level + 1, child, inner)?
                }
                _ => 1,
            };
        }
        Some(items)
    }

    fn remove(&mut self, fault: Fault, items: usize) {
        self.cuts += 1;
        self.removed_items += items;
        // Finding a path means walking the request again, so only the first are looked for.
        if self.removed.len() < Salvaged::MOST_REMOVED {
            let error = ParseError::new(self.signal, self.whole, fault);
            self.removed.push(Removed { error, items });
        }
    }

    fn too_deep(&self, field: &[u8]) -> Fault {
        let offset = field.as_ptr().addr().saturating_sub(self.whole.as_ptr().addr());
        Fault { kind: crate::ParseErrorKind::TooDeep { limit: self.depth }, offset }
    }
}
