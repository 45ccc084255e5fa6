//! Pictures in a folder per class, the classes perhaps in folders `train`, `val` and `test`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::DataError;
use super::entries::Entry;
use super::photo::is_picture;
use crate::files::{list_folder, shown};

/// What a part of a data set is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Train,
    Validation,
    Test,
}

impl Part {
    /// The part that a word names.
    pub fn named(word: &str) -> Option<Self> {
        match word.to_lowercase().as_str() {
            "train" | "training" => Some(Self::Train),
            "val" | "valid" | "validation" => Some(Self::Validation),
            "test" | "testing" | "t10k" => Some(Self::Test),
            _ => None,
        }
    }
}

/// A picture with the name of its class.
#[derive(Debug)]
pub(super) struct Labelled<'a> {
    pub entry: &'a Entry,
    pub part: Part,
    pub class: String,
}

/// Sorts pictures by the folders that they are in: the part, if any of them names one, and the class. Folders around all of
/// them say nothing, and pictures beside the classes are none of the data. Empty when there are no pictures in folders.
///
/// # Errors
/// When only some are in a part, or one is in a part and in no class.
pub(super) fn sorted<'a>(source: &Path, entries: &'a [Entry]) -> Result<Vec<Labelled<'a>>, DataError> {
    let mut pictures: Vec<(&Entry, Vec<String>)> = entries
        .iter()
        .filter(|entry| is_picture(&entry.inside))
        .map(|entry| (entry, entry.folders()))
        .filter(|(_, folders)| !folders.is_empty())
        .collect();
    // A folder around nearly all of them says nothing.
    while let Some((_, first)) = pictures.first() {
        let outer = first[0].clone();
        let deeper = pictures.iter().filter(|(_, folders)| folders.len() > 1).count();
        if 2 * deeper <= pictures.len() || pictures.iter().any(|(_, folders)| folders[0] != outer) {
            break;
        }
        pictures.retain_mut(|(_, folders)| {
            folders.remove(0);
            !folders.is_empty()
        });
    }
    let has_parts = pictures.iter().any(|(_, folders)| Part::named(&folders[0]).is_some());
    let refuse = |entry: &Entry, problem: String| Err(DataError::content(&shown(source), entry.name.clone(), problem));
    let mut sorted = Vec::with_capacity(pictures.len());
    for (entry, folders) in pictures {
        if !has_parts {
            sorted.push(Labelled { entry, part: Part::Train, class: folders[0].clone() });
            continue;
        }
        let Some(part) = Part::named(&folders[0]) else {
            let odd = folders[0].escape_debug();
            return refuse(
                entry,
                format!(
                    "it is in the folder '{odd}', but others are in train, val or test; move it there, or give a class of such a name another"
                ),
            );
        };
        let Some(class) = folders.get(1) else {
            return refuse(entry, "it is in no folder of a class; move it into one".to_owned());
        };
        sorted.push(Labelled { entry, part, class: class.clone() });
    }
    Ok(sorted)
}

/// Refuses a class whose folder on disk holds no picture: its folder was forgotten, or its pictures are of no known format.
///
/// # Errors
/// Names the folder.
pub(super) fn refuse_empty(source: &Path, pictures: &[Labelled]) -> Result<(), DataError> {
    let mut counts: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for picture in pictures {
        // The folder of the class: the last folder of that name.
        let folders = picture.entry.inside.ancestors().skip(1);
        let of_class = folders.filter(|folder| folder.file_name().is_some_and(|name| *name == *picture.class)).last();
        *counts.entry(of_class.unwrap_or(Path::new("")).to_owned()).or_default() += 1;
    }
    let parents: std::collections::BTreeSet<PathBuf> =
        counts.keys().filter_map(|class| class.parent()).map(|parent| source.join(parent)).collect();
    for parent in parents {
        if !fs::metadata(&parent).is_ok_and(|metadata| metadata.is_dir()) {
            continue;
        }
        for folder in list_folder(&parent)? {
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let inside = folder.strip_prefix(source).unwrap_or(&folder);
            let is_class = folder.is_dir() && !name.starts_with('.');
            if is_class && !counts.contains_key(inside) && Part::named(&name).is_none() {
                let problem = "there is no picture in it; put some there, or remove the folder";
                return Err(DataError::content(&shown(source), format!("folder '{}'", shown(inside)), problem));
            }
        }
    }
    Ok(())
}
