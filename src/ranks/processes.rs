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

    fn all_gather(&self, mine: &[u8], all: &mut Parts) -> Result<()> {
        let mut counts = vec![0; self.size()];
        self.world.all_gather_into(&count(mine.len())?, &mut counts);
        let starts = starts(&counts)?;
        let room = all.make_room(lengths(&counts));
        self.world.all_gather_varcount_into(somewhere(mine), &mut PartitionMut::new(room, &counts[..], &starts[..]));
        Ok(())
    }

    fn all_to_all(&self, mine: &[u8], to: &[usize], given: &mut Parts) -> Result<()> {
        let to: Vec<i32> = to.iter().map(|length| count(*length)).collect::<Result<_>>()?;
        let mut from = vec![0; self.size()];
        self.world.all_to_all_into(&to, &mut from);
        let (to_starts, from_starts) = (starts(&to)?, starts(&from)?);
        let room = given.make_room(lengths(&from));
        self.world.all_to_all_varcount_into(
            &Partition::new(somewhere(mine), &to[..], &to_starts[..]),
            &mut PartitionMut::new(room, &from[..], &from_starts[..]),
        );
        Ok(())
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

fn lengths(counts: &[i32]) -> Vec<usize> {
    counts.iter().map(|part| *part as usize).collect()
}
