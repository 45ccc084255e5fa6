//! `selvedge profile`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use selvedge::files::write_atomically;
use selvedge::program::Ceiling;
use selvedge::ranks::Ranks;
use selvedge::tensor::Compiled;
use selvedge::train::{ExchangeTimes, TrainError, time_exchange};

use super::launch::ranks;
use super::output_file::ForceOption;
use super::terminal::print_json;
use super::{AdapterOption, StepOptions};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    step: StepOptions,
    /// Number of steps to average over
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    steps: u32,
    /// Also write the step as a trace in Chrome's format, which Perfetto opens
    #[arg(long, value_name = "FILE.json")]
    trace: Option<PathBuf>,
    #[command(flatten)]
    force: ForceOption,
    /// Print one JSON object instead of tables, with every dispatch
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    adapter: AdapterOption,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    if let Some(path) = &options.trace {
        let read = options.step.config_file();
        let inputs: Vec<&Path> = read.iter().map(PathBuf::as_path).collect();
        options.force.check("--trace", path, &["json"], &inputs)?;
    }
    let gpu = options.adapter.open_quietly()?;
    let mut step = options.step.compile(&gpu)?;
    let profile = step.compiled.program().profile(options.steps)?;
    let ranks = ranks();
    let exchange = match ranks.is_alone() {
        true => None,
        false => Some(time_exchange(&gpu, &step.config, &step.form, &step.learned, &ranks, options.steps)?),
    };
    let stops = step.compiled.program().exchange_count();
    let together = if stops > 0 { Some(time_together(&mut step.compiled, &ranks, options.steps)?) } else { None };
    if !ranks.is_first() {
        return Ok(());
    }
    if let Some(path) = &options.trace {
        write_atomically(path, |file| file.write_all(profile.trace().as_bytes()))?;
    }
    let summary = profile.summary(step.config.batch_size);
    if options.json {
        let mut whole = serde_json::to_value(summary)?;
        whole["kernels"] = serde_json::to_value(&profile.dispatches)?;
        if let Some(exchange) = exchange {
            whole["exchange"] = serde_json::to_value(exchange)?;
        }
        print_json(&whole)?;
    } else {
        outln!("{} on {}\n", step.title, gpu.adapter().name)?;
        outln!("{}", profile.table(Ceiling::measure(&gpu)?))?;
        outln!("{:.1} images/s, {:.1} GFLOP/s", summary.images_per_second, summary.gflops)?;
        if let Some(exchange) = exchange {
            outln!("{}", exchange_text(&exchange, ranks.size()))?;
        }
        if let Some(seconds) = together {
            outln!(
                "Batch norm over the images of {} stops the step {stops} times: it takes {:.3} ms then.",
                if ranks.is_alone() { "one rank".to_owned() } else { format!("{} ranks", ranks.size()) },
                1e3 * seconds
            )?;
        }
    }
    Ok(())
}

/// Seconds of a step whose ranks exchange values in between.
fn time_together(step: &mut Compiled, ranks: &Ranks, steps: u32) -> anyhow::Result<f64> {
    let weights = vec![1.0 / ranks.size() as f64; ranks.size()];
    let mut started = Instant::now();
    for step_number in 0..=steps {
        if step_number == 1 {
            // The first also does what a driver puts off until then.
            started = Instant::now();
        }
        step.run_with(|values| ranks.sum(values, &weights).map_err(TrainError::from))?;
    }
    step.program().finish()?;
    Ok(started.elapsed().as_secs_f64() / f64::from(steps))
}

/// What a step costs on top of it when several ranks train together.
fn exchange_text(times: &ExchangeTimes, ranks: usize) -> String {
    let all = times.read_back + times.sum + times.write_back;
    format!(
        "Between {ranks} ranks, each step adds {:.3} ms for {:.2} MB of gradients and running statistics: {:.3} ms to read them back, {:.3} ms \
         for the sum over the ranks, {:.3} ms to write it to the device.",
        1e3 * all,
        times.bytes as f64 / 1e6,
        1e3 * times.read_back,
        1e3 * times.sum,
        1e3 * times.write_back
    )
}
