//! What is set for the whole process before anything else is done.

use selvedge::gpu::quiet_mesa;

/// Prepares the process; the first thing that `main` does.
pub fn prepare() {
    refuse_files_over_the_limit();
    // Now, before there are other threads.
    quiet_mesa();
}

/// A file that outgrows `ulimit -f` is an error of that write, which says so and leaves no half of a file, instead of a signal
/// that ends the program.
fn refuse_files_over_the_limit() {
    #[cfg(unix)]
    // SAFETY: ignoring a signal installs no handler, and no other thread exists yet.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}
