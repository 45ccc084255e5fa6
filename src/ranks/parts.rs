/// Bytes from every rank, one part after the other in the order of the ranks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    bytes: Vec<u8>,
    lengths: Vec<usize>,
}

impl Parts {
    /// Removes all parts. Their memory is kept for the next ones.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.lengths.clear();
    }

    /// Adds a part after the others.
    pub fn push(&mut self, part: &[u8]) {
        self.bytes.extend_from_slice(part);
        self.lengths.push(part.len());
    }

    /// Makes room for parts of these lengths instead of those that there are, to be written by the caller. What is in it is left over.
    pub fn make_room(&mut self, lengths: Vec<usize>) -> &mut [u8] {
        let bytes = lengths.iter().sum();
        self.lengths = lengths;
        // Never without memory: MPI knows a buffer by its address, even an empty one.
        self.bytes.resize(bytes + 1, 0);
        self.bytes.truncate(bytes);
        &mut self.bytes
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
