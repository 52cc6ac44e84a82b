//! A file system in memory that forgets what was not synced, and fails when told to.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use super::{Vfs, VfsFile};

/// Unsynced writes survive or not in pieces of so many bytes.
const SECTOR: u64 = 64;

/// A directory, its files, and the faults to come.
#[derive(Debug, Clone, Default)]
pub(in crate::disk) struct ModelFs(Arc<Mutex<Disk>>);

#[derive(Debug, Default)]
pub(in crate::disk) struct Disk {
    /// What programs see.
    names: BTreeMap<String, u64>,
    /// What is on the disk.
    durable_names: BTreeMap<String, u64>,
    /// Changes between the two.
    changes: Vec<Change>,
    nodes: BTreeMap<u64, Node>,
    next_node: u64,
    random: u64,
    /// Most bytes of all files together.
    pub(in crate::disk) capacity: Option<u64>,
    /// Errors that the next calls give, and how many calls succeed before.
    pub(in crate::disk) write_fault: Option<(u32, io::ErrorKind)>,
    pub(in crate::disk) sync_fault: Option<(u32, io::ErrorKind)>,
    pub(in crate::disk) read_faults: u32,
    pub(in crate::disk) truncate_fault: bool,
    pub(in crate::disk) short_writes: bool,
    pub(in crate::disk) syncs: u32,
    pub(in crate::disk) dir_syncs: u32,
}

#[derive(Debug, Clone)]
enum Change {
    Create(String, u64),
    Remove(String),
    Rename(String, String),
}

#[derive(Debug, Default)]
struct Node {
    /// What programs read.
    content: Vec<u8>,
    /// What is on the disk.
    durable: Vec<u8>,
    pending: Vec<Pending>,
}

#[derive(Debug)]
enum Pending {
    Write(u64, Vec<u8>),
    Truncate(u64),
}

impl Pending {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write(offset, bytes) => put(content, *offset, bytes),
            Self::Truncate(len) => content.truncate(*len as usize),
        }
    }
}

fn put(content: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    let end = offset as usize + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset as usize..end].copy_from_slice(bytes);
}

fn apply_change(change: &Change, names: &mut BTreeMap<String, u64>) {
    match change {
        Change::Create(name, node) => drop(names.insert(name.clone(), *node)),
        Change::Remove(name) => drop(names.remove(name)),
        Change::Rename(from, to) => {
            if let Some(node) = names.remove(from) {
                names.insert(to.clone(), node);
            }
        }
    }
}

/// Counts down to a fault that stays until it is taken away.
fn due(fault: &mut Option<(u32, io::ErrorKind)>) -> io::Result<()> {
    match fault {
        Some((0, kind)) => Err((*kind).into()),
        Some((left, _)) => {
            *left -= 1;
            Ok(())
        }
        None => Ok(()),
    }
}

impl ModelFs {
    pub(in crate::disk) fn new(seed: u64) -> Self {
        let fs = Self::default();
        fs.disk().random = seed;
        fs
    }

    pub(in crate::disk) fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap()
    }

    /// A copy of what programs see, all of it on the disk.
    pub(in crate::disk) fn snapshot(&self) -> BTreeMap<String, Vec<u8>> {
        let disk = self.disk();
        disk.names.iter().map(|(name, node)| (name.clone(), disk.nodes[node].content.clone())).collect()
    }

    /// A disk with these files.
    pub(in crate::disk) fn of(files: &BTreeMap<String, Vec<u8>>) -> Self {
        let fs = Self::default();
        {
            let mut disk = fs.disk();
            for (at, (name, content)) in files.iter().enumerate() {
                disk.names.insert(name.clone(), at as u64);
                disk.durable_names.insert(name.clone(), at as u64);
                let node = Node { content: content.clone(), durable: content.clone(), pending: Vec::new() };
                disk.nodes.insert(at as u64, node);
            }
            disk.next_node = files.len() as u64;
        }
        fs
    }

    /// The power goes: of what was not synced, any part may be there.
    pub(in crate::disk) fn lose_power(&self) {
        let mut disk = self.disk();
        let disk = &mut *disk;
        let random = &mut disk.random;
        for node in disk.nodes.values_mut() {
            for pending in std::mem::take(&mut node.pending) {
                match pending {
                    Pending::Truncate(_) => {
                        if one_in(2, random) {
                            pending.apply(&mut node.durable);
                        }
                    }
                    Pending::Write(offset, bytes) => {
                        let mut at = 0;
                        while at < bytes.len() {
                            let sector_end = ((offset + at as u64) / SECTOR + 1) * SECTOR;
                            let end = ((sector_end - offset) as usize).min(bytes.len());
                            if !one_in(3, random) {
                                put(&mut node.durable, offset + at as u64, &bytes[at..end]);
                            }
                            at = end;
                        }
                    }
                }
            }
            node.content = node.durable.clone();
        }
        for change in std::mem::take(&mut disk.changes) {
            if !one_in(3, random) {
                apply_change(&change, &mut disk.durable_names);
            }
        }
        disk.names = disk.durable_names.clone();
    }

    /// Changes one byte on the disk, at a place between 0 and 1 of all bytes of the segments; gives file and offset.
    pub(in crate::disk) fn flip(&self, place: f64, bits: u8) -> Option<(String, usize)> {
        let mut disk = self.disk();
        let segments: Vec<(String, u64)> = disk
            .names
            .iter()
            .filter(|(name, _)| name.ends_with(".seg"))
            .map(|(name, node)| (name.clone(), *node))
            .collect();
        let total: usize = segments.iter().map(|(_, node)| disk.nodes[node].content.len()).sum();
        let mut at = (place * total as f64) as usize;
        for (name, node) in segments {
            let node = disk.nodes.get_mut(&node)?;
            if at < node.content.len() {
                node.content[at] ^= bits;
                if let Some(byte) = node.durable.get_mut(at) {
                    *byte ^= bits;
                }
                return Some((name, at));
            }
            at -= node.content.len();
        }
        None
    }
}

fn one_in(count: u64, random: &mut u64) -> bool {
    next(random).is_multiple_of(count)
}

fn next(random: &mut u64) -> u64 {
    *random = random.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (*random ^ (*random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// An open file.
#[derive(Debug)]
pub(in crate::disk) struct ModelFile {
    fs: ModelFs,
    node: u64,
}

impl Vfs for ModelFs {
    type File = ModelFile;

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.disk().names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<ModelFile> {
        let mut disk = self.disk();
        if disk.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let node = disk.next_node;
        disk.next_node += 1;
        disk.nodes.insert(node, Node::default());
        disk.names.insert(name.to_owned(), node);
        disk.changes.push(Change::Create(name.to_owned(), node));
        Ok(ModelFile { fs: self.clone(), node })
    }

    fn open(&self, name: &str) -> io::Result<ModelFile> {
        let node = self.disk().names.get(name).copied().ok_or(io::ErrorKind::NotFound)?;
        Ok(ModelFile { fs: self.clone(), node })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.names.remove(name).ok_or(io::ErrorKind::NotFound)?;
        disk.changes.push(Change::Remove(name.to_owned()));
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut disk = self.disk();
        let node = disk.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        disk.names.insert(to.to_owned(), node);
        disk.changes.push(Change::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn sync_dir(&self) -> io::Result<()> {
        let mut disk = self.disk();
        disk.dir_syncs += 1;
        due(&mut disk.sync_fault)?;
        disk.changes.clear();
        disk.durable_names = disk.names.clone();
        Ok(())
    }
}

impl VfsFile for ModelFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut disk = self.fs.disk();
        if disk.read_faults > 0 {
            disk.read_faults -= 1;
            return Err(io::Error::other("EIO"));
        }
        let content = &disk.nodes[&self.node].content;
        let from = (offset as usize).min(content.len());
        let count = buffer.len().min(content.len() - from);
        buffer[..count].copy_from_slice(&content[from..from + count]);
        Ok(count)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut disk = self.fs.disk();
        let disk = &mut *disk;
        due(&mut disk.write_fault)?;
        let mut count = bytes.len();
        if let Some(capacity) = disk.capacity {
            let used: u64 = disk.names.values().map(|node| disk.nodes[node].content.len() as u64).sum();
            let len = disk.nodes[&self.node].content.len() as u64;
            let room = (len - offset.min(len)) + capacity.saturating_sub(used);
            if room == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            count = count.min(room as usize);
        }
        if disk.short_writes && count > 1 {
            count = 1 + (next(&mut disk.random) as usize % count);
        }
        if let Some(node) = disk.nodes.get_mut(&self.node) {
            put(&mut node.content, offset, &bytes[..count]);
            node.pending.push(Pending::Write(offset, bytes[..count].to_vec()));
        }
        Ok(count)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.fs.disk().nodes[&self.node].content.len() as u64)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        let mut disk = self.fs.disk();
        if disk.truncate_fault {
            return Err(io::Error::other("EIO"));
        }
        if let Some(node) = disk.nodes.get_mut(&self.node) {
            node.content.truncate(len as usize);
            node.pending.push(Pending::Truncate(len));
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut disk = self.fs.disk();
        let disk = &mut *disk;
        disk.syncs += 1;
        let result = due(&mut disk.sync_fault);
        let Some(node) = disk.nodes.get_mut(&self.node) else { return result };
        for pending in std::mem::take(&mut node.pending) {
            // After a failed sync the pages count as clean: what did not get through never will.
            if result.is_ok() || one_in(2, &mut disk.random) {
                pending.apply(&mut node.durable);
            }
        }
        result
    }
}
