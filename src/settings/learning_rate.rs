//! The learning rate and its schedule: the allowed values, and schedules on the command line.

use clap::builder::PossibleValue;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::SettingsError;
use super::error::{check, check_not_negative};
use super::kinds::{Kind, declare_all, no_settings, refuse_others};
use crate::optim::{InverseTime, LearningRate, Plateau, Schedule, Step};

/// Checks every number, for a training of `epochs` epochs.
pub(super) fn validate(rate: &LearningRate, epochs: usize) -> Result<(), SettingsError> {
    let LearningRate { peak, floor, warm_up, schedule, cycle_start } = rate;
    check(peak.is_finite() && *peak > 0.0, "lr", peak, "a number above 0")?;
    check((0.0..=*peak).contains(floor), "lr-floor", floor, "at least 0 and at most the learning rate")?;
    check(
        (0.0..=epochs.saturating_sub(*cycle_start) as f64).contains(warm_up),
        "warmup",
        warm_up,
        "a number of epochs, at most that of the training or of its fresh cycle; more `epochs` make room for it",
    )?;
    check(*cycle_start < epochs, "cycle-start", cycle_start, "less than the epochs of the training")?;
    let check_factor = |factor: f64| check(factor > 0.0 && factor < 1.0, "lr-factor", factor, "above 0 and below 1");
    match schedule {
        Schedule::Step(step) => check_factor(step.factor),
        Schedule::Plateau(plateau) => {
            check_factor(plateau.factor)?;
            let patience = plateau.patience;
            check(patience > 0, "plateau-patience", patience, "at least 1 epoch")?;
            check_not_negative("plateau-delta", plateau.min_delta)
        }
        Schedule::InverseTime(InverseTime { decay }) => check_not_negative("lr-decay", *decay),
        Schedule::Constant | Schedule::Cosine | Schedule::OneCycle | Schedule::Triangular => Ok(()),
    }
}

/// Every schedule with its default settings, and what it does.
fn schedules() -> [(Schedule, &'static str); 7] {
    [
        (Schedule::Constant, ""),
        (Schedule::Step(Step { milestones: Vec::new(), factor: 0.1 }), "Multiplied by --lr-factor after --milestones"),
        (Schedule::Cosine, "Down along half a cosine"),
        (Schedule::OneCycle, "Up for a quarter of the steps, down along half a cosine"),
        (Schedule::Triangular, "Up for a quarter of the steps, down in a straight line"),
        (Schedule::InverseTime(InverseTime { decay: 0.0 }), "Divided by 1 + --lr-decay * step, as Keras' decay"),
        (
            Schedule::Plateau(Plateau { factor: 0.1, patience: 5, min_delta: 1e-4, cooldown: 0 }),
            "Multiplied by --lr-factor when the monitored metric stops getting better",
        ),
    ]
}

const KINDS: [Kind; 7] = [
    ("constant", no_settings),
    ("step", Step::augment_args_for_update),
    ("cosine", no_settings),
    ("one-cycle", no_settings),
    ("triangular", no_settings),
    ("inverse-time", InverseTime::augment_args_for_update),
    ("plateau", Plateau::augment_args_for_update),
];

impl Args for Schedule {
    fn augment_args(command: Command) -> Command {
        let names = schedules().map(|(schedule, help)| match help {
            "" => PossibleValue::new(schedule.name()),
            help => PossibleValue::new(schedule.name()).help(help),
        });
        let schedule = Arg::new("schedule")
            .long("schedule")
            .value_name("NAME")
            .value_parser(names)
            .help("How the learning rate moves; default one-cycle");
        declare_all(command.arg(schedule), "Optimisation", &KINDS)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Schedule {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut schedule = Self::Constant;
        schedule.update_from_arg_matches(matches)?;
        Ok(schedule)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        if let Some(name) = matches.get_one::<String>("schedule") {
            let named = schedules().into_iter().find(|(schedule, _)| schedule.name() == name);
            *self = named.map_or(Self::Constant, |(schedule, _)| schedule);
        }
        refuse_others(matches, &KINDS, self.name(), |setting, owners| {
            format!("--{setting} needs --schedule {}", owners.join(" or "))
        })?;
        match self {
            Self::Step(step) => step.update_from_arg_matches(matches),
            Self::InverseTime(inverse) => inverse.update_from_arg_matches(matches),
            Self::Plateau(plateau) => plateau.update_from_arg_matches(matches),
            Self::Constant | Self::Cosine | Self::OneCycle | Self::Triangular => Ok(()),
        }
    }
}
