// Functions for the rows of the table of pointwise ops, numerically stable where the plain formula is not
//
// Joined to map.wgsl, zip.wgsl, zip_strided.wgsl or zip3.wgsl together with the row's own expression. `Value` is f32 or
//          vec4<f32>; everything here holds for both.
// Threads: called by the thread that has the number; no thread mapping of its own.
// Bytes:   none; 5 to 40 FLOPs per element, mostly hidden by memory traffic.
// Why:     exp never gets a positive argument, so nothing overflows on the way to a finite result; small results keep their
//          precision, because nearly equal numbers are never subtracted. NaN propagates: a comparison with NaN is false, and
//          each select() keeps NaN on that side.
#choose value: common/value_f32.wgsl | common/value_vec4.wgsl

// 1 / (1 + exp(-x))
fn sigmoid(x: Value) -> Value {
    let e = exp(-abs(x));
    return select(Value(1.0), e, x < Value()) / (1.0 + e);
}

// log(1 + e) = 2 artanh(e / (2 + e)) for 0 <= e <= 1, by the series of artanh (Abramowitz and Stegun 4.6.33). Its argument is
// at most 1/3, so truncating after seven terms costs less than 2e-8 of the result.
fn log_of_one_plus(e: Value) -> Value {
    let s = e / (2.0 + e);
    let q = s * s;
    return 2.0 * s * (1.0 + q * (1.0 / 3.0 + q * (0.2 + q * (1.0 / 7.0 + q * (1.0 / 9.0 + q * (1.0 / 11.0 + q / 13.0))))));
}

// log(1 + exp(x))
fn softplus(x: Value) -> Value {
    return max(x, Value()) + log_of_one_plus(exp(-abs(x)));
}

// tanh(x): near 0 the polynomial of tanhf in the Cephes library (Moshier 1989), else (1 - e) / (1 + e). The built-in tanh
// overflows for large numbers on some drivers and loses precision for small ones on others.
fn hyperbolic_tangent(x: Value) -> Value {
    let z = x * x;
    let slope = -0.333332819422 + z * (0.133314422036 + z * (-0.0537397155531 + z * (0.0206390887954 - z * 0.00570498872745)));
    let e = exp(-2.0 * abs(x));
    let far = (1.0 - e) / (1.0 + e);
    return select(select(far, -far, x < Value()), x + x * z * slope, abs(x) < Value(0.625));
}

// The standard normal distribution function, erfc(-x / sqrt(2)) / 2, with erfc to a relative error of 1.2e-7 by the Chebyshev
// fit of Press et al., "Numerical Recipes" (2nd edition), section 6.2.
fn normal_below(x: Value) -> Value {
    let z = abs(x) * 0.70710678118654752;
    let t = 1.0 / (1.0 + 0.5 * z);
    let low = 1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 + t * (0.27886807 + t * (-1.13520398
        + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277)))))));
    let tail = 0.5 * t * exp(-z * z - 1.26551223 + t * low);
    return select(tail, 1.0 - tail, x > Value());
}

// The standard normal density, exp(-x^2 / 2) / sqrt(2 pi)
fn normal_density(x: Value) -> Value {
    return 0.3989422804014327 * exp(-0.5 * x * x);
}

// x^n: for negative x defined only where n is whole, else NaN; 1 where n is 0. Bases 0 and infinity are handled separately,
// since drivers compute powers with exp2 and log2, which do not handle them.
fn power(x: Value, n: Value) -> Value {
    let a = abs(x);
    let is_edge = (a == Value()) | (a > Value(3.4028234e38));
    let of_finite = select(exp2(n * log2(a)), Value(1.0), a == Value(1.0));
    let size = select(of_finite, select(1.0 / a, a, n > Value()), is_edge);
    let is_odd = abs(n) - 2.0 * floor(0.5 * abs(n)) == Value(1.0);
    let of_negative = select(sqrt(x), select(size, -size, is_odd), (floor(n) == n) | is_edge);
    let signed = select(size, of_negative, x < Value());
    let is_number = (a >= Value()) & (abs(n) >= Value());
    return select(select(x + n, signed, is_number), Value(1.0), n == Value());
}

// The larger of two, or NaN where one is NaN: there neither comparison holds.
fn larger(a: Value, b: Value) -> Value {
    return select(select(a + b, a, a >= b), b, b >= a);
}

// The smaller of two, or NaN where one is NaN.
fn smaller(a: Value, b: Value) -> Value {
    return select(select(a + b, a, a <= b), b, b <= a);
}
