//! Copies of bytes that cannot be read, for people to look at.

use super::engine::Engine;
use super::ordinal::Ordinal;
use super::vfs::{Vfs, VfsFile, read_up_to, write_all_at};

/// Most bytes that are kept aside; what comes after is only counted.
const MOST: u64 = 64 << 20;

/// Bytes that are copied at a time.
const CHUNK: usize = 256 << 10;

/// Ending of the copies' names.
pub(super) const ENDING: &str = ".bad";

impl<V: Vfs> Engine<V> {
    /// Copies part of a segment into a file of its own; false if that has been done before. It may fail: it is a courtesy, and
    /// the count is what matters.
    pub(super) fn quarantine(&mut self, file: &V::File, segment: Ordinal, offset: u64, len: u64) -> bool {
        if self.quarantined.saturating_add(len) > MOST {
            return true;
        }
        let copy = match self.vfs.create(&format!("{:020}-{offset:010}{ENDING}", segment.0)) {
            Ok(copy) => copy,
            Err(error) => return error.kind() != std::io::ErrorKind::AlreadyExists,
        };
        let mut buffer = vec![0; CHUNK.min(len as usize)];
        let mut at = 0;
        while at < len {
            let wanted = buffer.len().min((len - at) as usize);
            match read_up_to(file, &mut buffer[..wanted], offset + at) {
                Ok(filled) if filled > 0 && write_all_at(&copy, &buffer[..filled], at).is_ok() => {
                    at += filled as u64
                }
                _ => break,
            }
        }
        self.quarantined += at;
        true
    }

    /// Keeps a whole segment aside under another name. If that fails it stays, and the next start tries again.
    pub(super) fn quarantine_segment(&mut self, name: &str, len: u64) {
        self.dir_changed = true;
        if len == 0 || self.quarantined.saturating_add(len) > MOST {
            let _ = self.vfs.remove(name);
        } else if self.vfs.rename(name, &format!("{name}{ENDING}")).is_ok() {
            self.quarantined += len;
        }
    }

    /// Counts what earlier runs left aside.
    pub(super) fn count_quarantine(&mut self, names: &[String]) {
        for name in names.iter().filter(|name| name.ends_with(ENDING)) {
            let len = self.vfs.open(name).and_then(|file| file.len()).unwrap_or(0);
            self.quarantined = self.quarantined.saturating_add(len);
        }
    }
}
