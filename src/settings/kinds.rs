//! Settings on the command line that depend on a kind, such as the network or the schedule: the options of all kinds are
//! declared together, and one that the chosen kind does not have is refused.

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

/// The name of a kind, and the function that declares its settings.
pub(super) type Kind = (&'static str, fn(Command) -> Command);

/// A kind without settings of its own.
pub(super) fn no_settings(command: Command) -> Command {
    command
}

fn own_settings((_, declare): &Kind) -> Vec<Arg> {
    declare(Command::new("")).get_arguments().cloned().collect()
}

/// Declares the settings of all kinds under one heading of the help. A setting that several kinds share is declared once, with
/// the help text of the first; the help names the kinds that have it.
pub(super) fn declare_all(command: Command, heading: &'static str, kinds: &[Kind]) -> Command {
    let mut declared = command;
    for setting in kinds.iter().flat_map(own_settings) {
        if declared.get_arguments().any(|known| known.get_id() == setting.get_id()) {
            continue;
        }
        let help = setting.get_help().map(ToString::to_string).unwrap_or_default();
        let owners = owners_of(&setting, kinds).join(", ");
        // Listed in the order of declaration here, not in that of its own kind.
        let place = declared.get_arguments().filter(|argument| !argument.is_positional()).count();
        let setting = setting.help(format!("{owners}: {help}"));
        declared = declared.arg(setting.help_heading(heading).display_order(place));
    }
    declared
}

/// The kinds that have a setting.
fn owners_of(setting: &Arg, kinds: &[Kind]) -> Vec<&'static str> {
    let has_it = |kind: &&Kind| own_settings(kind).iter().any(|own| own.get_id() == setting.get_id());
    kinds.iter().filter(has_it).map(|kind| kind.0).collect()
}

/// Refuses given settings that the kind named `chosen` does not have. `problem` makes the message from the setting and the
/// kinds that have it.
pub(super) fn refuse_others(
    matches: &ArgMatches,
    kinds: &[Kind],
    chosen: &str,
    problem: impl Fn(&str, &[&str]) -> String,
) -> Result<(), clap::Error> {
    let is_chosen = |kind: &&Kind| kind.0 == chosen;
    let of_chosen: Vec<_> = kinds.iter().filter(is_chosen).flat_map(own_settings).collect();
    for setting in kinds.iter().flat_map(own_settings) {
        let id = setting.get_id();
        let is_given = matches!(matches.try_contains_id(id.as_str()), Ok(true))
            && matches.value_source(id.as_str()) == Some(ValueSource::CommandLine);
        if is_given && !of_chosen.iter().any(|own| own.get_id() == id) {
            let text = problem(setting.get_long().unwrap_or_default(), &owners_of(&setting, kinds));
            return Err(clap::Error::raw(ErrorKind::ArgumentConflict, text));
        }
    }
    Ok(())
}
