//! Process-wide settings, made before anything else.

use selvedge::data::PARQUET_READER;
use selvedge::gpu::quiet_mesa;

use super::launch::share_processors;

/// Prepares the process; the first thing that `main` does.
pub fn prepare() {
    refuse_files_over_the_limit();
    // Must be done before there are other threads.
    quiet_mesa();
    share_processors();
    keep_quiet_what_ends_as_an_error();
}

/// Drops the report of a panic that the reading of a damaged Parquet file ended with: it becomes an error.
fn keep_quiet_what_ends_as_an_error() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() != Some(PARQUET_READER) {
            report(panic);
        }
    }));
}

/// Calls `set_handlers` and restores what a closing terminal does, which it may have changed: a training under `nohup` goes on.
pub fn keeping_the_hang_up<T>(set_handlers: impl FnOnce() -> T) -> T {
    #[cfg(unix)]
    // SAFETY: asking for and restoring the way a signal is handled installs no handler of our own.
    let before = unsafe { libc::signal(libc::SIGHUP, libc::SIG_IGN) };
    let set = set_handlers();
    #[cfg(unix)]
    // SAFETY: as above.
    unsafe {
        libc::signal(libc::SIGHUP, before);
    }
    set
}

/// Makes a file that outgrows `ulimit -f` an error of that write, which is reported and leaves no partial file, instead of a
/// signal that kills the program.
fn refuse_files_over_the_limit() {
    #[cfg(unix)]
    // SAFETY: ignoring a signal installs no handler, and no other thread exists yet.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}
