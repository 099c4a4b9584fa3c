//! A trained model on data that it never saw.

use std::path::{Path, PathBuf};

use metatape::tensor::{Checkpoint, load};

use crate::common::{self, Common, Session, crew};
use crate::dataset::Part;
use crate::options::Options;
use crate::origin::Origin;
use crate::plan::Plan;
use crate::run::Run;
use crate::score::{self, Scored};

/// Scores the checkpoint at `path` as the options say. Nothing is trained.
///
/// # Errors
/// Anything that goes wrong, and Ctrl-C.
pub fn run(options: &Options, path: &Path) -> common::Result {
    let checkpoint = crew::agree(load(path).map_err(Into::into))?;
    let trained = plan(&checkpoint, path)?;
    let origin = Origin::restore(&checkpoint).map_err(|error| format!("{}: {error}", path.display()))?;
    let plan = options.scoring(trained);
    plan.dataset.check(options.data.as_deref())?;
    let out = options.common.out.clone().unwrap_or_else(|| PathBuf::from("runs/classification-evaluated"));
    keep(path, &out)?;

    let part = options.split.unwrap_or(Part::Test);
    let seed = checkpoint.metadata("seed")?.parse()?;
    let files = (options.data.as_deref(), plan.images_of_class);
    let (images, seen) = crew::agree(plan.dataset.part(files, part, seed, &origin.classes))?;
    if images.shape() != origin.image {
        let [found, expected] = [images.shape(), origin.image];
        return Err(format!("{}: trained on images of {expected:?}, not {found:?}", path.display()).into());
    }
    for shots in &plan.test_shots {
        plan.test_tasks(*shots, images.shape()[0]).over(&images, &origin.normalization)?;
    }
    let mut runs: Vec<Run> = plan
        .learners
        .iter()
        .map(|learner| Run::new(&plan, *learner, origin.image, options.common.seed))
        .collect();
    runs.iter_mut().try_for_each(|run| run.restore(&checkpoint))?;
    let common = Common { out: Some(out), ..options.common.clone() };
    let session = Session::start("classification", &common, &plan)?;
    score::all(&plan, &runs, &session, &Scored { images: &images, part, unseen: seen == 0, origin: &origin })
}

/// The plan by which the checkpoint was trained.
fn plan(checkpoint: &Checkpoint, path: &Path) -> common::Result<Plan> {
    let example = checkpoint.metadata("example")?;
    if example != "classification" {
        let path = path.display();
        return Err(format!("{path}: a checkpoint of the example {example}, not of classification").into());
    }
    let plan = serde_json::from_str(checkpoint.metadata("config")?);
    Ok(plan.map_err(|error| format!("{}: its config cannot be read: {error}", path.display()))?)
}

/// Refuses a folder whose checkpoint is the one that is scored: a run replaces what its folder holds.
fn keep(checkpoint: &Path, out: &Path) -> common::Result {
    let whole = |path: &Path| path.canonicalize().ok();
    if whole(checkpoint).is_some() && whole(checkpoint) == whole(&out.join("checkpoint.safetensors")) {
        let out = out.display();
        return Err(format!("--out {out}: this folder holds the checkpoint to score; choose another").into());
    }
    Ok(())
}
