//! Ranks: processes that train one network together, each on a device of its own.
//!
//! All ranks hold the same weights. For each step they take disjoint parts of one large batch; the mean of their gradients is that of the
//! whole batch, so all of them then move their weights in the same way. What they need of each other is the [`Exchange`]: bytes from every
//! rank to every rank. [`threads`] makes one between the threads of a process; with the feature `mpi`, `Process` is one between processes.

mod error;
mod parts;
#[cfg(feature = "mpi")]
mod processes;
mod shares;
mod threads;

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

pub use error::RanksError;
pub use parts::Parts;
#[cfg(feature = "mpi")]
pub use processes::Process;
pub(crate) use shares::Shares;
pub use threads::{Thread, threads};

/// The result of an exchange.
pub type Result<T> = std::result::Result<T, RanksError>;

/// How ranks send each other bytes. Every rank must make the same calls in the same order.
pub trait Exchange {
    /// The number of this rank, from 0.
    fn rank(&self) -> usize;

    /// The number of ranks.
    fn size(&self) -> usize;

    /// Replaces `all` by what every rank has given, in their order. The lengths may differ.
    ///
    /// # Errors
    /// [`RanksError::Gone`] when a rank has ended.
    fn all_gather(&self, mine: &[u8], all: &mut Parts) -> Result<()>;

    /// Gives the first `lengths[0]` bytes to the first rank, the next `lengths[1]` to the second, and so on; replaces `given` by what each rank
    /// has given to this one, in their order.
    ///
    /// # Errors
    /// [`RanksError::Gone`] when a rank has ended.
    fn all_to_all(&self, mine: &[u8], lengths: &[usize], given: &mut Parts) -> Result<()>;

    /// Ends the other ranks because this one has failed, if they would not notice by themselves; `code` is the exit code.
    fn abandon(&self, code: i32) {
        let _ = code;
    }
}

/// A single rank.
struct Alone;

impl Exchange for Alone {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn all_gather(&self, mine: &[u8], all: &mut Parts) -> Result<()> {
        all.clear();
        all.push(mine);
        Ok(())
    }

    fn all_to_all(&self, mine: &[u8], _: &[usize], given: &mut Parts) -> Result<()> {
        // All of it is for this rank.
        self.all_gather(mine, given)
    }
}

/// Numbers that are added at a time.
const BLOCK: usize = 1024;

/// A rank among others, as one of them sees it. Clones are the same rank.
#[derive(Clone)]
pub struct Ranks {
    exchange: Rc<dyn Exchange>,
    /// Where a sum is received, kept for the next one.
    received: Rc<RefCell<Parts>>,
}

impl Ranks {
    /// A single rank, which has nobody to wait for.
    pub fn alone() -> Self {
        Self::of(Alone)
    }

    /// The ranks of an exchange.
    pub fn of(exchange: impl Exchange + 'static) -> Self {
        Self { exchange: Rc::new(exchange), received: Rc::default() }
    }

    /// The number of this rank, from 0.
    pub fn rank(&self) -> usize {
        self.exchange.rank()
    }

    /// The number of ranks.
    pub fn size(&self) -> usize {
        self.exchange.size()
    }

    /// Whether there is no other rank.
    pub fn is_alone(&self) -> bool {
        self.size() == 1
    }

    /// Whether it is the rank that prints and writes files.
    pub fn is_first(&self) -> bool {
        self.rank() == 0
    }

    /// Replaces `values`, of which every rank has as many, by the sum over the ranks, each of them times its weight. They are added in the
    /// order of the ranks and in double precision, so the sum is the same to the last bit on every rank and every time.
    ///
    /// # Errors
    /// [`RanksError::Gone`] when a rank has ended, [`RanksError::Differs`] when one has given another number of values.
    pub fn sum(&self, values: &mut [f32], weights: &[f64]) -> Result<()> {
        if self.is_alone() {
            return Ok(());
        }
        // Rank i adds part i, so that every number crosses the network twice, however many ranks there are.
        let (numbers, size) = (values.len(), self.size());
        let place = |rank: usize| rank * numbers / size;
        let lengths: Vec<usize> = (0..size).map(|rank| 4 * (place(rank + 1) - place(rank))).collect();
        let mut received = self.received.borrow_mut();
        self.exchange.all_to_all(bytemuck::cast_slice(values), &lengths, &mut received)?;
        if let Some((rank, part)) = received.iter().enumerate().find(|(_, part)| part.len() != lengths[self.rank()]) {
            let (there, here) = (part.len().to_string(), lengths[self.rank()].to_string());
            return Err(RanksError::Differs { rank, what: "the bytes of a sum".to_owned(), there, here });
        }
        let of_ranks: Vec<&[[u8; 4]]> = received.iter().map(|part| part.as_chunks().0).collect();
        let mine = &mut values[place(self.rank())..place(self.rank() + 1)];
        // A block at a time, so that its sums stay in the cache while the inner loop goes through one rank's numbers.
        let mut block = [0.0; BLOCK];
        for (number, mine) in mine.chunks_mut(BLOCK).enumerate() {
            let sums = &mut block[..mine.len()];
            sums.fill(0.0);
            for (part, weight) in of_ranks.iter().zip(weights) {
                for (sum, bytes) in sums.iter_mut().zip(&part[number * BLOCK..]) {
                    *sum += weight * f64::from(f32::from_ne_bytes(*bytes));
                }
            }
            for (value, sum) in mine.iter_mut().zip(sums) {
                *value = *sum as f32;
            }
        }
        self.exchange.all_gather(bytemuck::cast_slice(mine), &mut received)?;
        bytemuck::cast_slice_mut(values).copy_from_slice(received.joined());
        Ok(())
    }

    /// What every rank has given, in their order.
    fn gather(&self, mine: &[u8]) -> Result<Parts> {
        let mut all = Parts::default();
        self.exchange.all_gather(mine, &mut all)?;
        Ok(all)
    }

    /// The sums over the ranks.
    ///
    /// # Errors
    /// [`RanksError::Gone`] when a rank has ended.
    pub fn sum_f64<const N: usize>(&self, values: [f64; N]) -> Result<[f64; N]> {
        let mut sums = [0.0; N];
        for of_rank in self.gather(bytemuck::cast_slice(&values))?.iter() {
            for (sum, bytes) in sums.iter_mut().zip(of_rank.as_chunks().0) {
                *sum += f64::from_ne_bytes(*bytes);
            }
        }
        Ok(sums)
    }

    /// This rank's part of a list that all go through together, or all of it if there is less than one item for each.
    pub fn part_of<'a, T>(&self, all: &'a [T]) -> &'a [T] {
        let place = |rank: usize| rank * all.len() / self.size();
        if all.len() < self.size() { all } else { &all[place(self.rank())..place(self.rank() + 1)] }
    }

    /// The numbers for a list of this many items, from those for this rank's part of it.
    ///
    /// # Errors
    /// [`RanksError::Gone`] when a rank has ended.
    pub fn join(&self, mine: Vec<f32>, items: usize) -> Result<Vec<f32>> {
        if items < self.size() {
            return Ok(mine);
        }
        let all = self.gather(bytemuck::cast_slice(&mine))?;
        Ok(bytemuck::pod_collect_to_vec(all.joined()))
    }

    /// What the first rank has given; the others' is ignored.
    ///
    /// # Errors
    /// [`RanksError::Gone`] when a rank has ended.
    pub fn of_first(&self, mine: &[u8]) -> Result<Vec<u8>> {
        let given = if self.is_first() { mine } else { &[] };
        // The others have given nothing.
        Ok(self.gather(given)?.joined().to_vec())
    }

    /// The path that the first rank makes; the others wait for it.
    ///
    /// # Errors
    /// [`RanksError::Gone`] when a rank has ended; those of `make`.
    pub fn path_of_first<E: From<RanksError>>(
        &self,
        make: impl FnOnce() -> std::result::Result<PathBuf, E>,
    ) -> std::result::Result<PathBuf, E> {
        if self.is_first() {
            let path = make()?;
            self.of_first(path.as_os_str().as_encoded_bytes())?;
            return Ok(path);
        }
        let path = self.of_first(&[])?;
        Ok(PathBuf::from(String::from_utf8_lossy(&path).into_owned()))
    }

    /// Waits until every rank is here.
    ///
    /// # Errors
    /// [`RanksError::Gone`] when a rank has ended.
    pub fn meet(&self) -> Result<()> {
        self.gather(&[]).map(|_| ())
    }

    /// Ends the other ranks, if there are any, because this one has failed: they would wait for it forever.
    pub fn abandon(&self, code: i32) {
        self.exchange.abandon(code);
    }

    /// Refuses if another rank has other `values`: each is named, as "the data".
    ///
    /// # Errors
    /// [`RanksError::Differs`], on every rank; [`RanksError::Gone`] when a rank has ended.
    pub fn agree(&self, values: &[(&str, String)]) -> Result<()> {
        for (what, value) in values {
            let all = self.gather(value.as_bytes())?;
            let all: Vec<_> = all.iter().map(String::from_utf8_lossy).collect();
            if let Some(rank) = all.iter().position(|other| *other != all[0]) {
                return Err(RanksError::Differs {
                    rank,
                    what: (*what).to_owned(),
                    there: all[rank].to_string(),
                    here: all[0].to_string(),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `work` returns on each of `size` ranks.
    fn on_ranks<T: Send>(size: usize, work: impl Fn(&Ranks) -> T + Sync) -> Vec<T> {
        std::thread::scope(|scope| {
            let work = &work;
            let running = threads(size).into_iter().map(|thread| scope.spawn(move || work(&Ranks::of(thread))));
            let running: Vec<_> = running.collect();
            running.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }

    #[test]
    fn a_sum_is_that_of_all_ranks_in_their_order() {
        // As many numbers as ranks, fewer, more, none, and more than are added at a time.
        for (size, len) in [(1, 5), (2, 7), (3, 3), (4, 2), (3, 0), (3, 3 * BLOCK + 5)] {
            let value = |rank: usize, i: usize| (rank + 1) as f32 * 0.1 + i as f32;
            let weights: Vec<f64> = (0..size).map(|rank| if size == 1 { 1.0 } else { 0.5 + rank as f64 }).collect();
            let sums = on_ranks(size, |ranks| {
                let mut values: Vec<f32> = (0..len).map(|i| value(ranks.rank(), i)).collect();
                ranks.sum(&mut values, &weights).unwrap();
                values
            });
            let sum = |i| (0..size).map(|rank| weights[rank] * f64::from(value(rank, i))).sum::<f64>() as f32;
            let expected: Vec<f32> = (0..len).map(sum).collect();
            assert!(sums.iter().all(|sum| *sum == expected), "{size} ranks, {len} numbers: {sums:?}, not {expected:?}");
        }
    }

    #[test]
    fn numbers_are_joined_in_order_and_the_first_rank_is_heard_by_all() {
        for (rank, (joined, first, sums)) in on_ranks(3, |ranks| {
            let list = [0.0, 1.0, 2.0, 3.0, 4.0];
            let mine = ranks.part_of(&list).to_vec();
            let word = format!("rank {}", ranks.rank());
            let sums = ranks.sum_f64([ranks.rank() as f64, 1.0]).unwrap();
            (ranks.join(mine, list.len()).unwrap(), ranks.of_first(word.as_bytes()).unwrap(), sums)
        })
        .into_iter()
        .enumerate()
        {
            assert_eq!(joined, [0.0, 1.0, 2.0, 3.0, 4.0], "on rank {rank}");
            assert_eq!(first, b"rank 0");
            assert_eq!(sums, [3.0, 3.0]);
        }
    }

    #[test]
    fn a_rank_that_differs_is_named_on_all() {
        let errors = on_ranks(3, |ranks| {
            let data = if ranks.rank() == 2 { "7" } else { "5" };
            ranks.agree(&[("the settings", "same".to_owned()), ("the data", data.to_owned())]).unwrap_err().to_string()
        });
        assert!(errors.iter().all(|error| error.contains("rank 2") && error.contains("the data")), "{errors:?}");
    }

    #[test]
    fn nobody_waits_for_a_rank_that_has_ended() {
        let met = on_ranks(3, |ranks| if ranks.rank() == 1 { Ok(()) } else { ranks.meet() });
        assert!(met[0].is_err() && met[2].is_err(), "{met:?}");
    }
}
