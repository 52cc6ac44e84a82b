//! Listening on a unix socket, and the file that stands for it.

use std::{
    fs, io,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use tokio::net::{UnixListener, UnixStream};

/// A socket that is listened on; its file goes with this value, unless another one stands there by then.
#[derive(Debug)]
pub(super) struct UnixSocket {
    listener: UnixListener,
    path: PathBuf,
    /// Device and inode.
    identity: Option<(u64, u64)>,
}

impl UnixSocket {
    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        self.listener.accept().await.map(|(stream, _unnamed)| stream)
    }
}

impl Drop for UnixSocket {
    fn drop(&mut self) {
        if self.identity.is_some() && identity(&self.path) == self.identity {
            // A file that stays is found to be dead by the next server.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::symlink_metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

/// Listens at a path. A socket that nobody listens on any more, as a killed server leaves it, is replaced; anything else that
/// stands there is left alone.
pub(super) fn bind(path: &Path) -> io::Result<UnixSocket> {
    let listener = match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_dead(path) => {
            fs::remove_file(path)?;
            UnixListener::bind(path)?
        }
        bound => bound?,
    };
    Ok(UnixSocket { listener, path: path.to_owned(), identity: identity(path) })
}

fn is_dead(path: &Path) -> bool {
    let socket = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket());
    let refused = |error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    socket && std::os::unix::net::UnixStream::connect(path).is_err_and(refused)
}
