//! `selvedge evaluate`

mod images;
mod output;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::bail;
use clap::{Args, ValueEnum};
use selvedge::eval::{Comparison, Gain, Metrics, Predictions, Report};
use selvedge::gpu::Gpu;
use selvedge::inference::{Classifier, Ensemble, Model, Rule, RuleKind, Views};
use selvedge::report::{Evaluation, GallerySize, Page};
use selvedge::train::{RunFolder, curves};
use serde_json::{Value, json};
use std::sync::Arc;

use super::AdapterOption;
use super::table::table;
use images::{Images, ImagesOptions};
use output::{OutputFolder, command_line};

#[derive(Debug, Args)]
pub struct Options {
    /// Run folders, weight files or ensembles; several are compared on the same images
    #[arg(required = true, value_name = "MODEL")]
    models: Vec<PathBuf>,
    /// Put the models together, and keep the ensemble in the output folder
    #[arg(long, value_enum, value_name = "RULE")]
    ensemble: Option<RuleName>,
    #[command(flatten)]
    images: ImagesOptions,
    /// Look at each image ten times: mirrored or not, moved by a pixel in each direction or not
    #[arg(long)]
    tta: bool,
    /// Images in each gallery
    #[arg(long, value_name = "COLUMNSxROWS", default_value = "3x3")]
    gallery: Gallery,
    /// Where pictures, tables and report.html go, new or empty [default: in the run's folder; for several runs/comparison-1
    /// or runs/ensemble-1 and so on]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    adapter: AdapterOption,
}

/// How an ensemble decides.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum RuleName {
    /// The mean of the probabilities (soft voting)
    Mean,
    /// Their weighted mean; the weights have the smallest log loss on the validation split
    Weighted,
    /// Each model has a vote (hard voting); a tie goes to the tied class with the largest mean probability
    Vote,
    /// A logistic regression on the models' probabilities, fitted on the validation split
    Stack,
}

impl From<RuleName> for RuleKind {
    fn from(name: RuleName) -> Self {
        match name {
            RuleName::Mean => Self::Mean,
            RuleName::Weighted => Self::Weighted,
            RuleName::Vote => Self::Vote,
            RuleName::Stack => Self::Stack,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Gallery(GallerySize);

impl FromStr for Gallery {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let side = |text: &str| text.parse().ok().filter(|side| (1..=20).contains(side));
        let sides = text.split_once('x').and_then(|(c, r)| Some((side(c)?, side(r)?)));
        let (columns, rows) = sides.ok_or("write it as 3x3, with 1 to 20 images a side")?;
        Ok(Self(GallerySize { columns, rows }))
    }
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let gpu = options.adapter.open()?;
    match (&options.models[..], options.ensemble) {
        (paths, Some(rule)) => make_ensemble(options, &gpu, paths, rule.into()),
        ([path], None) => single(options, &gpu, path),
        (paths, None) => compare(options, &gpu, paths),
    }
}

/// One model, or an ensemble beside its members.
fn single(options: &Options, gpu: &Arc<Gpu>, path: &Path) -> anyhow::Result<()> {
    match Model::open(gpu, path)? {
        Model::Single(classifier) => {
            let images = Images::load(&options.images, &[&classifier])?;
            let folder = OutputFolder::of_model(options.out.as_deref(), path, &images.what, options.tta)?;
            let evaluations = vec![options.evaluate(&classifier, path, &images)?];
            options.finish(&folder, &images, &evaluations, 1, &[])
        }
        Model::Ensemble(ensemble) => {
            let members: Vec<&Classifier> = ensemble.members().iter().collect();
            let images = Images::load(&options.images, &members)?;
            let folder = OutputFolder::of_model(options.out.as_deref(), path, &images.what, options.tta)?;
            let evaluations = ensemble.members().iter();
            let evaluations = evaluations.map(|member| options.evaluate(member, Path::new(member.name()), &images));
            let evaluations = evaluations.collect::<anyhow::Result<Vec<_>>>()?;
            together(options, &folder, &images, ensemble.name(), ensemble.rule(), evaluations)
        }
    }
}

/// Several models, each with each.
fn compare(options: &Options, gpu: &Arc<Gpu>, paths: &[PathBuf]) -> anyhow::Result<()> {
    let models = paths.iter().map(|path| Model::open(gpu, path));
    let models = models.collect::<Result<Vec<_>, _>>()?;
    let classifiers: Vec<&Classifier> = models.iter().flat_map(Model::classifiers).collect();
    let images = Images::load(&options.images, &classifiers)?;
    let folder = OutputFolder::new(options.out.as_deref(), "comparison")?;
    let mut evaluations = Vec::new();
    for (model, path) in models.iter().zip(paths) {
        evaluations.push(match model {
            Model::Single(classifier) => options.evaluate(classifier, path, &images)?,
            Model::Ensemble(ensemble) => {
                images.must_be_new_to(ensemble.rule())?;
                let predictions = ensemble.predict(&images.set, options.views())?;
                evaluation_of(ensemble.name(), ensemble.rule(), predictions, &images)
            }
        });
    }
    options.finish(&folder, &images, &evaluations, evaluations.len(), &[])
}

/// Fits an ensemble, keeps it, and evaluates it beside its members.
fn make_ensemble(options: &Options, gpu: &Arc<Gpu>, paths: &[PathBuf], kind: RuleKind) -> anyhow::Result<()> {
    if paths.len() < 2 {
        bail!("--ensemble needs two models or more");
    }
    let members = paths.iter().map(|path| match Model::open(gpu, path)? {
        Model::Single(classifier) => Ok(*classifier),
        Model::Ensemble(_) => bail!("{} is an ensemble already; name its members", path.display()),
    });
    let members = members.collect::<anyhow::Result<Vec<_>>>()?;
    let images = Images::load(&options.images, &members.iter().collect::<Vec<_>>())?;
    let mut notes = Vec::new();
    let rule = match kind {
        RuleKind::Mean => Rule::Mean,
        RuleKind::Vote => Rule::Vote,
        RuleKind::Weighted | RuleKind::Stack => {
            images.must_be_unseen_by_fit()?;
            let data = images.dataset()?;
            let common = Ensemble::common_validation_images(&members.iter().collect::<Vec<_>>(), &data)?;
            let set = data.train.subset(&common)?;
            let said = members.iter().map(|member| member.predict(&set, options.views()));
            let said = said.collect::<Result<Vec<_>, _>>()?;
            let (rule, tried) = Rule::fit(kind, &said, 0)?;
            notes.push(("fitted on".to_owned(), format!("{} validation images", set.len())));
            for fit in tried {
                notes.push((
                    format!("penalty {}", fit.penalty),
                    format!(
                        "cross-validated log loss {:.4}, accuracy {:.4}",
                        fit.log_loss, fit.accuracy
                    ),
                ));
            }
            rule
        }
    };
    let folder = OutputFolder::new(options.out.as_deref(), "ensemble")?;
    let evaluations = members.iter().zip(paths);
    let evaluations = evaluations.map(|(member, path)| options.evaluate(member, path, &images));
    let evaluations = evaluations.collect::<anyhow::Result<Vec<_>>>()?;
    let ensemble = Ensemble::new(members, rule, folder.name())?;
    ensemble.save(folder.path())?;
    together_with(
        options,
        &folder,
        &images,
        ensemble.name(),
        ensemble.rule(),
        evaluations,
        notes,
    )
}

fn together<'a>(
    options: &Options,
    folder: &OutputFolder,
    images: &'a Images,
    name: &str,
    rule: &Rule,
    members: Vec<Evaluation<'a>>,
) -> anyhow::Result<()> {
    together_with(options, folder, images, name, rule, members, Vec::new())
}

/// Shows an ensemble and its members.
fn together_with<'a>(
    options: &Options,
    folder: &OutputFolder,
    images: &'a Images,
    name: &str,
    rule: &Rule,
    members: Vec<Evaluation<'a>>,
    mut notes: Vec<(String, String)>,
) -> anyhow::Result<()> {
    images.must_be_new_to(rule)?;
    let said: Vec<Predictions> = members.iter().map(|member| member.predictions.clone()).collect();
    notes.insert(0, ("rule".to_owned(), rule.name().to_owned()));
    if let Rule::Weighted { weights } = rule {
        for (member, weight) in members.iter().zip(weights) {
            notes.push((format!("weight of {}", member.name), format!("{weight:.4}")));
        }
    }
    let ensemble = evaluation_of(name, rule, rule.combine(&said)?, images);
    let evaluations: Vec<Evaluation> = std::iter::once(ensemble).chain(members).collect();
    options.finish(folder, images, &evaluations, 1, &notes)
}

fn evaluation_of<'a>(name: &str, rule: &Rule, predictions: Predictions, images: &'a Images) -> Evaluation<'a> {
    Evaluation {
        name: name.to_owned(),
        images: &images.set,
        predictions,
        settings: vec![("ensemble".to_owned(), rule.name().to_owned())],
        curves: None,
    }
}

impl Options {
    fn views(&self) -> Views {
        if self.tta { Views::FlipsAndShifts } else { Views::One }
    }

    fn evaluate<'a>(&self, classifier: &Classifier, path: &Path, images: &'a Images) -> anyhow::Result<Evaluation<'a>> {
        let folder = RunFolder::open(classifier.path());
        let history = folder.read_history()?;
        Ok(Evaluation {
            name: path.display().to_string(),
            images: &images.set,
            predictions: classifier.predict(&images.set, self.views())?,
            settings: output::settings(classifier),
            curves: (!history.is_empty()).then(|| curves(&history)),
        })
    }

    /// Prints and writes everything; `in_full` evaluations from the first are the models that were asked for.
    fn finish(
        &self,
        folder: &OutputFolder,
        images: &Images,
        evaluations: &[Evaluation],
        in_full: usize,
        notes: &[(String, String)],
    ) -> anyhow::Result<()> {
        for (number, evaluation) in evaluations[..in_full].iter().enumerate() {
            evaluation.write(&folder.of(number, in_full, evaluation)?, self.gallery.0)?;
        }
        let title = match evaluations {
            all if in_full > 1 => format!("{} models compared", all.len()),
            [first, ..] => format!("Evaluation of {}", first.name),
            [] => String::new(),
        };
        let page = Page {
            title: &title,
            data: &images.words,
            evaluations,
            in_full,
            notes,
            command: &command_line(),
            gallery: self.gallery.0,
        };
        let html = folder.path().join("report.html");
        page.write(&html)?;
        if self.json {
            println!("{}", json_of(evaluations, in_full, notes)?);
        } else {
            print_text(images, evaluations, in_full, notes)?;
            println!("\npictures, tables and {}", html.display());
        }
        Ok(())
    }
}

impl Images {
    /// A rule must not be judged by what it was fitted to.
    fn must_be_new_to(&self, rule: &Rule) -> anyhow::Result<()> {
        if rule.is_fitted() {
            self.must_be_unseen_by_fit()
        } else {
            Ok(())
        }
    }
}

fn json_of(evaluations: &[Evaluation], in_full: usize, notes: &[(String, String)]) -> anyhow::Result<Value> {
    if let [only] = evaluations {
        return Ok(serde_json::to_value(Metrics::from_predictions(&only.predictions))?);
    }
    let models = evaluations.iter().map(|evaluation| {
        let mut value = serde_json::to_value(Metrics::from_predictions(&evaluation.predictions))?;
        value["name"] = json!(evaluation.name);
        Ok(value)
    });
    let pairs = pairs(evaluations, in_full).map(|(a, b)| {
        let comparison = Comparison::between(&a.predictions, &b.predictions)?;
        let gain = Gain::of(&a.predictions, &b.predictions, 0)?;
        Ok(json!({ "first": a.name, "second": b.name, "comparison": comparison, "gain": gain }))
    });
    Ok(json!({
        "models": models.collect::<anyhow::Result<Vec<Value>>>()?,
        "pairs": pairs.collect::<anyhow::Result<Vec<Value>>>()?,
        "notes": notes.iter().cloned().collect::<std::collections::BTreeMap<String, String>>(),
    }))
}

/// The first with each other one, or each with each when all were asked for.
fn pairs<'a>(
    evaluations: &'a [Evaluation<'a>],
    in_full: usize,
) -> impl Iterator<Item = (&'a Evaluation<'a>, &'a Evaluation<'a>)> {
    let firsts = if in_full > 1 { evaluations.len() } else { 1 };
    (0..firsts).flat_map(move |i| evaluations[i + 1..].iter().map(move |second| (&evaluations[i], second)))
}

fn print_text(
    images: &Images,
    evaluations: &[Evaluation],
    in_full: usize,
    notes: &[(String, String)],
) -> anyhow::Result<()> {
    if let [only] = evaluations {
        let metrics = Metrics::from_predictions(&only.predictions);
        print!("{}", report_text(&images.what, &metrics.report));
        println!(
            "\namong the top 2 {:.4}, calibration error {:.4}",
            metrics.top_2_accuracy, metrics.calibration_error
        );
        for pair in metrics.confused_pairs.iter().take(5) {
            println!(
                "{} of {} {} taken for {}",
                pair.count, pair.support, pair.truth, pair.predicted
            );
        }
        return Ok(());
    }
    println!("{}\n", images.words);
    let headings = ["model", "accuracy", "log loss", "among the top 2", "calibration error"];
    let mut rows = vec![headings.map(str::to_owned)];
    for evaluation in evaluations {
        let metrics = Metrics::from_predictions(&evaluation.predictions);
        let figures = [
            metrics.report.accuracy,
            metrics.report.log_loss,
            metrics.top_2_accuracy,
            metrics.calibration_error,
        ];
        let [accuracy, loss, top_2, calibration] = figures.map(|figure| format!("{figure:.4}"));
        rows.push([evaluation.name.clone(), accuracy, loss, top_2, calibration]);
    }
    print!("{}", table(&rows, &[1, 2, 3, 4]));
    println!();
    for (a, b) in pairs(evaluations, in_full) {
        let Gain {
            mean,
            interval: [low, high],
        } = Gain::of(&a.predictions, &b.predictions, 0)?;
        let Comparison {
            only_first,
            only_second,
            p_value,
            ..
        } = Comparison::between(&a.predictions, &b.predictions)?;
        println!(
            "{} over {}: {mean:+.4} (95 % interval {low:+.4} to {high:+.4}); alone right {only_first} to {only_second}, McNemar p = {}",
            a.name,
            b.name,
            selvedge::report::p_text(p_value)
        );
    }
    for (name, value) in notes {
        println!("{name}: {value}");
    }
    Ok(())
}

/// The result on a set of images, as `train` prints it too.
pub fn report_text(what: &str, report: &Report) -> String {
    format!(
        "{what} accuracy {:.4}, log loss {:.4}\n\n{}",
        report.accuracy,
        report.log_loss,
        report.to_text(4)
    )
}
