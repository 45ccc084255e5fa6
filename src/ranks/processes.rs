//! Ranks that are processes, started together by `mpirun` or `srun`, on one machine or many.

use mpi::Threading;
use mpi::datatype::{Partition, PartitionMut};
use mpi::environment::Universe;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, CommunicatorCollectives};

use super::{Exchange, Parts, RanksError, Result};

/// A process among those that were started together. MPI ends with it.
pub struct Process {
    world: SimpleCommunicator,
    _universe: Universe,
}

impl Process {
    /// Joins the others. The calling thread is the only one that may exchange anything. None if this process has joined before.
    pub fn join() -> Option<Self> {
        let (universe, _) = mpi::initialize_with_threading(Threading::Funneled)?;
        Some(Self { world: universe.world(), _universe: universe })
    }
}

impl Exchange for Process {
    fn rank(&self) -> usize {
        self.world.rank() as usize
    }

    fn size(&self) -> usize {
        self.world.size() as usize
    }

    fn all_gather(&self, mine: &[u8]) -> Result<Parts> {
        let mut counts = vec![0; self.size()];
        self.world.all_gather_into(&count(mine.len())?, &mut counts);
        let (mut all, starts) = room(&counts)?;
        self.world
            .all_gather_varcount_into(somewhere(mine), &mut PartitionMut::new(&mut all, &counts[..], &starts[..]));
        Ok(Parts::of(all, lengths(&counts)))
    }

    fn all_to_all(&self, mine: &[u8], given: &[usize]) -> Result<Parts> {
        let given: Vec<i32> = given.iter().map(|length| count(*length)).collect::<Result<_>>()?;
        let mut counts = vec![0; self.size()];
        self.world.all_to_all_into(&given, &mut counts);
        let given_starts = starts(&given)?;
        let (mut all, starts) = room(&counts)?;
        self.world.all_to_all_varcount_into(
            &Partition::new(somewhere(mine), &given[..], &given_starts[..]),
            &mut PartitionMut::new(&mut all, &counts[..], &starts[..]),
        );
        Ok(Parts::of(all, lengths(&counts)))
    }

    fn abandon(&self, code: i32) {
        self.world.abort(code)
    }
}

/// MPI counts bytes in 32 bits.
fn count(bytes: usize) -> Result<i32> {
    i32::try_from(bytes).map_err(|_| RanksError::TooLarge { bytes })
}

/// The same bytes. Open MPI's mark for "in place" is the address 1, which Rust gives to nothing.
fn somewhere(bytes: &[u8]) -> &[u8] {
    static HERE: [u8; 1] = [0];
    if bytes.is_empty() { &HERE[..0] } else { bytes }
}

/// Where each of some parts starts, if they lie one after the other.
fn starts(counts: &[i32]) -> Result<Vec<i32>> {
    let mut end = 0;
    let starts = counts.iter().map(|part| {
        let start = count(end);
        end += *part as usize;
        start
    });
    let starts = starts.collect::<Result<_>>()?;
    count(end)?;
    Ok(starts)
}

/// Room for parts of these sizes, at an address even if they are empty, and where each starts.
fn room(counts: &[i32]) -> Result<(Vec<u8>, Vec<i32>)> {
    let starts = starts(counts)?;
    let bytes: usize = lengths(counts).iter().sum();
    let mut room = vec![0; bytes + 1];
    room.truncate(bytes);
    Ok((room, starts))
}

fn lengths(counts: &[i32]) -> Vec<usize> {
    counts.iter().map(|part| *part as usize).collect()
}
