//! The gradient checker itself: it must report and name what is wrong.

use crate::common::{cores, gpu, gpu_with, random};
use selvedge::gradcheck::{OpCheck, Tolerance, gradcheck};
use selvedge::tensor::{Backward, Info, Inputs, Io, Launches, Op, Result, Storage, Tensor};

/// The identity, with its gradient changed by `wrong`.
#[derive(Debug)]
struct Identity {
    wrong: fn(&Tensor) -> Result<Option<Tensor>>,
}

impl Op for Identity {
    fn name(&self) -> &'static str {
        "identity"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![inputs.get(0)?.clone()])
    }

    fn launch(&self, _: &Io, _: &mut Launches) -> Result<()> {
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![(self.wrong)(node.gradient(0)?)?])
    }

    fn storage(&self) -> Storage {
        Storage::View
    }
}

fn report_of(wrong: fn(&Tensor) -> Result<Option<Tensor>>) -> selvedge::gradcheck::Report {
    gradcheck(
        &gpu(),
        &[random(&[3, 5], 1)],
        Tolerance::default(),
        |x| Tensor::apply_one(Identity { wrong }, &[&x[0]]),
        |x| x[0].data.clone(),
    )
    .unwrap()
}

#[test]
fn a_right_gradient_passes() {
    let report = report_of(|dy| Ok(Some(dy.clone())));
    assert!(report.passed(), "{report}");
    assert_eq!(report.compared, 15 + 15);
}

#[test]
fn a_gradient_off_by_half_a_percent_is_reported_with_op_input_index_and_both_values() {
    let report = report_of(|dy| Ok(Some(dy.scale(1.005)?)));
    assert!(!report.passed());
    let first = &report.disagreements[0];
    assert_eq!((first.op.as_str(), first.input), ("identity", Some(0)));
    assert!((first.device / first.reference - 1.005).abs() < 1e-4);
    let text = report.to_string();
    assert!(text.contains("identity: gradient of input 0, element 0, is"), "{text}");
}

#[test]
fn a_gradient_that_ignores_what_flows_in_is_reported() {
    // Correct only when the incoming gradient is all ones.
    let report = report_of(|dy| {
        let shape = dy.shape();
        let ones = vec![1.0; shape.len()];
        Ok(Some(dy.graph().tensor(shape, &ones)?))
    });
    assert!(!report.passed());
}

#[test]
fn a_gradient_with_the_wrong_sign_and_nan_are_reported() {
    assert!(!report_of(|dy| Ok(Some(dy.scale(-1.0)?))).passed());
    assert!(!report_of(|dy| Ok(Some(dy.scale(f32::NAN)?))).passed());
}

#[test]
fn a_missing_gradient_is_an_error_that_names_the_op() {
    let error = gradcheck(
        &gpu(),
        &[random(&[3], 1)],
        Tolerance::default(),
        |x| Tensor::apply_one(Identity { wrong: |_| Ok(None) }, &[&x[0]]),
        |x| x[0].data.clone(),
    )
    .unwrap_err();
    assert!(error.to_string().contains("identity has no gradient"), "{error}");
}

#[test]
fn a_wrong_forward_pass_is_reported() {
    let report = gradcheck(
        &gpu(),
        &[random(&[3], 1)],
        Tolerance::default(),
        |x| x[0].scale(2.0),
        |x| x[0].data.iter().map(|v| 2.0 * v + 1e-2).collect(),
    )
    .unwrap();
    assert_eq!(report.disagreements.len(), 3);
    assert!(report.to_string().contains("scale: output element 0"));
}

#[test]
fn the_check_of_every_op_passes_on_every_core() {
    for core in cores() {
        for check in OpCheck::ALL {
            let report = check.run(&gpu_with(core)).unwrap();
            assert!(report.passed(), "{}, core {}: {report}", check.name, core.name());
        }
    }
}
