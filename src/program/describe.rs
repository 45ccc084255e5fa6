//! The dispatch list of a program in human-readable form.

use std::fmt;

use serde::Serialize;

use super::{Dispatch, Program};
use crate::gpu::Access;

impl Dispatch {
    /// The fewest bytes this dispatch can move: every bound buffer once.
    pub(super) fn bytes(&self, program: &Program) -> u64 {
        self.bindings.iter().map(|(id, _)| program.slice(*id).bytes()).sum()
    }
}

/// The ratio of executed to wanted operations; empty if they are equal or none are wanted.
pub(super) fn executed_per_wanted(wanted: u64, executed: u64) -> String {
    match wanted == executed || wanted == 0 {
        true => String::new(),
        false => format!("{:.2}", executed as f64 / wanted as f64),
    }
}

/// A dispatch in machine-readable form.
#[derive(Debug, Clone, Serialize)]
pub struct DispatchSummary {
    /// The kernel.
    pub kernel: &'static str,
    /// Workgroups along x, y and z.
    pub workgroups: [u32; 3],
    /// Floating-point operations wanted, without the padding of tiles.
    pub flops: u64,
    /// Floating-point operations executed, including the padding of tiles.
    pub executed: u64,
    /// The fewest bytes it can move: every bound buffer once.
    pub bytes: u64,
    /// Shapes and settings of the op.
    pub shapes: String,
}

impl Program {
    /// All dispatches of a run, in order.
    pub fn dispatch_summaries(&self) -> Vec<DispatchSummary> {
        let summary = |dispatch: &Dispatch| DispatchSummary {
            kernel: dispatch.kernel.label,
            workgroups: dispatch.kernel.workgroups,
            flops: dispatch.kernel.flops,
            executed: dispatch.kernel.executed,
            bytes: dispatch.bytes(self),
            shapes: dispatch.about.shapes.clone(),
        };
        self.dispatches.iter().map(summary).collect()
    }
}

/// One row per dispatch: kernel, workgroups, FLOPs, operations executed per wanted one, bytes, memory of each operand (`s3`
/// slot 3, `fix` memory that outlives the run, `*` written), shapes. Then the totals.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:>3}  {:<24} {:>11} {:>9} {:>5} {:>9}  {:<26} shapes",
            "#", "kernel", "workgroups", "MFLOP", "exec", "KB", "memory"
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
                "{i:>3}  {:<24} {:>11} {:>9.2} {:>5} {:>9.1}  {:<26} {}",
                dispatch.kernel.label,
                u64::from(x) * u64::from(y),
                dispatch.kernel.flops as f64 / 1e6,
                executed_per_wanted(dispatch.kernel.flops, dispatch.kernel.executed),
                dispatch.bytes(self) as f64 / 1e3,
                memory.join(" "),
                dispatch.about.shapes,
            )?;
        }
        writeln!(
            f,
            "exec: operations executed for each wanted one, where tiles reach beyond the edges of a result; {:.3} for the whole run\n\
             {} dispatches, {:.1} MFLOP; planned peak {:.1} MB in {} slots ({:.1} MB without reuse), {:.1} MB outlive a run",
            self.executed() as f64 / self.flops().max(1) as f64,
            self.dispatch_count(),
            self.flops() as f64 / 1e6,
            self.memory.planned_bytes() as f64 / 1e6,
            self.memory.slots(),
            self.memory.bytes_without_reuse() as f64 / 1e6,
            self.memory.fixed_bytes() as f64 / 1e6,
        )
    }
}
