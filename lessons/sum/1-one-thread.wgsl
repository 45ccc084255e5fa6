// Sum, step 1: one thread.  y = sum over i of x[i]
//
// x        [N], y [1]
// Threads: one.
// Bytes:   4 N, read one after the other.
// Why:     the definition, as a processor would compute it. A GPU has thousands of threads, and all but one of them wait. It is also
//          the least exact: a small number that is added to a large sum loses its last digits, N times. Some drivers end a loop that
//          they take for endless (lavapipe after 65,535 rounds, silently), so it is run on fewer numbers than the others.
// Grid: 1
// Most: N 65000
@group(0) @binding(0) var<uniform> count: u32;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(1)
fn main() {
    var sum = 0.0;
    for (var i = 0u; i < count; i++) {
        sum += x[i];
    }
    y[0] = sum;
}
