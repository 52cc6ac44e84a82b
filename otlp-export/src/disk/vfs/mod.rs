//! What the queue needs of a file system, so that tests can put a lying one under it.

#[cfg(test)]
pub(super) mod model;
mod real;

pub(super) use real::RealDir;

use std::io;

/// One directory without folders in it.
pub(super) trait Vfs: Send + Sync + 'static {
    /// An open file.
    type File: VfsFile;

    /// Names of the files.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Makes a file that is not there yet; `AlreadyExists` if it is.
    fn create(&self, name: &str) -> io::Result<Self::File>;

    /// Opens a file for reading and writing.
    fn open(&self, name: &str) -> io::Result<Self::File>;

    /// Removes a file; open handles keep working.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Gives a file another name.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Forces creations, removals and renames to the disk.
    fn sync_dir(&self) -> io::Result<()>;
}

/// An open file.
pub(super) trait VfsFile: Send + Sync + 'static {
    /// Reads some bytes; 0 only at the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes some bytes.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;

    /// Size in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Cuts it off.
    fn truncate(&self, len: u64) -> io::Result<()>;

    /// Forces its content and length to the disk. After an error nobody knows what is there, and a later success says nothing
    /// about what was written before.
    fn sync(&self) -> io::Result<()>;
}

/// Writes all bytes, however many short writes it takes.
pub(super) fn write_all_at(file: &impl VfsFile, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write_at(bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = &bytes[written..];
                offset += written as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Fills the buffer as far as the file goes; gives how far.
pub(super) fn read_up_to(file: &impl VfsFile, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
