//! The training settings that were given on the command line.

use std::any::Any;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use selvedge::settings::TrainConfig;

use crate::cli::terminal::first_line;

/// The given part of a [`TrainConfig`], whose fields declare the options.
#[derive(Debug, Clone, Default)]
pub struct Given(ArgMatches);

impl Given {
    /// Whether the setting with this id was given.
    pub fn has(&self, id: &str) -> bool {
        matches!(self.0.try_contains_id(id), Ok(true)) && self.0.value_source(id) == Some(ValueSource::CommandLine)
    }

    /// Whether any setting other than these was given.
    pub fn has_others(&self, ids: &[&str]) -> bool {
        let settings = Self::augment_args(Command::new(""));
        let mut others = settings.get_arguments().map(|setting| setting.get_id().as_str());
        others.any(|id| !ids.contains(&id) && self.has(id))
    }

    /// The value of a setting that was given.
    pub fn value<T: Any + Clone + Send + Sync>(&self, id: &str) -> Option<&T> {
        self.0.try_get_one(id).ok().flatten()
    }

    /// Overwrites `config` with what was given.
    ///
    /// # Errors
    /// When a given setting has no meaning for the rest of `config`.
    pub fn update(&self, config: &mut TrainConfig) -> anyhow::Result<()> {
        // The default, of no command line, knows no setting that could be asked for.
        if self.0 == ArgMatches::default() {
            return Ok(());
        }
        config.update_from_arg_matches(&self.0).map_err(|error| anyhow::anyhow!("{}", first_line(&error)))
    }
}

impl Args for Given {
    fn augment_args(command: Command) -> Command {
        TrainConfig::augment_args_for_update(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Given {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self(matches.clone()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
