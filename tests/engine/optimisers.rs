//! SGD, Adam and Muon against their equations in double precision, over several steps and groups.

use crate::common::gpu;
use selvedge::gradcheck::Array;
use selvedge::nn::{Init, Layout, ParameterBuilder, Role};
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
        // Adam beside Muon has a share of its rate.
        let share = if matches!(rule, Rule::Muon { .. }) { 0.15 } else { 1.0 };
        let rate = share * rate * f64::from(group.rate);
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
                // Muon takes this step too, for what is no matrix; the checks of matrices are below.
                Rule::Adam { beta1, beta2, epsilon } | Rule::Muon { beta1, beta2, epsilon, .. } => {
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

/// A matrix in double precision, row by row.
#[derive(Clone)]
struct Matrix {
    rows: usize,
    cols: usize,
    data: Vec<f64>,
}

impl Matrix {
    fn transposed(&self) -> Self {
        let data = (0..self.cols).flat_map(|c| (0..self.rows).map(move |r| self.data[r * self.cols + c])).collect();
        Self { rows: self.cols, cols: self.rows, data }
    }

    fn times(&self, other: &Self) -> Self {
        let dot = |r: usize, c: usize| -> f64 {
            (0..self.cols).map(|k| self.data[r * self.cols + k] * other.data[k * other.cols + c]).sum()
        };
        let data = (0..self.rows).flat_map(|r| (0..other.cols).map(move |c| dot(r, c))).collect();
        Self { rows: self.rows, cols: other.cols, data }
    }

    fn combined(&self, own: f64, other: &Self, its: f64) -> Self {
        let data = self.data.iter().zip(&other.data).map(|(x, y)| own * x + its * y).collect();
        Self { data, ..*self }
    }

    /// Jordan et al. 2024: five times `a X + b (X X^T) X + c (X X^T)^2 X`, from X over its norm.
    fn orthogonal(&self) -> Self {
        let norm = self.data.iter().map(|x| x * x).sum::<f64>().sqrt();
        let mut x = self.combined(1.0 / norm, self, 0.0);
        for _ in 0..5 {
            let square = x.times(&x.transposed());
            let cubic = square.times(&x);
            let quintic = square.times(&cubic);
            x = x.combined(3.4445, &cubic, -4.7750).combined(1.0, &quintic, 2.0315);
        }
        x
    }
}

/// Muon on weights of these shapes, with a rate of 0.02 and a decay of 0.1; the gradient of `sum of c w^2 / 2` is `c w`.
fn check_muon(shapes: &[&[usize]]) {
    let graph = Graph::new(&gpu());
    let groups = vec![Some(Group { rate: 1.0, l2: 0.0, decay: 0.1 }); shapes.len()];
    let arrays: Vec<Array> = (0..).zip(shapes).map(|(i, s)| Array::random(s.to_vec(), -1.0, 1.0, i)).collect();
    let curvature: Vec<Array> = (9..).zip(shapes).map(|(i, s)| Array::random(s.to_vec(), -1.0, 1.0, i)).collect();
    let contents: Vec<(Shape, Vec<f32>)> = arrays.iter().map(|a| (a.shape.clone(), a.to_f32())).collect();
    let arena = graph.arena("parameters", &contents).unwrap();
    let mut optimiser = Optimiser::with_groups(&graph, &arena, Rule::MUON, &groups).unwrap();
    let gradients: Vec<Tensor> = arena
        .parts
        .iter()
        .zip(&curvature)
        .map(|(w, c)| w.mul(&graph.tensor(c.shape.clone(), &c.to_f32()).unwrap()).unwrap())
        .collect();
    let update = optimiser.record(&arena, &gradients).unwrap();
    let mut step = graph.compile(&[&update]).unwrap();
    let matrix = |a: &Array| {
        let cols = *a.shape.axes().last().unwrap();
        Matrix { rows: a.data.len() / cols, cols, data: a.data.clone() }
    };
    let mut references: Vec<Matrix> = arrays.iter().map(matrix).collect();
    let mut velocities: Vec<Matrix> = references.iter().map(|w| w.combined(0.0, w, 0.0)).collect();
    for _ in 0..STEPS {
        optimiser.start_step(0.02).unwrap();
        step.run().unwrap();
        for ((w, v), c) in references.iter_mut().zip(&mut velocities).zip(&curvature) {
            let g = Matrix { data: w.data.iter().zip(&c.data).map(|(w, c)| w * c).collect(), ..*w };
            *v = v.combined(0.9, &g, 1.0);
            let direction = g.combined(1.0, v, 0.9).orthogonal();
            let reach = (w.cols as f64 / w.rows as f64).max(1.0).sqrt();
            *w = w.combined(1.0 - 0.02 * 0.1, &direction, -0.02 * reach);
        }
    }
    for (part, reference) in arena.parts.iter().zip(&references) {
        for (w, expected) in part.to_vec().unwrap().iter().zip(&reference.data) {
            approx::assert_abs_diff_eq!(f64::from(*w), *expected, epsilon = 1e-4);
        }
    }
}

#[test]
fn muon_takes_adams_step_for_what_is_no_matrix() {
    check(Rule::MUON);
}

#[test]
fn muon_for_matrices_that_are_tall_wide_and_square() {
    check_muon(&[&[40, 17], &[17, 40], &[16, 16]]);
}

#[test]
fn muon_for_the_weights_of_convolutions() {
    check_muon(&[&[3, 3, 5, 68], &[3, 3, 16, 33], &[1, 1, 20, 19]]);
}

#[test]
fn muon_stays_where_the_gradient_is_zero() {
    let graph = Graph::new(&gpu());
    let arena = graph.arena("parameters", &[(Shape::from([16, 20]), vec![0.5; 320])]).unwrap();
    let mut optimiser = Optimiser::with_groups(&graph, &arena, Rule::MUON, &[Some(Group::PLAIN)]).unwrap();
    let update = optimiser.record(&arena, &[graph.zeros([16, 20]).unwrap()]).unwrap();
    let mut step = graph.compile(&[&update]).unwrap();
    optimiser.start_step(0.1).unwrap();
    step.run().unwrap();
    assert_eq!(arena.parts[0].to_vec().unwrap(), vec![0.5; 320]);
}

#[test]
fn muon_leaves_the_last_layer_to_adam() {
    let graph = Graph::new(&gpu());
    let mut builder = ParameterBuilder::default();
    for (name, role) in [("hidden", Role::LinearWeight), ("last", Role::OutputWeight)] {
        builder.declare(name.to_owned(), [16, 16], Layout::Linear, role, Init::Constant(1.0));
    }
    let parameters = builder.build(&graph, 1, 0).unwrap();
    let mut optimiser = Optimiser::new(&graph, &parameters, Rule::MUON, |_| Some(Group::PLAIN)).unwrap();
    // Of rank one: its orthogonal direction is 1/16 everywhere, times a singular value near one; Adam's first step is the rate.
    let ones = graph.tensor([16, 16], &[1.0; 256]).unwrap();
    let update = optimiser.record(parameters.learned(), &[ones.clone(), ones]).unwrap();
    let mut step = graph.compile(&[&update]).unwrap();
    optimiser.start_step(0.1).unwrap();
    step.run().unwrap();
    let moved = |part: usize| 1.0 - parameters.learned().parts[part].to_vec().unwrap()[0];
    assert!((0.6..1.3).contains(&(moved(0) * 16.0 / 0.1)), "{}", moved(0));
    approx::assert_relative_eq!(moved(1), 0.1 * 0.15, max_relative = 1e-3);
}
