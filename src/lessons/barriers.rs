//! Where a kernel waits for the other threads of its workgroup.
//!
//! All threads must reach a barrier. A driver that runs threads one after the other may hide it where some do not, so that a wrong
//! kernel gives right results there; what can be seen in the text is therefore looked for in the text.

const BARRIER: &str = "workgroupBarrier";

/// The text without comments.
fn code(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n").collect()
}

/// How many barriers the text has.
pub(super) fn count(text: &str) -> usize {
    code(text).matches(BARRIER).count()
}

/// What is wrong with the place of a barrier, in words: it stands inside an `if`, or behind one that returns.
pub(super) fn misplaced(text: &str) -> Option<String> {
    // What each open brace belongs to, and whether some threads may have returned from the function.
    let mut open: Vec<&str> = Vec::new();
    let (mut last, mut some_returned) = ("", false);
    let code = code(text);
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut rest = code.as_str();
    while let Some(start) = rest.find(|letter| is_word(letter) || letter == '{' || letter == '}') {
        rest = &rest[start..];
        let length = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len()).max(1);
        let (word, behind) = rest.split_at(length);
        rest = behind;
        match word {
            "{" => open.push(std::mem::take(&mut last)),
            "}" => {
                open.pop();
                some_returned &= !open.is_empty();
            }
            "if" | "else" | "for" | "while" | "loop" => last = word,
            "return" if open.contains(&"if") => some_returned = true,
            BARRIER if open.iter().any(|word| matches!(*word, "if" | "else")) => {
                return Some(
                    "a workgroupBarrier() stands inside an `if`: all threads of a workgroup must reach it".to_owned(),
                );
            }
            BARRIER if some_returned => {
                return Some(
                    "a workgroupBarrier() stands behind an `if` that returns: all threads of a workgroup must reach it"
                        .to_owned(),
                );
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn barriers_that_some_threads_do_not_reach_are_found() {
        let body = |body: &str| {
            format!("struct S {{ n: u32 }}\n@compute fn main() {{\n{body}\n}}\nfn second() {{ workgroupBarrier(); }}\n")
        };
        for right in [
            "for (var i = 0u; i < 4u; i++) { if (a) { b(); } workgroupBarrier(); }",
            "workgroupBarrier(); if (a) { return; }",
            "if (a) { b(); } // if {\nworkgroupBarrier();",
        ] {
            assert_eq!(misplaced(&body(right)), None, "{right}");
        }
        for (wrong, part) in [
            ("if (a) { workgroupBarrier(); }", "inside"),
            ("if (a) { b(); } else { for (;;) { workgroupBarrier(); } }", "inside"),
            ("if (a) { return; } workgroupBarrier();", "behind"),
        ] {
            assert!(misplaced(&body(wrong)).is_some_and(|words| words.contains(part)), "{wrong}");
        }
        assert_eq!(count("a(); // workgroupBarrier();\nworkgroupBarrier();"), 1);
    }
}
