//! Tokens as a line of text, spaced much as rustfmt would.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// What `tokens` say, without comments, on one line.
pub(crate) fn line(tokens: impl ToTokens) -> String {
    let mut line = String::new();
    write(tokens.to_token_stream(), &mut line);
    line
}

fn write(tokens: TokenStream, line: &mut String) {
    let mut tokens = tokens.into_iter().peekable();
    let mut joint = false;
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{ ", " }"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                if group.delimiter() != Delimiter::Parenthesis {
                    space_behind_word(line);
                }
                line.push_str(open);
                write(group.stream(), line);
                line.push_str(close);
                joint = false;
            }
            TokenTree::Punct(punct) => {
                let (mark, alone) = (punct.as_char(), punct.spacing() == Spacing::Alone);
                // What rustfmt leaves at the end of a list that it has broken into lines.
                let trailing = mark == ',' && tokens.peek().is_none();
                let arrow = !joint && matches!(mark, '-' | '=') && !line.ends_with(' ');
                if arrow || alone && !joint && matches!(mark, '+' | '|') {
                    line.push(' ');
                }
                if matches!(mark, '&' | '\'' | '#' | '$') {
                    space_behind_word(line);
                }
                if !trailing {
                    line.push(mark);
                }
                let ends = alone && (matches!(mark, ',' | ';' | '+' | '=' | '|') || !joint && mark == ':');
                let arrow_ends = joint && mark == '>' && (line.ends_with("->") || line.ends_with("=>"));
                if (ends || arrow_ends) && !trailing && tokens.peek().is_some() {
                    line.push(' ');
                }
                joint = !alone;
            }
            TokenTree::Ident(_) | TokenTree::Literal(_) => {
                if line.ends_with(['>', ')', ']', '}']) && !line.ends_with("=>") {
                    line.push(' ');
                }
                space_behind_word(line);
                line.push_str(&token.to_string());
                joint = false;
            }
        }
    }
}

fn space_behind_word(line: &mut String) {
    if line.ends_with(|last: char| last.is_alphanumeric() || last == '_') {
        line.push(' ');
    }
}
