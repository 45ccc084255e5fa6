//! CIFAR-10 and CIFAR-100 in their binary versions (<https://www.cs.toronto.edu/~kriz/cifar.html>): records of one label byte
//! (CIFAR-100: two, the coarse and the fine class), then 32x32 bytes of red, of green and of blue.

use std::io::Read;

use super::entries::Entry;
use super::image_set::MOST_IMAGES;
use super::labelled::Labelled;
use super::labels::{Labels, lines};
use super::{DataError, ImageShape};

const SHAPE: ImageShape = ImageShape::colour(32, 32);

/// The files of one of the two.
#[derive(Debug)]
pub(super) struct Cifar<'a> {
    train: Vec<&'a Entry>,
    test: &'a Entry,
    names: Option<&'a Entry>,
    /// Bytes before the pixels; the last of them is the label.
    label_bytes: usize,
}

/// Finds the files by their names: any of the five to train with, and the one to test with.
pub(super) fn find(entries: &[Entry]) -> Option<Cifar<'_>> {
    let named = |name: &str| entries.iter().find(|entry| entry.plain_name() == name);
    let batches: Vec<&Entry> = (1..=5).filter_map(|number| named(&format!("data_batch_{number}.bin"))).collect();
    if let (false, Some(test)) = (batches.is_empty(), named("test_batch.bin")) {
        return Some(Cifar { train: batches, test, names: named("batches.meta.txt"), label_bytes: 1 });
    }
    let (train, test) = (named("train.bin")?, named("test.bin")?);
    Some(Cifar { train: vec![train], test, names: named("fine_label_names.txt"), label_bytes: 2 })
}

impl Cifar<'_> {
    /// Whether a file of this name, in lower case, is one of them.
    pub fn has(&self, name: &str) -> bool {
        self.train.iter().chain([&self.test]).any(|entry| entry.plain_name() == name)
    }

    /// Reads training and test images, and the names of the classes if they are there.
    ///
    /// # Errors
    /// When a file is damaged.
    pub fn read(&self) -> Result<(Labelled, Labelled, Option<Vec<String>>), DataError> {
        let test = self.read_batch(self.test)?;
        let (first, others) = self.train.split_at(1);
        let mut train = self.read_batch(first[0])?;
        for batch in others {
            train.extend(&self.read_batch(batch)?)?;
        }
        let names = match self.names {
            None => None,
            Some(entry) => {
                let mut text = String::new();
                let read = entry.open()?.take(1 << 20).read_to_string(&mut text);
                read.map_err(|e| DataError::broken(&entry.name, "names of the classes", &e))?;
                Some(lines(&text))
            }
        };
        Ok((train, test, names))
    }

    fn read_batch(&self, entry: &Entry) -> Result<Labelled, DataError> {
        let record = self.label_bytes + SHAPE.len();
        let mut bytes = Vec::new();
        let read = entry.open()?.take((record * MOST_IMAGES) as u64).read_to_end(&mut bytes);
        read.map_err(|e| DataError::broken(&entry.name, format!("byte {}", bytes.len()), &e))?;
        if bytes.is_empty() || !bytes.len().is_multiple_of(record) {
            let problem = format!(
                "it has {} bytes, which are no records of {record}: it is truncated, get it again",
                bytes.len()
            );
            return Err(DataError::content(&entry.name, "its length", problem));
        }
        let mut labels = Labels::default();
        let mut pixels = Vec::with_capacity(bytes.len());
        for image in bytes.chunks_exact(record) {
            let (label, planes) = image.split_at(self.label_bytes);
            labels.push(&label[self.label_bytes - 1].to_string());
            let [red, green, blue] = [0, 1, 2].map(|plane| &planes[plane * 1024..][..1024]);
            pixels.extend(red.iter().zip(green).zip(blue).flat_map(|((red, green), blue)| [*red, *green, *blue]));
        }
        Labelled::new(entry.name.clone(), SHAPE, pixels, labels)
    }
}
