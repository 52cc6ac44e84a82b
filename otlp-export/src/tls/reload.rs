//! Certificates that change while the client runs: files are read again when they are others than before.

use std::{
    fs::Metadata,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use rustls::ClientConfig;

use super::{Source, TlsError, TlsOptions, client};

/// The client's rustls configuration, made anew when one of its files has changed. What cannot be used, such as a certificate whose
/// key is not yet written, leaves the one before in use.
pub(crate) struct Reloading {
    options: TlsOptions,
    alpn: Vec<&'static [u8]>,
    current: Mutex<Current>,
}

struct Current {
    config: Arc<ClientConfig>,
    stamps: [Option<Stamp>; 3],
    /// Why the files as they are now cannot be used.
    problem: Option<String>,
}

/// What tells one state of a file from another. Links are followed: Kubernetes replaces the link, not the file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

impl Reloading {
    pub(crate) fn new(options: TlsOptions, alpn: &[&'static [u8]]) -> Result<Self, TlsError> {
        // In this order, so that a change in between is seen the next time.
        let stamps = stamps(&options);
        let config = client::config(&options, alpn)?;
        let current = Mutex::new(Current { config, stamps, problem: None });
        Ok(Self { options, alpn: alpn.to_vec(), current })
    }

    /// The configuration for a new connection, and if the files cannot be used any more, why.
    pub(crate) fn current(&self) -> (Arc<ClientConfig>, Option<String>) {
        let stamps = stamps(&self.options);
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.stamps != stamps {
            match client::config(&self.options, &self.alpn) {
                Ok(config) => {
                    current.config = config;
                    current.problem = None;
                }
                Err(error) => current.problem = Some(error.to_string()),
            }
            current.stamps = stamps;
        }
        (Arc::clone(&current.config), current.problem.clone())
    }
}

fn stamps(options: &TlsOptions) -> [Option<Stamp>; 3] {
    let stamp = |source: &Option<Source>| match source {
        Some(Source::File(path)) => Stamp::of(path),
        Some(Source::Pem(_)) | None => None,
    };
    [stamp(&options.ca), stamp(&options.client_cert), stamp(&options.client_key)]
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(Self { modified: metadata.modified().ok(), length: metadata.len(), inode: inode(&metadata) })
    }
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pem() -> String {
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem()
    }

    #[test]
    fn changed_files_are_read_again_and_unusable_ones_leave_the_old_in_use() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.pem");
        std::fs::write(&path, pem()).unwrap();
        let reloading = Reloading::new(TlsOptions::new().ca_file(&path), &[b"h2"]).unwrap();
        let (first, _) = reloading.current();
        assert!(Arc::ptr_eq(&first, &reloading.current().0), "nothing has changed");
        // The length differs, too: the clock of a file system may be too coarse for this test.
        std::fs::write(&path, "half of a cert").unwrap();
        let (still, problem) = reloading.current();
        assert!(Arc::ptr_eq(&first, &still));
        assert!(problem.unwrap().contains("CA certificate"));
        std::fs::remove_file(&path).unwrap();
        assert!(Arc::ptr_eq(&first, &reloading.current().0));
        std::fs::write(&path, pem()).unwrap();
        let (second, problem) = reloading.current();
        assert!(!Arc::ptr_eq(&first, &second));
        assert_eq!(problem, None);
        assert_eq!(second.alpn_protocols, [b"h2".to_vec()]);
    }
}
