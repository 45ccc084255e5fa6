//! `selvedge doctor`: whether this machine's adapter computes what it should, and how fast.

mod nvidia;
mod speed;
mod training;

use std::env::consts::{ARCH, OS};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use selvedge::gpu::{GemmCore, Gpu, GpuOptions, Variant, list_adapters};
use selvedge::gradcheck::OpCheck;
use selvedge::settings::Architecture;
use selvedge::tensor::ops::gemm_core;

use super::{AdapterOption, devices, terminal};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    adapter: AdapterOption,
}

/// Exit code when the adapter works, but a check has failed.
const FAILED: u8 = 1;

pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    outln!("selvedge {} on {OS}, {ARCH}\n\nadapters", env!("CARGO_PKG_VERSION"))?;
    for adapter in list_adapters() {
        outln!("  {}: {}, {}, driver {}", adapter.number, adapter.name, adapter.backend, adapter.driver)?;
    }
    for line in nvidia::missing(Path::new("/"), &list_adapters()) {
        outln!("  {line}")?;
    }
    let wanted = options.adapter.options()?;
    let gpu = options.adapter.open_with(&wanted)?;
    outln!("\nchosen: {}", gpu.adapter().name)?;
    for (name, value) in devices::properties(gpu.adapter(), wanted.gemm) {
        outln!("  {name:<18} {value}")?;
    }

    let mut checks = Checks::default();
    outln!("\nops, forward and backward, against double precision")?;
    check_ops(&mut checks, &gpu, &wanted)?;
    outln!("\ntwo training steps")?;
    check_training(&mut checks, &gpu, &wanted)?;
    outln!("\nspeed")?;
    let speed = speed::measure(&gpu, &wanted)?;
    for line in speed.lines() {
        outln!("  {line}")?;
    }

    outln!("\nfor a bug report")?;
    outln!("  selvedge {} on {OS}, {ARCH}; {}", env!("CARGO_PKG_VERSION"), gpu.adapter().backend)?;
    outln!("  {}, driver {}", gpu.adapter().name, gpu.adapter().driver)?;
    outln!("  {}", speed.summary())?;
    outln!("  {} in {:.0} s", checks.summary(), started.elapsed().as_secs_f64())?;
    Ok(if checks.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

/// The checks so far.
#[derive(Debug, Default)]
struct Checks {
    count: usize,
    failed: Vec<String>,
}

impl Checks {
    /// Prints one check's line: `outcome` is what was found to be right, or what is wrong.
    fn add(&mut self, name: &str, outcome: Result<String, String>) -> Result<(), terminal::PrintError> {
        self.count += 1;
        match outcome {
            Ok(found) => outln!("  ok      {name:<36} {found}"),
            Err(wrong) => {
                self.failed.push(name.to_owned());
                // A report has a line for each value that is wrong.
                outln!("  FAILED  {name:<36} {}", wrong.replace('\n', "\n          "))
            }
        }
    }

    fn summary(&self) -> String {
        match self.failed.as_slice() {
            [] => format!("all {} checks passed", self.count),
            failed => format!("{} of {} checks FAILED: {}", failed.len(), self.count, failed.join("; ")),
        }
    }
}

fn check_ops(checks: &mut Checks, gpu: &Arc<Gpu>, wanted: &GpuOptions) -> anyhow::Result<()> {
    for core in cores(gpu) {
        let with_core = Gpu::open(&GpuOptions { gemm: Some(core), ..wanted.clone() })?;
        for check in OpCheck::ALL.iter().filter(|check| check.is_product) {
            checks.add(&format!("{}, core {}", check.name, core.name()), outcome(check, &with_core))?;
        }
    }
    for check in OpCheck::ALL.iter().filter(|check| !check.is_product) {
        checks.add(check.name, outcome(check, gpu))?;
    }
    Ok(())
}

/// The cores of the matrix product that an adapter can run.
fn cores(gpu: &Gpu) -> impl Iterator<Item = GemmCore> {
    let variant = gpu.variant();
    GemmCore::ALL.into_iter().filter(move |core| gemm_core(Variant { asked_gemm: Some(*core), ..variant }).is_ok())
}

fn outcome(check: &OpCheck, gpu: &Arc<Gpu>) -> Result<String, String> {
    match check.run(gpu) {
        Ok(report) if report.passed() => Ok(format!("{} values", report.compared)),
        Ok(report) => Err(report.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

fn check_training(checks: &mut Checks, gpu: &Arc<Gpu>, wanted: &GpuOptions) -> anyhow::Result<()> {
    // The naive core checks the others; where it is the one in use, another checks it.
    let in_use = gemm_core(gpu.variant())?;
    let other = cores(gpu).find(|core| *core != in_use).unwrap_or(in_use);
    let with_other = Gpu::open(&GpuOptions { gemm: Some(other), ..wanted.clone() })?;
    for model in [Architecture::Cnn, Architecture::Resnet20] {
        let first = training::two_steps(gpu, model);
        let again = first.as_ref().ok().map(|_| training::two_steps(gpu, model));
        checks.add(&format!("{model}: the same bits again"), training::same_bits(&first, again))?;
        let by_other = training::two_steps(&with_other, model);
        checks.add(&format!("{model}: as with the {} core", other.name()), training::close(&first, &by_other))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_check_is_counted_and_named() {
        let mut checks = Checks::default();
        checks.add("conv2d", Ok("12 values".to_owned())).unwrap();
        assert_eq!(checks.summary(), "all 1 checks passed");
        checks.add("softmax", Err("1 of 12 values disagree\n  softmax: output element 0".to_owned())).unwrap();
        assert_eq!(checks.summary(), "1 of 2 checks FAILED: softmax");
    }
}
