//! Files, in the first granted directory unless a case says otherwise.

use crate::client::read_all;
use crate::{Args, Case, cases};
use wasip2::filesystem::preopens::get_directories;
use wasip2::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorType, ErrorCode, MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
    filesystem_error_code,
};
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

pub const CASES: &[Case] = cases![
    preopens,
    no_preopens,
    file_read "PATH",
    file_write "PATH TEXT",
    file_append,
    file_dir_sync,
    file_read_write,
    file_truncate,
    file_big "MIB",
    directory_list,
    read_only,
    across_permissions,
    escape "SECRET-PATH",
    stat,
    rename_unlink,
    hold_open,
    file_poll_mixed,
];

type Flags = DescriptorFlags;

fn first() -> Descriptor {
    get_directories().into_iter().next().expect("a granted directory").0
}

fn open(dir: &Descriptor, path: &str, open: OpenFlags, flags: Flags) -> Result<Descriptor, ErrorCode> {
    dir.open_at(PathFlags::empty(), path, open, flags)
}

fn create(dir: &Descriptor, path: &str, content: &[u8]) -> Descriptor {
    let file = open(dir, path, OpenFlags::CREATE | OpenFlags::TRUNCATE, Flags::READ | Flags::WRITE)
        .unwrap_or_else(|error| panic!("create {path:?}: {error:?}"));
    put(&file.write_via_stream(0).expect("write-via-stream"), content);
    file
}

fn put(stream: &OutputStream, content: &[u8]) {
    content.chunks(4096).for_each(|piece| stream.blocking_write_and_flush(piece).expect("write"));
}

fn text(stream: &InputStream) -> String {
    String::from_utf8_lossy(&read_all(stream).expect("read")).into_owned()
}

fn content(dir: &Descriptor, path: &str) -> String {
    let file =
        open(dir, path, OpenFlags::empty(), Flags::READ).unwrap_or_else(|error| panic!("open {path:?}: {error:?}"));
    text(&file.read_via_stream(0).expect("read-via-stream"))
}

fn stream_error(error: StreamError) -> Option<ErrorCode> {
    match error {
        StreamError::LastOperationFailed(error) => {
            assert!(wasip2::http::types::http_error_code(&error).is_none(), "a file's error has no http code");
            filesystem_error_code(&error)
        }
        StreamError::Closed => None,
    }
}

fn preopens(_: &Args) {
    get_directories().iter().for_each(|(_, name)| println!("{name}"));
    let (once, twice) = (get_directories(), get_directories());
    drop(once);
    assert!(
        twice.iter().all(|(dir, _)| dir.get_type() == Ok(DescriptorType::Directory)),
        "each call gives new handles"
    );
}

fn no_preopens(_: &Args) {
    assert!(get_directories().is_empty());
    assert!(std::fs::read_dir("/").is_err() && std::fs::read("/etc/passwd").is_err());
}

fn file_read(args: &Args) {
    println!("{}", content(&first(), args.text(0, "PATH")));
}

fn file_write(args: &Args) {
    create(&first(), args.text(0, "PATH"), args.text(1, "TEXT").as_bytes());
}

/// Appending goes to the end, wherever others wrote before.
fn file_append(_: &Args) {
    let dir = first();
    let file = create(&dir, "append.txt", b"one ");
    put(&file.append_via_stream().expect("append-via-stream"), b"two ");
    let (first, second) = (file.append_via_stream().expect("append"), file.append_via_stream().expect("append"));
    put(&second, b"three ");
    put(&first, b"four");
    assert_eq!(content(&dir, "append.txt"), "one two three four");
    dir.unlink_file_at("append.txt").expect("unlink");
}

fn file_dir_sync(_: &Args) {
    let dir = first();
    dir.sync().expect("sync of a directory");
    dir.sync_data().expect("sync-data of a directory");
    let file = create(&dir, "sync.txt", b"x");
    file.sync().expect("sync of a file");
    file.sync_data().expect("sync-data of a file");
    dir.unlink_file_at("sync.txt").expect("unlink");
}

/// A write past the end leaves zeroes; reads start where asked; the end is `closed`; a directory is no file.
fn file_read_write(_: &Args) {
    let dir = first();
    let file = create(&dir, "sparse.txt", b"");
    let stream = file.write_via_stream(5).expect("write-via-stream");
    put(&stream, b"hello, ");
    put(&stream, b"world!");
    drop(stream);
    let input = file.read_via_stream(0).expect("read-via-stream");
    input.subscribe().block();
    assert_eq!(input.read(0).expect("read(0) before the end"), []);
    assert_eq!(text(&input), "\0\0\0\0\0hello, world!");
    assert!(matches!(input.read(0), Err(StreamError::Closed)), "read(0) at the end");
    assert!(matches!(input.read(1), Err(StreamError::Closed)), "read(1) at the end");
    assert_eq!(text(&file.read_via_stream(12).expect("read-via-stream")), "world!");
    assert_eq!(text(&file.read_via_stream(1000).expect("read-via-stream")), "");
    put(&file.write_via_stream(0).expect("write-via-stream"), b"01234");
    assert_eq!(content(&dir, "sparse.txt"), "01234hello, world!");
    assert_eq!(file.read(6, 12).expect("read"), (b"world!".to_vec(), false));
    assert_eq!(file.read(6, 18).expect("read at the end"), (Vec::new(), true));
    assert_eq!(file.write(b"WORLD", 12).expect("write"), 5);
    assert_eq!(content(&dir, "sparse.txt"), "01234hello, WORLD!");
    dir.unlink_file_at("sparse.txt").expect("unlink");

    let code = match dir.read_via_stream(0) {
        Err(code) => Some(code),
        Ok(stream) => stream_error(stream.blocking_read(10).expect_err("a directory was read")),
    };
    assert_eq!(code, Some(ErrorCode::IsDirectory));
}

fn file_truncate(_: &Args) {
    let dir = first();
    let file = create(&dir, "truncate.txt", b"0123456789");
    file.set_size(4).expect("shrink");
    assert_eq!(content(&dir, "truncate.txt"), "0123");
    file.set_size(6).expect("grow");
    assert_eq!(content(&dir, "truncate.txt"), "0123\0\0");
    drop(file);
    create(&dir, "truncate.txt", b"new");
    assert_eq!(content(&dir, "truncate.txt"), "new");
    let exclusive = open(&dir, "truncate.txt", OpenFlags::CREATE | OpenFlags::EXCLUSIVE, Flags::WRITE);
    assert_eq!(exclusive.map(drop), Err(ErrorCode::Exist));
    dir.unlink_file_at("truncate.txt").expect("unlink");
}

fn file_big(args: &Args) {
    let (dir, total) = (first(), args.number(0, "MIB") << 20);
    let file = create(&dir, "big.bin", b"");
    let stream = file.write_via_stream(0).expect("write-via-stream");
    let mut piece = vec![0; 256 * 1024];
    for at in (0..total).step_by(piece.len()) {
        crate::client::fill(&mut piece, at);
        crate::client::write_all(&stream, &piece).expect("write");
    }
    drop(stream);
    assert_eq!(file.stat().expect("stat").size, total);
    let input = file.read_via_stream(0).expect("read-via-stream");
    let mut at = 0;
    loop {
        match input.blocking_read(1 << 20) {
            Ok(bytes) => {
                assert!(crate::client::verify(&bytes, at), "the file differs at {at}");
                at += bytes.len() as u64;
            }
            Err(StreamError::Closed) => break,
            Err(error) => panic!("read: {error:?}"),
        }
    }
    assert_eq!(at, total);
    dir.unlink_file_at("big.bin").expect("unlink");
}

/// Prints the sorted names, directories with a slash.
fn directory_list(_: &Args) {
    let entries = first().read_directory().expect("read-directory");
    let mut names = Vec::new();
    while let Some(entry) = entries.read_directory_entry().expect("an entry") {
        assert!(entry.name != "." && entry.name != "..");
        names.push(entry.name + if entry.type_ == DescriptorType::Directory { "/" } else { "" });
    }
    assert!(entries.read_directory_entry().expect("past the end").is_none());
    names.sort();
    names.iter().for_each(|name| println!("{name}"));
}

fn refused<T>(what: &str, result: Result<T, ErrorCode>) {
    match result.map(drop) {
        Err(ErrorCode::NotPermitted | ErrorCode::ReadOnly | ErrorCode::Access) => {}
        other => panic!("{what} gave {other:?}"),
    }
}

/// The first directory is read-only and holds `file.txt` and `dir/`: nothing may change in it.
fn read_only(_: &Args) {
    let dir = first();
    println!("{}", content(&dir, "file.txt"));
    refused("create", open(&dir, "new.txt", OpenFlags::CREATE, Flags::WRITE));
    refused("create for reading", open(&dir, "new.txt", OpenFlags::CREATE, Flags::READ));
    refused("open for writing", open(&dir, "file.txt", OpenFlags::empty(), Flags::WRITE));
    refused("truncate on open", open(&dir, "file.txt", OpenFlags::TRUNCATE, Flags::READ));
    refused(
        "open a directory for changes",
        open(&dir, "dir", OpenFlags::DIRECTORY, Flags::READ | Flags::MUTATE_DIRECTORY),
    );
    refused("create-directory-at", dir.create_directory_at("new"));
    refused("unlink-file-at", dir.unlink_file_at("file.txt"));
    refused("remove-directory-at", dir.remove_directory_at("dir"));
    refused("rename-at", dir.rename_at("file.txt", &dir, "other.txt"));
    refused("link-at", dir.link_at(PathFlags::empty(), "file.txt", &dir, "link.txt"));
    refused("symlink-at", dir.symlink_at("file.txt", "link.txt"));
    let never = NewTimestamp::NoChange;
    refused("set-times-at", dir.set_times_at(PathFlags::empty(), "file.txt", NewTimestamp::Now, never));
    let file = open(&dir, "file.txt", OpenFlags::empty(), Flags::READ).expect("open for reading");
    refused("set-times", file.set_times(NewTimestamp::Now, never));
    let write = |what: &str, stream: Result<OutputStream, ErrorCode>| match stream {
        Err(error) => refused::<()>(what, Err(error)),
        Ok(stream) => {
            let error = stream.blocking_write_and_flush(b"no").expect_err(what);
            println!("{what} {:?}", stream_error(error));
        }
    };
    write("write-via-stream", file.write_via_stream(0));
    write("append-via-stream", file.append_via_stream());
    assert!(file.set_size(0).is_err() && file.write(b"no", 0).is_err());
    let inner = open(&dir, "dir", OpenFlags::DIRECTORY, Flags::READ).expect("open a directory for reading");
    refused("create below", open(&inner, "new.txt", OpenFlags::CREATE, Flags::WRITE));
    refused("create-directory-at below", inner.create_directory_at("new"));
    assert!(std::fs::write(format!("{}/std.txt", get_directories()[0].1), "no").is_err());
}

/// The first directory is read-only and holds `file.txt`, the second may be written: nothing moves between them.
fn across_permissions(_: &Args) {
    let dirs = get_directories();
    let (fixed, open_dir) = (&dirs[0].0, &dirs[1].0);
    create(open_dir, "mine.txt", b"mine");
    refused("rename out", fixed.rename_at("file.txt", open_dir, "moved.txt"));
    refused("rename in", open_dir.rename_at("mine.txt", fixed, "mine.txt"));
    refused("link out", fixed.link_at(PathFlags::empty(), "file.txt", open_dir, "linked.txt"));
    refused("link in", open_dir.link_at(PathFlags::empty(), "mine.txt", fixed, "mine.txt"));
    assert_eq!(content(open_dir, "mine.txt"), "mine");
    open_dir.unlink_file_at("mine.txt").expect("unlink");
}

/// No path leads out of the directory. The argument is the absolute path of a file of the host; the directory may
/// hold `out`, a symbolic link to that path, and `up`, one to `..`.
fn escape(args: &Args) {
    let (dir, secret) = (first(), args.text(0, "SECRET-PATH"));
    let name = secret.rsplit('/').next().unwrap_or_default();
    let mut paths = vec![secret.to_string(), "..".into(), "../".into(), "/".into(), "/etc/passwd".into()];
    for prefix in ["..", "../..", "./..", "x/../..", "up", "up/up", "up/../up", "..//"] {
        paths.push(format!("{prefix}/{name}"));
        paths.push(format!("{prefix}{secret}"));
    }
    paths.extend(["out".to_string(), "./out".into(), "sub/../out".into(), "sub/../../".to_string() + name]);
    for path in &paths {
        for follow in [PathFlags::empty(), PathFlags::SYMLINK_FOLLOW] {
            if let Ok(file) = dir.open_at(follow, path, OpenFlags::empty(), Flags::READ) {
                // A link that was opened as itself is no escape; content is.
                let read = file.read_via_stream(0).ok().and_then(|stream| read_all(&stream).ok());
                assert!(read.is_none(), "{path:?} led out of the directory");
                assert_ne!(file.get_type(), Ok(DescriptorType::Directory), "{path:?} opened a directory outside");
            }
        }
        let made = dir.open_at(PathFlags::SYMLINK_FOLLOW, path, OpenFlags::CREATE | OpenFlags::TRUNCATE, Flags::WRITE);
        assert!(made.is_err(), "{path:?} was opened for writing");
        assert!(dir.stat_at(PathFlags::SYMLINK_FOLLOW, path).is_err(), "stat-at {path:?}");
        // The link itself lies inside, so it may be renamed and its name is taken.
        if !path.ends_with("out") {
            assert!(dir.create_directory_at(path).is_err(), "create-directory-at {path:?}");
            assert!(dir.rename_at(path, &dir, "stolen").is_err(), "rename-at {path:?}");
            assert!(dir.unlink_file_at(path).is_err(), "unlink-file-at {path:?}");
        }
    }
    assert!(dir.symlink_at(secret, "absolute").is_err(), "a link to an absolute path was made");
}

fn stat(_: &Args) {
    let dir = first();
    let file = create(&dir, "stat.txt", b"12345");
    let stat = file.stat().expect("stat");
    assert_eq!((stat.type_, stat.size), (DescriptorType::RegularFile, 5));
    assert!(stat.link_count >= 1);
    assert_eq!(dir.stat().expect("stat of a directory").type_, DescriptorType::Directory);
    assert_eq!(dir.stat_at(PathFlags::empty(), "stat.txt").expect("stat-at").size, 5);
    assert_eq!(dir.stat_at(PathFlags::empty(), "absent").map(drop), Err(ErrorCode::NoEntry));
    assert_eq!(file.get_type(), Ok(DescriptorType::RegularFile));
    assert!(file.get_flags().expect("get-flags").contains(Flags::READ | Flags::WRITE));
    let hash = |value: MetadataHashValue| (value.lower, value.upper);
    let by_handle = file.metadata_hash().map(hash);
    assert_eq!(by_handle, dir.metadata_hash_at(PathFlags::empty(), "stat.txt").map(hash));
    assert_eq!(by_handle, file.metadata_hash().map(hash), "the hash is stable");
    let again = open(&dir, "stat.txt", OpenFlags::empty(), Flags::READ).expect("open");
    assert!(file.is_same_object(&again) && !file.is_same_object(&dir));
    let when = wasip2::clocks::wall_clock::Datetime { seconds: 1_000_000_000, nanoseconds: 0 };
    file.set_times(NewTimestamp::NoChange, NewTimestamp::Timestamp(when)).expect("set-times");
    assert_eq!(file.stat().expect("stat").data_modification_timestamp.map(|time| time.seconds), Some(1_000_000_000));
    dir.unlink_file_at("stat.txt").expect("unlink");
}

fn rename_unlink(_: &Args) {
    let dir = first();
    create(&dir, "a.txt", b"a");
    dir.rename_at("a.txt", &dir, "b.txt").expect("rename");
    assert_eq!(dir.stat_at(PathFlags::empty(), "a.txt").map(drop), Err(ErrorCode::NoEntry));
    assert_eq!(content(&dir, "b.txt"), "a");
    dir.create_directory_at("d").expect("create-directory-at");
    assert_eq!(dir.create_directory_at("d"), Err(ErrorCode::Exist));
    dir.rename_at("b.txt", &dir, "d/c.txt").expect("rename into a directory");
    let inner = open(&dir, "d", OpenFlags::DIRECTORY, Flags::READ | Flags::MUTATE_DIRECTORY).expect("open a directory");
    assert_eq!(content(&inner, "c.txt"), "a");
    assert_eq!(dir.remove_directory_at("d"), Err(ErrorCode::NotEmpty));
    assert!(dir.unlink_file_at("d").is_err(), "a directory was unlinked");
    dir.link_at(PathFlags::empty(), "d/c.txt", &dir, "hard.txt").expect("link-at");
    assert_eq!(content(&dir, "hard.txt"), "a");
    dir.symlink_at("d/c.txt", "soft.txt").expect("symlink-at");
    assert_eq!(dir.readlink_at("soft.txt").as_deref(), Ok("d/c.txt"));
    for path in ["soft.txt", "hard.txt", "d/c.txt"] {
        dir.unlink_file_at(path).unwrap_or_else(|error| panic!("unlink {path:?}: {error:?}"));
    }
    dir.remove_directory_at("d").expect("remove-directory-at");
    assert_eq!(dir.unlink_file_at("absent"), Err(ErrorCode::NoEntry));
}

/// Leaves with a file open and written to; the host closes it.
fn hold_open(_: &Args) {
    let dir = first();
    let file = create(&dir, "held.txt", b"held");
    let stream = file.write_via_stream(4).expect("write-via-stream");
    stream.blocking_write_and_flush(b" open").expect("write");
    std::mem::forget((dir, file, stream));
}

/// A file's stream, stdout and a timer in one poll: pollables of different makers go together.
fn file_poll_mixed(_: &Args) {
    let dir = first();
    let file = create(&dir, "poll.txt", b"data");
    let stream = file.read_via_stream(0).expect("read-via-stream");
    let (readable, never) = (stream.subscribe(), wasip2::clocks::monotonic_clock::subscribe_instant(u64::MAX));
    let output = wasip2::cli::stdout::get_stdout();
    let writable = output.subscribe();
    let mut left = vec![0, 2];
    while !left.is_empty() {
        let ready = wasip2::io::poll::poll(&[&readable, &never, &writable]);
        assert!(!ready.contains(&1));
        left.retain(|index| !ready.contains(index));
    }
    drop(readable);
    assert_eq!(text(&stream), "data");
    let spliced = create(&dir, "spliced.txt", b"");
    let to = spliced.write_via_stream(0).expect("write-via-stream");
    let from = file.read_via_stream(1).expect("read-via-stream");
    while to.blocking_splice(&from, u64::MAX).is_ok() {}
    drop(to);
    assert_eq!(content(&dir, "spliced.txt"), "ata");
    for path in ["poll.txt", "spliced.txt"] {
        dir.unlink_file_at(path).expect("unlink");
    }
}
