//! The comments at the head of a file: a title, and paragraphs that begin with a word.

/// What the first line says, without the equation, which two spaces set apart.
pub(super) fn title(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default().trim_start_matches("// ");
    line.split(".  ").next().unwrap_or(line)
}

/// The lines that begin with this word, such as `Why`, each with the lines below it that go on, further to the right.
pub(super) fn paragraphs<'a>(text: &'a str, word: &str) -> Vec<Vec<&'a str>> {
    let start = format!("// {word}:");
    let mut paragraphs: Vec<Vec<&str>> = Vec::new();
    let mut goes_on = false;
    for line in text.lines() {
        match paragraphs.last_mut() {
            Some(paragraph) if goes_on && line.starts_with("//   ") => paragraph.push(line),
            _ => {
                goes_on = line.starts_with(&start);
                if goes_on {
                    paragraphs.push(vec![line]);
                }
            }
        }
    }
    paragraphs
}

/// The lines of a paragraph as words, without the one that it begins with.
pub(super) fn words(paragraph: &[&str]) -> String {
    let words = paragraph.iter().flat_map(|line| line.trim_start_matches("//").split_whitespace());
    words.skip(1).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_end_where_the_next_begins() {
        let text =
            "// Sum, step 1: x.  y = x\n//\n// Why:     a\n//          b.\n// Hint:    c\n// Why:     d\nstruct S {}\n";
        assert_eq!(title(text), "Sum, step 1: x");
        let all: Vec<String> = paragraphs(text, "Why").iter().map(|paragraph| words(paragraph)).collect();
        assert_eq!(all, ["a b.", "d"]);
        assert!(paragraphs(text, "Task").is_empty());
    }
}
