/// Bytes from every rank, one part after the other in the order of the ranks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    bytes: Vec<u8>,
    lengths: Vec<usize>,
}

impl Parts {
    /// Parts of these lengths, which together are all of the bytes.
    pub fn of(bytes: Vec<u8>, lengths: Vec<usize>) -> Self {
        Self { bytes, lengths }
    }

    /// The parts, one by one.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.bytes[..];
        self.lengths.iter().map(move |length| {
            let (part, after) = rest.split_at((*length).min(rest.len()));
            rest = after;
            part
        })
    }

    /// All of them, one after the other.
    pub fn joined(&self) -> &[u8] {
        &self.bytes
    }
}
