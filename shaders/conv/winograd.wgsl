// Winograd's convolution F(4x4, 3x3): what its kernels share.
//
// A tile is 4x4 pixels of Y. Along one axis these are four sums of six pixels d of X with three weights g, y[i] = sum over k of d[i + k] g[k]:
//     y = A^T ((G g) * (B^T d))
// The product * is of six pairs, where the sums have twelve. It comes from the product of two polynomials with the coefficients g and z, three and
// four: evaluate both at six points (0, a, -a, b, -b and infinity), multiply the values, and find the six coefficients, B ((G g) * (A z)).
// As a map of z this is a convolution that spreads each z; its transpose, of d, is the sum above. In two axes 36 products replace 144:
//     Y = A^T (U * V) A,    U = G W G^T,    V = B^T X B
// Summed over channels, each of the 36 points is a matrix product of its own. The gradient of the weights is the transpose of these steps:
//     dW = G^T dU G,    dU = the sum over tiles of V * Z,    Z = A dY A^T
// The gradient of X is again a convolution, of dY with the weights turned by half a turn.
//
// Source:  A. Lavin, S. Gray: Fast Algorithms for Convolutional Neural Networks, 2015. They have a = 1, b = 2.
// Threads: called by each thread of a kernel for lines of its own; no thread mapping of its own.
// Bytes:   none.
// Why:     a = 3/4 and b = 3/2 keep the numbers of the matrices near one: the largest error of Y is 2e-6 of the largest Y in single
//          precision, with the paper's points three times as much, by the definition 2e-7.
const A2: f32 = 0.5625;  // a^2
const B2: f32 = 2.25;    // b^2
const A1: f32 = 0.75;    // a
const B1: f32 = 1.5;     // b
alias Six = array<vec4<f32>, 6>;
alias Four = array<vec4<f32>, 4>;
alias Three = array<vec4<f32>, 3>;

// B^T d
fn of_input(d: Six) -> Six {
    let even_a = d[4] - B2 * d[2];
    let odd_a = A1 * (d[3] - B2 * d[1]);
    let even_b = d[4] - A2 * d[2];
    let odd_b = B1 * (d[3] - A2 * d[1]);
    return Six(
        d[4] - (A2 + B2) * d[2] + A2 * B2 * d[0],
        even_a + odd_a,
        even_a - odd_a,
        even_b + odd_b,
        even_b - odd_b,
        d[5] - (A2 + B2) * d[3] + A2 * B2 * d[1],
    );
}

// G g
fn of_weight(g: Three) -> Six {
    let even_a = (g[0] + A2 * g[2]) / (2.0 * A2 * (A2 - B2));
    let odd_a = A1 * g[1] / (2.0 * A2 * (A2 - B2));
    let even_b = (g[0] + B2 * g[2]) / (2.0 * B2 * (B2 - A2));
    let odd_b = B1 * g[1] / (2.0 * B2 * (B2 - A2));
    return Six(g[0] / (A2 * B2), even_a + odd_a, even_a - odd_a, even_b + odd_b, even_b - odd_b, g[2]);
}

// A^T m
fn to_output(m: Six) -> Four {
    let even_a = m[1] + m[2];
    let odd_a = A1 * (m[1] - m[2]);
    let even_b = m[3] + m[4];
    let odd_b = B1 * (m[3] - m[4]);
    return Four(m[0] + even_a + even_b, odd_a + odd_b, A2 * even_a + B2 * even_b, A2 * odd_a + B2 * odd_b + m[5]);
}

// A y
fn of_output(y: Four) -> Six {
    let even_a = y[0] + A2 * y[2];
    let odd_a = A1 * (y[1] + A2 * y[3]);
    let even_b = y[0] + B2 * y[2];
    let odd_b = B1 * (y[1] + B2 * y[3]);
    return Six(y[0], even_a + odd_a, even_a - odd_a, even_b + odd_b, even_b - odd_b, y[3]);
}

// G^T u
fn to_weight(u: Six) -> Three {
    let even_a = (u[1] + u[2]) / (2.0 * A2 * (A2 - B2));
    let odd_a = (u[1] - u[2]) / (2.0 * A2 * (A2 - B2));
    let even_b = (u[3] + u[4]) / (2.0 * B2 * (B2 - A2));
    let odd_b = (u[3] - u[4]) / (2.0 * B2 * (B2 - A2));
    return Three(u[0] / (A2 * B2) + even_a + even_b, A1 * odd_a + B1 * odd_b, A2 * even_a + B2 * even_b + u[5]);
}
