//! Doing the same with many things, a few at a time.

use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Result, bail};

/// Do `work` with each of `items` in order, `jobs` of them at the same time.
pub fn each<T: Send>(
    items: impl IntoIterator<Item = T, IntoIter: Send>,
    jobs: usize,
    work: impl Fn(T) -> Result<()> + Sync,
) -> Result<()> {
    let queue = Mutex::new(items.into_iter());
    let outcomes: Vec<Result<()>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs.max(1))
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        // Taken in a statement of its own: the lock is not held while working.
                        let next = lock(&queue).next();
                        match next {
                            Some(item) => work(item)?,
                            None => return Ok(()),
                        }
                    }
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| match worker.join() {
                Ok(outcome) => outcome,
                Err(_) => bail!("a worker panicked"),
            })
            .collect()
    });
    outcomes.into_iter().collect()
}

/// The lock, also after a worker panicked with it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use anyhow::bail;

    use super::{each, lock};

    #[test]
    fn does_everything_and_tells_of_failures() {
        let done = Mutex::new(Vec::new());
        let outcome = each(1..=5, 2, |item| {
            lock(&done).push(item);
            Ok(())
        });
        assert!(outcome.is_ok());
        lock(&done).sort_unstable();
        assert_eq!(*lock(&done), [1, 2, 3, 4, 5]);
        assert!(each([1], 2, |_| bail!("no")).is_err());
    }
}
