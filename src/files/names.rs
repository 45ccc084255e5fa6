//! Names and texts from outside, made safe to print.

use std::borrow::Cow;
use std::path::Path;

/// A text without anything that moves the cursor, changes colours or starts a new line: control characters, and the
/// invisible ones that change the direction of writing, become escapes such as `\u{1b}` and `\n`.
///
/// File names, tensor names and values from files may contain any character, so a name could forge a line of output.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_unsafe(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// A path as messages show it; see [`escaped`].
pub fn shown(path: &Path) -> String {
    escaped(&path.to_string_lossy()).into_owned()
}

/// Whether a character is one that [`escaped`] replaces. All of them fit in 16 bits.
pub fn is_unsafe(character: char) -> bool {
    let turns_direction_or_hides = matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    character.is_control() || turns_direction_or_hides
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_is_left() {
        let cases = [
            ("plain name.png", "plain name.png"),
            ("Köln \"a\\b\" 'c' 服", "Köln \"a\\b\" 'c' 服"),
            ("a\u{1b}[31m\nerror: fake", "a\\u{1b}[31m\\nerror: fake"),
            ("a\rb\tc\u{7f}\u{9b}", "a\\rb\\tc\\u{7f}\\u{9b}"),
            ("gnp.\u{202e}exe\u{200b}", "gnp.\\u{202e}exe\\u{200b}"),
        ];
        for (raw, safe) in cases {
            assert_eq!(escaped(raw), safe);
            assert_eq!(shown(Path::new(raw)), safe);
        }
    }
}
