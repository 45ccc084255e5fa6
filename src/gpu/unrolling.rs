//! Unrolls loops: the directive `#unroll` of [`Source`](super::Source).
//!
//! Some compilers (those of DX12 among them) keep an array that a loop indexes in memory instead of registers, even where
//! the number of iterations is constant. With every index a literal, all of them see registers.

use super::GpuError;

/// What is done with the loops below `#unroll` lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Loops {
    /// They are kept. Most drivers unroll them themselves, and those that run on the CPU compile the longer text slowly:
    /// SwiftShader needs 37 s of processor time for a step of the CNN with loops, and more than 175 s without.
    Kept,
    /// They are unrolled, for DX12.
    WrittenOut,
}

impl Loops {
    /// `text` without its `#unroll` lines. The limit of an unrolled loop is a number or a name: of one of `constants`, or of
    /// a constant that the text declares as a number.
    ///
    /// # Errors
    /// [`GpuError::Source`] when such a line has no loop `for (var i = 0u; i < LIMIT; i++) {` with a known limit below it.
    pub fn apply(self, file: &str, text: &str, constants: &[(&str, u32)]) -> Result<String, GpuError> {
        let unrolled = unroll(file, text, constants)?;
        match self {
            Self::WrittenOut => Ok(unrolled),
            Self::Kept => Ok(text
                .lines()
                .filter(|line| line.trim() != "#unroll")
                .fold(String::new(), |text, line| text + line + "\n")),
        }
    }
}

fn unroll(file: &str, text: &str, constants: &[(&str, u32)]) -> Result<String, GpuError> {
    let lines: Vec<&str> = text.lines().collect();
    let declared = lines.iter().filter_map(|line| {
        let (name, rest) = line.strip_prefix("const ")?.split_once(": u32 = ")?;
        Some((name, rest.split_once("u;")?.0.parse().ok()?))
    });
    let constants: Vec<(&str, u32)> = constants.iter().copied().chain(declared).collect();
    let mut output = String::with_capacity(text.len());
    write_out(&lines, &constants, &mut output)
        .map_err(|problem| GpuError::Source { file: file.to_owned(), problem: problem.to_owned() })?;
    Ok(output)
}

fn write_out(lines: &[&str], constants: &[(&str, u32)], output: &mut String) -> Result<(), &'static str> {
    let mut rest = lines;
    while let Some((line, after)) = rest.split_first() {
        if line.trim() != "#unroll" {
            output.extend([line, "\n"]);
            rest = after;
            continue;
        }
        let head = after.first().ok_or("nothing follows #unroll")?;
        let (variable, limit) = loop_of(head).ok_or("no loop 'for (var i = 0u; i < LIMIT; i++) {' follows #unroll")?;
        let limit = limit.strip_suffix('u').and_then(|number| number.parse().ok()).or_else(|| {
            let known = constants.iter().find(|(name, _)| *name == limit);
            known.map(|(_, number)| *number)
        });
        let limit = limit.ok_or("the limit of a loop to unroll is neither a number nor a constant of the file")?;
        let end = end_of_block(after).ok_or("a loop to unroll does not end with a line '}'")?;
        let has =
            |word: &str| after[1..end].iter().any(|line| code_of(line).split_whitespace().any(|part| part == word));
        if has("break;") || has("continue;") {
            return Err("a loop to unroll has a break or continue, which would leave another loop");
        }
        let mut body = String::new();
        write_out(&after[1..end], constants, &mut body)?;
        let indent = &head[..head.len() - head.trim_start().len()];
        for i in 0..limit {
            output.extend([indent, "{\n"]);
            // Comments need not be repeated.
            for line in body.lines().filter(|line| i == 0 || !line.trim_start().starts_with("//")) {
                output.extend([&with_number(line, variable, i), "\n"]);
            }
            output.extend([indent, "}\n"]);
        }
        rest = &after[end + 1..];
    }
    Ok(())
}

/// The variable and the limit in a loop's first line.
fn loop_of(line: &str) -> Option<(&str, &str)> {
    let (start, rest) = line.trim().strip_prefix("for (var ")?.split_once("; ")?;
    let (condition, step) = rest.split_once("; ")?;
    let variable = start.strip_suffix(" = 0u")?;
    let limit = condition.strip_prefix(variable)?.strip_prefix(" < ")?;
    (step == format!("{variable}++) {{")).then_some((variable, limit))
}

/// The index of the line that closes the block opened by the first line.
fn end_of_block(lines: &[&str]) -> Option<usize> {
    let mut depth = 0_i32;
    let closing = lines.iter().position(|line| {
        let code = code_of(line);
        depth += code.matches('{').count() as i32 - code.matches('}').count() as i32;
        depth == 0
    });
    closing.filter(|end| code_of(lines[*end]).trim() == "}")
}

/// A line without its comment.
fn code_of(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// `line` with the number in place of the variable, wherever the variable is a whole word and not a member.
fn with_number(line: &str, variable: &str, number: u32) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut output = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(variable) {
        let (before, after) = (&rest[..at], &rest[at + variable.len()..]);
        output += before;
        if output.ends_with(|c| is_word(c) || c == '.') || after.starts_with(is_word) {
            output += variable;
        } else {
            output += &format!("{number}u");
        }
        rest = after;
    }
    output + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_are_written_out_from_the_inside_out() {
        let text = "#unroll\nfor (var i = 0u; i < ROWS; i++) {\n    // twice\n    #unroll\n    for (var j = 0u; j < 2u; j++) {\n        x[i][j] = p.i + ij + pi[j].ji;\n    }\n}\ny();\n";
        let cell = |i, j| format!("    {{\n        x[{i}u][{j}u] = p.i + ij + pi[{j}u].ji;\n    }}\n");
        let expected =
            format!("{{\n    // twice\n{}{}}}\n{{\n{}{}}}\ny();\n", cell(0, 0), cell(0, 1), cell(1, 0), cell(1, 1));
        assert_eq!(unroll("mine", text, &[("ROWS", 2)]).unwrap(), expected);
    }

    #[test]
    fn a_loop_that_cannot_be_written_out_is_refused_with_its_file() {
        for text in [
            "#unroll",
            "#unroll\nx();",
            "#unroll\nfor (var i = 0u; i < N; i++) {\n}",
            "#unroll\nfor (var i = 0u; i < 2u; i++) {",
            "#unroll\nfor (var i = 0u; i < 2u; i++) {\n    break;\n}",
            "#unroll\nfor (var i = 0u; i < 2u; i++) {\n} x();",
        ] {
            let error = unroll("mine", text, &[]).unwrap_err().to_string();
            assert!(error.contains("mine") && error.contains("unroll"), "{error}");
        }
    }
}
