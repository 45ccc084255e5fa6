//! The dispatch list of a program, for people to read.

use std::fmt;

use super::{Dispatch, Program};
use crate::gpu::Access;

impl Dispatch {
    /// The fewest bytes this dispatch can move: every bound buffer once.
    pub(super) fn bytes(&self, program: &Program) -> u64 {
        self.bindings.iter().map(|(id, _)| program.slice(*id).bytes()).sum()
    }
}

/// One row per dispatch: kernel, workgroups, FLOPs, bytes, memory of each operand (`s3` slot 3, `fix` memory that
/// outlives the run, `*` written), shapes. Then the totals.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:>3}  {:<24} {:>11} {:>9} {:>9}  {:<26} shapes",
            "#", "kernel", "workgroups", "MFLOP", "KB", "memory"
        )?;
        for (i, dispatch) in self.dispatches.iter().enumerate() {
            let [x, y, _] = dispatch.kernel.workgroups;
            let memory: Vec<String> = dispatch
                .bindings
                .iter()
                .map(|(id, access)| {
                    let place = match self.memory.slot_of(*id) {
                        Some(slot) => format!("s{slot}"),
                        None => "fix".to_owned(),
                    };
                    let written = if *access == Access::Write { "*" } else { "" };
                    format!("{place}{written}")
                })
                .collect();
            writeln!(
                f,
                "{i:>3}  {:<24} {:>11} {:>9.2} {:>9.1}  {:<26} {}",
                dispatch.kernel.label,
                u64::from(x) * u64::from(y),
                dispatch.kernel.flops as f64 / 1e6,
                dispatch.bytes(self) as f64 / 1e3,
                memory.join(" "),
                dispatch.note,
            )?;
        }
        writeln!(
            f,
            "{} dispatches, {:.1} MFLOP; planned peak {:.1} MB in {} slots ({:.1} MB without reuse), {:.1} MB outlive a run",
            self.dispatch_count(),
            self.flops() as f64 / 1e6,
            self.memory.planned_bytes() as f64 / 1e6,
            self.memory.slots(),
            self.memory.bytes_without_reuse() as f64 / 1e6,
            self.memory.fixed_bytes() as f64 / 1e6,
        )
    }
}
