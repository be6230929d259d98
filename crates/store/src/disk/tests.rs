//! What cannot be seen from outside: how many rows are written, how much is kept in memory, and a disk that is full.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use otary_fleet::EventKind;
use tempfile::TempDir;
use tracing::{Event as Line, Level, Metadata, Subscriber, span};

use super::*;
use crate::Finding;

fn open(options: DiskOptions) -> (Disk, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Disk::open(folder.path(), options).unwrap(), folder)
}

fn mac(number: u32) -> Mac {
    let [a, b, c, d] = number.to_be_bytes();
    Mac::new([0x24, 0x6F, a, b, c, d]).unwrap()
}

fn at(seconds: u64) -> Time {
    Time::from_secs(1_780_000_000 + seconds)
}

fn event(seconds: u64) -> Event {
    Event { at: at(seconds), device: Some(mac(1)), product: None, kind: EventKind::Contested }
}

fn poll(store: &Disk, mac: Mac, now: Time) {
    let visit = &mut |device: Option<&mut Device>| {
        let device = device.unwrap();
        device.polls += 1;
        device.last_seen = now;
        Vec::new()
    };
    store.with_device(mac, now, Admit::New, visit).unwrap();
}

fn rows(store: &Disk, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    lock(&store.shared.listings).query_row(&sql, (), |row| row.get(0)).unwrap()
}

/// The disk is full: the database gets no more pages. The writer's own batches meet that too.
fn fill_disk(store: &Disk) {
    let connection = lock(&store.shared.connection);
    let pages: i64 = connection.query_row("PRAGMA page_count", (), |row| row.get(0)).unwrap();
    connection.query_row(&format!("PRAGMA max_page_count = {pages}"), (), |_| Ok(())).unwrap();
}

fn free_disk(store: &Disk) {
    lock(&store.shared.connection).query_row("PRAGMA max_page_count = 1000000", (), |_| Ok(())).unwrap();
}

#[test]
fn the_database_syncs_what_it_commits() {
    let (store, _folder) = open(DiskOptions::default());
    let connection = lock(&store.shared.connection);
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, String>(0));
    assert_eq!(pragma("journal_mode").unwrap(), "wal");
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    assert_eq!((number("synchronous").unwrap(), number("foreign_keys").unwrap()), (2, 1));
}

#[test]
fn many_polls_of_a_device_are_one_row_in_one_batch() {
    let (store, _folder) = open(DiskOptions::default());
    poll(&store, mac(1), at(0));
    poll(&store, mac(2), at(0));
    store.flush().unwrap();
    // Nobody else writes while this is held.
    let mut connection = lock(&store.shared.connection);
    let before = connection.total_changes();
    for second in 0..10_000 {
        poll(&store, mac(1), at(second));
    }
    store.shared.flush_with(&mut connection).unwrap();
    assert_eq!(connection.total_changes() - before, 1);
    store.shared.flush_with(&mut connection).unwrap();
    assert_eq!(connection.total_changes() - before, 1, "what is written does not wait any more");
}

#[test]
fn a_full_disk_loses_nothing_and_stops_nobody() {
    let (store, _folder) = open(DiskOptions { device_cache: 0, ..DiskOptions::default() });
    poll(&store, mac(1), at(0));
    store.flush().unwrap();
    fill_disk(&store);
    for number in 1..=500 {
        poll(&store, mac(number), at(1));
        store.append(event(number.into())).unwrap();
    }
    assert!(matches!(store.flush(), Err(StoreError::Database(_))));
    assert_eq!(rows(&store, "device"), 1, "all or nothing");
    assert_eq!(rows(&store, "event"), 0);
    poll(&store, mac(1), at(2));
    let complete = || {
        assert_eq!(store.device(mac(1)).unwrap().unwrap().polls, 3);
        assert_eq!(store.devices(None, 9999).unwrap().len(), 500);
        assert_eq!(store.events(&EventQuery { limit: 9999, ..EventQuery::default() }).unwrap().len(), 500);
    };
    complete();
    free_disk(&store);
    store.flush().unwrap();
    complete();
    assert_eq!((rows(&store, "device"), rows(&store, "event")), (500, 500));
}

#[test]
fn an_operators_change_on_a_full_disk_is_refused_whole() {
    let (store, _folder) = open(DiskOptions::default());
    fill_disk(&store);
    let before = store.catalogue();
    let long = "x".repeat(20_000);
    assert!(matches!(store.put_setting("long", &long), Err(StoreError::Database(_))));
    for number in 0..200 {
        let product = Product::new(format!("{number}{}", "x".repeat(60)).parse().unwrap(), at(0));
        if store.put_product(&product).is_err() {
            assert!(number > 0 || Arc::ptr_eq(&before, &store.catalogue()));
            assert_eq!(store.catalogue().product(&product.name), None);
            return;
        }
    }
    panic!("200 products need another page");
}

type Batch<'a> = Vec<(devices::ShardRef<'a>, Vec<devices::Change>)>;

fn begin_batch(store: &Disk) -> Batch<'_> {
    store.shared.devices.shards().map(|shard| (shard, shard.changes().unwrap())).collect()
}

fn end_batch(connection: &Connection, batch: Batch<'_>) {
    for (shard, changes) in batch {
        for devices::Change { mark, row } in changes {
            row.unwrap().write(connection, mark.mac).unwrap();
            shard.written(&[mark]);
        }
    }
}

#[test]
fn a_change_made_while_the_batch_is_written_waits_for_the_next() {
    let (store, _folder) = open(DiskOptions { device_cache: 0, ..DiskOptions::default() });
    let mut connection = lock(&store.shared.connection);
    poll(&store, mac(1), at(1));
    let batch = begin_batch(&store);
    poll(&store, mac(1), at(2));
    end_batch(&connection, batch);
    assert_eq!(store.device(mac(1)).unwrap().unwrap().polls, 2);
    store.shared.flush_with(&mut connection).unwrap();
    assert!(!store.shared.devices.is_in_memory(mac(1)));
    assert_eq!(store.device(mac(1)).unwrap().unwrap().polls, 2);
}

#[test]
fn a_stranger_dropped_while_its_first_row_is_written_leaves_no_row() {
    let (store, _folder) = open(DiskOptions { max_strangers: 1, ..DiskOptions::default() });
    let mut connection = lock(&store.shared.connection);
    poll(&store, mac(1), at(1));
    let batch = begin_batch(&store);
    poll(&store, mac(2), at(2));
    end_batch(&connection, batch);
    assert_eq!(rows(&store, "device"), 1);
    assert_eq!(store.device(mac(1)).unwrap(), None, "the row counts no more");
    store.shared.flush_with(&mut connection).unwrap();
    assert_eq!(rows(&store, &format!("device WHERE mac = {}", column::mac(mac(1)))), 0);
    assert_eq!(rows(&store, "device"), 1);
}

#[test]
fn many_threads_leave_the_cache_and_the_table_of_one_mind() {
    let options = DiskOptions { max_strangers: 50, device_cache: 64, ..DiskOptions::default() };
    let (store, _folder) = open(options);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let store = &store;
            scope.spawn(move || (0..3000).for_each(|step| work(store, thread, step)));
        }
    });
    store.flush().unwrap();
    assert_eq!(i64::try_from(store.count_devices().unwrap()).unwrap(), rows(&store, "device"));
    assert!(rows(&store, "device WHERE known = 0") <= 50);
    for thread in 0..4 {
        assert_eq!(store.device(mac(thread)).unwrap().unwrap().polls, 3000, "no poll was lost");
    }
}

/// A step of a thread that has a known device of its own and shares strangers with the others.
fn work(store: &Disk, thread: u32, step: u32) {
    let visit = &mut |device: Option<&mut Device>| {
        let device = device.unwrap();
        device.chip = Some(otary_fleet::Chip::Esp32);
        device.polls += 1;
        Vec::new()
    };
    store.with_device(mac(thread), at(0), Admit::New, visit).unwrap();
    poll(store, mac(1000 + (step * 7 + thread) % 300), at(step.into()));
    match step % 100 {
        0 => store.flush().unwrap(),
        33 => drop(store.forget(mac(1000 + step % 300)).unwrap()),
        66 => {
            let devices = store.devices(None, usize::MAX).unwrap();
            let strangers = devices.iter().filter(|device| !device.is_known()).count();
            // Each thread may have admitted one that it has not made room for yet.
            assert!(strangers <= 50 + 4 + 4 * 50, "{strangers}");
        }
        _ => {}
    }
}

/// Counts log lines by level.
#[derive(Default)]
struct Counting([AtomicUsize; 3]);

impl Subscriber for &'static Counting {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, line: &Line<'_>) {
        let place =
            [Level::ERROR, Level::WARN, Level::INFO].iter().position(|l| l == line.metadata().level());
        self.0[place.unwrap()].fetch_add(1, Ordering::Relaxed);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[test]
fn a_failure_is_logged_when_it_begins_and_when_it_ends() {
    let (store, _folder) = open(DiskOptions::default());
    let lines: &'static Counting = Box::leak(Box::default());
    let mut connection = lock(&store.shared.connection);
    connection.pragma_update(None, "query_only", true).unwrap();
    poll(&store, mac(1), at(0));
    tracing::subscriber::with_default(lines, || {
        for _ in 0..3 {
            store.shared.flush_with(&mut connection).unwrap_err();
        }
        connection.pragma_update(None, "query_only", false).unwrap();
        for _ in 0..3 {
            store.shared.flush_with(&mut connection).unwrap();
        }
    });
    assert_eq!(lines.0.each_ref().map(|count| count.load(Ordering::Relaxed)), [1, 0, 1]);
}

#[test]
fn the_oldest_of_too_many_waiting_events_are_dropped_and_counted() {
    let (store, _folder) = open(DiskOptions::default());
    let connection = lock(&store.shared.connection);
    let surplus = 1000;
    for number in 0..u64::try_from(events::MAX_WAITING).unwrap() + surplus {
        store.append(event(number)).unwrap();
    }
    let waiting = store.shared.events.waiting();
    assert_eq!(waiting.len(), events::MAX_WAITING);
    assert_eq!(waiting.first().unwrap().entry.at(), at(surplus));
    assert_eq!(store.shared.events.take_dropped(), surplus);
    drop(connection);
    store.flush().unwrap();
    assert_eq!(rows(&store, "event"), i64::try_from(events::MAX_WAITING).unwrap());
}

#[test]
fn records_beyond_the_cache_are_read_again() {
    let (store, _folder) = open(DiskOptions { device_cache: 640, ..DiskOptions::default() });
    for number in 0..5000 {
        poll(&store, mac(number), at(1));
    }
    store.flush().unwrap();
    assert!(store.shared.devices.in_memory() <= 640);
    for number in 0..5000 {
        poll(&store, mac(number), at(2));
        assert_eq!(store.device(mac(number)).unwrap().unwrap().polls, 2);
    }
}

#[test]
fn what_was_used_last_stays_in_the_cache() {
    let (store, _folder) = open(DiskOptions { device_cache: 6400, ..DiskOptions::default() });
    for number in 0..20_000 {
        poll(&store, mac(number), at(1));
        if number % 100 == 0 {
            poll(&store, mac(7), at(1));
            store.flush().unwrap();
        }
    }
    assert!(store.shared.devices.is_in_memory(mac(7)));
    assert!(!store.shared.devices.is_in_memory(mac(8)));
}

/// Strangers with invented addresses. Gives the most records that were in memory at any time.
fn flood(store: &Disk, count: u32) -> usize {
    let mut most = 0;
    for number in 0..count {
        poll(store, mac(1_000_000 + number), at(number.into()));
        if number % 500 == 0 {
            most = most.max(store.shared.devices.in_memory());
        }
    }
    most
}

#[test]
fn a_flood_of_invented_addresses_is_bounded_and_costs_no_known_device_its_record() {
    let (store, _folder) =
        open(DiskOptions { device_cache: 2000, max_strangers: 1000, ..DiskOptions::default() });
    let known = |device: Option<&mut Device>| {
        device.unwrap().chip = Some(otary_fleet::Chip::Esp32);
        Vec::new()
    };
    for number in 0..100 {
        store.with_device(mac(number), at(0), Admit::New, &mut { known }).unwrap();
    }
    let start = Instant::now();
    let most = flood(&store, 50_000);
    let took = start.elapsed();
    store.flush().unwrap();
    println!("50,000 strangers in {took:?}, at most {most} records in memory");
    assert!(took < Duration::from_secs(20));
    // Those on record, those whose rows are to be deleted, those that are being written. A batch looks at one shard
    // after the other, so a sum over the shards may be somewhat above three times the most; it does not grow.
    assert!(most <= 100 + 4 * 1000, "{most}");
    let strangers = rows(&store, "device WHERE known = 0");
    assert!((900..=1000).contains(&strangers), "{strangers}");
    assert_eq!(rows(&store, "device WHERE known = 1"), 100);
    assert_eq!(i64::try_from(store.count_devices().unwrap()).unwrap(), strangers + 100);
    assert!((0..100).all(|number| store.device(mac(number)).unwrap().is_some()));
}

#[test]
fn a_flood_on_a_full_disk_is_bounded_too() {
    let (store, _folder) = open(DiskOptions { max_strangers: 1000, ..DiskOptions::default() });
    fill_disk(&store);
    for _ in 0..20 {
        flood(&store, 5000);
        store.flush().unwrap_err();
    }
    let in_memory = store.shared.devices.in_memory();
    assert!(in_memory <= 1000, "{in_memory}");
    free_disk(&store);
    store.flush().unwrap();
    assert_eq!(rows(&store, "device"), i64::try_from(store.count_devices().unwrap()).unwrap());
}

#[test]
fn the_log_is_read_while_the_disk_is_full_as_far_as_it_is_written() {
    let (store, _folder) = open(DiskOptions::default());
    store.append(event(1)).unwrap();
    let noted = store.audit_head().unwrap();
    fill_disk(&store);
    (0..5000).for_each(|number| store.append(event(number)).unwrap());
    store.flush().unwrap_err();
    assert_eq!(store.audit_head().unwrap(), noted);
    assert_eq!(store.audit(&AuditQuery { limit: 9, ..AuditQuery::default() }).unwrap().len(), 1);
    assert!(store.verify_audit(Some(noted.into())).unwrap().finding.holds());
    free_disk(&store);
    assert_eq!(store.audit_head().unwrap().number, 5001);
    assert_eq!(store.verify_audit(Some(noted.into())).unwrap().finding, Finding::Confirmed { newer: 5000 });
}

#[cfg(unix)]
#[test]
fn what_is_kept_is_for_its_owner_alone_whatever_was_there_before() {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (store, folder) = open(DiskOptions::default());
    let beside =
        ["otary.db", "otary.db-wal", "otary.db-shm", "blobs", "tmp"].map(|name| folder.path().join(name));
    store.put_setting("a", "b").unwrap();
    for path in &beside {
        assert_eq!(mode(path) & 0o077, 0, "{}: {:o}", path.display(), mode(path));
    }
    drop(store);
    // As an older otary left it.
    for (path, loose) in [(&beside[0], 0o644), (&beside[3], 0o755)] {
        fs::set_permissions(path, fs::Permissions::from_mode(loose)).unwrap();
    }
    let store = Disk::open(folder.path(), DiskOptions::default()).unwrap();
    store.put_setting("a", "c").unwrap();
    for path in &beside {
        assert_eq!(mode(path) & 0o077, 0, "{}: {:o}", path.display(), mode(path));
    }
}
