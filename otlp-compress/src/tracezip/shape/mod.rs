//! Messages as shapes and values.
//!
//! The *shape* of a message is everything but its values: which fields stand in which order, attribute keys, types, small
//! constants, explicit empties. [`Scanner`] cuts a message into tokens and values, [`Book`] knows the shapes that were told, and
//! [`Values`] writes and reads the values. A field that is not encoded in the shortest form, or in a way that no token
//! stands for, makes its message a single value: the bytes as they are.

mod book;
mod dictionary;
mod lookup;
mod message;
mod output;
mod scanner;
mod token;

pub(crate) use book::Wanted;
pub(crate) use dictionary::Dictionary;
pub(crate) use lookup::{Lookup, mix};
pub(crate) use message::{Context, Messages, Slots, Source, Value, unzigzag, zigzag};
pub(crate) use output::{close, open};
pub(crate) use scanner::Scanner;
pub(crate) use token::{Field, Table};
