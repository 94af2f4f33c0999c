use crate::repository::{Repository, paths, problems};
use pyaudit_source::{LoadOptions, Phase, Sources, Unread};
use std::path::PathBuf;
use std::sync::OnceLock;

fn unread(sources: &Sources, path: &str) -> Unread {
    let file = sources.file(sources.find(path).expect("the file is listed"));
    file.content.as_ref().expect_err("no text").to_owned()
}

#[test]
fn names_with_spaces_and_other_scripts_are_paths() {
    let repository = Repository::git();
    repository.write("a b.py", "").write("héllo/wörld.py", "").write("日本.py", "");
    repository.index(&["a b.py", "héllo/wörld.py"]);
    let sources = repository.load();
    assert_eq!(paths(&sources), ["a b.py", "héllo/wörld.py", "日本.py"]);
    assert_eq!(sources.file(sources.find("日本.py").expect("listed")).name(), "日本.py");
}

#[test]
fn bounds_and_bytes_make_problems_for_wanted_files_alone() {
    let repository = Repository::plain();
    repository.write("big.py", vec![b'#'; 101]).write("fits.py", vec![b'#'; 100]).write("uv.lock", vec![b'#'; 150]);
    repository.write("nul.py", "a\0").write("photo.png", [0xFF, 0]).write("big.bin", vec![0; 500]);
    repository.write("latin.py", b"# coding: latin-1\r\nx = '\xe9'").write("bad.py", b"'\xe9'");
    let wanted = |path: &str| !path.contains(".png") && !path.contains(".bin");
    let options = LoadOptions { max_file_bytes: 100, max_lock_file_bytes: 200, wanted, ..LoadOptions::default() };
    let sources = Sources::load(&repository.path(""), &options).expect("a directory");
    assert_eq!(unread(&sources, "big.py"), Unread::TooLarge);
    assert_eq!(unread(&sources, "nul.py"), Unread::Binary);
    assert_eq!(unread(&sources, "photo.png"), Unread::NotWanted);
    assert_eq!(sources.file(sources.find("big.bin").expect("listed")).size, 500);
    let text = |path: &str| sources.text(sources.find(path).expect("listed")).expect("text");
    assert_eq!(text("latin.py"), "# coding: latin-1\r\nx = 'é'");
    assert_eq!(text("bad.py"), "'\u{fffd}'");
    assert_eq!(text("uv.lock").len(), 150);
    let expected = [
        ("bad.py", "the byte at offset 1 is no UTF-8"),
        ("big.py", "has 101 bytes, more than the limit of 100"),
        ("nul.py", "is binary: a NUL byte stands at offset 1"),
    ];
    assert_eq!(problems(&sources), expected.map(|(path, message)| (path.to_owned(), message.to_owned())));
}

#[test]
fn all_files_together_are_bounded_in_the_order_of_their_paths() {
    let repository = Repository::plain();
    repository.write("a.py", "12345").write("b.py", "12345").write("c.py", "1");
    let options = LoadOptions { max_total_bytes: 6, ..LoadOptions::default() };
    let sources = Sources::load(&repository.path(""), &options).expect("a directory");
    assert_eq!(sources.text(sources.find("a.py").expect("listed")), Some("12345"));
    assert_eq!(unread(&sources, "b.py"), Unread::TooLarge);
    assert_eq!(unread(&sources, "c.py"), Unread::TooLarge);
}

#[test]
fn a_file_that_vanishes_after_it_was_listed_is_a_problem() {
    static VICTIM: OnceLock<PathBuf> = OnceLock::new();
    let repository = Repository::plain();
    repository.write("a.py", "x = 1\n").write("b.py", "y = 1\n");
    VICTIM.set(repository.path("a.py")).expect("set once");
    // The walk is over when the first path is asked for, and nothing is open yet.
    let wanted = |_: &str| {
        let _ = VICTIM.get().map(std::fs::remove_file);
        true
    };
    let options = LoadOptions { wanted, ..LoadOptions::default() };
    let sources = Sources::load(&repository.path(""), &options).expect("a directory");
    assert_eq!(unread(&sources, "a.py"), Unread::Unreadable);
    assert_eq!(sources.text(sources.find("b.py").expect("listed")), Some("y = 1\n"));
    assert_eq!(problems(&sources), [("a.py".to_owned(), "cannot be read: entity not found".to_owned())]);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    #[test]
    fn names_that_are_no_text_are_read_and_shown() {
        let repository = Repository::plain();
        let name = OsStr::from_bytes(b"caf\xe9.py");
        if fs::write(repository.path("").join(name), "x = 1\n").is_err() {
            return; // Some file systems refuse such names.
        }
        let sources = repository.load();
        assert_eq!(paths(&sources), ["caf\\xe9.py"]);
        assert_eq!(sources.text(sources.find("caf\\xe9.py").expect("listed")), Some("x = 1\n"));
    }

    #[test]
    fn symbolic_links_are_counted_and_never_followed() {
        let repository = Repository::git();
        let outside = Repository::plain();
        outside.write("secret.py", "");
        repository.write("a/b.py", "").write("real.txt", "*.py\n").index(&["a/b.py", "link.py", "gone/x.py"]);
        symlink(outside.path("secret.py"), repository.path("link.py")).expect("a link");
        symlink(outside.path(""), repository.path("out")).expect("a link");
        symlink("..", repository.path("a/loop")).expect("a link");
        symlink("a", repository.path("gone")).expect("a link");
        symlink("real.txt", repository.path(".gitignore")).expect("a link");
        let sources = repository.load();
        assert_eq!(paths(&sources), ["a/b.py", "real.txt"]);
        assert_eq!(sources.left_out().get("symbolic link"), Some(&5));
        assert_eq!(sources.left_out().get("deleted"), Some(&1), "git sees no file beyond a link");
    }

    #[test]
    fn a_root_may_be_reached_through_a_link() {
        let repository = Repository::plain();
        repository.write("real/a.py", "");
        symlink("real", repository.path("link")).expect("a link");
        assert_eq!(paths(&repository.load_below("link")), ["a.py"]);
    }

    #[test]
    fn special_files_are_never_opened() {
        let repository = Repository::plain();
        let made = Command::new("mkfifo").arg(repository.path("pipe.py")).status();
        assert!(made.is_ok_and(|status| status.success()), "mkfifo is part of every Unix");
        let _listener = UnixListener::bind(repository.path("socket.py")).expect("a socket");
        repository.write("z.py", "x = 1\n");
        let sources = repository.load();
        assert_eq!(unread(&sources, "pipe.py"), Unread::Unreadable);
        assert_eq!(unread(&sources, "socket.py"), Unread::Unreadable);
        assert_eq!(sources.text(sources.find("z.py").expect("listed")), Some("x = 1\n"));
        assert!(sources.problems().iter().all(|problem| problem.phase == Phase::Read));
        assert_eq!(sources.problems().len(), 2);
    }

    #[test]
    fn a_fifo_among_the_files_of_git_does_not_stop_the_run() {
        for name in ["index", "HEAD", "config", "packed-refs", "shallow"] {
            let repository = Repository::git();
            repository.write("a.py", "");
            let _ = fs::remove_file(repository.path(".git").join(name));
            let made = Command::new("mkfifo").arg(repository.path(".git").join(name)).status();
            assert!(made.is_ok_and(|status| status.success()));
            let sources = repository.load();
            assert_eq!(paths(&sources), ["a.py"]);
            assert_eq!(sources.problems().len(), 1, "{name}: {:?}", problems(&sources));
        }
    }

    #[test]
    fn what_may_not_be_read_is_a_problem() {
        let repository = Repository::plain();
        repository.write("closed/a.py", "").write("b.py", "").write("c.py", "");
        fs::set_permissions(repository.path("closed"), fs::Permissions::from_mode(0o0)).expect("permissions");
        fs::set_permissions(repository.path("b.py"), fs::Permissions::from_mode(0o0)).expect("permissions");
        let is_bound = fs::read(repository.path("b.py")).is_err();
        let sources = repository.load();
        fs::set_permissions(repository.path("closed"), fs::Permissions::from_mode(0o700)).expect("permissions");
        assert!(sources.find("c.py").is_some());
        if is_bound {
            // Permission bits do not bind root.
            let expected =
                [("b.py", "cannot be read: permission denied"), ("closed", "cannot be listed: permission denied")];
            let mut found = problems(&sources);
            found.sort();
            assert_eq!(found, expected.map(|(path, message)| (path.to_owned(), message.to_owned())));
        }
    }

    #[test]
    fn deep_directories_end() {
        let repository = Repository::plain();
        let deep = "d/".repeat(300);
        repository.write(&format!("{deep}a.py"), "").write("b.py", "");
        let sources = repository.load();
        assert_eq!(paths(&sources), ["b.py"]);
        assert_eq!(problems(&sources).len(), 1);
    }
}
