//! Tables found in practice: names and orders of columns, separators, encodings, and files that are not tables at all.

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use selvedge::data::{Form, ImageSet, ImageShape, Reading, load, load_as, load_set};

/// The sides and the pixels of an image of Fashion-MNIST.
const HEIGHT: usize = 28;
const PIXELS: usize = 28 * 28;
const WIDTH: usize = 28;

const IMAGES: usize = 3;

/// Images with varied pixels.
fn expected() -> ImageSet {
    let pixels = (0..IMAGES * PIXELS).map(|i| ((i * 31 + i / PIXELS * 7) % 256) as u8).collect();
    ImageSet::new("made", ImageShape::grey(28, 28), pixels, vec![4, 0, 9]).unwrap()
}

/// A table whose column `c` is named `name(c)` and holds pixel `pixel(c)`, with the label after the first `label_at` columns.
fn table(label_at: usize, name: impl Fn(usize) -> String, pixel: impl Fn(usize) -> usize) -> String {
    let set = expected();
    let mut rows = vec![(0..PIXELS).map(&name).collect::<Vec<_>>()];
    for image in 0..IMAGES {
        rows.push((0..PIXELS).map(|c| set.image(image)[pixel(c)].to_string()).collect());
    }
    let labels = std::iter::once("label".to_owned()).chain(set.labels().iter().map(u16::to_string));
    let lines = rows.into_iter().zip(labels).map(|(mut row, label)| {
        row.insert(label_at, label);
        row.join(",") + "\n"
    });
    lines.collect()
}

fn plain() -> String {
    table(0, |c| format!("pixel{c}"), |c| c)
}

fn read_as(file: &str, bytes: &[u8]) -> Result<ImageSet, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(file);
    fs::write(&path, bytes).unwrap();
    let read = load_set(&path, &Reading::default(), &Form::default()).map_err(|e| e.to_string());
    read.inspect_err(|error| assert!(error.contains(file), "the file is named in: {error}"))
}

fn read(table: &str) -> Result<ImageSet, String> {
    read_as("some.csv", table.as_bytes())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The pixels in an order that is neither their own nor that of their names.
fn shuffled(c: usize) -> usize {
    c * 275 % PIXELS
}

#[test]
fn columns_are_ordered_by_the_numbers_in_their_names() {
    let (row, column) = (|p: usize| p / WIDTH, |p: usize| p % WIDTH);
    let names: [(&str, &dyn Fn(usize) -> String); 26] = [
        ("px_0", &|p| format!("px_{p}")),
        ("pixel1", &|p| format!("pixel{}", p + 1)),
        ("Pixel-0001", &|p| format!("Pixel-{:04}", p + 1)),
        ("0", &|p| p.to_string()),
        ("pixel 1 grey", &|p| format!("pixel {} grey", p + 1)),
        ("28x28.px.0", &|p| format!("28x28.px.{p}")),
        ("0.0", &|p| format!("{p}.0")),
        ("quoted", &|p| format!("\"p.{p}\"")),
        ("1x1", &|p| format!("{}x{}", row(p) + 1, column(p) + 1)),
        ("r0_c0", &|p| format!("r{}_c{}", row(p), column(p))),
        ("x0_y0", &|p| format!("x{}_y{}", column(p), row(p))),
        ("col1row1", &|p| format!("col{}row{}", column(p) + 1, row(p) + 1)),
        ("c0_r0", &|p| format!("c{}_r{}", column(p), row(p))),
        ("column0.row0", &|p| format!("column{}.row{}", column(p), row(p))),
        ("y0x0", &|p| format!("y{}x{}", row(p), column(p))),
        ("px0_py0", &|p| format!("px{}_py{}", column(p), row(p))),
        ("pixelcol0row0", &|p| format!("pixelcol{}row{}", column(p), row(p))),
        // Preceded by a number that is the same in all names.
        ("img1_x0_y0", &|p| format!("img1_x{}_y{}", column(p), row(p))),
        ("28px_x0_y0", &|p| format!("28px_x{}_y{}", column(p), row(p))),
        ("28px_0x0", &|p| format!("28px_{}x{}", row(p), column(p))),
        // Words after the numbers.
        ("0x_0y", &|p| format!("{}x_{}y", column(p), row(p))),
        ("0col0row", &|p| format!("{}col{}row", column(p), row(p))),
        ("0row 0col", &|p| format!("{}row {}col", row(p), column(p))),
        // The word for one axis determines the other.
        ("col0_0", &|p| format!("col{}_{}", column(p), row(p))),
        ("px0y0", &|p| format!("px{}y{}", column(p), row(p))),
        ("(0, 0) without its comma", &|p| format!("({} {})", row(p), column(p))),
    ];
    for (kind, name) in names {
        for label_at in [0, 400, PIXELS] {
            let text = table(label_at, |c| name(shuffled(c)), shuffled);
            assert_eq!(read(&text), Ok(expected()), "{kind}, label at {label_at}");
        }
        // Sorted as text rather than as numbers: 0, 1, 10, 100.
        let mut sorted: Vec<usize> = (0..PIXELS).collect();
        sorted.sort_by_key(|p| name(*p));
        assert_eq!(read(&table(0, |c| name(sorted[c]), |c| sorted[c])), Ok(expected()), "{kind}, sorted");
    }
    let words = |c: usize| ["a", "b", "c", "d"].map(|l| l.repeat(c / 97 % 5)).concat() + "z";
    assert_eq!(read(&table(3, words, |c| c)), Ok(expected()), "no numbers: from left to right");
}

#[test]
fn numbers_that_leave_gaps_or_repeat_are_refused() {
    let refused = |name: &dyn Fn(usize) -> String, parts: &[&str]| {
        let error = read(&table(0, name, |c| c)).unwrap_err();
        for part in ["line 1"].iter().chain(parts) {
            assert!(error.contains(part), "'{part}' is not in: {error}");
        }
    };
    let gaps = "leave gaps or repeat";
    refused(&|c| format!("px_{}", if c == 100 { 99 } else { c }), &["'px_0'", gaps]);
    refused(&|c| format!("px_{}", if c == 100 { 5000 } else { c }), &[gaps]);
    refused(&|c| format!("px_{}", c + 2), &["'px_2'", gaps, "from 0 or 1"]);
    refused(&|c| format!("px_{}", 2 * c), &[gaps]);
    refused(&|_| "px_7".to_owned(), &[gaps]);
    let both = "both count rows, or both columns";
    refused(&|c| format!("x{}x{}", c / WIDTH, c % WIDTH), &["'x0x0'", both]);
    refused(&|c| format!("{}r_{}y", c / WIDTH, c % WIDTH), &["'0r_0y'", both]);
    // Rows of 56 pixels are no gap: these are other images.
    let wide = read(&table(0, |c| format!("{}x{}", c / 56, c % 56), |c| c)).unwrap_err();
    assert!(wide.contains("14x56 grey") && wide.contains("28x28 grey"), "{wide}");
    refused(&|c| format!("{}x{}", c / WIDTH, c / WIDTH), &[gaps]);
    refused(&|c| format!("{}x{}x{}", c / 100, c / 10 % 10, c % 10), &[gaps]);
    refused(&|c| format!("px_{}", c as u128 + u128::from(u64::MAX)), &[gaps]);
    refused(&|c| if c == 7 { "height".to_owned() } else { format!("px_{c}") }, &["'height'", "'px_#'"]);
    // The names contain #, which messages put in place of numbers.
    refused(&|c| if c == 7 { "p##".to_owned() } else { format!("p#{c}") }, &["one is 'p##'"]);
    assert_eq!(HEIGHT * WIDTH, PIXELS);
}

#[test]
fn separators_and_line_ends_of_any_system_are_read() {
    for separator in [",", ";", "\t", " ; ", ", "] {
        for end in ["\n", "\r\n", "\r", "\n\n", "\r\r"] {
            let text = plain().replace(',', separator).replace('\n', end);
            assert_eq!(read(&text), Ok(expected()), "{separator:?}, {end:?}");
            assert_eq!(read(text.trim_end()), Ok(expected()), "{separator:?}, {end:?}, no end");
        }
    }
    // Whole numbers written as decimals, with either decimal mark.
    let decimals = |mark: &str| {
        let (header, rows) = plain().split_once('\n').map(|(h, r)| (h.to_owned(), r.to_owned())).unwrap();
        let rows = rows.replace(',', &format!("{mark}00;")).replace('\n', &format!("{mark}0\n"));
        header.replace(',', ";") + "\n" + &rows
    };
    for mark in [".", ","] {
        assert_eq!(read(&decimals(mark)), Ok(expected()), "{mark}");
    }
    let lines: Vec<String> = plain().lines().map(str::to_owned).collect();
    let wrong = lines.join("\r").replacen("\r0,", "\r0,x", 1);
    let error = read(&wrong).unwrap_err();
    assert!(error.contains("line 3"), "lines count as they are seen: {error}");
    for other in ["|", " "] {
        let error = read(&plain().replace(',', other)).unwrap_err();
        assert!(error.contains("single column") && error.contains("TAB"), "{error}");
    }
}

#[test]
fn utf_8_and_utf_16_are_read_with_and_without_a_mark() {
    let text = plain();
    assert_eq!(read(&format!("\u{feff}{text}")), Ok(expected()));
    let marked = format!("\u{feff}{text}");
    for text in [text.clone(), marked, text.replace(',', "\t").replace("pixel", "Füllung ")] {
        let units: Vec<u16> = text.encode_utf16().collect();
        let low: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let high: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        for bytes in [&low, &high] {
            assert_eq!(read_as("some.csv", bytes), Ok(expected()));
            assert_eq!(read_as("some.csv.gz", &gzip(bytes)), Ok(expected()));
            let error = read_as("some.csv", &bytes[..bytes.len() - 3]).unwrap_err();
            assert!(error.contains("truncated") || error.contains("columns"), "{error}");
        }
    }
}

#[test]
fn names_in_utf_16_are_read_in_any_script() {
    // Longer than is read at once, with characters of two units in all places.
    let name = |row: usize| ["Füße", "𝄞 玫瑰"][row % 2].repeat(row % 7 + 1);
    let rows = (0..4000).map(|row| format!("{},{},2,3,4\n", name(row), row % 256));
    let text = format!("label,p1,p2,p3,p4\n{}", rows.collect::<String>());
    let folder = tempfile::tempdir().unwrap();
    let read = |bytes: Vec<u8>| {
        let path = folder.path().join("t.csv");
        std::fs::write(&path, bytes).unwrap();
        let reading = Reading { test_share: Some(0.5), ..Reading::default() };
        load_as(Some(&path), &reading, None, &|_, _| {}).unwrap().class_names
    };
    let names = read(text.clone().into_bytes());
    assert_eq!(names.len(), 14);
    let marked = format!("\u{feff}{text}");
    assert_eq!(read(marked.encode_utf16().flat_map(u16::to_le_bytes).collect()), names);
    assert_eq!(read(marked.encode_utf16().flat_map(u16::to_be_bytes).collect()), names);
}

#[test]
fn gzip_is_known_by_its_content_and_unpacked_more_than_once() {
    let text = plain().into_bytes();
    let (once, twice) = (gzip(&text), gzip(&gzip(&text)));
    for (name, bytes) in [("a.csv.gz", &once), ("a.csv.gz", &twice), ("a.csv", &once), ("a.csv", &twice)] {
        assert_eq!(read_as(name, bytes), Ok(expected()), "{name}");
    }
    let error = read_as("a.csv.gz", &gzip(&gzip(&twice))).unwrap_err();
    assert!(error.contains("more than 3 times"), "{error}");
    for bytes in [&twice[..twice.len() / 2], &gzip(&once[..once.len() / 2])] {
        let error = read_as("a.csv.gz", bytes).unwrap_err();
        assert!(error.contains("truncated"), "{error}");
    }
    let error = read_as("a.csv.gz", &text).unwrap_err();
    assert!(error.contains("name it without .gz"), "{error}");
}

#[test]
fn what_is_no_data_says_what_it_is() {
    for (start, part) in [
        (&b"\xfd7zXZ\0\0\x04"[..], "xz -d"),
        (b"BZh91AY&SY", "bzip2 -d"),
        (b"\x28\xb5\x2f\xfd\x04", "zstd -d"),
        (b"PK\x03\x04\x14\0", "zip archive"),
        (b"7z\xbc\xaf\x27\x1c\0", "7-Zip"),
        (b"PAR1\x15\x04", "Parquet"),
        (b"\x93NUMPY\x01\0", "NumPy"),
        (b"%PDF-1.7", "PDF"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\xef\xbb\xbf\r\n <HTML lang=en>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "git lfs pull"),
    ] {
        for (name, bytes) in [("a.csv", start.to_vec()), ("a.csv.gz", gzip(start)), ("images-idx3.gz", gzip(start))] {
            let error = read_as(name, &bytes).unwrap_err();
            assert!(error.contains(part), "'{part}' is not in: {error}");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.tar.gz");
        fs::write(&path, gzip(start)).unwrap();
        let error = load(Some(&path)).unwrap_err().to_string();
        assert!(error.contains(part) && error.contains("data.tar.gz"), "{error}");
    }
    let rows = plain().split_once('\n').unwrap().1.to_owned();
    assert_eq!(read(&rows), Ok(expected()), "without a header the label comes first");
}

#[test]
fn a_folder_in_place_of_a_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["fashion_mnist_train.csv", "fashion_mnist_test.csv"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    let named = folder.path().join("fashion_mnist_test.csv");
    for path in [folder.path(), &named] {
        let error = load(Some(path)).unwrap_err().to_string();
        assert!(error.contains(&format!("no data found in {}, a folder", selvedge::files::shown(path))), "{error}");
    }
}

/// Where data may exist but cannot be read, "no data" would be wrong, and falling back to other data surprising.
#[cfg(unix)]
#[test]
fn what_cannot_be_looked_at_is_an_error() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    symlink(folder.path().join("absent"), folder.path().join("data.tar.gz")).unwrap();
    let error = load(Some(folder.path())).unwrap_err().to_string();
    assert!(error.contains("data.tar.gz") && !error.contains("no data found"), "{error}");

    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    // Nothing is closed to root.
    if fs::read_dir(&closed).is_err() {
        let error = load(Some(&closed)).unwrap_err().to_string();
        assert!(error.contains("closed") && !error.contains("no data found"), "{error}");
    }
}

/// Files that never end, or never begin.
#[cfg(unix)]
#[test]
fn pipes_and_devices_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let name = |file: &str| folder.path().join(file);
    std::os::unix::fs::symlink("/dev/zero", name("zero.csv")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", name("data.tar.gz")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(name("pipe.csv")).status().unwrap();
    assert!(made.success());
    for (file, part) in [("zero.csv", "a device"), ("pipe.csv", "a pipe")] {
        let error = load_set(&name(file), &Reading::default(), &Form::default()).unwrap_err().to_string();
        assert!(error.contains(file) && error.contains(part), "{error}");
    }
    for path in [name("data.tar.gz"), folder.path().to_owned()] {
        let error = load(Some(&path)).unwrap_err().to_string();
        assert!(error.contains("data.tar.gz") && error.contains("a device"), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any permutation of numbered columns gives the same, and one changed number is an error.
    #[test]
    fn any_order_of_columns_is_read(seed in any::<u64>(), first in 0..2_usize, changed in 0..PIXELS, to in 0..2000_usize) {
        let mut order: Vec<u32> = (0..PIXELS as u32).collect();
        selvedge::data::shuffle(&mut order, seed, 0);
        let order: Vec<usize> = order.into_iter().map(|pixel| pixel as usize).collect();
        let text = table(seed as usize % 785, |c| format!("v{}", order[c] + first), |c| order[c]);
        prop_assert_eq!(read(&text), Ok(expected()));
        // From 0 to 783 and from 1 to 784 are both fine.
        let was = order[changed] + first;
        prop_assume!((was, to) != (0, PIXELS) && (was, to) != (PIXELS, 0));
        let other = |c: usize| if c == changed { to } else { order[c] + first };
        let text = table(0, |c| format!("v{}", other(c)), |c| order[c]);
        prop_assert_eq!(read(&text).is_ok(), to == was);
    }

    /// Noise after any start that identifies a format gives an error or a table, never a panic.
    #[test]
    fn no_bytes_make_it_panic(start in 0..6_usize, bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let starts: [&[u8]; 6] = [b"", b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b\x08", b"label;1x1;", b"l\0a\0"];
        let bytes = [starts[start], &bytes].concat();
        let _ = read_as("a.csv", &bytes);
        let _ = read_as("a.csv.gz", &gzip(&bytes));
    }
}
