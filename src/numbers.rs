//! Numbers formatted for people.

/// A number with commas as thousands separators.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A difference with its sign and four decimals. A difference that rounds to zero has no minus sign.
pub fn signed(difference: f64) -> String {
    let text = format!("{difference:+.4}");
    if text == "-0.0000" { "+0.0000".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let texts = [7, 999, 1000, 21_785_568].map(thousands);
        assert_eq!(texts, ["7", "999", "1,000", "21,785,568"]);
    }

    #[test]
    fn nothing_has_no_sign() {
        let texts = [0.0125, -0.5, 0.0, -0.0, -0.000_04].map(signed);
        assert_eq!(texts, ["+0.0125", "-0.5000", "+0.0000", "+0.0000", "+0.0000"]);
    }
}
