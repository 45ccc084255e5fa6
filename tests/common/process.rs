//! The program itself, and small data for it.

use std::path::Path;
use std::process::{Command, Output};

/// The program with these arguments, in this folder.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge"));
    command.args(arguments).current_dir(folder).env_remove("SELVEDGE_ADAPTER");
    command
}

/// Runs it to its end.
pub fn selvedge(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

/// What it printed.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// IDX files of `train` and `test` images, one shade of grey per class, with the names of Fashion-MNIST's classes.
pub fn write_data(folder: &Path, train: usize, test: usize) {
    std::fs::write(folder.join("classes.txt"), selvedge::data::Form::default().class_names.join("\n")).unwrap();
    for (set, n) in [("train", train), ("t10k", test)] {
        let header = |magic: u32, sizes: &[u32]| -> Vec<u8> {
            [&[magic, n as u32], sizes].concat().iter().flat_map(|word| word.to_be_bytes()).collect()
        };
        let labels = (0..n).map(|i| (i % 10) as u8);
        let pixels = labels.clone().flat_map(|label| vec![20 * label; 784]);
        let images: Vec<u8> = header(0x0803, &[28, 28]).into_iter().chain(pixels).collect();
        let labels: Vec<u8> = header(0x0801, &[]).into_iter().chain(labels).collect();
        std::fs::write(folder.join(format!("{set}-images-idx3-ubyte")), images).unwrap();
        std::fs::write(folder.join(format!("{set}-labels-idx1-ubyte")), labels).unwrap();
    }
}

/// A tiny trained network in `folder/r`, and data in `folder/data` to go with it.
pub fn train_tiny(folder: &Path, epochs: usize) {
    std::fs::create_dir(folder.join("data")).unwrap();
    write_data(&folder.join("data"), 300, 40);
    let epochs = epochs.to_string();
    let trained = selvedge(
        folder,
        &[
            "train",
            "cnn",
            "--recipe",
            "standard",
            "--dense",
            "16",
            "--batch-size",
            "120",
            "--schedule",
            "constant",
            "--epochs",
            &epochs,
            "--out",
            "r",
            "-q",
        ],
    );
    assert!(trained.status.success(), "{}", text(&trained.stderr));
}

/// A grey picture with a light square in the middle.
pub fn write_picture(path: &Path) {
    let square = |x: u32, y: u32| (10..30).contains(&x) && (10..30).contains(&y);
    let picture = image::GrayImage::from_fn(40, 40, |x, y| image::Luma([if square(x, y) { 220 } else { 10 }]));
    picture.save(path).unwrap();
}
