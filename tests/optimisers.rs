//! SGD and Adam against their equations in double precision, over several steps and groups.

mod common;

use common::gpu;
use selvedge::gradcheck::Array;
use selvedge::optim::{Group, Optimiser, Rule};
use selvedge::tensor::{Graph, Shape, Tensor};

const STEPS: usize = 5;

/// A parameter of the reference, with its state.
struct Reference {
    w: Vec<f64>,
    state: [Vec<f64>; 2],
    group: Option<Group>,
}

impl Reference {
    fn step(&mut self, rule: Rule, gradient: &[f64], rate: f64, t: i32) {
        let Some(group) = self.group else { return };
        let rate = rate * f64::from(group.rate);
        for (i, dw) in gradient.iter().enumerate() {
            let w = &mut self.w[i];
            let g = dw + f64::from(group.l2) * *w;
            let direction = match rule {
                Rule::Sgd { momentum, nesterov } => {
                    let momentum = f64::from(momentum);
                    let v = &mut self.state[0][i];
                    *v = momentum * *v + g;
                    if nesterov { g + momentum * *v } else { *v }
                }
                Rule::Adam { beta1, beta2, epsilon } => {
                    let (b1, b2) = (f64::from(beta1), f64::from(beta2));
                    let m = b1 * self.state[0][i] + (1.0 - b1) * g;
                    let v = b2 * self.state[1][i] + (1.0 - b2) * g * g;
                    self.state[0][i] = m;
                    self.state[1][i] = v;
                    m / (1.0 - b1.powi(t)) / ((v / (1.0 - b2.powi(t))).sqrt() + f64::from(epsilon))
                }
            };
            *w = *w * (1.0 - rate * f64::from(group.decay)) - rate * direction;
        }
    }
}

/// Minimises `sum of c w^2 / 2`, whose gradient is `c w`, with three parameters in three groups, one of them frozen.
fn check(rule: Rule) {
    let graph = Graph::new(&gpu());
    // 70 is more than one block of 64, 3 is less.
    let shapes = [[70], [3], [5]];
    let groups =
        [Some(Group { rate: 1.0, l2: 0.03, decay: 0.0 }), Some(Group { rate: 0.5, l2: 0.0, decay: 0.2 }), None];
    let arrays: Vec<Array> = (0..).zip(shapes).map(|(i, s)| Array::random(s, 0.5, 1.5, i)).collect();
    let curvature: Vec<Array> = (9..).zip(shapes).map(|(i, s)| Array::random(s, -1.0, 1.0, i)).collect();
    let contents: Vec<(Shape, Vec<f32>)> = arrays.iter().map(|a| (a.shape.clone(), a.to_f32())).collect();
    let arena = graph.arena("parameters", &contents).unwrap();
    let mut optimiser = Optimiser::with_groups(&graph, &arena, rule, &groups).unwrap();

    let mut loss: Option<Tensor> = None;
    for (w, c) in arena.parts.iter().zip(&curvature) {
        let c = graph.tensor(c.shape.clone(), &c.to_f32()).unwrap();
        let term = w.mul(w).unwrap().mul(&c).unwrap().sum().unwrap().scale(0.5).unwrap();
        loss = Some(match loss {
            None => term,
            Some(sum) => sum.add(&term).unwrap(),
        });
    }
    let parameters: Vec<&Tensor> = arena.parts.iter().collect();
    let gradients = loss.unwrap().backward(&parameters).unwrap();
    let update = optimiser.record(&arena, &gradients).unwrap();
    let mut step = graph.compile(&[&update]).unwrap();

    let mut references: Vec<Reference> = arrays
        .iter()
        .zip(groups)
        .map(|(a, group)| Reference {
            w: a.data.clone(),
            state: [vec![0.0; a.data.len()], vec![0.0; a.data.len()]],
            group,
        })
        .collect();
    for t in 1..=STEPS {
        let rate = 0.1 / t as f64;
        optimiser.start_step(rate).unwrap();
        step.run().unwrap();
        for (reference, c) in references.iter_mut().zip(&curvature) {
            let gradient: Vec<f64> = reference.w.iter().zip(&c.data).map(|(w, c)| w * c).collect();
            reference.step(rule, &gradient, rate, t as i32);
        }
    }
    for ((part, reference), before) in arena.parts.iter().zip(&references).zip(&arrays) {
        let after = part.to_vec().unwrap();
        for (w, expected) in after.iter().zip(&reference.w) {
            approx::assert_relative_eq!(f64::from(*w), *expected, max_relative = 2e-5, epsilon = 1e-6);
        }
        let moved = after != before.to_f32();
        assert_eq!(moved, reference.group.is_some(), "only the frozen parameter stays bitwise the same");
    }
}

#[test]
fn sgd_plain() {
    check(Rule::Sgd { momentum: 0.0, nesterov: false });
}

#[test]
fn sgd_with_momentum() {
    check(Rule::Sgd { momentum: 0.9, nesterov: false });
}

#[test]
fn sgd_with_nesterov_momentum() {
    check(Rule::SGD);
}

#[test]
fn adam_and_adamw() {
    check(Rule::ADAM);
}
