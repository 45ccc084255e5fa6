//! The processes that `mpirun` or `srun` started together: each of them is a rank.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::bail;
use selvedge::gpu::list_adapters;
use selvedge::ranks::Ranks;

use super::Command;
use super::display::until_stopped;
use super::terminal::{be_silent, exit_code, message};

thread_local! {
    /// The ranks, as the main thread sees them.
    static RANKS: RefCell<Ranks> = RefCell::new(Ranks::alone());
}

/// How many processes Open MPI, MPICH or Slurm says that it started together, and the number of this one.
const SIZE: [&str; 3] = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"];
const RANK: [&str; 3] = ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID"];
/// The number of this one among those on the same machine, and how many these are.
const LOCAL_RANK: [&str; 3] = ["OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID"];
const LOCAL_SIZE: [&str; 3] = ["OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS", "SLURM_STEP_TASKS_PER_NODE"];
/// How many threads Mesa's software driver takes.
const MESA_THREADS: &str = "LP_NUM_THREADS";

/// What is wrong on all ranks, the first one says. It then ends the others, which wait this long for it, and each a little longer than the
/// one before.
const PRECEDENCE: Duration = Duration::from_secs(3);
const PRECEDENCE_OF_NEXT: Duration = Duration::from_millis(100);
const MOST_IN_TURN: usize = 30;

/// The pause between a last message and the end of all processes: MPICH's `mpirun` may drop what was said just before it.
const TO_BE_HEARD: Duration = Duration::from_millis(200);

/// The first of these variables that is set to a number, or to a list of numbers such as Slurm's `4(x2),3`, of which it is the first.
fn number(names: &[&str]) -> Option<usize> {
    names.iter().find_map(|name| leading_number(&std::env::var(name).ok()?))
}

fn leading_number(text: &str) -> Option<usize> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

/// How many processes were started together.
fn started() -> usize {
    number(&SIZE).unwrap_or(1)
}

/// The number of this process among those, before they have joined.
pub fn started_as() -> usize {
    if started() == 1 { 0 } else { number(&RANK).unwrap_or(0) }
}

/// Gives this process its share of the processors, if it is to run on a software driver: Mesa's would take all of them in each process. To be
/// called before there are other threads.
pub fn share_processors() {
    let (Some(processes), Ok(allowed)) = (number(&LOCAL_SIZE), std::thread::available_parallelism()) else { return };
    // What started the processes may have bound each of them to processors of its own.
    let is_bound = allowed.get() < processors();
    if processes > 1 && !is_bound && std::env::var_os(MESA_THREADS).is_none() {
        let share = (allowed.get() / processes).max(1);
        // SAFETY: no other thread exists that could read the environment meanwhile.
        unsafe { std::env::set_var(MESA_THREADS, share.to_string()) };
    }
}

/// The processors of this machine, or 0 if it does not say.
fn processors() -> usize {
    #[cfg(unix)]
    {
        // SAFETY: it only asks for a number.
        usize::try_from(unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) }).unwrap_or(0)
    }
    #[cfg(not(unix))]
    0
}

/// Joins the other processes, if there are any and the command shares its work with them. All but the first rank print nothing from then on
/// but errors.
pub fn join(command: &Command) -> anyhow::Result<()> {
    let started = started();
    let shares = matches!(
        command,
        Command::Train(_) | Command::Evaluate(_) | Command::Tsne(_) | Command::Search(_) | Command::Profile(_)
    );
    // Processes may share the folder of a search without knowing of each other.
    let needs_no_mpi = !cfg!(feature = "mpi") && matches!(command, Command::Search(_));
    if started == 1 || needs_no_mpi {
        return Ok(());
    }
    if !shares {
        bail!(
            "only train, evaluate, tsne, search and profile run in several processes together; start this command without mpirun or srun"
        );
    }
    let ranks = joined(started)?;
    if !ranks.is_first() {
        be_silent();
    }
    RANKS.set(ranks);
    Ok(())
}

#[cfg(feature = "mpi")]
fn joined(started: usize) -> anyhow::Result<Ranks> {
    use anyhow::Context;
    use selvedge::ranks::Process;
    let ranks = Ranks::of(Process::join().context("MPI has been started before")?);
    if ranks.size() != started {
        bail!(
            "{started} processes were started together, but MPI sees {}: start them by the mpirun of the MPI that selvedge was built \
             with",
            ranks.size()
        );
    }
    Ok(ranks)
}

#[cfg(not(feature = "mpi"))]
fn joined(started: usize) -> anyhow::Result<Ranks> {
    bail!(
        "{started} processes were started together, but this selvedge was built without MPI. Build it by \
         `./setup.sh --mpi && cargo build --release --features mpi`"
    )
}

/// Who works together.
pub fn ranks() -> Ranks {
    RANKS.with_borrow(Clone::clone)
}

/// The adapter of this process: of those `wanted`, such as 1,2 or nvidia, or else of the best GPUs, each process on a machine takes the next.
pub fn adapter(wanted: Option<String>) -> Option<String> {
    if ranks().is_alone() {
        return wanted;
    }
    let listed: Option<Vec<usize>> =
        wanted.as_ref().and_then(|list| list.split(',').map(|number| number.trim().parse().ok()).collect());
    let numbers = listed.unwrap_or_else(|| alike(wanted.as_deref()));
    match numbers.len() {
        // There is no GPU, or none by this name, which opening it will say.
        0 => wanted,
        count => Some(numbers[number(&LOCAL_RANK).unwrap_or(0) % count].to_string()),
    }
}

/// The numbers of the best adapters whose name contains `part`: real GPUs, all of one kind, through one graphics API.
fn alike(part: Option<&str>) -> Vec<usize> {
    let part = part.unwrap_or_default().to_lowercase();
    let mut gpus = list_adapters();
    gpus.retain(|adapter| !adapter.is_cpu() && adapter.name.to_lowercase().contains(&part));
    let kinds = [wgpu::DeviceType::DiscreteGpu, wgpu::DeviceType::IntegratedGpu];
    let place = |kind| kinds.iter().position(|k| *k == kind).unwrap_or(kinds.len());
    let Some((kind, api)) = gpus.iter().map(|gpu| (gpu.device_type, gpu.backend)).min_by_key(|(kind, _)| place(*kind))
    else {
        return Vec::new();
    };
    gpus.iter().filter(|gpu| (gpu.device_type, gpu.backend) == (kind, api)).map(|gpu| gpu.number).collect()
}

/// Calls `work`; if it panics, ends the other ranks too, which would wait for this one.
pub fn guarded<T>(work: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        end_others(&ranks(), 1);
        resume_unwind(panic)
    })
}

/// Before an error that the first process probably has too: waits for it to say so, and to end this one. Breaks if this one is told to end.
fn wait_for_first(rank: usize) -> std::ops::ControlFlow<()> {
    let failed = Instant::now();
    let patience = PRECEDENCE + PRECEDENCE_OF_NEXT * rank.min(MOST_IN_TURN) as u32;
    while rank > 0 && failed.elapsed() < patience {
        until_stopped()?;
        std::thread::sleep(Duration::from_millis(20));
    }
    std::ops::ControlFlow::Continue(())
}

/// Before an error on the command line: joins the other processes, which would wait for this one, and lets the first say it.
pub fn join_before_complaining() {
    if started() > 1
        && let Ok(ranks) = joined(started())
    {
        RANKS.set(ranks);
    }
    let _ = wait_for_first(started_as());
}

/// Ends the other ranks, if there are any, because this one has said that it fails.
pub fn end_others(ranks: &Ranks, code: u8) {
    if !ranks.is_alone() {
        std::thread::sleep(TO_BE_HEARD);
        ranks.abandon(code.into());
    }
}

/// The exit code for the way a command ended. A rank that fails prints its error and ends all others.
pub fn leave(ended: anyhow::Result<ExitCode>) -> ExitCode {
    let ranks = RANKS.replace(Ranks::alone());
    let rank = if ranks.is_alone() { started_as() } else { ranks.rank() };
    let ended = match ended {
        Err(_) if wait_for_first(rank).is_break() => {
            ranks.abandon(1);
            return ExitCode::FAILURE;
        }
        Err(error) if rank > 0 => Err(anyhow::anyhow!("rank {rank}: {}", message(&error))),
        ended => ended,
    };
    let failed = ended.is_err();
    let code = exit_code(ended);
    if failed {
        end_others(&ranks, 1);
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_of_slurms_list_is_read() {
        assert_eq!(["4", "4(x2),3", "12,1", "", "x"].map(leading_number), [Some(4), Some(4), Some(12), None, None]);
    }
}
