//! `selvedge evaluate`

mod images;
mod settings;
mod text;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use anyhow::bail;
use clap::Args;
use selvedge::eval::Predictions;
use selvedge::files::{FileError, FileTask, shown};
use selvedge::gpu::Gpu;
use selvedge::inference::{Classifier, Ensemble, Model, Rule, RuleKind, Views};
use selvedge::report::{Evaluation, GallerySize, Page};
use selvedge::run::{RunFolder, curves};

use super::AdapterOption;
use super::command_line::command_line;
use super::launch::ranks;
use super::output_folder::OutputFolder;
use super::terminal::print_json;
use images::{Images, ImagesOptions};
use settings::settings;
pub use text::report_text;

#[derive(Debug, Args)]
pub struct Options {
    /// Run folders, weight files or ensembles; several are compared on the same images
    #[arg(required = true, value_name = "MODEL")]
    models: Vec<PathBuf>,
    /// Combine the models, and save the ensemble in the output folder
    #[arg(long, value_enum, value_name = "RULE")]
    ensemble: Option<RuleKind>,
    #[command(flatten)]
    images: ImagesOptions,
    /// Look at each image ten times: mirrored or not, moved by a pixel in each direction or not
    #[arg(long)]
    tta: bool,
    /// Images in each gallery
    #[arg(long, value_name = "COLUMNSxROWS", default_value = "3x3", help_heading = "Output")]
    gallery: Gallery,
    /// Where pictures, tables and report.html go, new or empty [default: in the run's folder; for several runs/comparison-1
    /// or runs/ensemble-1 and so on]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    adapter: AdapterOption,
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

/// The evaluations to show.
struct Shown<'a> {
    /// First the requested ones, then the members of an ensemble.
    evaluations: Vec<Evaluation<'a>>,
    /// How many were requested.
    asked: usize,
    /// How they were combined: names and values.
    notes: Vec<(String, String)>,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    if options.ensemble.is_some() && options.models.len() < 2 {
        bail!("--ensemble needs two models or more");
    }
    if let Some(folder) = &options.out {
        OutputFolder::refuse_used(folder)?;
    }
    for path in &options.models {
        path.metadata().map_err(FileError::io(path, FileTask::Read))?;
    }
    let gpu = options.adapter.open()?;
    match (&options.models[..], options.ensemble) {
        (paths, Some(rule)) => options.put_together(&gpu, paths, rule),
        ([path], None) => options.evaluate_one(&gpu, path),
        (paths, None) => options.compare(&gpu, paths),
    }
}

impl Options {
    /// Evaluates one model, or an ensemble together with its members.
    fn evaluate_one(&self, gpu: &Arc<Gpu>, path: &Path) -> anyhow::Result<()> {
        let model = Model::open(gpu, path)?;
        let images = Images::load(&self.images, &model.classifiers())?;
        let shown = match &model {
            Model::Single(classifier) => {
                Shown { evaluations: vec![self.evaluate(classifier, path, &images)?], asked: 1, notes: Vec::new() }
            }
            Model::Ensemble(ensemble) => {
                let members = ensemble.members().iter();
                let members = members.map(|member| self.evaluate(member, Path::new(member.name()), &images));
                let members = members.collect::<anyhow::Result<Vec<_>>>()?;
                beside_members(ensemble.name(), ensemble.rule(), members, &images)?
            }
        };
        if !ranks().is_first() {
            return Ok(());
        }
        let folder = OutputFolder::of_model(self.out.as_deref(), path, &images.what, self.tta)?;
        self.show(&folder, &images, &shown)
    }

    /// Compares several models pairwise.
    fn compare(&self, gpu: &Arc<Gpu>, paths: &[PathBuf]) -> anyhow::Result<()> {
        let models = paths.iter().map(|path| Model::open(gpu, path));
        let models = models.collect::<Result<Vec<_>, _>>()?;
        let classifiers: Vec<&Classifier> = models.iter().flat_map(Model::classifiers).collect();
        let images = Images::load(&self.images, &classifiers)?;
        let evaluations = models.iter().zip(paths).map(|(model, path)| match model {
            Model::Single(classifier) => self.evaluate(classifier, path, &images),
            Model::Ensemble(ensemble) => {
                let predictions = ensemble.predict_with(&ranks(), &images.set, self.views())?;
                evaluation_of(ensemble.name(), ensemble.rule(), predictions, &images)
            }
        });
        let shown = Shown {
            evaluations: evaluations.collect::<anyhow::Result<Vec<_>>>()?,
            asked: models.len(),
            notes: Vec::new(),
        };
        if !ranks().is_first() {
            return Ok(());
        }
        let folder = OutputFolder::new(self.out.as_deref(), "comparison")?;
        self.show(&folder, &images, &shown)
    }

    /// Makes an ensemble, saves it, and evaluates it together with its members.
    fn put_together(&self, gpu: &Arc<Gpu>, paths: &[PathBuf], kind: RuleKind) -> anyhow::Result<()> {
        let members = paths.iter().map(|path| match Model::open(gpu, path)? {
            Model::Single(classifier) => Ok(*classifier),
            Model::Ensemble(_) => bail!("{} is an ensemble already; name its members", shown(path)),
        });
        let members = members.collect::<anyhow::Result<Vec<_>>>()?;
        let images = Images::load(&self.images, &members.iter().collect::<Vec<_>>())?;
        let (rule, fitting) = self.rule(&members, kind, &images)?;
        let evaluations = members.iter().zip(paths);
        let evaluations = evaluations.map(|(member, path)| self.evaluate(member, path, &images));
        let evaluations = evaluations.collect::<anyhow::Result<Vec<_>>>()?;
        if !ranks().is_first() {
            return Ok(());
        }
        let folder = OutputFolder::new(self.out.as_deref(), "ensemble")?;
        let ensemble = Ensemble::new(members, rule, folder.name())?;
        ensemble.save(folder.path())?;
        let mut shown = beside_members(ensemble.name(), ensemble.rule(), evaluations, &images)?;
        shown.notes.extend(fitting);
        self.show(&folder, &images, &shown)
    }

    /// The rule, fitted to the members' validation images if it needs fitting, and notes on the fit.
    fn rule(
        &self,
        members: &[Classifier],
        kind: RuleKind,
        images: &Images,
    ) -> anyhow::Result<(Rule, Vec<(String, String)>)> {
        let data = images.dataset(&members[0])?;
        if !kind.is_fitted() {
            // Networks trained on different data cannot be combined.
            for member in members {
                member.own_images(&data)?;
            }
            return Ok((Rule::fit(kind, &[], 0)?.0, Vec::new()));
        }
        images.must_be_unseen_by_fit()?;
        let borrowed: Vec<&Classifier> = members.iter().collect();
        let common = Ensemble::common_validation_images(&borrowed, &data, Ensemble::FEWEST_TO_FIT)?;
        let set = data.train.subset(&common)?;
        let said = members.iter().map(|member| member.predict_with(&ranks(), &set, self.views()));
        let (rule, tried) = Rule::fit(kind, &said.collect::<Result<Vec<_>, _>>()?, 0)?;
        let mut notes = vec![("fitted on".to_owned(), format!("{} validation images", set.len()))];
        notes.extend(tried.iter().map(|fit| {
            let scores = format!("cross-validated log loss {:.4}, accuracy {:.4}", fit.log_loss, fit.accuracy);
            (format!("penalty {}", fit.penalty), scores)
        }));
        Ok((rule, notes))
    }

    fn views(&self) -> Views {
        if self.tta { Views::FlipsAndShifts } else { Views::One }
    }

    fn evaluate<'a>(&self, classifier: &Classifier, path: &Path, images: &'a Images) -> anyhow::Result<Evaluation<'a>> {
        // A weight file alone has no history.
        let history = match classifier.path().is_dir() {
            true => RunFolder::open(classifier.path()).read_history()?,
            false => Vec::new(),
        };
        Ok(Evaluation {
            name: shown(path),
            images: &images.set,
            predictions: classifier.predict_with(&ranks(), &images.set, self.views())?,
            settings: settings(classifier),
            curves: (!history.is_empty()).then(|| curves(&history)),
        })
    }

    /// Prints and writes everything.
    fn show(&self, folder: &OutputFolder, images: &Images, all: &Shown) -> anyhow::Result<()> {
        let Shown { evaluations, asked, notes } = all;
        for (number, evaluation) in evaluations[..*asked].iter().enumerate() {
            evaluation.write(&folder.of(number, *asked, evaluation)?, self.gallery.0)?;
        }
        let page = Page {
            title: &match &evaluations[..] {
                all if *asked > 1 => format!("{} models compared", all.len()),
                all => format!("Evaluation of {}", all[0].name),
            },
            data: &images.words,
            evaluations,
            in_full: *asked,
            notes,
            command: &command_line(),
            gallery: self.gallery.0,
        };
        let html = folder.path().join("report.html");
        page.write(&html)?;
        if self.json {
            print_json(&text::json(all)?)?;
        } else {
            text::print(all, images)?;
            outln!("\npictures, tables and {}", shown(&html))?;
        }
        Ok(())
    }
}

/// An ensemble, followed by its members.
fn beside_members<'a>(
    name: &str,
    rule: &Rule,
    members: Vec<Evaluation<'a>>,
    images: &'a Images,
) -> anyhow::Result<Shown<'a>> {
    let said: Vec<Predictions> = members.iter().map(|member| member.predictions.clone()).collect();
    let mut notes = vec![("rule".to_owned(), rule.name().to_owned())];
    if let Rule::Weighted { weights } = rule {
        let weights = members.iter().zip(weights);
        notes.extend(weights.map(|(member, weight)| (format!("weight of {}", member.name), format!("{weight:.4}"))));
    }
    let ensemble = evaluation_of(name, rule, rule.combine(&said)?, images)?;
    Ok(Shown { evaluations: std::iter::once(ensemble).chain(members).collect(), asked: 1, notes })
}

fn evaluation_of<'a>(
    name: &str,
    rule: &Rule,
    predictions: Predictions,
    images: &'a Images,
) -> anyhow::Result<Evaluation<'a>> {
    if rule.kind().is_fitted() {
        images.must_be_unseen_by_fit()?;
    }
    Ok(Evaluation {
        name: name.to_owned(),
        images: &images.set,
        predictions,
        settings: vec![("ensemble".to_owned(), rule.name().to_owned())],
        curves: None,
    })
}
