//! Data of one's own: pictures in a folder per class, archives, CIFAR's files, NumPy's, tables and IDX files of any size; and
//! what is wrong with them.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use image::{GrayImage, Luma, Rgb, RgbImage};
use selvedge::data::{Colour, DataError, Dataset, Fit, Form, ImageSet, ImageShape, Reading, Size, load_as, load_set};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

/// Files, by their paths in a new folder.
fn folder_with(files: &[(&str, Vec<u8>)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

fn png(picture: impl Into<image::DynamicImage>) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn grey(height: u32, width: u32, value: u8) -> Vec<u8> {
    png(GrayImage::from_pixel(width, height, Luma([value])))
}

fn red(height: u32, width: u32, value: u8) -> Vec<u8> {
    png(RgbImage::from_pixel(width, height, Rgb([value, 0, 0])))
}

fn read(path: &Path, reading: &Reading) -> Result<Dataset, DataError> {
    load_as(Some(path), reading, None, &|_, _| {})
}

fn plain(path: &Path) -> Result<Dataset, DataError> {
    read(path, &Reading::default())
}

fn assert_says(result: Result<Dataset, DataError>, parts: &[&str]) {
    let error = result.unwrap_err().to_string();
    for part in parts {
        assert!(error.contains(part), "'{part}' is not in: {error}");
    }
}

/// Two classes with three pictures to train and one to test with, the class in the brightness.
fn good_folders() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("set/train/pine_tree/a.png", grey(6, 4, 10)),
        ("set/train/pine_tree/deep/b.png", grey(6, 4, 20)),
        ("set/train/oak/a.PNG", grey(6, 4, 200)),
        ("set/test/oak/x.png", grey(6, 4, 210)),
        ("set/test/pine_tree/x.png", grey(6, 4, 30)),
        ("set/train/oak/notes.txt", b"hello".to_vec()),
        ("set/sheet.png", grey(9, 9, 0)),
    ]
}

fn assert_is_forest(data: &Dataset) {
    assert_eq!(data.class_names, ["oak", "pine tree"]);
    assert_eq!(data.train.shape(), ImageShape::grey(6, 4));
    // Each image's class and brightness, in any order.
    let sorted = |set: &ImageSet| {
        let mut found: Vec<(u16, u8)> = (0..set.len()).map(|i| (set.labels()[i], set.image(i)[0])).collect();
        found.sort_unstable();
        found
    };
    assert_eq!(sorted(&data.train), [(0, 200), (1, 10), (1, 20)]);
    assert_eq!(sorted(&data.test), [(0, 210), (1, 30)]);
    assert!(data.of_pictures);
}

#[test]
fn a_folder_per_class_is_read_from_disk_and_from_archives() {
    let folder = folder_with(&good_folders());
    assert_is_forest(&plain(folder.path()).unwrap());
    assert_is_forest(&plain(&folder.path().join("set")).unwrap());

    let mut tar = tar::Builder::new(Vec::new());
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in good_folders() {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, bytes.as_slice()).unwrap();
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(&bytes).unwrap();
    }
    let tar = tar.into_inner().unwrap();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&tar).unwrap();
    let gzip = gzip.finish().unwrap();
    let archives =
        folder_with(&[("a.tar", tar), ("b/forest.tgz", gzip), ("c.zip", zip.finish().unwrap().into_inner())]);
    for name in ["a.tar", "b/forest.tgz", "c.zip", "b"] {
        assert_is_forest(&plain(&archives.path().join(name)).unwrap());
    }
    let whole = fs::read(archives.path().join("c.zip")).unwrap();
    fs::write(archives.path().join("c.zip"), &whole[..whole.len() / 2]).unwrap();
    assert_says(plain(&archives.path().join("c.zip")), &["c.zip", "no sound zip archive"]);
}

#[test]
fn names_longer_than_a_header_are_read_in_tar() {
    let long = "x".repeat(120);
    let mut tar = tar::Builder::new(Vec::new());
    for (class, value) in [("oak", 10), (&long[..], 200)] {
        for part in ["train", "test"] {
            let bytes = grey(5, 5, value);
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, format!("{part}/{class}/a.png"), bytes.as_slice()).unwrap();
        }
    }
    let folder = folder_with(&[("long.tar", tar.into_inner().unwrap())]);
    assert_eq!(plain(&folder.path().join("long.tar")).unwrap().class_names, ["oak", &long]);
}

#[test]
fn one_tree_is_split_the_same_way_each_time_with_the_same_share_of_every_class() {
    let mut files = Vec::new();
    let names: Vec<String> = (0..40).map(|i| format!("{}/{i}.png", if i < 30 { "many" } else { "few" })).collect();
    for (i, name) in names.iter().enumerate() {
        files.push((name.as_str(), grey(3, 3, i as u8)));
    }
    let folder = folder_with(&files);
    assert_says(plain(folder.path()), &["no images to test with", "`test-share`"]);
    let reading = Reading { test_share: Some(0.2), ..Reading::default() };
    let data = read(folder.path(), &reading).unwrap();
    let of = |set: &ImageSet, class: u16| set.labels().iter().filter(|label| **label == class).count();
    assert_eq!(data.class_names, ["few", "many"]);
    assert_eq!([of(&data.test, 0), of(&data.test, 1)], [2, 6]);
    assert_eq!([of(&data.train, 0), of(&data.train, 1)], [8, 24]);
    assert_eq!(read(folder.path(), &reading).unwrap().test, data.test);
    // Hardly any picture changes sides when one is added, or has another name.
    let tested = |data: &Dataset| -> Vec<u8> { data.test.pixels().chunks(9).map(|image| image[0]).collect() };
    fs::rename(folder.path().join("many/3.png"), folder.path().join("many/a.png")).unwrap();
    fs::write(folder.path().join("many/b.png"), grey(3, 3, 99)).unwrap();
    fs::write(folder.path().join("few/b.png"), grey(3, 3, 98)).unwrap();
    let later = tested(&read(folder.path(), &reading).unwrap());
    let kept = tested(&data).iter().filter(|image| later.contains(image)).count();
    assert!(kept >= 6, "{kept} of 8");
    // The file of each image is known.
    let file_of = |set: &ImageSet, i: usize| set.file(i).unwrap().split_once('/').unwrap().1.to_owned();
    for set in [&data.train, &data.test] {
        assert!((0..set.len()).all(|i| file_of(set, i) == format!("{}.png", set.image(i)[0])));
    }
    let none = Reading { test_share: Some(0.01), ..Reading::default() };
    assert_says(read(folder.path(), &none), &["images to test with", "`test-share` is 0.01, which of 42 images"]);
    // With images to test with, a share is one too many.
    let forest = folder_with(&good_folders());
    assert_says(read(forest.path(), &reading), &["has images to test with", "leave out `test-share`"]);
}

#[test]
fn pictures_of_mixed_sizes_need_a_size_and_colours_decide_the_channels() {
    let mut files = good_folders();
    files.push(("set/train/oak/big.png", red(40, 20, 255)));
    let folder = folder_with(&files);
    assert_says(plain(folder.path()), &["big.png", "40x20", "6x4", "`size`"]);
    let size = Some(Size { height: 8, width: 8 });
    let data = read(folder.path(), &Reading { size, ..Reading::default() }).unwrap();
    assert_eq!(data.train.shape(), ImageShape::colour(8, 8));
    let has = |data: &Dataset, start: &[u8]| (0..data.train.len()).any(|i| data.train.image(i).starts_with(start));
    assert!(has(&data, &[200, 200, 200]) && has(&data, &[255, 0, 0, 255, 0, 0]));
    let forced = Reading { size, colour: Some(Colour::Grey), fit: Some(Fit::Pad), ..Reading::default() };
    let data = read(folder.path(), &forced).unwrap();
    assert_eq!(data.train.shape(), ImageShape::grey(8, 8));
    // Red is as light as 76; beside the tall picture there is black.
    assert!(has(&data, &[0, 0, 76, 76, 76, 76, 0, 0]));
}

#[test]
fn broken_pictures_are_listed_and_left_out_only_on_request() {
    let mut files = good_folders();
    files.push(("set/train/oak/cut.png", grey(6, 4, 99)[..40].to_vec()));
    files.push(("set/train/oak/text.jpg", b"no picture".to_vec()));
    let folder = folder_with(&files);
    assert_says(plain(folder.path()), &["2 of the 7 pictures", "cut.png", "text.jpg", "`skip-broken`"]);
    let data = read(folder.path(), &Reading { skip_broken: Some(true), ..Reading::default() }).unwrap();
    assert_is_forest(&data);
    assert_eq!(data.notes.len(), 2, "{:?}", data.notes);
    assert!(data.notes.iter().any(|note| note.contains("cut.png is left out")), "{:?}", data.notes);
}

#[test]
fn folders_that_make_no_classes_are_refused() {
    let with = |more: &[(&'static str, Vec<u8>)]| {
        let folder = folder_with(&[good_folders(), more.to_vec()].concat());
        plain(folder.path())
    };
    assert_says(with(&[("set/extra/a.png", grey(6, 4, 0))]), &["folder 'extra'", "train, val or test"]);
    assert_says(with(&[("set/train/a.png", grey(6, 4, 0))]), &["in no folder of a class"]);
    assert_says(with(&[("set/train/elm/notes.txt", Vec::new())]), &["elm", "no picture"]);
    assert_says(with(&[("set/train/Oak/a.png", grey(6, 4, 0))]), &["'Oak' and 'oak'", "case only"]);
    assert_says(with(&[("set/train/pine tree/a.png", grey(6, 4, 0))]), &["'pine tree' is there twice"]);

    let one = folder_with(&[("train/oak/a.png", grey(6, 4, 0)), ("test/oak/a.png", grey(6, 4, 0))]);
    assert_says(plain(one.path()), &["only one, 'oak'"]);
    let empty = folder_with(&[("notes/readme.md", Vec::new())]);
    assert_says(plain(empty.path()), &["no data found", "a folder per class"]);
    let loose = folder_with(&[("a.png", grey(6, 4, 0))]);
    assert_says(plain(loose.path()), &["1 picture(s)", "no folder of a class"]);
    assert_says(plain(&loose.path().join("a.png")), &["a.png", "no data file"]);
}

#[cfg(unix)]
#[test]
fn links_that_form_a_circle_end() {
    let folder = folder_with(&good_folders());
    std::os::unix::fs::symlink(folder.path(), folder.path().join("set/train/oak/circle")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("set/train/oak/broken.png")).unwrap();
    // The broken link is a picture that cannot be read.
    assert_says(plain(folder.path()), &["broken.png"]);
    fs::remove_file(folder.path().join("set/train/oak/broken.png")).unwrap();
    assert_is_forest(&plain(folder.path()).unwrap());
}

#[test]
fn images_for_validation_test_or_join_those_to_train_with() {
    let mut files = good_folders();
    files.push(("set/val/oak/v.png", grey(6, 4, 220)));
    let data = plain(folder_with(&files).path()).unwrap();
    assert_eq!((data.train.len(), data.test.len()), (4, 2));
    assert!(data.notes[0].contains("1 images for validation"), "{:?}", data.notes);
    let renamed: Vec<(String, Vec<u8>)> =
        good_folders().into_iter().map(|(name, bytes)| (name.replace("test/", "val/"), bytes)).collect();
    let renamed: Vec<(&str, Vec<u8>)> = renamed.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    assert_is_forest(&plain(folder_with(&renamed).path()).unwrap());
}

/// What is kept of pictures is not used once they have changed.
#[test]
fn a_changed_picture_is_read_again() {
    let folder = folder_with(&good_folders());
    assert_is_forest(&plain(folder.path()).unwrap());
    let path = folder.path().join("set/train/oak/a.PNG");
    fs::write(&path, png(GrayImage::from_fn(4, 6, |x, y| Luma([(50 + 3 * x + y) as u8])))).unwrap();
    let data = plain(folder.path()).unwrap();
    assert!((0..3).any(|i| data.train.image(i)[..5] == [50, 53, 56, 59, 51]));
}

#[test]
fn names_come_from_a_file_beside_the_data_or_from_the_person() {
    let table = "label,a,b,c,d\n0,1,2,3,4\n1,5,6,7,8\n2,9,9,9,9\n";
    let files =
        [("train.csv", table.into()), ("test.csv", table.into()), ("classes.txt", "left\nright\nup_side\n".into())];
    let folder = folder_with(&files);
    assert_eq!(plain(folder.path()).unwrap().class_names, ["left", "right", "up side"]);
    fs::write(folder.path().join("classes.txt"), "left\nright\n").unwrap();
    assert_says(plain(folder.path()), &["train.csv", "label of image 2", "'2'", "0 to 1"]);
    fs::write(folder.path().join("classes.txt"), "left\nright\nleft\n").unwrap();
    assert_says(plain(folder.path()), &["'left' is there twice"]);
    let mine = folder.path().join("mine.txt");
    fs::write(&mine, "un\ndeux\ntrois\n").unwrap();
    let given = Reading { classes: Some(mine), ..Reading::default() };
    assert_eq!(read(folder.path(), &given).unwrap().class_names, ["un", "deux", "trois"]);
    // Names of folders are replaced, or put in another order.
    let forest = folder_with(&good_folders());
    let named = |text: &str| {
        let path = folder.path().join("mine.txt");
        fs::write(&path, text).unwrap();
        read(forest.path(), &Reading { classes: Some(path), ..Reading::default() })
    };
    let data = named("Eiche\nKiefer\n").unwrap();
    assert_eq!(data.class_names, ["Eiche", "Kiefer"]);
    assert!((0..3).all(|i| (data.train.image(i)[0] == 200) == (data.train.labels()[i] == 0)));
    let data = named("pine tree\noak\n").unwrap();
    assert!((0..3).all(|i| (data.train.image(i)[0] == 200) == (data.train.labels()[i] == 1)));
    assert_says(named("Eiche\nKiefer\nelm\n"), &["it is 'oak'", "Eiche"]);
    // In the order of the data's own names, if it has any; and a model knows what they were.
    let more = [good_folders(), vec![("set/classes.txt", b"pine tree\noak\n".to_vec())]].concat();
    let forest = folder_with(&more);
    let mine = folder.path().join("mine.txt");
    fs::write(&mine, "Kiefer\nEiche\n").unwrap();
    let reading = Reading { classes: Some(mine), ..Reading::default() };
    let data = read(forest.path(), &reading).unwrap();
    assert!((0..3).all(|i| (data.train.image(i)[0] == 200) == (data.train.labels()[i] == 1)));
    let form = data.form();
    let again = load_as(Some(forest.path()), &reading, Some(&form), &|_, _| {}).unwrap();
    assert_eq!((again.test.labels(), &again.class_names), (data.test.labels(), &data.class_names));
    let oaks = folder_with(&[("oak/x.png", grey(6, 4, 210)), ("Kiefer/x.png", grey(6, 4, 0))]);
    assert!(load_set(oaks.path(), &reading, &form).is_err(), "the names of both kinds do not go together");
    let oaks = folder_with(&[("oak/x.png", grey(6, 4, 210))]);
    assert_eq!(load_set(oaks.path(), &reading, &form).unwrap().labels(), [1]);
    let fashion = Reading { classes: Some("fashion-mnist".into()), ..Reading::default() };
    assert_eq!(read(folder.path(), &fashion).unwrap().class_names.len(), 10);
}

#[test]
fn tables_have_any_size_and_labels_by_name_or_number() {
    let read_table = |text: &str, reading: &Reading| {
        let folder = folder_with(&[("my train.csv", text.into()), ("my test.csv", text.into())]);
        read(folder.path(), reading)
    };
    let of = |text: &str| read_table(text, &Reading::default());
    let size = |height, width| Reading { size: Some(Size { height, width }), ..Reading::default() };

    let named = of("Target;p0;p1;p2;p3\ncat;0;1;2;3\ndog;4;5;6;7\ncat;8;9;10;11\n").unwrap();
    assert_eq!((named.class_names.clone(), named.train.labels()), (vec!["cat".into(), "dog".into()], &[0, 1, 0][..]));
    assert_eq!((named.train.shape(), named.train.image(1)), (ImageShape::grey(2, 2), &[4, 5, 6, 7][..]));

    // Numbers keep their order and their gaps; without a header the label comes first.
    let numbers = of("10,0,1,2,3\n9,4,5,6,7\n10,1,1,1,1\n").unwrap();
    assert_eq!((numbers.class_names.clone(), numbers.train.labels()), (vec!["9".into(), "10".into()], &[1, 0, 1][..]));
    assert_eq!(numbers.train.len(), 3);
    let last = Reading { label: Some("5".into()), ..Reading::default() };
    assert_eq!(read_table("0,1,2,3,7\n4,5,6,7,8\n", &last).unwrap().class_names, ["7", "8"]);

    let text = of("cat,0,1,2,9\ndog,4,5,6,7\n").unwrap();
    assert_eq!((text.class_names.clone(), text.train.len()), (vec!["cat".into(), "dog".into()], 2));

    // Rows and columns in the names, a size that is given, and colours.
    let by_name = of("label,r0c0,r0c1,r0c2,r1c0,r1c1,r1c2\n0,1,2,3,4,5,6\n1,6,5,4,3,2,1\n").unwrap();
    assert_eq!(by_name.train.shape(), ImageShape::grey(2, 3));
    let six = "y,a,b,c,d,e,f\n0,1,2,3,4,5,6\n1,6,5,4,3,2,1\n";
    assert_says(of(six), &["6 columns", "no", "`size`"]);
    assert_eq!(read_table(six, &size(3, 2)).unwrap().train.shape(), ImageShape::grey(3, 2));
    assert_eq!(read_table(six, &size(1, 2)).unwrap().train.shape(), ImageShape::colour(1, 2));
    assert_says(read_table(six, &size(4, 4)), &["6 columns", "4x4 have 16"]);
    let colour = of("y,a,b,c\n0,1,2,3\n1,6,5,4\n").unwrap();
    assert_eq!(colour.train.shape(), ImageShape::colour(1, 1));

    let other = Reading { label: Some("kind".into()), ..Reading::default() };
    assert_eq!(read_table("kind,label\na,1\nb,2\n", &other).unwrap().class_names, ["a", "b"]);
    assert_says(of("a,b\n1,x\n"), &["line 1", "no column 'label'"]);
    assert_says(of("label,a\n,1\n0,1\n"), &["line 2", "label", "empty"]);

    // Test images of another size.
    let folder =
        folder_with(&[("train.csv", "label,a\n0,1\n1,2\n".into()), ("test.csv", "label,a,b,c,d\n0,1,2,3,4\n".into())]);
    assert_says(plain(folder.path()), &["test.csv", "2x2 grey", "1x1 grey"]);
}

#[test]
fn idx_files_have_any_size_and_several_sets_are_told_apart() {
    let images = |sizes: [u32; 3]| {
        let header: Vec<u8> = std::iter::once(0x0803).chain(sizes).flat_map(u32::to_be_bytes).collect();
        [header, (0..sizes.iter().product::<u32>()).map(|i| i as u8).collect()].concat()
    };
    let labels = |labels: &[u8]| {
        let header: Vec<u8> = [0x0801, labels.len() as u32].into_iter().flat_map(u32::to_be_bytes).collect();
        [&header[..], labels].concat()
    };
    let set = |family: &str| -> Vec<(String, Vec<u8>)> {
        vec![
            (format!("raw/{family}train-images-idx3-ubyte"), images([4, 5, 7])),
            (format!("raw/{family}train-labels-idx1-ubyte"), labels(&[1, 2, 3, 1])),
            (format!("raw/{family}test-images-idx3-ubyte"), images([2, 5, 7])),
            (format!("raw/{family}test-labels-idx1-ubyte"), labels(&[3, 2])),
        ]
    };
    let folder = |files: Vec<(String, Vec<u8>)>| {
        folder_with(&files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect::<Vec<_>>())
    };
    let one = folder(set(""));
    let data = plain(one.path()).unwrap();
    assert_eq!(data.train.shape(), ImageShape::grey(5, 7));
    assert_eq!(
        (data.class_names.clone(), data.train.labels()),
        (["1", "2", "3"].map(str::to_owned).to_vec(), &[0, 1, 2, 0][..])
    );

    let several = folder([set("letters-"), set("digits-")].concat());
    assert_says(plain(several.path()), &["several data sets", "letters-train-images", "digits-train-images"]);
    let named = several.path().join("raw/digits-train-labels-idx1-ubyte");
    assert_eq!(plain(&named).unwrap().train.len(), 4);
}

#[test]
fn cifars_binary_files_are_read() {
    let record = |labels: &[u8], shade: u8| {
        let plane = |add: u8| vec![shade + add; 1024];
        [labels, &plane(0), &plane(1), &plane(2)].concat()
    };
    let ten = folder_with(&[
        ("cifar-10-batches-bin/data_batch_1.bin", [record(&[0], 10), record(&[1], 20)].concat()),
        ("cifar-10-batches-bin/data_batch_2.bin", record(&[1], 30)),
        ("cifar-10-batches-bin/test_batch.bin", record(&[0], 40)),
        ("cifar-10-batches-bin/batches.meta.txt", b"airplane\nautomobile\n\n".to_vec()),
        ("cifar-10-batches-bin/readme.html", Vec::new()),
    ]);
    let data = plain(ten.path()).unwrap();
    assert_eq!(data.class_names, ["airplane", "automobile"]);
    assert_eq!((data.train.shape(), data.train.labels()), (ImageShape::colour(32, 32), &[0, 1, 1][..]));
    assert_eq!(data.train.image(2)[..6], [30, 31, 32, 30, 31, 32]);
    let hundred = folder_with(&[
        ("train.bin", [record(&[9, 0], 1), record(&[9, 1], 2)].concat()),
        ("test.bin", record(&[9, 1], 3)),
        ("fine_label_names.txt", b"apple\naquarium_fish\n".to_vec()),
    ]);
    let data = plain(hundred.path()).unwrap();
    assert_eq!(
        (data.class_names.clone(), data.test.labels()),
        (vec!["apple".into(), "aquarium fish".into()], &[1][..])
    );
    fs::write(hundred.path().join("test.bin"), record(&[9], 3)).unwrap();
    assert_says(plain(hundred.path()), &["test.bin", "records of 3074", "truncated"]);
}

/// An array as NumPy writes it.
fn npy(kind: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n");
    [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), bytes].concat()
}

fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        zip.start_file(format!("{name}.npy"), SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn numpy_archives_are_read_or_refused() {
    let pixels: Vec<u8> = (0..18).collect();
    let labels = [7_i64, 5, 7].map(i64::to_le_bytes).concat();
    let good = || {
        vec![
            ("x_train", npy("|u1", "(3, 2, 3)", &pixels)),
            ("y_train", npy("<i8", "(3, 1)", &labels)),
            ("x_test", npy("|u1", "(1, 2, 3)", &pixels[..6])),
            ("y_test", npy("|u1", "(1,)", &[5])),
        ]
    };
    let of = |arrays: &[(&str, Vec<u8>)]| plain(&folder_with(&[("some.npz", npz(arrays))]).path().join("some.npz"));
    let data = of(&good()).unwrap();
    assert_eq!((data.train.shape(), data.class_names.clone()), (ImageShape::grey(2, 3), vec!["5".into(), "7".into()]));
    assert_eq!((data.train.labels(), data.train.image(1)), (&[1, 0, 1][..], &pixels[6..12]));
    let colour = of(&[
        ("train_images", npy("|u1", "(2, 1, 3, 3)", &pixels)),
        ("train_labels", npy("|u1", "(2, 1)", &[0, 1])),
        ("val_images", npy("|u1", "(1, 1, 3, 3)", &pixels[..9])),
        ("val_labels", npy("|u1", "(1, 1)", &[1])),
        ("test_images", npy("|u1", "(1, 1, 3, 3)", &pixels[9..])),
        ("test_labels", npy("|u1", "(1, 1)", &[0])),
    ]);
    let colour = colour.unwrap();
    assert_eq!((colour.train.shape(), colour.train.len(), colour.test.len()), (ImageShape::colour(1, 3), 3, 1));

    let texts: Vec<u8> = ["ab", "c", "ab"]
        .iter()
        .flat_map(|text| {
            let mut characters: Vec<u32> = text.chars().map(u32::from).collect();
            characters.resize(2, 0);
            characters.into_iter().flat_map(u32::to_le_bytes)
        })
        .collect();
    let mut named = good();
    named[1].1 = npy("<U2", "(3,)", &texts);
    named[3].1 = npy("<U1", "(1,)", &u32::from('c').to_le_bytes());
    let data = of(&named).unwrap();
    assert_eq!((data.class_names.clone(), data.train.labels()), (vec!["ab".into(), "c".into()], &[0, 1, 0][..]));
    let path = folder_with(&[("some.npz", npz(&good()))]);
    let sized = Reading { size: Some(Size { height: 4, width: 4 }), ..Reading::default() };
    assert_says(read(path.path(), &sized), &["2x3", "`size` is 4x4", "only pictures"]);

    let with = |at: usize, array: Vec<u8>| {
        let mut arrays = good();
        arrays[at].1 = array;
        of(&arrays)
    };
    assert_says(with(0, npy("<f4", "(3, 2, 3)", &[0; 72])), &["x_train", "bytes from 0 to 255 (|u1)", "<f4"]);
    assert_says(with(0, npy("|u1", "(3, 2, 3, 2)", &[0; 36])), &["x_train", "2 channels"]);
    assert_says(with(0, npy("|u1", "(3, 2, 3)", &pixels[1..])), &["x_train", "[3, 2, 3]", "17 bytes"]);
    assert_says(
        with(0, npy("|u1", "(99999999999, 99999999999, 99999999999)", &pixels)),
        &["x_train", "too many numbers"],
    );
    assert_says(with(0, b"nothing".to_vec()), &["x_train", "cannot be read"]);
    assert_says(with(1, npy("<i8", "(3, 1)", &[0xff; 24])), &["y_train", "image 0 is below zero"]);
    assert_says(with(1, npy("|u1", "(3, 2)", &[0; 6])), &["y_train", "one number or name for each image"]);
    assert_says(with(1, npy("|u1", "(2,)", &[0, 1])), &["x_train", "3 images, but 2 labels"]);
    assert_says(of(&[("a", npy("|u1", "(1,)", &[0]))]), &["a.npy", "x_train and y_train"]);
    let cut = folder_with(&[("some.npz", npz(&good())[..100].to_vec())]);
    assert_says(plain(&cut.path().join("some.npz")), &["some.npz", "no sound .npz file"]);
}

#[test]
fn a_set_for_a_model_has_its_shape_and_its_classes() {
    let form = Form {
        shape: ImageShape::grey(8, 8),
        class_names: ["oak", "pine tree", "yew"].map(str::to_owned).to_vec(),
        labels: None,
        of_pictures: true,
    };
    let folder = folder_with(&good_folders());
    let set = load_set(folder.path(), &Reading::default(), &form).unwrap();
    // Those to test with, resized as the model needs.
    assert_eq!((set.shape(), set.labels()), (form.shape, &[0, 1][..]));
    let other = Form { class_names: ["oak", "elm"].map(str::to_owned).to_vec(), ..form.clone() };
    let error = load_set(folder.path(), &Reading::default(), &other).unwrap_err().to_string();
    assert!(error.contains("'pine_tree'") && error.contains("oak, elm"), "{error}");
    let known = |form: &Form| load_as(Some(folder.path()), &Reading::default(), Some(form), &|_, _| {});
    // For a model pictures are read as it needs them.
    assert_eq!(known(&form).unwrap().train.shape(), form.shape);
    assert_eq!(known(&Form { shape: ImageShape::grey(6, 4), ..form.clone() }).unwrap().class_names, form.class_names);
}

/// The real data under other names is recognised by its content.
#[test]
fn fashion_mnist_is_known_by_its_images() {
    let package = Path::new("/usr/share/datasets/fashion-mnist");
    assert!(package.is_dir(), "these tests need the real data: run ./setup.sh");
    let folder = tempfile::tempdir().unwrap();
    for file in fs::read_dir(package).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    let data = plain(folder.path()).unwrap();
    assert_eq!(data.class_names[9], "ankle boots");
    assert_eq!(data.form(), Form::default());
}

/// A Parquet file with these rows of a picture and a label, and with the metadata of Hugging Face's library.
fn parquet(schema: &str, metadata: Option<&str>, rows: &[(Vec<u8>, i64)]) -> Vec<u8> {
    use parquet::basic::Compression;
    use parquet::column::writer::ColumnWriter;
    use parquet::data_type::ByteArray;
    use parquet::file::metadata::KeyValue;
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    let about = metadata.map(|text| vec![KeyValue::new("huggingface".to_owned(), text.to_owned())]);
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).set_key_value_metadata(about);
    let schema = parse_message_type(schema).unwrap().into();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties.build().into()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    while let Some(mut column) = group.next_column().unwrap() {
        match column.untyped() {
            ColumnWriter::Int64ColumnWriter(column) => {
                let labels: Vec<i64> = rows.iter().map(|row| row.1).collect();
                column.write_batch(&labels, Some(&vec![1; rows.len()]), None).unwrap();
            }
            ColumnWriter::ByteArrayColumnWriter(column) => {
                let is_picture = column.get_descriptor().name() == "bytes";
                let bytes = rows.iter().map(|row| if is_picture { row.0.clone() } else { b"a name".to_vec() });
                let bytes: Vec<ByteArray> = bytes.map(ByteArray::from).collect();
                column.write_batch(&bytes, Some(&vec![2; rows.len()]), None).unwrap();
            }
            _ => panic!("there are no such columns here"),
        }
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.finish().unwrap();
    writer.inner().clone()
}

/// The columns of a data set of images on Hugging Face.
const OF_IMAGES: &str = "message schema {
    optional group image { optional binary bytes; optional binary path (UTF8); }
    optional int64 label;
}";

#[test]
fn parquet_files_are_read_as_the_pictures_in_them() {
    let names = r#"{"info": {"features": {"label": {"names": ["pine_tree", "train", "oak"], "_type": "ClassLabel"}}}}"#;
    let train: Vec<(Vec<u8>, i64)> = vec![(grey(6, 4, 10), 0), (grey(6, 4, 200), 2), (grey(6, 4, 100), 1)];
    let test = vec![(grey(6, 4, 30), 2)];
    let files = [
        ("set/plain/train-00000-of-00002.parquet", parquet(OF_IMAGES, Some(names), &train[..2])),
        ("set/plain/train-00001-of-00002.parquet", parquet(OF_IMAGES, Some(names), &train[2..])),
        ("set/plain/test-00000-of-00001.parquet", parquet(OF_IMAGES, Some(names), &test)),
        ("set/README.md", b"# a set".to_vec()),
    ];
    let folder = folder_with(&files);
    let one = folder.path().join("set/plain/train-00001-of-00002.parquet");
    for path in [folder.path(), &one] {
        let data = plain(path).unwrap();
        // In the order of the file, not of the alphabet.
        assert_eq!(data.class_names, ["pine tree", "train", "oak"]);
        assert_eq!((data.train.len(), data.test.labels()), (3, &[2][..]));
        let mut found: Vec<(u16, u8)> = (0..3).map(|i| (data.train.labels()[i], data.train.image(i)[0])).collect();
        found.sort_unstable();
        assert_eq!(found, [(0, 10), (1, 100), (2, 200)]);
    }
    // A part without labels is left out, and other sets are not joined.
    let unlabelled: Vec<_> = test.iter().map(|(picture, _)| (picture.clone(), -1)).collect();
    let with = |name: &str, rows: &[(Vec<u8>, i64)]| {
        let more = [(name, parquet(OF_IMAGES, Some(names), rows))];
        let folder = folder_with(&[&files[..], &more[..]].concat());
        (read(&folder.path().join("set/plain/test-00000-of-00001.parquet"), &Reading::default()), plain(folder.path()))
    };
    let (by_name, _) = with("set/plain/validation-00000-of-00001.parquet", &unlabelled);
    let data = by_name.unwrap();
    assert!(data.notes.iter().any(|note| note.contains("validation-00000") && note.contains("no labels")));
    let (by_name, all) = with("set/plain/beans-train.parquet", &train);
    assert_eq!(by_name.unwrap().train.len(), 3);
    assert_says(all, &["several data sets", "beans-train.parquet"]);
    // Beside data of another kind they are not looked at.
    let beside = folder_with(&[good_folders(), vec![("set/metadata.parquet", b"PAR1".to_vec())]].concat());
    assert_is_forest(&plain(beside.path()).unwrap());
    // As images for a model.
    let form = plain(folder.path()).unwrap().form();
    assert_eq!(load_set(&one, &Reading::default(), &form).unwrap().labels(), [1]);

    // Without names the numbers are the names; one file is split.
    let rows: Vec<_> = (0..10).map(|i| (red(8, 8, i * 20), i64::from(i % 2) + 3)).collect();
    let folder = folder_with(&[("data.parquet", parquet(OF_IMAGES, None, &rows))]);
    let shared = Reading { test_share: Some(0.2), ..Reading::default() };
    let data = read(&folder.path().join("data.parquet"), &shared).unwrap();
    assert_eq!((&data.class_names[..], data.test.len()), (&["3".to_owned(), "4".to_owned()][..], 2));
    assert_eq!(data.train.shape(), ImageShape::colour(8, 8));
}

#[test]
fn parquet_files_without_pictures_or_labels_or_that_are_damaged_are_refused() {
    let refused = |bytes: Vec<u8>, parts: &[&str]| {
        let folder = folder_with(&[("train.parquet", bytes)]);
        assert_says(read(folder.path(), &Reading { test_share: Some(0.5), ..Reading::default() }), parts);
    };
    let rows: Vec<_> = (0..8).map(|i| (grey(6, 4, i * 20), i64::from(i % 2))).collect();
    let named = |names: &str| format!(r#"{{"info": {{"features": {{"label": {{"names": {names}}}}}}}}}"#);
    refused(parquet(OF_IMAGES, Some(&named(r#"["oak"]"#)), &rows), &["train.parquet", "row 1", "is 1", "1 classes"]);
    let unlabelled = [(grey(6, 4, 1), 0), (grey(6, 4, 2), -1)];
    refused(parquet(OF_IMAGES, None, &unlabelled), &["row 1", "missing, though others have one"]);
    let broken = [(grey(6, 4, 1), 0), (Vec::new(), 1)];
    refused(parquet(OF_IMAGES, None, &broken), &["1 of the 2 pictures", "train.parquet/1"]);
    let only_names = "message schema { optional group image { optional binary path (UTF8); } optional int64 label; }";
    refused(parquet(only_names, None, &rows), &["no column of pictures", "image, label"]);
    let text = "message schema { optional group image { optional binary bytes (UTF8); } optional int64 label; }";
    refused(parquet(text, None, &rows), &["no column of pictures"]);
    // A description that says more than there is, before the file's last eight bytes.
    let of_description = |bytes: &[u8]| [b"PAR1", bytes, &(bytes.len() as u32).to_le_bytes(), b"PAR1"].concat();
    // Field 2 is a list of one struct, whose field 5 says it has 2^31 - 1 members.
    let members = [0x29, 0x1c, 0x55, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0, 0];
    refused(of_description(&members), &["too many columns, or groups that say they have more"]);
    refused(of_description(&[0x1c; 100]), &["damaged"]);
    refused(of_description(&members[..4]), &["damaged"]);
    let whole = parquet(OF_IMAGES, None, &rows);
    // Cut anywhere, or with any byte changed, it is read or refused.
    let folder = folder_with(&[("train.parquet", whole.clone())]);
    let path = folder.path().join("train.parquet");
    let shared = Reading { test_share: Some(0.5), skip_broken: Some(true), ..Reading::default() };
    for length in (0..whole.len()).step_by(7) {
        fs::write(&path, &whole[..length]).unwrap();
        assert_says(read(&path, &shared), &["train.parquet"]);
    }
    for place in (0..whole.len()).step_by(3) {
        let mut changed = whole.clone();
        changed[place] ^= 0x55;
        fs::write(&path, &changed).unwrap();
        let _ = read(&path, &shared);
    }
}
