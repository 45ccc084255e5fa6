//! What is set for the whole process before anything else is done.

/// Prepares the process; the first thing that `main` does.
pub fn prepare() {
    refuse_files_over_the_limit();
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

/// Without a desktop session Mesa prints "XDG_RUNTIME_DIR is invalid or not set" for each device it opens. It wants the
/// folder for windows only, which there are none of here, so any folder will do.
fn quiet_mesa() {
    let folder = std::env::var_os("XDG_RUNTIME_DIR");
    if cfg!(target_os = "linux") && folder.is_none_or(|folder| folder.is_empty()) {
        // SAFETY: no other thread exists yet that could read the environment.
        unsafe { std::env::set_var("XDG_RUNTIME_DIR", std::env::temp_dir()) };
    }
}
