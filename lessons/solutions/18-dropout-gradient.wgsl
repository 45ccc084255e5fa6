// Exercise 18: dropout without a stored mask.  y[i] = x[i] / (1 - P) where random(i, seed) >= P, else 0
//
// grad_y, grad_x  [N]; the forward pass has drawn its mask with random(i, seed), and stored nothing
// Threads: a thread an element.
// Task:    grad_x, with the same mask. `sizes.seed` is the seed of this step.
// Hint:    a random number here is a hash of its counter and the seed: asked again, it is the same. What the forward pass multiplied x
//          by, the backward pass multiplies grad_y by.
// Mistake: the elements that were dropped get the gradient, those that were kept get none.
//   - random(i, sizes.seed) >= P
//   + random(i, sizes.seed) < P
// Mistake: the gradient is not divided by 1 - P, though the forward pass divided.
//   - grad_y[i] / (1.0 - P)
//   + grad_y[i]
// Mistake: counter and seed are exchanged: that is another mask.
//   - random(i, sizes.seed) >= P
//   + random(sizes.seed, i) >= P
// Grid: N / 64
struct Sizes {
    n: u32,
    seed: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> grad_y: array<f32>;
@group(0) @binding(2) var<storage, read_write> grad_x: array<f32>;

const P: f32 = 0.25;

// A number from 0 to 1 for each counter and seed: pcg4d of Jarzynski and Olano 2020.
fn random(counter: u32, seed: u32) -> f32 {
    var v = vec4<u32>(counter, seed, 0u, 0u) * 1664525u + 1013904223u;
    for (var round = 0u; round < 2u; round++) {
        v.x += v.y * v.w;
        v.y += v.z * v.x;
        v.z += v.x * v.y;
        v.w += v.y * v.z;
        if (round == 0u) {
            v ^= v >> vec4<u32>(16u);
        }
    }
    return f32(v.x >> 8u) / 16777216.0;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if (i >= sizes.n) {
        return;
    }
    // GAP: grad_x[i]
    grad_x[i] = select(0.0, grad_y[i] / (1.0 - P), random(i, sizes.seed) >= P);
    // END
}
