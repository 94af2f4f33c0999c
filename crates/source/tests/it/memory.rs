use crate::repository::{Repository, paths};
use pyaudit_source::{MemoryFile, MemoryGit, Role, Sources, Tracking};

fn files() -> Vec<MemoryFile> {
    vec![
        MemoryFile::new(".gitignore", "*.log\n.env\n"),
        MemoryFile::new("app/main.py", "\u{feff}x = 1\r\n"),
        MemoryFile::new("app/a.log", "").untracked(),
        MemoryFile::new(".env", "A=1"),
        MemoryFile::new("tests/test_a.py", b"# coding: latin-1\n'\xe9'".to_vec()),
        MemoryFile::new("new.py", "").untracked(),
    ]
}

#[test]
fn files_in_memory_follow_the_rules_of_files_on_disk() {
    let sources = Sources::from_memory(files(), MemoryGit::Some);
    assert_eq!(paths(&sources), [".env", ".gitignore", "app/main.py", "new.py", "tests/test_a.py"]);
    let id = |path| sources.find(path).expect("listed");
    assert_eq!(sources.text(id("app/main.py")), Some("x = 1\r\n"));
    assert_eq!(sources.text(id("tests/test_a.py")), Some("# coding: latin-1\n'é'"));
    assert_eq!(sources.file(id("tests/test_a.py")).role, Role::Test);
    assert_eq!(sources.file(id(".env")).tracking, Tracking::Tracked);
    assert_eq!(sources.file(id("new.py")).tracking, Tracking::Untracked);
    assert!(sources.is_ignored("b.log") && sources.git().is_some());
}

#[test]
fn outside_git_tracking_is_unknown_in_memory_too() {
    let sources = Sources::from_memory(files(), MemoryGit::None);
    assert_eq!(paths(&sources), [".gitignore", "app/main.py", "new.py", "tests/test_a.py"]);
    assert!(sources.files().all(|(_, file)| file.tracking == Tracking::Unknown) && sources.git().is_none());
}

#[test]
fn the_same_files_give_the_same_sources_from_both() {
    let repository = Repository::git();
    let files = files();
    let tracked = files.iter().filter(|file| file.tracking.is_none()).map(|file| file.path.as_str());
    repository.index(&tracked.collect::<Vec<_>>());
    for file in &files {
        repository.write(&file.path, &file.bytes);
    }
    let disk = repository.load();
    let memory = Sources::from_memory(files, MemoryGit::Some);
    assert!(disk.files().eq(memory.files()));
    assert_eq!(disk.left_out(), memory.left_out());
}
