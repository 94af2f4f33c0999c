//! A bound on the work of one question, so that code that refers to itself in circles costs a constant.

use std::cell::Cell;

/// How many definitions are followed in a row; real code takes a handful.
const MAX_HOPS: u32 = 16;

/// How many nodes one question may look at altogether.
const MAX_STEPS: u32 = 4_000;

/// What is left for one question to the model. Copies share their steps and have hops of their own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget<'a> {
    hops: u32,
    steps: &'a Cell<u32>,
}

/// The steps of one question.
pub(crate) fn steps() -> Cell<u32> {
    Cell::new(MAX_STEPS)
}

impl<'a> Budget<'a> {
    /// The whole budget of a question.
    pub(crate) const fn new(steps: &'a Cell<u32>) -> Self {
        Self { hops: MAX_HOPS, steps }
    }

    /// What is left after one more hop; `None` when nothing is.
    pub(crate) fn step(self) -> Option<Self> {
        let steps = self.steps.get().checked_sub(1)?;
        self.steps.set(steps);
        Some(Self { hops: self.hops.checked_sub(1)?, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hops_and_steps_both_end() {
        let steps = Cell::new(3);
        let whole = Budget::new(&steps);
        assert!(whole.step().is_some() && whole.step().is_some() && whole.step().is_some());
        assert!(whole.step().is_none());
        let many = Cell::new(u32::MAX);
        let hops = std::iter::successors(Some(Budget::new(&many)), |budget| budget.step()).count();
        assert_eq!(hops, MAX_HOPS as usize + 1);
    }
}
