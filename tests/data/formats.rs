//! Reading data: all formats agree, and every kind of damage gives an error that says where it is.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use selvedge::data::{DataError, Dataset, ImageSet, ImageShape, load};
use tempfile::TempDir;

/// The pixels of an image of Fashion-MNIST.
const PIXELS: usize = 28 * 28;

/// `n` images whose bytes differ from image to image, and their labels.
fn made(n: usize, seed: usize) -> (Vec<u8>, Vec<u8>) {
    let pixels = (0..n * PIXELS).map(|i| ((i * 31 + i / PIXELS * 7 + seed) % 256) as u8).collect();
    let labels = (0..n).map(|i| ((i + seed) % 10) as u8).collect();
    (pixels, labels)
}

/// As CSV with the label in column `label_at` and pixel columns named `pixel1` to `pixel784`.
fn csv_of((pixels, labels): &(Vec<u8>, Vec<u8>), label_at: usize) -> String {
    let mut text = String::new();
    let mut row = |mut cells: Vec<String>, label: String| {
        cells.insert(label_at, label);
        text.push_str(&cells.join(","));
        text.push('\n');
    };
    row((1..=PIXELS).map(|i| format!("pixel{i}")).collect(), "label".to_owned());
    for (image, label) in pixels.chunks(PIXELS).zip(labels) {
        row(image.iter().map(u8::to_string).collect(), label.to_string());
    }
    text
}

fn idx_images(pixels: &[u8]) -> Vec<u8> {
    let n = (pixels.len() / PIXELS) as u32;
    let header = [0x0803, n, 28, 28].map(u32::to_be_bytes).concat();
    [header, pixels.to_vec()].concat()
}

fn idx_labels(labels: &[u8]) -> Vec<u8> {
    [[0x0801, labels.len() as u32].map(u32::to_be_bytes).concat(), labels.to_vec()].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A tar of plain files. Names are written as they are, even hostile ones.
fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn folder_with(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

/// The files of a good IDX data set; a test replaces one.
fn good_idx() -> Vec<(&'static str, Vec<u8>)> {
    let (train, test) = (made(12, 0), made(4, 5));
    vec![
        ("train-images-idx3-ubyte", idx_images(&train.0)),
        ("train-labels-idx1-ubyte", idx_labels(&train.1)),
        ("t10k-images-idx3-ubyte", idx_images(&test.0)),
        ("t10k-labels-idx1-ubyte", idx_labels(&test.1)),
    ]
}

fn load_files(files: &[(&str, Vec<u8>)]) -> Result<Dataset, String> {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(n, b)| (*n, b.as_slice())).collect();
    let folder = folder_with(&files);
    load(Some(folder.path())).map_err(|e| e.to_string())
}

fn set_of(pixels: Vec<u8>, labels: &[u8]) -> Result<ImageSet, DataError> {
    let labels = labels.iter().map(|label| u16::from(*label)).collect();
    ImageSet::new("made", ImageShape::grey(28, 28), pixels, labels)
}

fn assert_is_made(data: &Dataset) {
    let set = |n, seed| {
        let (pixels, labels) = made(n, seed);
        set_of(pixels, &labels).unwrap()
    };
    assert_eq!(data.train, set(12, 0));
    assert_eq!(data.test, set(4, 5));
}

fn assert_says(error: &str, parts: &[&str]) {
    for part in parts {
        assert!(error.contains(part), "'{part}' is not in: {error}");
    }
}

#[test]
fn all_formats_give_the_same() {
    let (train, test) = (made(12, 0), made(4, 5));
    let (train_csv, test_csv) = (csv_of(&train, 0), csv_of(&test, 400));
    let (train_csv, test_csv) = (train_csv.as_bytes(), test_csv.as_bytes());

    let plain = folder_with(&[("fashion_mnist_train.csv", train_csv), ("fashion_mnist_test.csv", test_csv)]);
    assert_is_made(&load(Some(plain.path())).unwrap());
    assert_is_made(&load(Some(&plain.path().join("fashion_mnist_test.csv"))).unwrap());

    let zipped = folder_with(&[
        ("fashion_mnist_train.csv.gz", &gzip(train_csv)),
        ("fashion_mnist_test.csv.gz", &gzip(test_csv)),
    ]);
    assert_is_made(&load(Some(zipped.path())).unwrap());

    let tar = tar_of(&[
        ("data/notes.txt", b"hello"),
        ("data/fashion_mnist_test.csv", test_csv),
        ("data/fashion_mnist_train.csv", train_csv),
    ]);
    let archive = folder_with(&[("data.tar.gz", &gzip(&tar))]);
    assert_is_made(&load(Some(archive.path())).unwrap());
    assert_is_made(&load(Some(&archive.path().join("data.tar.gz"))).unwrap());

    assert_is_made(&load_files(&good_idx()).unwrap());
    let zipped: Vec<(String, Vec<u8>)> =
        good_idx().into_iter().map(|(n, b)| (format!("{n}.gz").replace("-idx", ".idx"), gzip(&b))).collect();
    let zipped: Vec<(&str, &[u8])> = zipped.iter().map(|(n, b)| (n.as_str(), b.as_slice())).collect();
    assert_is_made(&load(Some(folder_with(&zipped).path())).unwrap());
}

#[test]
fn pixel_columns_are_taken_by_number_and_spelling_is_forgiven() {
    let train = made(12, 0);
    // Columns in reverse order, Windows line ends, blanks, quotes, "12.0", no newline at the end.
    let mut text = String::from("LABEL");
    (0..PIXELS).rev().for_each(|i| text.push_str(&format!(",{i}")));
    for (image, label) in train.0.chunks(PIXELS).zip(&train.1) {
        text.push_str(&format!("\r\n\"{label}\""));
        image.iter().rev().for_each(|v| text.push_str(&format!(", {v}.0")));
    }
    let test = csv_of(&made(4, 5), 0);
    let folder =
        folder_with(&[("fashion_mnist_train.csv", text.as_bytes()), ("fashion_mnist_test.csv", test.as_bytes())]);
    assert_is_made(&load(Some(folder.path())).unwrap());
}

#[test]
fn blank_lines_and_a_byte_order_mark_are_passed_over() {
    let train = csv_of(&made(12, 0), 0).replace('\n', "\r\n\r\n");
    let train = format!("\u{feff}{train}");
    let test = csv_of(&made(4, 5), 0);
    let data =
        load_files(&[("fashion_mnist_train.csv", train.into_bytes()), ("fashion_mnist_test.csv", test.into_bytes())]);
    assert_is_made(&data.unwrap());
}

#[test]
fn a_named_file_decides_the_form_and_the_spelling() {
    let (train, test) = (csv_of(&made(12, 0), 0), csv_of(&made(4, 5), 0));
    let other = csv_of(&made(3, 1), 0);
    let mut files = good_idx();
    files.push(("fashion_mnist_train.csv", b"not read".to_vec()));
    files.push(("fashion_mnist_train.csv.gz", gzip(train.as_bytes())));
    files.push(("fashion_mnist_test.csv", test.into_bytes()));
    files.push((
        "data.tgz",
        gzip(&tar_of(&[("fashion_mnist_train.csv", other.as_bytes()), ("fashion_mnist_test.csv", other.as_bytes())])),
    ));
    let files: Vec<(&str, &[u8])> = files.iter().map(|(n, b)| (*n, b.as_slice())).collect();
    let folder = folder_with(&files);
    let load = |name: &str| load(Some(&folder.path().join(name)));

    assert_is_made(&load("fashion_mnist_train.csv.gz").unwrap());
    assert_is_made(&load("t10k-labels-idx1-ubyte").unwrap());
    assert_eq!(load("t10k-labels-idx1-ubyte").unwrap().source, folder.path());
    assert_says(&load("fashion_mnist_train.csv").unwrap_err().to_string(), &["line 1", "no column 'label'"]);
    // Given only a folder, the archive is preferred.
    assert_eq!(load("").unwrap().train.len(), 3);
    assert_eq!(load("").unwrap().source, folder.path().join("data.tgz"));
}

#[test]
fn what_is_missing_is_named() {
    let without = |name: &str| {
        let mut files = good_idx();
        files.retain(|(n, _)| *n != name);
        load_files(&files).unwrap_err()
    };
    let name = "t10k-labels-idx1-ubyte";
    assert_says(&without(name), &["incomplete", "there is train-images-idx3-ubyte", &format!("but not {name}")]);

    let csv = csv_of(&made(3, 0), 0).into_bytes();
    let folder = folder_with(&[("fashion_mnist_test.csv", &csv), ("notes.txt", b"hello")]);
    for path in [folder.path().to_owned(), folder.path().join("fashion_mnist_test.csv")] {
        let error = load(Some(&path)).unwrap_err().to_string();
        assert_says(&error, &["there is fashion_mnist_test.csv", "but not fashion_mnist_train.csv"]);
    }
    let error = load(Some(&folder.path().join("notes.txt"))).unwrap_err().to_string();
    assert_says(&error, &["notes.txt", "this is no data file"]);

    // Of two formats, the complete one is read.
    let mut files = good_idx();
    files.push(("fashion_mnist_test.csv", csv));
    assert_is_made(&load_files(&files).unwrap());
}

#[test]
fn an_image_set_pairs_images_with_labels() {
    let (pixels, labels) = made(12, 0);
    let set = set_of(pixels.clone(), &labels).unwrap();
    assert_eq!((set.len(), set.is_empty()), (12, false));
    assert_eq!(set.image(11), &pixels[11 * PIXELS..]);
    assert!(set.image(12).is_empty() && set.image(usize::MAX).is_empty());
    let three = set_of(pixels[..3 * PIXELS].to_vec(), &labels[..3]).unwrap();
    assert_eq!(set.take(3), three);
    assert_eq!((set.take(0).len(), set.take(99).len()), (0, 12));

    let some = set.subset(&[7, 2, 7]).unwrap();
    assert_eq!(some.labels(), [7, 2, 7]);
    assert_eq!(some.pixels(), [set.image(7), set.image(2), set.image(7)].concat());
    assert_says(&set.subset(&[0, 12]).unwrap_err().to_string(), &["image 12", "only 12 images"]);

    let error = set_of(pixels[1..].to_vec(), &labels).unwrap_err().to_string();
    assert_says(&error, &["made", "9407 bytes", "12 labels"]);
    let odd = |shape| ImageSet::new("mine", shape, Vec::new(), Vec::new()).unwrap_err().to_string();
    assert_says(&odd(ImageShape::grey(0, 3)), &["mine", "0x3", "1 to 2048"]);
    assert_says(&odd(ImageShape { channels: 2, ..ImageShape::grey(3, 3) }), &["mine", "2 channels"]);
}

/// The error for this training CSV.
fn csv_error(train: &[u8]) -> String {
    let test = csv_of(&made(4, 5), 0).into_bytes();
    load_files(&[("fashion_mnist_train.csv", train.to_vec()), ("fashion_mnist_test.csv", test)]).unwrap_err()
}

#[test]
fn damaged_csv_is_refused_with_file_and_line() {
    let good = csv_of(&made(3, 0), 0);
    let lines: Vec<&str> = good.lines().collect();
    let with_line = |number: usize, line: &str| {
        let mut changed = lines.clone();
        changed[number - 1] = line;
        changed.join("\n").into_bytes()
    };
    let file = "fashion_mnist_train.csv";
    assert_says(&csv_error(b""), &[file, "empty"]);
    assert_says(&csv_error(lines[0].as_bytes()), &[file, "no images"]);
    assert_says(&csv_error(good.replace("label", "kind").as_bytes()), &[file, "line 1", "no column 'label'"]);
    assert_says(&csv_error(good.replace("pixel7,", "label,").as_bytes()), &[file, "line 1", "2 columns 'label'"]);
    assert_says(&csv_error(&with_line(1, "label,pixel1")), &[file, "line 2", "785 columns", "has 2"]);
    assert_says(&csv_error(&with_line(3, "1,2,3")), &[file, "line 3", "3 columns"]);
    let changed = |number: usize, from: &str, to: &str| with_line(number, &lines[number - 1].replacen(from, to, 1));
    // Line 2 starts "0,0,31,62,93": label 0, then pixels 0, 31, 62, 93.
    assert_says(&csv_error(&changed(2, ",31,", ",256,")), &[file, "line 2", "pixel 1 (column 3)", "'256'"]);
    assert_says(&csv_error(&changed(2, ",31,", ",-1,")), &[file, "line 2", "'-1'"]);
    assert_says(&csv_error(&changed(2, ",31,", ",1.5,")), &[file, "line 2", "'1.5'"]);
    assert_says(&csv_error(&changed(2, ",31,", ",,")), &[file, "line 2", "''"]);
    assert_says(&csv_error(&changed(2, ",31,", ",x,")), &[file, "line 2", "'x'"]);
    assert_says(&csv_error(&changed(2, ",31,", ",3 1,")), &[file, "line 2", "'3 1'"]);
    assert_says(&csv_error(&changed(2, ",31,", ",1e1,")), &[file, "line 2", "'1e1'"]);
    assert_says(&csv_error(&changed(2, ",31,", ",\u{1b}[2J,")), &[file, "line 2", "'\\u{1b}[2J'"]);
    // The last value of the last line is changed; the line has no newline at its end.
    let bad = good.trim_end().rsplit_once(',').unwrap().0.to_owned() + ",x";
    assert_says(&csv_error(bad.as_bytes()), &[file, "line 4", "pixel 783 (column 785)"]);
    assert_says(&csv_error(bad.replace('\n', "\r\n").as_bytes()), &[file, "line 4", "'x'"]);
    let blanks = format!("\r\n\n{}\n \n", bad.replacen('\n', "\n\n", 1));
    assert_says(&csv_error(blanks.as_bytes()), &[file, "line 7", "'x'"]);
    assert_says(&csv_error(&changed(2, "0,", "10,")), &[file, "label of image 0", "'10'", "0 to 9"]);
}

#[test]
fn damaged_idx_is_refused_with_file_and_place() {
    let error = |which: usize, bytes: Vec<u8>| {
        let mut files = good_idx();
        files[which].1 = bytes;
        (files[which].0, load_files(&files).unwrap_err())
    };
    let images = good_idx()[0].1.clone();
    let labels = good_idx()[1].1.clone();
    let changed = |bytes: &[u8], at: usize, value: u8| {
        let mut bytes = bytes.to_vec();
        bytes[at] = value;
        bytes
    };
    let says = |(file, error): (&str, String), parts: &[&str]| {
        assert_says(&error, &[file]);
        assert_says(&error, parts);
    };
    says(error(0, changed(&images, 2, 9)), &["bytes 0 to 3", "magic", "0x00000803"]);
    says(error(1, changed(&labels, 3, 3)), &["bytes 0 to 3", "magic", "0x00000801"]);
    // Four billion images: refused at the header, without allocating memory for them.
    says(error(0, changed(&images, 4, 0xff)), &["bytes 4 to 7 (number of items)", "1000000"]);
    says(error(0, changed(&images, 11, 29)), &["9408 of the 9744 bytes"]);
    says(error(0, changed(&images, 15, 0)), &["bytes 12 to 15", "28x0"]);
    says(error(0, images[..images.len() - 1].to_vec()), &["byte 9423", "9407 of the 9408 bytes", "truncated"]);
    says(error(0, images[..10].to_vec()), &["bytes 8 to 11", "number of rows", "too early"]);
    says(error(1, Vec::new()), &["bytes 0 to 3", "magic", "empty or truncated"]);
    says(error(1, idx_labels(&[])), &["bytes 4 to 7", "0 labels"]);
    says(error(1, [labels.clone(), vec![0]].concat()), &["byte 20", "continues after the 12 bytes"]);
    let short = idx_labels(&made(11, 0).1);
    says(error(1, short), &["11 labels", "do not belong together"]);
}

#[test]
fn damaged_gzip_is_refused() {
    let mut files: Vec<(&str, Vec<u8>)> = good_idx();
    let name = "train-images-idx3-ubyte.gz";
    let whole = gzip(&files[0].1);
    let mut error = |bytes: &[u8]| {
        files[0] = (name, bytes.to_vec());
        load_files(&files).unwrap_err()
    };
    assert_says(&error(&whole[..whole.len() / 2]), &[name, "byte ", "truncated"]);
    assert_says(&error(b""), &[name, "bytes 0 to 3", "empty or truncated"]);
    assert_says(&error(b"this is no gzip file at all"), &[name, "not sound gzip", "without .gz"]);
    // The last eight bytes are a checksum and a length.
    let mut flipped = whole.clone();
    flipped[whole.len() - 8] ^= 1;
    assert_says(&error(&flipped), &[name, "checksum"]);

    let csv = csv_of(&made(40, 0), 0).into_bytes();
    let zipped = gzip(&csv);
    let error = load_files(&[
        ("fashion_mnist_train.csv.gz", zipped[..zipped.len() / 2].to_vec()),
        ("fashion_mnist_test.csv", csv),
    ]);
    assert_says(&error.unwrap_err(), &["fashion_mnist_train.csv.gz, line ", "truncated"]);
}

#[test]
fn hostile_archives_are_refused() {
    let (train, test) = (csv_of(&made(12, 0), 0), csv_of(&made(4, 5), 0));
    let (train, test) = (train.as_bytes(), test.as_bytes());
    let error = |tar: Vec<u8>| load_files(&[("data.tar.gz", gzip(&tar))]).unwrap_err();
    let (train_name, test_name) = ("fashion_mnist_train.csv", "fashion_mnist_test.csv");

    assert_says(&error(tar_of(&[(train_name, train)])), &["data.tar.gz", "not fashion_mnist_test.csv"]);
    assert_says(&error(tar_of(&[(train_name, train), (train_name, train)])), &["entry", "twice"]);
    assert_says(&error(tar_of(&[("../fashion_mnist_train.csv", train)])), &["entry '../", "out of the archive"]);
    assert_says(&error(tar_of(&[("/etc/fashion_mnist_train.csv", train)])), &["entry '/etc", "out of the archive"]);
    assert_says(&error(tar_of(&[(train_name, b"label\n"), (test_name, test)])), &[train_name, "line 1"]);

    let mut link = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    link.append_link(&mut header, train_name, "/etc/passwd").unwrap();
    assert_says(&error(link.into_inner().unwrap()), &["entry", "link"]);

    let mut link = tar::Builder::new(Vec::new());
    header.set_entry_type(tar::EntryType::Link);
    link.append_link(&mut header, "elsewhere", train_name).unwrap();
    assert_says(&error(link.into_inner().unwrap()), &["entry 'elsewhere'", "link"]);

    // A name is shown without terminal control characters.
    assert_says(&error(tar_of(&[("../\u{1b}[2J", b"")])), &["entry '../\\u{1b}[2J'"]);

    let whole = gzip(&tar_of(&[(train_name, train), (test_name, test)]));
    let error = |bytes: &[u8]| load_files(&[("data.tar.gz", bytes.to_vec())]).unwrap_err();
    assert_says(&error(&whole[..whole.len() / 2]), &["data.tar.gz", "truncated"]);
    assert_says(&error(b"this is no gzip file at all"), &["data.tar.gz", "not sound gzip"]);
    assert_says(&error(b""), &["data.tar.gz", "empty or truncated"]);
    // Both CSV files are intact here; the damaged checksum follows the end of the tar.
    let mut flipped = whole.clone();
    flipped[whole.len() - 8] ^= 1;
    assert_says(&error(&flipped), &["data.tar.gz", "checksum"]);
}

#[test]
fn a_decompression_bomb_does_not_fill_memory() {
    // A header followed by 200 MiB of zeros, compressed a thousandfold: the reader reads only one byte more than the header
    // allows, and reports it.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&[0x0803_u32, 12, 28, 28].map(u32::to_be_bytes).concat()).unwrap();
    for _ in 0..200 {
        encoder.write_all(&vec![0; 1 << 20]).unwrap();
    }
    let mut files = good_idx();
    files[0] = ("train-images-idx3-ubyte.gz", encoder.finish().unwrap());
    assert_says(&load_files(&files).unwrap_err(), &["byte 9424", "continues after the 9408 bytes"]);

    // A name in an archive may claim gigabytes too. It is skipped, not read into memory.
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(1 << 20);
    header.set_cksum();
    tar.append(&header, vec![b'x'; 1 << 20].as_slice()).unwrap();
    for (name, set) in [("fashion_mnist_train.csv", made(12, 0)), ("fashion_mnist_test.csv", made(4, 5))] {
        let csv = csv_of(&set, 0);
        let mut header = tar::Header::new_gnu();
        header.set_size(csv.len() as u64);
        tar.append_data(&mut header, name, csv.as_bytes()).unwrap();
    }
    assert_is_made(&load_files(&[("data.tar.gz", gzip(&tar.into_inner().unwrap()))]).unwrap());

    // An endless line, quoted or not, is refused long before it is complete.
    for start in ["label,", "\"label"] {
        let long = [start.as_bytes(), &vec![b'1'; 1 << 22]].concat();
        assert_says(&csv_error(&long), &["fashion_mnist_train.csv, line 1", "absurdly many"]);
    }
}

#[test]
fn missing_data_says_how_to_get_it() {
    let empty = tempfile::tempdir().unwrap();
    let error = load(Some(empty.path())).unwrap_err().to_string();
    assert_says(&error, &["no data found", "./setup.sh", "dataset-fashion-mnist", "`data` PATH"]);
    let error = load(Some(Path::new("/no/such/folder"))).unwrap_err().to_string();
    assert_says(&error, &["/no/such/folder"]);
}

#[test]
fn the_real_data_is_what_it_should_be() {
    let data = load(None).expect("these tests need the real data: run ./setup.sh");
    assert_eq!((data.train.len(), data.test.len()), (60_000, 10_000));
    for (set, per_class) in [(&data.train, 6000), (&data.test, 1000)] {
        for class in 0..10 {
            assert_eq!(set.labels().iter().filter(|l| **l == class).count(), per_class);
        }
    }
    // The first image is an ankle boot.
    assert_eq!(data.train.labels()[0], 9);
    assert_eq!(data.train.image(0)[..28 * 3].iter().max(), Some(&0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever bytes the files contain, the result is an error or a data set, never a panic.
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), header in 0..3_usize) {
        let headers = [
            Vec::new(),
            [0x0803_u32, 1, 28, 28].map(u32::to_be_bytes).concat(),
            csv_of(&(Vec::new(), Vec::new()), 0).into_bytes(),
        ];
        let content = [headers[header].clone(), bytes].concat();
        for name in [
            "data.tar.gz",
            "fashion_mnist_train.csv",
            "fashion_mnist_train.csv.gz",
            "train-images-idx3-ubyte",
            "train-images-idx3-ubyte.gz",
            "train-labels-idx1-ubyte",
        ] {
            let mut files = good_idx();
            files.retain(|(n, _)| !name.starts_with(n));
            files.push((name, content.clone()));
            let folder = folder_with(&files.iter().map(|(n, b)| (*n, b.as_slice())).collect::<Vec<_>>());
            fs::write(folder.path().join("fashion_mnist_test.csv"), &content).unwrap();
            let _ = load(Some(&folder.path().join(name)));
        }
        let _ = load_files(&[("data.tar.gz", gzip(&content))]);
        let _ = load_files(&[("data.tar.gz", gzip(&tar_of(&[("fashion_mnist_train.csv", &content)])))]);
    }

    /// Good files with a few bytes changed get further into the readers than noise does.
    #[test]
    fn no_changed_bytes_make_it_panic(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        in_front in any::<bool>(),
    ) {
        let damage = |mut bytes: Vec<u8>| {
            // Headers are at the front.
            let len = if in_front { bytes.len().min(1024) } else { bytes.len() };
            for (at, value) in &changes {
                bytes[at.index(len)] = *value;
            }
            bytes
        };
        let csv = csv_of(&made(3, 0), 0).into_bytes();
        let tar = tar_of(&[("fashion_mnist_train.csv", &csv), ("fashion_mnist_test.csv", &csv)]);
        let _ = load_files(&[("data.tar.gz", gzip(&damage(tar.clone())))]);
        let _ = load_files(&[("data.tar.gz", damage(gzip(&tar)))]);
        let _ = load_files(&[("fashion_mnist_train.csv", damage(csv.clone())), ("fashion_mnist_test.csv", csv)]);
        let _ = load_files(&good_idx().into_iter().map(|(n, b)| (n, damage(b))).collect::<Vec<_>>());
    }
}
