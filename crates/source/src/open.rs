//! Opens regular files, and nothing else.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

/// The bytes of a regular file; `None` when there are more than `limit`.
///
/// The path may have become something else since it was listed, so a symbolic link at its end is refused and opening
/// never waits for the other end of a FIFO. A file that grows while it is read is cut at the limit.
///
/// # Errors
/// Those of the operating system; `InvalidInput` for what is no regular file.
pub(crate) fn bytes(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let file = regular(path)?;
    let expected = file.metadata()?.len();
    if expected > limit {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(expected as usize + 1);
    file.take(limit + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

fn regular(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK | libc::O_NOFOLLOW);
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}
