//! The modules of Python's standard library.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Top-level modules of CPython 3.8 to 3.14, as `sys.stdlib_module_names` lists them, private ones left out.
const MODULES: &str = "abc aifc annotationlib antigravity argparse array ast asynchat asyncio asyncore atexit audioop \
    base64 bdb binascii binhex bisect builtins bz2 cProfile calendar cgi cgitb chunk cmath cmd code codecs codeop \
    collections colorsys compileall compression concurrent configparser contextlib contextvars copy copyreg crypt csv \
    ctypes curses dataclasses datetime dbm decimal difflib dis distutils doctest dummy_threading email encodings \
    ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch formatter fractions ftplib functools gc \
    genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html http idlelib imaplib imghdr imp \
    importlib inspect io ipaddress itertools json keyword lib2to3 linecache locale logging lzma macpath mailbox \
    mailcap marshal math mimetypes mmap modulefinder msilib msvcrt multiprocessing netrc nis nntplib nt ntpath \
    nturl2path numbers opcode operator optparse os ossaudiodev parser pathlib pdb pickle pickletools pipes pkgutil \
    platform plistlib poplib posix posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat \
    queue quopri random re readline reprlib resource rlcompleter runpy sched secrets select selectors shelve shlex \
    shutil signal site smtpd smtplib sndhdr socket socketserver spwd sqlite3 sre_compile sre_constants sre_parse ssl \
    stat statistics string stringprep struct subprocess sunau symbol symtable sys sysconfig syslog tabnanny tarfile \
    telnetlib tempfile termios textwrap this threading time timeit tkinter token tokenize tomllib trace traceback \
    tracemalloc tty turtle turtledemo types typing unicodedata unittest urllib uu uuid venv warnings wave weakref \
    webbrowser winreg winsound wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo";

/// Whether a top-level name is a module of the standard library in any supported version of Python.
pub fn is_standard_library(top_level: &str) -> bool {
    // It is asked for nearly every import of every file.
    static KNOWN: LazyLock<HashSet<&str>> = LazyLock::new(|| MODULES.split_ascii_whitespace().collect());
    top_level.starts_with('_') || KNOWN.contains(top_level)
}

#[cfg(test)]
mod tests {
    use super::is_standard_library;

    #[test]
    fn whole_names_are_known_and_parts_of_them_are_not() {
        assert!(["abc", "zoneinfo", "cProfile", "_thread"].into_iter().all(is_standard_library));
        assert!(!["", "ab", "abc aifc", "fastapi"].into_iter().any(is_standard_library));
    }
}
