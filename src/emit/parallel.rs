//! Moves that are meant to happen all at once, made one after the other.

/// Makes the moves `(to, from)`: none overwrites what another still has to take. Where they only
/// go round in a circle, one value is put aside first, in the place that `aside` names for its kind.
pub(crate) fn move_at_once<T: Copy + PartialEq>(
    moves: &mut [(T, T)],
    aside: impl Fn(T) -> T,
    mut make: impl FnMut(T, T),
) {
    let mut waiting = moves;
    while let Some(last) = waiting.len().checked_sub(1) {
        let is_free = |to: T| waiting.iter().all(|&(_, from)| from != to);
        match waiting.iter().position(|&(to, _)| is_free(to)) {
            Some(i) => {
                let (to, from) = waiting[i];
                make(to, from);
                waiting.swap(i, last);
                waiting = &mut waiting[..last];
            }
            None => {
                let (_, from) = waiting[0];
                make(aside(from), from);
                for (_, f) in waiting.iter_mut().filter(|(_, f)| *f == from) {
                    *f = aside(from);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::move_at_once;

    const ASIDE: usize = 7;

    /// What eight places hold after the moves, each having held its own number before.
    fn moved(moves: &[(usize, usize)]) -> [usize; 8] {
        let mut places = [0, 1, 2, 3, 4, 5, 6, 7];
        move_at_once(
            &mut moves.to_vec(),
            |_| ASIDE,
            |to, from| places[to] = places[from],
        );
        places
    }

    #[test]
    fn chains_and_circles() {
        assert_eq!(moved(&[]), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(moved(&[(0, 1), (1, 2), (2, 3)]), [1, 2, 3, 3, 4, 5, 6, 7]);
        assert_eq!(moved(&[(2, 1), (1, 0)]), [0, 0, 1, 3, 4, 5, 6, 7]);
        assert_eq!(moved(&[(0, 1), (1, 0)])[..7], [1, 0, 2, 3, 4, 5, 6]);
        assert_eq!(
            moved(&[(0, 1), (1, 2), (2, 0), (3, 0), (5, 6), (6, 5)])[..7],
            [1, 2, 0, 0, 4, 6, 5]
        );
    }
}
