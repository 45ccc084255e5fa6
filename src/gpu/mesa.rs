//! Suppresses a message of Mesa's that nobody needs.

/// Keeps Mesa from printing "XDG_RUNTIME_DIR is invalid or not set" for each device it opens, as it does without a
/// desktop session. Mesa needs the folder only for windows, of which there are none here, so any folder will do.
///
/// Called when adapters are enumerated. Changing the environment is sound only while no other thread may read it; if other
/// threads exist already, Mesa prints its message. A program that starts threads before it opens a device can call this first.
pub fn quiet_mesa() {
    let folder = std::env::var_os("XDG_RUNTIME_DIR");
    if folder.is_none_or(|folder| folder.is_empty()) && is_only_thread() {
        // SAFETY: no other thread exists that could read the environment meanwhile.
        unsafe { std::env::set_var("XDG_RUNTIME_DIR", std::env::temp_dir()) };
    }
}

/// Linux lists the threads of a process as folders. Other systems do not need this.
fn is_only_thread() -> bool {
    cfg!(target_os = "linux") && std::fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() == 1)
}
