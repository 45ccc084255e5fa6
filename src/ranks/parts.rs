/// Bytes from every rank, one part after the other in the order of the ranks.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    /// The bytes of all parts, and what is left of earlier and larger ones: clearing that memory again and again would cost time.
    bytes: Vec<u8>,
    lengths: Vec<usize>,
}

impl Parts {
    /// Removes all parts. Their memory is kept for the next ones.
    pub fn clear(&mut self) {
        self.lengths.clear();
    }

    /// Adds a part after the others.
    pub fn push(&mut self, part: &[u8]) {
        self.bytes.truncate(self.len());
        self.bytes.extend_from_slice(part);
        self.lengths.push(part.len());
    }

    /// Makes room for parts of these lengths instead of those that there are. It holds any bytes until the caller writes them.
    pub fn make_room(&mut self, lengths: Vec<usize>) -> &mut [u8] {
        self.lengths = lengths;
        let len = self.len();
        // Never without memory: MPI knows a buffer by its address, even an empty one.
        if self.bytes.len() <= len {
            self.bytes.resize(len + 1, 0);
        }
        &mut self.bytes[..len]
    }

    /// The parts, one by one.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.joined();
        self.lengths.iter().map(move |length| {
            let (part, after) = rest.split_at(*length);
            rest = after;
            part
        })
    }

    /// All of them, one after the other.
    pub fn joined(&self) -> &[u8] {
        &self.bytes[..self.len()]
    }

    fn len(&self) -> usize {
        self.lengths.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn larger_parts_leave_nothing_in_smaller_ones() {
        let mut parts = Parts::default();
        for lengths in [vec![3, 0, 2], vec![], vec![1, 1], vec![0, 0], vec![4, 4]] {
            let room = parts.make_room(lengths.clone());
            room.iter_mut().zip(1..).for_each(|(byte, number)| *byte = number);
            let expected: Vec<u8> = (1..).take(lengths.iter().sum()).collect();
            assert_eq!(parts.joined(), expected);
            assert_eq!(parts.iter().map(<[u8]>::len).collect::<Vec<_>>(), lengths);
            assert_eq!(parts.iter().flatten().copied().collect::<Vec<_>>(), expected);
            parts.clear();
            parts.push(&[9]);
            parts.push(&[8, 7]);
            assert_eq!((parts.joined(), parts.iter().count()), (&[9, 8, 7][..], 2));
        }
    }
}
