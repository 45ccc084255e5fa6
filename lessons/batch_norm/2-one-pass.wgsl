// Batch norm's statistics, step 2: one pass (Welford).  mean += (x - mean) / n,  m2 += (x - old mean) (x - new mean)
//
// x        [R, C], row by row: R pixels of C channels; y [2, C]: means, then variances = m2 / R
// Threads: a thread a channel, as step 1.
// Bytes:   x is read once: 4 bytes an element, and a division an element.
// Why:     Welford (1962) keeps the mean of what has been seen so far, and m2, the sum of the squared deviations from it; a new number
//          moves both a little. Nothing large is subtracted, so nothing cancels. The division makes each round wait for the one
//          before, and it is still C threads.
// Grid: C / 64
// Most: R 65000
struct Sizes {
    rows: u32,
    channels: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let c = (group.y * groups.x + group.x) * 64u + local;
    if (c >= sizes.channels) {
        return;
    }
    var mean = 0.0;
    var m2 = 0.0;
    for (var r = 0u; r < sizes.rows; r++) {
        let value = x[r * sizes.channels + c];
        let from_old = value - mean;
        mean += from_old / f32(r + 1u);
        m2 += from_old * (value - mean);
    }
    y[c] = mean;
    y[sizes.channels + c] = m2 / f32(sizes.rows);
}
