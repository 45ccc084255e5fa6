//! Ranks that are threads of one process.

use std::sync::mpsc::{Receiver, Sender, channel};

use super::{Exchange, Parts, RanksError, Result};

/// A rank that is a thread: it can be sent to its thread, and becomes [`Ranks`](super::Ranks) there.
#[derive(Debug)]
pub struct Thread {
    rank: usize,
    /// To each rank, from each rank.
    to: Vec<Sender<Vec<u8>>>,
    from: Vec<Receiver<Vec<u8>>>,
}

/// Makes this many ranks, one for each thread that is to be one.
pub fn threads(size: usize) -> Vec<Thread> {
    let mut all: Vec<Thread> = (0..size).map(|rank| Thread { rank, to: Vec::new(), from: Vec::new() }).collect();
    for sender in 0..size {
        for receiver in 0..size {
            let (to, from) = channel();
            all[sender].to.push(to);
            all[receiver].from.push(from);
        }
    }
    all
}

impl Thread {
    /// Sends each rank its part, and receives one from each.
    fn exchange<'a>(&self, parts: impl Iterator<Item = &'a [u8]>, received: &mut Parts) -> Result<()> {
        for (rank, (to, part)) in self.to.iter().zip(parts).enumerate() {
            to.send(part.to_vec()).map_err(|_| RanksError::Gone { rank })?;
        }
        received.clear();
        for (rank, from) in self.from.iter().enumerate() {
            received.push(&from.recv().map_err(|_| RanksError::Gone { rank })?);
        }
        Ok(())
    }
}

impl Exchange for Thread {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.to.len()
    }

    fn all_gather(&self, mine: &[u8], all: &mut Parts) -> Result<()> {
        self.exchange(std::iter::repeat(mine), all)
    }

    fn all_to_all(&self, mine: &[u8], lengths: &[usize], given: &mut Parts) -> Result<()> {
        let mut rest = mine;
        let parts = lengths.iter().map(|length| {
            let (part, after) = rest.split_at(*length);
            rest = after;
            part
        });
        self.exchange(parts, given)
    }
}
