//! The search for what an unknown name was meant to be.

/// A list of names that are right, prepared for the search.
#[derive(Debug, Default)]
pub(super) struct Spelling<'r> {
    words: Vec<Word<'r>>,
}

#[derive(Debug)]
struct Word<'r> {
    name: &'r str,
    /// Its plain form, if that is another: without regard to case and to what joins segments.
    plain: String,
    letters: u64,
    /// Whether only the part in front of an unknown name's end has to be like it.
    template: bool,
}

/// Names longer than this are not looked at: nothing in any registry is near.
const LONGEST: usize = 96;

impl<'r> Spelling<'r> {
    /// A name that is right; of a template, the part in front of its last dot.
    pub(super) fn add(&mut self, name: &'r str, template: bool) {
        let plain = plain(name);
        self.words.push(Word { name, letters: letters(plain.as_bytes()), plain, template });
    }

    /// The name that differs least from an unknown one, if it differs by no more than a slip; behind it what is to follow
    /// it, where it is a template. One that differs only in case or in what joins segments comes first, then the first in
    /// order of addition.
    pub(super) fn nearest<'k>(&self, unknown: &'k str) -> Option<(&'r str, &'k str)> {
        if unknown.len() > LONGEST || !unknown.is_ascii() {
            return None;
        }
        let whole = plain(unknown);
        let mut best: Option<(usize, &'r str, &'k str)> = None;
        for word in &self.words {
            let (part, rest) = if word.template {
                let dots = word.name.bytes().filter(|byte| *byte == b'.').count();
                let Some((end, _)) = unknown.match_indices('.').nth(dots) else { continue };
                (&whole[..end], &unknown[end..])
            } else {
                (&*whole, "")
            };
            // A plain form has the length of its name.
            let bound =
                best.map_or_else(|| allowance(part.len()), |(distance, ..)| distance.saturating_sub(1));
            if part.len().abs_diff(word.plain.len()) > bound
                || (letters(part.as_bytes()) ^ word.letters).count_ones() as usize > 2 * bound
            {
                continue;
            }
            let distance = distance(part.as_bytes(), word.plain.as_bytes(), bound);
            if distance <= bound && is_slip(part, &word.plain, distance) {
                best = Some((distance, word.name, rest));
                if distance == 0 {
                    break;
                }
            }
        }
        best.map(|(_, name, rest)| (name, rest))
    }
}

/// How many letters may be wrong in a name of this length.
const fn allowance(length: usize) -> usize {
    match length {
        0..4 => 0,
        4..12 => 1,
        _ => 2,
    }
}

/// A name without regard to case and to what joins its segments; as long as the name.
fn plain(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        out.push(match c {
            '_' | '-' | ' ' | '/' | ':' => '.',
            other => other.to_ascii_lowercase(),
        });
    }
    out
}

/// A bit for each letter that occurs.
fn letters(text: &[u8]) -> u64 {
    text.iter().fold(0, |bits, byte| bits | 1 << (byte & 63))
}

/// Whether the difference is in the middle of something that is otherwise the same: `app.name` is no slip for `os.name`, nor
/// `client.id` one for `client.ip`.
fn is_slip(unknown: &str, known: &str, distance: usize) -> bool {
    if distance == 0 || unknown.len() != known.len() {
        // Letters too many or too few: at most one in a first segment, which is often short and means a lot.
        let (a, b) = (root(unknown), root(known));
        return a == b || b.len() >= 4 && self::distance(a.as_bytes(), b.as_bytes(), 1) <= 1;
    }
    unknown.split('.').zip(known.split('.')).enumerate().all(|(at, (a, b))| {
        let different = a.bytes().zip(b.bytes()).filter(|(a, b)| a != b).count();
        let swapped = different == 2 && self::distance(a.as_bytes(), b.as_bytes(), 1) == 1;
        a == b || swapped || b.len() >= if at == 0 { 4 } else { 5 } && different <= 1
    })
}

fn root(name: &str) -> &str {
    name.split('.').next().unwrap_or_default()
}

/// How many letters have to be put in, taken out, replaced or swapped with their neighbour; anything above `bound` where it is
/// more than that.
fn distance(a: &[u8], b: &[u8], bound: usize) -> usize {
    if a == b {
        return 0;
    }
    if a.len().abs_diff(b.len()) > bound || a.len().max(b.len()) > LONGEST + 8 {
        return bound + 1;
    }
    const ROOM: usize = LONGEST + 9;
    let mut before = [0_usize; ROOM];
    let mut last: [usize; ROOM] = std::array::from_fn(|at| at);
    let mut row = [0_usize; ROOM];
    for (i, x) in a.iter().enumerate() {
        row[0] = i + 1;
        let mut least = row[0];
        for (j, y) in b.iter().enumerate() {
            let mut cost = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                cost = cost.min(before[j - 1] + 1);
            }
            row[j + 1] = cost;
            least = least.min(cost);
        }
        if least > bound {
            return bound + 1;
        }
        (before, last) = (last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelling() -> Spelling<'static> {
        let mut spelling = Spelling::default();
        for name in [
            "client.ip",
            "cloud.zone",
            "faas.id",
            "host.name",
            "http.request.method",
            "http.response.status_code",
            "os.name",
            "server.address",
            "server.port",
            "service.name",
            "session.id",
        ] {
            spelling.add(name, false);
        }
        spelling.add("http.request.header", true);
        spelling
    }

    #[test]
    fn slips_are_found() {
        let spelling = spelling();
        for (unknown, meant) in [
            ("http.request.methd", "http.request.method"),
            ("http.reqeust.method", "http.request.method"),
            ("htpp.request.method", "http.request.method"),
            ("http_request_method", "http.request.method"),
            ("http.Request.Method", "http.request.method"),
            ("http.response.statuscode", "http.response.status_code"),
            ("http.response.status.code", "http.response.status_code"),
            ("session.idd", "session.id"),
            ("server.adress", "server.address"),
            ("service.nmae", "service.name"),
            ("host.names", "host.name"),
        ] {
            assert_eq!(spelling.nearest(unknown), Some((meant, "")), "{unknown}");
        }
        assert_eq!(spelling.nearest("http.requst.header.accept"), Some(("http.request.header", ".accept")));
    }

    #[test]
    fn other_names_are_left_alone() {
        let spelling = spelling();
        for unknown in [
            "app.name",
            "client.id",
            "task.id",
            "user.id",
            "server.name",
            "http.request",
            "order.id",
            "",
            "x",
            "größe.name",
        ] {
            assert_eq!(spelling.nearest(unknown), None, "{unknown}");
        }
        assert_eq!(spelling.nearest(&"http.request.method".repeat(10)), None);
    }

    #[test]
    fn distances_count_a_swap_once() {
        assert_eq!(distance(b"abcd", b"abdc", 2), 1);
        assert_eq!(distance(b"abcd", b"acbde", 3), 2);
        assert_eq!(distance(b"", b"ab", 2), 2);
        assert!(distance(b"kitten", b"sitting", 2) > 2);
        assert_eq!(distance(b"kitten", b"sitting", 3), 3);
    }
}
