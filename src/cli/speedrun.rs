//! `selvedge speedrun`

use std::process::ExitCode;
use std::time::Instant;

use anyhow::bail;
use clap::Args;
use selvedge::eval::Report;
use selvedge::inference::{Classifier, Views};
use selvedge::settings::{Architecture, Recipe};
use selvedge::train::{Ending, Task, train};
use serde::Serialize;

use super::console::{Console, OutputOptions};
use super::display::{Display, INTERRUPTED, stop_on_ctrl_c};
use super::table::table;
use super::terminal::outlive_reader;
use super::{AdapterOption, ModelArgument, Settings};

#[derive(Debug, Args)]
#[command(next_help_heading = "Run")]
pub struct Options {
    #[command(flatten)]
    model: ModelArgument,
    /// Trainings one after the other, each with the next seed
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=1000))]
    trainings: u64,
    #[command(flatten)]
    output: OutputOptions,
    #[command(flatten)]
    adapter: AdapterOption,
    #[command(flatten)]
    settings: Settings,
}

/// One training. Times are from the reading of the data.
#[derive(Debug, Serialize)]
struct Training {
    seed: u64,
    /// Accuracy on the test split, each image looked at once.
    accuracy: f64,
    /// Until that was known.
    seconds: f64,
    /// The same with ten views of each image.
    accuracy_of_views: f64,
    seconds_with_views: f64,
}

pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    stop_on_ctrl_c()?;
    outlive_reader();
    let settings = options.settings.or_recipe(Recipe::Speedrun);
    let mut console = Console::new(&options.output);
    let mut trainings = Vec::new();
    while (trainings.len() as u64) < options.trainings {
        let Some(training) = timed(options, &settings, trainings.len() as u64)? else { break };
        console.json(&training)?;
        trainings.push(training);
    }
    if !trainings.is_empty() {
        console.say(&format!("\n{}", summary(&trainings)));
    }
    if (trainings.len() as u64) < options.trainings {
        console.say("interrupted; the last training does not count");
        return Ok(ExitCode::from(INTERRUPTED));
    }
    Ok(ExitCode::SUCCESS)
}

/// Trains with the seed of the settings plus `number`. None if that is interrupted.
fn timed(options: &Options, settings: &Settings, number: u64) -> anyhow::Result<Option<Training>> {
    let started = Instant::now();
    let mut display = Display::new(Console::new(&options.output), false);
    let (data, gpu, mut config) = display.prepare(&options.model, settings, &options.adapter)?;
    if config.network.architecture() == Architecture::Inception {
        bail!("inception starts from given weights; `selvedge train inception` trains it");
    }
    config.seed = config.seed.wrapping_add(number);
    let task = Task::built_in(&config, &data);
    let Ending::Finished(outcome) = train(&gpu, &config, &task, None, &mut display)? else {
        return Ok(None);
    };
    let seconds = started.elapsed().as_secs_f64();
    let classifier = Classifier::open(&gpu, outcome.folder.path())?;
    let views = Report::from_predictions(&classifier.predict(&data.test, Views::FlipsAndShifts)?);
    Ok(Some(Training {
        seed: config.seed,
        accuracy: outcome.result.test.accuracy,
        seconds,
        accuracy_of_views: views.accuracy,
        seconds_with_views: started.elapsed().as_secs_f64(),
    }))
}

/// A row for each training, and the means with their standard errors.
fn summary(trainings: &[Training]) -> String {
    let columns: [fn(&Training) -> f64; 4] =
        [|t| t.accuracy, |t| t.seconds, |t| t.accuracy_of_views, |t| t.seconds_with_views];
    let cells = |name: String, [one, seconds, views, seconds_with_views]: [f64; 4]| {
        [name, format!("{one:.4}"), format!("{seconds:.1}"), format!("{views:.4}"), format!("{seconds_with_views:.1}")]
    };
    let heading = ["seed", "test accuracy", "seconds", "with --tta", "seconds"].map(str::to_owned);
    let mut rows = vec![heading];
    rows.extend(trainings.iter().map(|t| cells(t.seed.to_string(), columns.map(|column| column(t)))));
    let figures = columns.map(|column| mean_and_error(&trainings.iter().map(column).collect::<Vec<_>>()));
    rows.push(cells("mean".to_owned(), figures.map(|(mean, _)| mean)));
    if trainings.len() > 1 {
        rows.push(cells("standard error".to_owned(), figures.map(|(_, error)| error)));
    }
    table(&rows, &[1, 2, 3, 4])
}

/// The mean, and its standard error: the deviation of the sample over the root of its size.
fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_has_means_and_their_errors() {
        let training = |seed, accuracy| Training {
            seed,
            accuracy,
            seconds: 10.0,
            accuracy_of_views: accuracy + 0.01,
            seconds_with_views: 12.0,
        };
        let text = summary(&[training(1, 0.92), training(2, 0.94), training(3, 0.96)]);
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[3], ["3", "0.9600", "10.0", "0.9700", "12.0"]);
        assert_eq!(rows[4], ["mean", "0.9400", "10.0", "0.9500", "12.0"]);
        // The deviation is 0.02.
        assert_eq!(rows[5], ["standard", "error", "0.0115", "0.0", "0.0115", "0.0"]);
        assert_eq!(summary(&[training(1, 0.92)]).lines().count(), 3, "one training has no error");
    }
}
