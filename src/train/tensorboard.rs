//! Event files for TensorBoard: a history in the format of TensorFlow's `Event` messages.
//!
//! An event is a protocol buffer (tensorflow/core/util/event.proto) in a TFRecord: its length, the length's checksum, the
//! bytes, and their checksum (tensorflow/core/lib/io/record_writer.h).

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use prost::Message;

use crate::run::EpochRecord;

/// The part of `Event` (event.proto) that is used here.
#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
}

/// `Summary` of summary.proto.
#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Scalar>,
}

/// `Summary.Value` of summary.proto, with a scalar.
#[derive(Clone, PartialEq, Message)]
struct Scalar {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(float, optional, tag = "2")]
    simple_value: Option<f32>,
}

/// A file that TensorBoard follows as it grows.
#[derive(Debug)]
pub struct EventFile(File);

impl EventFile {
    /// Starts a new file in `folder`; TensorBoard reads all event files there.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn create(folder: &Path) -> io::Result<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let name = format!("events.out.tfevents.{}.{}.selvedge", now.as_micros(), std::process::id());
        let mut events = Self(File::create_new(folder.join(name))?);
        events.append(Event { file_version: Some("brain.Event:2".to_owned()), ..Event::default() })?;
        Ok(events)
    }

    /// Appends an epoch.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&mut self, record: &EpochRecord) -> io::Result<()> {
        let metrics = [
            ("loss/train", Some(record.train_loss)),
            ("loss/validation", record.validation_loss),
            ("loss/validation_average", record.ema_validation_loss),
            ("accuracy/train", Some(record.train_accuracy)),
            ("accuracy/validation", record.validation_accuracy),
            ("accuracy/validation_average", record.ema_validation_accuracy),
            ("learning_rate", Some(record.learning_rate)),
            ("images_per_second", Some(record.images_per_second)),
        ];
        let scalar = |(tag, value): (&str, Option<f64>)| {
            value.map(|value| Scalar { tag: tag.to_owned(), simple_value: Some(value as f32) })
        };
        self.append(Event {
            step: record.epoch as i64,
            summary: Some(Summary { value: metrics.into_iter().filter_map(scalar).collect() }),
            ..Event::default()
        })
    }

    fn append(&mut self, event: Event) -> io::Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let bytes = Event { wall_time: now.as_secs_f64(), ..event }.encode_to_vec();
        let length = (bytes.len() as u64).to_le_bytes();
        let mut record = length.to_vec();
        record.extend(masked_checksum(&length).to_le_bytes());
        record.extend(&bytes);
        record.extend(masked_checksum(&bytes).to_le_bytes());
        self.0.write_all(&record)?;
        self.0.flush()
    }
}

/// TFRecord's checksum: CRC-32C, rotated and offset so that a checksum over data that contains checksums works too.
fn masked_checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}
