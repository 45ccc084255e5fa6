// Exercise 17: a step of Adam.  m' = B1 m + (1 - B1) g,  v' = B2 v + (1 - B2) g^2,  w' = w - RATE * mc / (sqrt(vc) + EPSILON)
//
// w, g, m, v  [N]: weights, gradients, and the two averages so far
// y           [3, N]: the new weights, the new m, the new v
// Threads: a thread a weight.
// Task:    the step number T, `sizes.step`, counts from 1. m and v began at 0, so both are too small in the first steps:
//          mc = m' / (1 - B1^T), vc = v' / (1 - B2^T).
// Hint:    pow(B1, f32(sizes.step)) is B1^T. Keep m' and v' as they are: only the step uses the corrected ones.
// Mistake: the corrections are left out: the first steps are three to six times as long as they should be.
//   - let mc = m_new / (1.0 - pow(B1, t));
//   + let mc = m_new;
//   - let vc = v_new / (1.0 - pow(B2, t));
//   + let vc = v_new;
// Mistake: the gradient is not squared for v.
//   - (1.0 - B2) * g[i] * g[i];
//   + (1.0 - B2) * g[i];
// Mistake: it climbs: the step is added.
//   - y[i] = w[i] - RATE
//   + y[i] = w[i] + RATE
// Mistake: the corrected averages are stored. The next step would correct them a second time.
//   - y[sizes.n + i] = m_new;
//   + y[sizes.n + i] = mc;
//   - y[2u * sizes.n + i] = v_new;
//   + y[2u * sizes.n + i] = vc;
// Grid: N / 64
struct Sizes {
    n: u32,
    step: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> g: array<f32>;
@group(0) @binding(3) var<storage, read> m: array<f32>;
@group(0) @binding(4) var<storage, read> v: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

const RATE: f32 = 0.01;
const B1: f32 = 0.9;
const B2: f32 = 0.999;
const EPSILON: f32 = 0.00000001;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if (i >= sizes.n) {
        return;
    }
    // GAP: y[i] is the new weight, y[sizes.n + i] the new m, y[2u * sizes.n + i] the new v
    let t = f32(sizes.step);
    let m_new = B1 * m[i] + (1.0 - B1) * g[i];
    let v_new = B2 * v[i] + (1.0 - B2) * g[i] * g[i];
    let mc = m_new / (1.0 - pow(B1, t));
    let vc = v_new / (1.0 - pow(B2, t));
    y[i] = w[i] - RATE * mc / (sqrt(vc) + EPSILON);
    y[sizes.n + i] = m_new;
    y[2u * sizes.n + i] = v_new;
    // END
}
